import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { vi } from 'vitest';
import { ENV } from '../../contract/environment.ts';
import type { DoorError } from '../../contract/errors.ts';
import { MemoryTable } from './table.ts';

// The functions log to the console, which is no part of what is tested.
vi.spyOn(console, 'log').mockImplementation(() => {});

/** What a door answers, as its callers read it. */
// biome-ignore lint/suspicious/noExplicitAny: the answers of two dozen actions, read as JSON.
export type Answer = Record<string, any> & { readonly ok: boolean; readonly error?: DoorError };

/** The doors of the app `billing` as they are deployed, on a table in memory. Calls of other services are taken and forgotten. */
export async function openDoors() {
  const table = new MemoryTable();
  const names = { queue: 'queue', table: 'table', bus: 'bus', dispatcher: 'dispatcher' };
  const settings = JSON.stringify({ app: 'billing', topicArn: 'arn:aws:sns:eu-west-1:123456789012:billing' });
  for (const [name, value] of Object.entries({ ...names, settings })) vi.stubEnv(ENV[name as keyof typeof names], value);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  const answers = async (service: { prototype: object }, answer: (command: never) => unknown) =>
    vi.spyOn(service.prototype as { send(command: never): unknown }, 'send').mockImplementation(answer);
  await answers(DynamoDBClient, (command) => table.client.send(command));
  await answers(EventBridgeClient, async () => ({ Entries: [] }));
  await answers(LambdaClient, async () => ({}));
  await answers(CloudWatchClient, async () => ({}));
  const [submit, report] = await Promise.all([import('../../functions/submit.ts'), import('../../functions/report.ts')]);
  // As it travels: what a door answers is JSON.
  const asked = (handler: (event: unknown) => Promise<unknown>) => async (request: unknown) =>
    JSON.parse(JSON.stringify(await handler(request))) as Answer;
  return { table, submit: asked(submit.handler), report: asked(report.handler) };
}
export type Doors = Awaited<ReturnType<typeof openDoors>>;
