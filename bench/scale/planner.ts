import { capacityOf, SLOT_SIZE, slotCount } from '../../core/slots.ts';
import { type Dealt, dispatcherOf, sharesOf } from '../../core/split.ts';
import type { Hash } from './hash.ts';
import { PUBLISHED } from './limits.ts';

/** How long things take. Milliseconds, but for `outSeconds`. */
export interface Times {
  /** A call of DynamoDB. */
  readonly call: number;
  readonly publish: number;
  /** CPU of the dispatcher for each task, on a whole vCPU. */
  readonly cpu: number;
  /** From the claim of a task until its place is found free: the worker's time, and the look at it. */
  readonly outSeconds: number;
}

/** Latencies within a region; CPU of about what the bench `cpu` measures on a core; a worker that needs a quarter of a second. */
export const TIMES: Times = { call: 10, publish: 20, cpu: 0.4, outSeconds: 0.25 };

/** What is asked of an app: its tasks by their ids, each as often as it comes, in any time. */
export interface Load extends Dealt {
  readonly ids: readonly string[];
}

export interface Setup {
  readonly dispatchers: number;
  readonly memoryMb: number;
  readonly times: Times;
  readonly hash: Hash;
}

/** A limit of one thing, and how much of it is used where one task a second comes in all. */
interface Used {
  readonly name: string;
  readonly limit: number;
  used: number;
}

/** What saturates first, and the tasks a second at which it does. */
export interface Capacity {
  readonly rate: number;
  readonly first: string;
}

/** Calls of DynamoDB, one after the other, for each task that is claimed of a backlog, at the most. Counted: see `shipped.ts`. */
export const CLAIM_CALLS = 0.08;
/** A task enters its lane, and leaves it. */
const LANE_WRITES = 2;
/** It is read by the page, and at most once more. Read units, not consistent. */
const LANE_READS = 0.1;
/** A slot is written before a batch of claims, and once more for what was told last. */
const SLOT_WRITES = 2 / SLOT_SIZE;

/** Seconds of its own that a share of an app needs for a task: its turn is one call after the other, and beside it one publish after the other. */
export const secondsATask = ({ call, publish }: Times): number => Math.max(CLAIM_CALLS * call, publish / PUBLISHED.messages.value) / 1_000;

/**
 * The highest rate at which nothing is asked for more than it can do: each task goes to the lane that the hash says, that to the
 * dispatcher that the split says, under the limits of partitions, of one Node process, and of what may be out.
 */
export function capacityOfSetup(loads: readonly Load[], setup: Setup): Capacity {
  const all = loads.reduce((sum, { ids }) => sum + ids.length, 0);
  const used = loads.flatMap((load) => usedBy(load, all, setup));
  const cpu = Array.from({ length: setup.dispatchers }, (_, k) => ({
    name: `CPU of dispatcher ${k}`,
    limit: vcpus(setup.memoryMb),
    used: 0,
  }));
  for (const load of loads) {
    for (const [shard, tasks] of tasksByShard(load, setup.hash).entries()) {
      const one = cpu[dispatcherOf(load, shard, setup.dispatchers)];
      if (one) one.used += ((tasks / all) * setup.times.cpu) / 1_000;
    }
  }
  const [first] = [...used, ...cpu].sort((a, b) => a.limit / a.used - b.limit / b.used);
  return first ? { rate: first.limit / first.used, first: first.name } : { rate: 0, first: 'nothing' };
}

/** One Node process uses no more than one. */
const vcpus = (memoryMb: number): number => Math.min(1, memoryMb / PUBLISHED.lambdaVcpuMegabytes.value);

export function tasksByShard({ ids, shards }: Pick<Load, 'ids' | 'shards'>, hash: Hash): number[] {
  const counts = new Array<number>(shards).fill(0);
  for (const id of ids) {
    const shard = hash(id, shards);
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  return counts;
}

function usedBy(load: Load, all: number, { dispatchers, times, hash }: Setup): Used[] {
  const { app, maxInFlight } = load;
  const counts = tasksByShard(load, hash);
  const lanes = counts.flatMap((tasks) => [
    { name: `a lane of ${app}`, limit: PUBLISHED.partitionWrites.value, used: (LANE_WRITES * tasks) / all },
    { name: `reading a lane of ${app}`, limit: PUBLISHED.partitionReads.value, used: (LANE_READS * tasks) / all },
  ]);
  const shares = sharesOf(load, dispatchers);
  const own = Array.from({ length: shares }, (_, rank) => {
    const tasks = counts.reduce((sum, count, shard) => sum + (shard % shares === rank ? count : 0), 0) / all;
    const slots = Array.from({ length: slotCount(maxInFlight) }, (_, j) => j).filter((j) => j % shares === rank);
    const places = slots.reduce((sum, j) => sum + capacityOf(j, maxInFlight), 0);
    return [
      { name: `calls one after the other for a share of ${app}`, limit: 1, used: tasks * secondsATask(times) },
      { name: `maxInFlight of ${app}`, limit: places, used: tasks * times.outSeconds },
      { name: `a slot of ${app}`, limit: PUBLISHED.partitionWrites.value, used: (tasks * SLOT_WRITES) / slots.length },
    ];
  });
  return [...lanes, ...own.flat()].filter(({ used }) => used > 0);
}
