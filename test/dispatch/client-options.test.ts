import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { HttpResponse } from '@smithy/core/protocols';
import { expect, it } from 'vitest';
import { DYNAMO_OPTIONS } from '../../functions/client-options.ts';

interface Request {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

const CALLS = 40;
const keyOf = ({ body }: Request): string => JSON.parse(new TextDecoder().decode(body)).Key.id.S;
const answer = (statusCode: number, said: object) =>
  new HttpResponse({ statusCode, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: Buffer.from(JSON.stringify(said)) });

/** Of calls at once, each third is turned away at first, and the later they came the sooner they are answered. */
async function callAtOnce(): Promise<{ answers: (string | undefined)[]; sent: Request[] }> {
  const sent: Request[] = [];
  const requestHandler = {
    async handle(request: Request) {
      const key = keyOf(request);
      const isFirst = !sent.some((before) => keyOf(before) === key);
      sent.push(request);
      await new Promise((resolve) => setTimeout(resolve, CALLS - Number(key)));
      if (isFirst && Number(key) % 3 === 0) return { response: answer(500, { __type: 'InternalServerError' }) };
      return { response: answer(200, { Item: { id: { S: key } } }) };
    },
  };
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({ ...DYNAMO_OPTIONS, region: 'eu-west-1', credentials, requestHandler } as never);
  const call = async (_: unknown, n: number) =>
    (await client.send(new GetItemCommand({ TableName: 'table', Key: { id: { S: String(n) } } }))).Item?.id?.S;
  return { answers: await Promise.all(Array.from({ length: CALLS }, call)), sent };
}

it('calls of one kind at once, which share their middleware, share nothing else: each has its own answer, tries and signature', async () => {
  const { answers, sent } = await callAtOnce();
  expect(answers).toEqual(Array.from({ length: CALLS }, (_, n) => String(n)));
  const tries = new Map<string, Request[]>();
  for (const request of sent) tries.set(keyOf(request), [...(tries.get(keyOf(request)) ?? []), request]);
  for (const [key, own] of tries) {
    const numbers = own.map(({ headers }) => headers['amz-sdk-request']?.split(';')[0]);
    expect(numbers, key).toEqual(Number(key) % 3 === 0 ? ['attempt=1', 'attempt=2'] : ['attempt=1']);
  }
  expect(new Set(sent.map(({ headers }) => headers['amz-sdk-invocation-id'])).size).toBe(CALLS);
  expect(new Set(sent.map(({ headers }) => /Signature=(\w+)/.exec(headers.authorization ?? '')?.[1])).size).toBe(sent.length);
  // What the SDK notes of a call in its user agent would grow from call to call.
  expect(new Set(sent.map(({ headers }) => headers['user-agent'])).size).toBe(1);
});
