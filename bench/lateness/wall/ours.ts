import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ENV } from '../../../contract/environment.ts';
import type { Notification } from '../../../contract/notification.ts';
import { type AppSettings, DEFAULT_LIMITS, DEFAULT_POLICY } from '../../../core/policy.ts';
import { enqueueAll } from '../../../functions/doors/enqueue.ts';
import { Store } from '../../../functions/store.ts';
import { startDynamoDbLocal } from '../../dynamodbLocal.ts';
import { createTable } from '../../taskTable.ts';
import { AwsStub } from './awsStub.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TABLE = 'tasks';
const REGION = 'eu-west-1';
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };
/** From the storing of the first task to the start of the minute: storing takes seconds, and a run begins some beats before. */
const LEAD_MS = 25_000;
/** How long the last ones may take. */
const GRACE_MS = 30_000;
/** Tasks in one call of the door. */
const BATCH = 100;

const SETTINGS: AppSettings = {
  app: 'billing',
  topicArn: 'arn:aws:sns:eu-west-1:000000000000:billing',
  policy: DEFAULT_POLICY,
  tasks: {},
  ...DEFAULT_LIMITS,
};

/** How late each task was; how many were told early, or never. Milliseconds. */
export interface Raced {
  readonly lateMs: readonly number[];
  readonly early: number;
  readonly lost: number;
}

/**
 * The shipped dispatcher in a process of its own, on DynamoDB Local, with a stub in the place of SNS that accepts at once. Each
 * task is stored by the door's code, told, and completed. `offsets`: when each is due, in milliseconds from the start.
 */
export async function raceOurs(offsets: readonly number[], progress: (line: string) => void): Promise<Raced> {
  const dynamoDb = await startDynamoDbLocal(progress);
  const dynamo = new DynamoDBClient({ endpoint: dynamoDb.endpoint, region: REGION, credentials: CREDENTIALS });
  const store = new Store(dynamo, TABLE);
  const told = new Told(store);
  const stub = new AwsStub(SETTINGS, (notification, at) => told.accepted(notification, at));
  const others = await stub.open();
  let stop = async () => {};
  try {
    await createTable(dynamo, TABLE);
    const start = Date.now() + LEAD_MS;
    for (let from = 0; from < offsets.length; from += BATCH) await enqueue(store, from, offsets.slice(from, from + BATCH), start);
    stop = startDispatcher(dynamoDb.endpoint, others);
    if (Date.now() > start) throw new Error('the tasks were not stored before the first was due');
    const end = start + Math.max(...offsets) + GRACE_MS;
    while (told.lateMs.length < offsets.length && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 200));
    await told.completed();
  } finally {
    await stop();
    await stub.close();
    dynamo.destroy();
    await dynamoDb.stop();
  }
  const { lateMs } = told;
  return { lateMs, early: lateMs.filter((ms) => ms < 0).length, lost: offsets.length - lateMs.length };
}

async function enqueue(store: Store, first: number, offsets: readonly number[], start: number): Promise<void> {
  const requests = offsets.map((ms, i) => ({
    name: 'send-invoice',
    payload: { invoice: first + i },
    idempotencyKey: `invoice-${first + i}`,
    dueAt: new Date(start + ms).toISOString(),
  }));
  const results = await enqueueAll(store, SETTINGS, requests, Date.now(), (i) => `tasks[${i}]`);
  for (const result of results) if (!result.ok) throw new Error(result.error.message);
}

/** Answers how to stop it. */
function startDispatcher(dynamo: string, others: string): () => Promise<void> {
  const env = {
    ...process.env,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL: others,
    AWS_ENDPOINT_URL_DYNAMODB: dynamo,
    [ENV.queue]: 'main',
    [ENV.table]: TABLE,
    [ENV.bus]: 'bus',
  };
  const file = fileURLToPath(new URL('dispatcherProcess.ts', import.meta.url));
  const child = spawn(process.execPath, ['localstack/run.mjs', file], { cwd: ROOT, env, stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  return async () => {
    child.stdin.end();
    await ended;
  };
}

/** Hears what is told, once each, and has it completed: the app. */
class Told {
  readonly lateMs: number[] = [];
  readonly #store: Store;
  readonly #known = new Set<string>();
  readonly #reports: Promise<unknown>[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  accepted({ id, claim, dueAt }: Notification, at: number): void {
    if (this.#known.has(id)) return;
    this.#known.add(id);
    this.lateMs.push(at - Date.parse(dueAt));
    this.#reports.push(this.#store.act(id, { type: 'complete', claim }, Date.now(), SETTINGS));
  }

  async completed(): Promise<void> {
    await Promise.all(this.#reports);
  }
}
