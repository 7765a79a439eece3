import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { BatchWriteItemCommand, DeleteTableCommand, DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import { MAX_IN_FLIGHT } from '../../contract/limits.ts';
import { decide } from '../../core/decide.ts';
import { dueLanes } from '../../core/lanes.ts';
import { type AppSettings, DEFAULT_LIMITS, DEFAULT_POLICY } from '../../core/policy.ts';
import type { Task } from '../../core/task.ts';
import { CLIENT_OPTIONS, DYNAMO_OPTIONS } from '../../functions/client-options.ts';
import { itemOf, rowOf } from '../../functions/rows.ts';
import { startDynamoDbLocal } from '../dynamodbLocal.ts';
import { createTable } from '../taskTable.ts';

export const TABLE = 'tasks';
/** Due at one instant, and drained in each round; one by one, fewer are as good: it is the same for each. */
export const COUNT = { ours: 1_000, oneByOne: 100 } as const;
const STUB = fileURLToPath(new URL('./stub.ts', import.meta.url));
/** Rows in one `BatchWriteItem` (DynamoDB API reference: "as many as 25"), and calls of it at once. */
const WRITE = { rows: 25, atOnce: 8 } as const;

/** An app as it is added, but that nothing bounds what is out: 10,000 at once. */
export const SETTINGS: AppSettings = {
  app: 'billing',
  topicArn: 'arn:aws:sns:eu-west-1:000000000000:billing',
  policy: DEFAULT_POLICY,
  tasks: {},
  ...DEFAULT_LIMITS,
  maxInFlight: MAX_IN_FLIGHT,
};

/** DynamoDB Local with the table as it is shipped, and a stub of the services around it: each a process of its own. */
export interface Ground {
  readonly endpoints: { readonly dynamo: string; readonly others: string };
  /** Clients as the dispatcher makes them. */
  readonly clients: ReturnType<typeof clientsOf>;
  /** The same with nothing of ours in them: with the SDK's own protocol, and its middleware put together for each call. */
  readonly sdk: ReturnType<typeof clientsOf>;
  /** Makes the table anew, with these tasks in it. */
  fill(tasks: Iterable<Task>): Promise<void>;
  /** How many tasks wait. */
  waiting(): Promise<number>;
  stop(): Promise<void>;
}

export async function startGround(progress: (line: string) => void): Promise<Ground> {
  const dynamoDbLocal = await startDynamoDbLocal(progress);
  const stub = fork(STUB, [JSON.stringify([SETTINGS])], { execArgv: ['--import', 'tsx'] });
  const [port] = await once(stub, 'message');
  const ground = groundAt({ dynamo: dynamoDbLocal.endpoint, others: `http://127.0.0.1:${port}` });
  return {
    ...ground,
    async stop() {
      await ground.stop();
      stub.disconnect();
      await dynamoDbLocal.stop();
    },
  };
}

/** The same for a process that has not started it: its `stop` ends the clients alone. */
export function groundAt(endpoints: Ground['endpoints']): Ground {
  const clients = clientsOf(endpoints, {}, DYNAMO_OPTIONS);
  const sdk = clientsOf(endpoints, { cacheMiddleware: false });
  // A table of a million makes the emulator pause for longer than the dispatcher would wait.
  const patient = new DynamoDBClient({ ...clientOptions(endpoints.dynamo), requestHandler: {} });
  return {
    endpoints,
    clients,
    sdk,
    async fill(tasks) {
      await makeTable(patient);
      await write(patient, tasks);
    },
    waiting: () => countWaiting(patient),
    async stop() {
      for (const client of [patient, ...Object.values(clients), ...Object.values(sdk)]) client.destroy();
    },
  };
}

function clientOptions(endpoint: string) {
  return { ...CLIENT_OPTIONS, endpoint, region: 'eu-west-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
}

function clientsOf(
  { dynamo, others }: Ground['endpoints'],
  common: { cacheMiddleware?: boolean },
  ofDynamo: Partial<typeof DYNAMO_OPTIONS> = {},
) {
  const toOthers = { ...clientOptions(others), ...common };
  return {
    dynamo: new DynamoDBClient({ ...clientOptions(dynamo), ...ofDynamo, ...common }),
    sns: new SNSClient(toOthers),
    events: new EventBridgeClient(toOthers),
    cloudwatch: new CloudWatchClient(toOthers),
  };
}

/** Tasks as the door writes them, in the order of their arrival. */
export function* tasksDue(count: number, dueAt: number, first = 0): Generator<Task> {
  for (let n = first; n < first + count; n++) {
    const task = {
      id: `${SETTINGS.app}/${String(n).padStart(22, '0')}`,
      app: SETTINGS.app,
      name: 'send-invoice',
      version: 1,
      payload: JSON.stringify({ invoice: `2026-${n}`, customer: `c-${n % 1_000}`, amount: 12_345, currency: 'EUR' }),
      request: 'va7xE3X1BMVYEmfSSpLa92',
      level: 'medium' as const,
      position: 'back' as const,
      dueAt,
      arrival: dueAt * 1_000 + n,
    };
    const decision = decide(undefined, { type: 'enqueue', task }, dueAt, SETTINGS);
    if (decision.kind !== 'changed') throw new Error('a new task is always taken');
    yield decision.task;
  }
}

async function countWaiting(dynamo: DynamoDBClient): Promise<number> {
  const counts = await Promise.all(
    dueLanes(SETTINGS.app, SETTINGS.shards).map(({ lane }) =>
      dynamo.send(
        new QueryCommand({
          TableName: TABLE,
          IndexName: 'due',
          KeyConditionExpression: 'priority = :lane',
          ExpressionAttributeValues: { ':lane': { S: lane } },
          Select: 'COUNT',
        }),
      ),
    ),
  );
  return counts.reduce((sum, { Count = 0 }) => sum + Count, 0);
}

async function makeTable(dynamo: DynamoDBClient): Promise<void> {
  await dynamo.send(new DeleteTableCommand({ TableName: TABLE })).catch((error: Error) => {
    if (error.name !== 'ResourceNotFoundException') throw error;
  });
  await createTable(dynamo, TABLE);
}

async function write(dynamo: DynamoDBClient, tasks: Iterable<Task>): Promise<void> {
  const iterator = tasks[Symbol.iterator]();
  const next = () => Array.from({ length: WRITE.rows }, () => iterator.next()).flatMap(({ done, value }) => (done ? [] : [value]));
  const writer = async () => {
    for (let batch = next(); batch.length > 0; batch = next()) {
      const requests = batch.map((task) => ({ PutRequest: { Item: itemOf(rowOf(task, SETTINGS.shards)) } }));
      await dynamo.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: requests } }));
    }
  };
  await Promise.all(Array.from({ length: WRITE.atOnce }, writer));
}
