import { MAX_IN_FLIGHT } from '../../contract/limits.ts';
import { shardOf } from '../../core/lanes.ts';
import { taskIdOf } from '../../functions/identity.ts';
import type { Hash } from './hash.ts';
import { type Capacity, capacityOfSetup, type Load, TIMES, tasksByShard } from './planner.ts';

const APPS = 100;
/** Enough for a dispatcher of one vCPU; a dispatcher for each shard. */
const MEMORY_MB = 1_769;
export const SHARDS = [1, 2, 4, 8, 16, 32, 64] as const;

/** Ids as the door makes them of keys as apps have them. Each app's are made once. */
function idsOf(app: string, count: number): string[] {
  const made = ids.get(app) ?? [];
  ids.set(app, made);
  for (let i = made.length; i < count; i++) made.push(taskIdOf(app, `invoice-${i}`));
  return made.slice(0, count);
}
const ids = new Map<string, string[]>();

/** `tasks`: how many ids there are for each shard. The more, the less chance there is in how they spread. */
export type LoadOf = (shards: number, tasks: number) => Load[];

const loadOf = (app: string, shards: number, count: number): Load => ({ app, shards, maxInFlight: MAX_IN_FLIGHT, ids: idsOf(app, count) });

/** The loads that are asked about, each with so many shards. */
export const LOADS = {
  /** One app has it all. */
  even: (shards, tasks) => [loadOf('billing', shards, shards * tasks)],
  /** A hundred apps, the k-th with a k-th of what the first has. */
  skewed: (shards, tasks) => Array.from({ length: APPS }, (_, k) => loadOf(`app-${k}`, shards, Math.ceil((shards * tasks) / (k + 1)))),
  /** One that grows, and 99 with one shard and a hundredth of a shard's load each. */
  'one among 100': (shards, tasks) => [
    loadOf('billing', shards, shards * tasks),
    ...Array.from({ length: APPS - 1 }, (_, k) => loadOf(`app-${k}`, 1, Math.ceil(tasks / 100))),
  ],
} as const satisfies Record<string, LoadOf>;

/** What an app's share of all is, of what comes: the rate is that of the app that grows. */
const rateOf = (loads: readonly Load[], { rate }: Capacity): number => {
  const all = loads.reduce((sum, { ids }) => sum + ids.length, 0);
  return (rate * (loads[0]?.ids.length ?? 0)) / all;
};

/** With as many dispatchers as shards. */
export function capacityWith(name: keyof typeof LOADS, shards: number, tasks: number, hash: Hash = shardOf) {
  const loads: readonly Load[] = LOADS[name](shards, tasks);
  const capacity = capacityOfSetup(loads, { dispatchers: shards, memoryMb: MEMORY_MB, times: TIMES, hash });
  return { ...capacity, rate: rateOf(loads, capacity) };
}

/** What so many shards do, beside as often what one does. */
export const efficiency = (name: keyof typeof LOADS, shards: number, tasks: number, hash: Hash = shardOf): number =>
  capacityWith(name, shards, tasks, hash).rate / (shards * capacityWith(name, 1, tasks, hash).rate);

/** Tasks of the fullest shard beside the mean. */
export function spread(shards: number, tasks: number, hash: Hash = shardOf): number {
  const counts = tasksByShard({ ids: idsOf('billing', shards * tasks), shards }, hash);
  return Math.max(...counts) / tasks;
}
