import {
  BatchExecuteStatementCommand,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { HttpResponse } from '@smithy/core/protocols';
import { describe, expect, it } from 'vitest';
import { DYNAMO_OPTIONS } from '../../functions/client-options.ts';
import type { Item } from '../../functions/rows.ts';

interface Sent {
  readonly body: unknown;
  readonly headers: Record<string, string | undefined>;
}

/** A client whose every request is answered alike, and what it has sent. */
function clientThatHears(answer: object, statusCode = 200, own: Partial<typeof DYNAMO_OPTIONS> = DYNAMO_OPTIONS) {
  const sent: Sent[] = [];
  const requestHandler = {
    async handle({ body, headers }: { body: Uint8Array; headers: Record<string, string> }) {
      sent.push({ body: JSON.parse(new TextDecoder().decode(body)), headers });
      const told = { headers: { 'content-type': 'application/x-amz-json-1.0' }, body: Buffer.from(JSON.stringify(answer)) };
      return { response: new HttpResponse({ statusCode, ...told }) };
    },
  };
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const options = { ...own, region: 'eu-west-1', credentials, requestHandler, maxAttempts: 1 };
  return { client: new DynamoDBClient(options as never), sent };
}

const ROW: Item = {
  id: { S: 'billing/é\u2028"\\' },
  rev: { N: '9007199254740993' },
  listed: { BOOL: true },
  none: { NULL: true },
  traits: { L: [{ S: 'late' }, { M: { at: { N: '1' } } }] },
  names: { SS: ['a', 'b'] },
  empty: { S: '' },
};
const KEY = { id: { S: 'billing/1' } };
const CASES = [
  ['a row', new GetItemCommand({ TableName: 't', Key: KEY, ConsistentRead: true }), { Item: ROW }],
  ['no row', new GetItemCommand({ TableName: 't', Key: KEY, ConsistentRead: undefined }), {}],
  [
    'a write',
    new UpdateItemCommand({ TableName: 't', Key: KEY, UpdateExpression: 'SET #a = :a', ExpressionAttributeValues: { ':a': { S: 'ü' } } }),
    {},
  ],
  [
    'a page of a lane',
    new QueryCommand({ TableName: 't', Limit: 25, ExclusiveStartKey: KEY }),
    { Items: [ROW, KEY], Count: 2, LastEvaluatedKey: KEY, ConsumedCapacity: { CapacityUnits: 1.5 } },
  ],
  ['rows', new BatchGetItemCommand({ RequestItems: { t: { Keys: [KEY] } } }), { Responses: { t: [ROW] }, UnprocessedKeys: {} }],
  [
    'statements',
    new BatchExecuteStatementCommand({ Statements: [{ Statement: 'UPDATE', Parameters: [{ N: '1' }, ROW.traits as Item[string]] }] }),
    { Responses: [{ Item: ROW }, { Error: { Code: 'ConditionalCheckFailed', Item: ROW } }] },
  ],
] as const;

describe("DynamoDB's protocol without the SDK's walk through all values", () => {
  it.each(CASES)('sends and reads the same as the SDK: %s', async (_, command, answer) => {
    const [ours, theirs] = [clientThatHears(answer), clientThatHears(answer, 200, {})];
    const [read, expected] = [await ours.client.send(command as never), await theirs.client.send(command as never)];
    expect(read).toEqual(expected);
    const [sent, whatIsSent] = [ours.sent[0] as Sent, theirs.sent[0] as Sent];
    expect(sent.body).toEqual(whatIsSent.body);
    for (const name of ['content-type', 'x-amz-target']) expect(sent.headers[name]).toBe(whatIsSent.headers[name]);
    expect(whatIsSent.headers['x-amz-target']).toMatch(/^DynamoDB_20120810\./);
  });

  it('throws what DynamoDB refuses as the SDK does, with the row that stands there', async () => {
    const answer = { __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException', message: 'no', Item: ROW };
    const error = await clientThatHears(answer, 400)
      .client.send(CASES[2][1])
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConditionalCheckFailedException);
    expect(error).toMatchObject({ message: 'no', Item: ROW, $metadata: { httpStatusCode: 400 } });
  });

  it('writes a binary attribute that somebody has put into a row as it was read', async () => {
    const { client } = clientThatHears({ Item: { rev: { B: 'AQID' } } });
    const { Item } = await client.send(CASES[0][1]);
    const { client: writer, sent } = clientThatHears({});
    await writer.send(
      new UpdateItemCommand({ TableName: 't', Key: KEY, ExpressionAttributeValues: { ':rev': Item?.rev as Item[string] } }),
    );
    expect(sent[0]?.body).toMatchObject({ ExpressionAttributeValues: { ':rev': { B: 'AQID' } } });
  });
});
