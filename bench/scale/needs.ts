import { MAX_IN_FLIGHT } from '../../contract/limits.ts';
import { TOGETHER, WRITES } from '../cost/model.ts';
import { PUBLISHED, SNS_MESSAGES } from './limits.ts';
import { secondsATask, TIMES } from './planner.ts';

/** Tasks in a call of the submit door. */
const SUBMIT_BATCH = 100;
/** As `bench/cost/model.ts` takes it. */
const DOOR_SECONDS = 0.02;
/** What an account can use of a limit before it is wise to have more. */
const HEADROOM = 0.8;
/** What a task writes to its place in `due`. */
const INDEX_WRITES = 2;

/** Tasks a second at which a quota of an account and region is used up, as it is by default. */
export interface Saturation {
  readonly service: 'SNS' | 'Lambda' | 'DynamoDB';
  readonly quota: string;
  readonly atRate: number;
  readonly source: string;
  /** Not in N. Virginia, or only where tasks are enqueued one by one. */
  readonly isElsewhere?: boolean;
}

const tableWrites = WRITES.enqueue(TOGETHER) + WRITES.claim(TOGETHER) + WRITES.slots(TOGETHER) + WRITES.complete(TOGETHER) - INDEX_WRITES;
const { lambdaConcurrency, lambdaRequests, tableWrites: tableQuota } = PUBLISHED;
const doorCalls = (batch: number): number => 1 / batch + 1;
const lambdaRate = (batch: number): number =>
  lambdaConcurrency.value * Math.min(lambdaRequests.value / doorCalls(batch), 1 / (doorCalls(batch) * DOOR_SECONDS));

const lambda = (how: string, batch: number): Saturation => ({
  ...{
    service: 'Lambda',
    quota: `${lambdaConcurrency.of}: doors, enqueued ${how}`,
    atRate: lambdaRate(batch),
    source: lambdaRequests.source,
  },
  isElsewhere: batch !== SUBMIT_BATCH,
});
const dynamo = (what: string, writes: number): Saturation => ({
  ...{ service: 'DynamoDB', quota: `${tableQuota.of}: ${what}`, atRate: tableQuota.value / writes, source: tableQuota.source },
});

/** By the rate at which each is used up, the first first. */
export const SATURATIONS: readonly Saturation[] = [
  ...Object.entries(SNS_MESSAGES).map(([region, { of, value, source }]) => ({
    ...{ service: 'SNS' as const, quota: of, atRate: value, source },
    isElsewhere: region !== 'us-east-1',
  })),
  lambda('one by one', 1),
  lambda('by the hundred', SUBMIT_BATCH),
  dynamo('the table', tableWrites),
  dynamo('`due`', INDEX_WRITES),
].sort((a, b) => a.atRate - b.atRate);

/** Tasks a second that one shard takes, in its lane and in the hands of one dispatcher. */
export const SHARD_RATE = Math.min(PUBLISHED.partitionWrites.value / 2, 1 / secondsATask(TIMES));

/** Memory of the dispatcher, as `infra/system-function.ts` has it. */
const MEMORY_MB = 256;

/** Tasks a second that a dispatcher's CPU is enough for. */
export const cpuRate = (memoryMb: number): number => Math.min(1, memoryMb / PUBLISHED.lambdaVcpuMegabytes.value) / (TIMES.cpu / 1_000);

/** What one app must be given for a rate. */
export function settingsFor(rate: number): { readonly shards: number; readonly dispatchers: number; readonly maxInFlight: number } {
  const shards = Math.ceil(rate / (SHARD_RATE * HEADROOM));
  // No share of an app is larger than its dispatcher. Twice the places, for what comes at one instant.
  const dispatchers = Math.max(Math.ceil(rate / (Math.min(SHARD_RATE, cpuRate(MEMORY_MB)) * HEADROOM)), 1);
  const maxInFlight = Math.min(MAX_IN_FLIGHT, Math.max(500, Math.ceil((2 * rate * TIMES.outSeconds) / 100) * 100));
  return { shards: Math.max(shards, dispatchers), dispatchers, maxInFlight };
}

/** What a rate needs in N. Virginia. */
export interface Needs {
  readonly rate: number;
  readonly shards: number;
  /** Apps at least: what may be out of one bounds its rate. */
  readonly apps: number;
  readonly dispatchersSmall: number;
  readonly dispatchersLarge: number;
  readonly tableWrites: number;
  readonly lambdaConcurrency: number;
  readonly snsMessages: number;
  /** Accounts or regions, each with a queue of its own, under the quotas as they are by default. */
  readonly cells: number;
  /** The same where AWS has raised those of Lambda and DynamoDB. */
  readonly cellsBySns: number;
  /** Whose quota is used up first. */
  readonly first: string;
}

export function needsOf(rate: number): Needs {
  const [first] = SATURATIONS.filter(({ isElsewhere }) => !isElsewhere);
  const concurrency = Math.max((rate * doorCalls(SUBMIT_BATCH)) / lambdaRequests.value, rate * doorCalls(SUBMIT_BATCH) * DOOR_SECONDS);
  return {
    rate,
    shards: Math.ceil(rate / (SHARD_RATE * HEADROOM)),
    apps: Math.ceil((rate * TIMES.outSeconds) / (MAX_IN_FLIGHT * HEADROOM)),
    dispatchersSmall: Math.ceil(rate / (cpuRate(MEMORY_MB) * HEADROOM)),
    dispatchersLarge: Math.ceil(rate / (cpuRate(PUBLISHED.lambdaVcpuMegabytes.value) * HEADROOM)),
    tableWrites: rate * tableWrites,
    lambdaConcurrency: Math.ceil(concurrency),
    snsMessages: rate,
    cells: Math.ceil(rate / (first?.atRate ?? rate)),
    cellsBySns: Math.ceil(rate / SNS_MESSAGES['us-east-1'].value),
    first: first && first.atRate < rate ? first.service : 'none',
  };
}
