// The rounds of `enqueue`, in a process of their own: see `apart`.
import { createRequire } from 'node:module';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { PunctualClient } from '../../client/PunctualClient.ts';
import { ENV } from '../../contract/environment.ts';
import type { AppSettings } from '../../core/policy.ts';
import { cpuOf } from '../cpu/measure.ts';

/** CPU of each round, µs a task. */
export interface EnqueueRounds {
  readonly client: readonly number[];
  readonly door: readonly number[];
}

interface Argument {
  /** Where everything is answered at once. */
  readonly endpoint: string;
  /** The door's bundle. */
  readonly door: string;
  readonly settings: AppSettings;
  readonly tasks: number;
}

const BATCH = 100;
const ROUNDS = 9;
const ARN = 'arn:aws:lambda:eu-west-1:000000000000:function:submit';

process.once('disconnect', () => process.exit(1));
const { endpoint, door, settings, tasks: count } = JSON.parse(process.argv[2] ?? '') as Argument;
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const lambda = new LambdaClient({ endpoint, region: 'eu-west-1', credentials });
const client = new PunctualClient({ submitArn: ARN, lambda });
const handler = shippedDoor();
const dueAt = new Date(Date.now() + 3_600_000);
const tasks = Array.from({ length: BATCH }, (_, invoice) => ({ name: 'send-invoice', payload: { invoice }, dueAt }));
const wire = tasks.map((task, i) => ({ ...task, dueAt: dueAt.toISOString(), idempotencyKey: `key-${i}` }));
const request = JSON.stringify({ v: 1, action: 'enqueueBatch', tasks: wire });

const rounds: { client: number[]; door: number[] } = { client: [], door: [] };
for (let round = 1; round <= ROUNDS; round++) {
  rounds.client.push(await perTask(() => client.enqueueBatch(tasks)));
  rounds.door.push(await perTask(async () => JSON.stringify(await handler(JSON.parse(request)))));
  process.send?.(
    `round ${round} of ${ROUNDS}: client ${rounds.client.at(-1)?.toFixed(0)} µs, door ${rounds.door.at(-1)?.toFixed(0)} µs a task`,
  );
}
process.send?.(rounds satisfies EnqueueRounds, () => process.exit(0));

async function perTask(work: () => Promise<unknown>): Promise<number> {
  const ms = await cpuOf(async () => {
    for (let done = 0; done < count; done += BATCH) await work();
  });
  return (1_000 * ms) / count;
}

/** It reads its surroundings when it is loaded. */
function shippedDoor(): (request: unknown) => Promise<unknown> {
  const surroundings = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    [ENV.table]: 'table',
    [ENV.dispatcher]: 'dispatcher',
    [ENV.settings]: JSON.stringify(settings),
  };
  Object.assign(process.env, surroundings);
  return createRequire(import.meta.url)(door).handler;
}
