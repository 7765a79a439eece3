import type { Count, Stats } from '../../contract/operate.ts';
import { wire } from '../../contract/view.ts';
import { dueAtOfKey, dueLane, historyLane, instantKey } from '../../core/lanes.ts';
import { LEVELS, type Level } from '../../core/task.ts';
import { queryLane } from '../lane-query.ts';
import { valvesView } from '../valves.ts';
import type { Question } from './lookahead.ts';
import type { Source } from './merged-lanes.ts';
import { outOf } from './out.ts';

/** Rows that are counted at most, of all lanes of a kind together; and of each lane at least. */
const COUNTED = 3_000;
const COUNTED_OF_LANE = 25;

/** One lane of waiting tasks, counted as far as it goes. */
interface LaneCount {
  readonly level: Level;
  readonly waiting: Count;
  readonly due: Count;
  readonly oldestDueAt: number;
  readonly nextDueAt: number;
}

/** An app as it stands: what waits, is due, is out, and is dead. Counts stop somewhere, and say so. */
export async function statsOf({ settings, valves, now, ...source }: Question): Promise<Stats> {
  const { app, shards, maxInFlight, retentionMs } = settings;
  const numbers = Array.from({ length: shards }, (_, shard) => shard);
  const limit = Math.max(COUNTED_OF_LANE, Math.floor(COUNTED / (LEVELS.length * shards)));
  const oldest = instantKey(now - retentionMs + 1);
  const [{ inFlight }, lanes, dead] = await Promise.all([
    outOf(source.store, settings),
    Promise.all(LEVELS.flatMap((level) => numbers.map((shard) => laneCount(source, level, dueLane(app, level, shard), limit, now)))),
    Promise.all(numbers.map((shard) => countOf(source, historyLane(app, 'dead', shard), limit, oldest))),
  ]);
  const oldestDueAt = Math.min(...lanes.map((lane) => lane.oldestDueAt));
  const nextDueAt = Math.min(...lanes.map((lane) => lane.nextDueAt));
  const byLevel = (count: (lane: LaneCount) => Count) =>
    Object.fromEntries(LEVELS.map((level) => [level, sum(lanes.filter((lane) => lane.level === level).map(count))])) as Stats['due'];
  return {
    ...valvesView(app, valves),
    waiting: byLevel(({ waiting }) => waiting),
    due: byLevel(({ due }) => due),
    ...(Number.isFinite(oldestDueAt) ? { oldestDueAt: wire(oldestDueAt) } : {}),
    ...(Number.isFinite(nextDueAt) ? { nextDueAt: wire(nextDueAt) } : {}),
    inFlight,
    maxInFlight,
    dead: sum(dead),
  };
}

async function laneCount({ dynamo, store }: Source, level: Level, lane: string, limit: number, now: number): Promise<LaneCount> {
  const page = await queryLane(dynamo, store.table, 'due', lane, { limit });
  const dates = page.items.map(({ dueAt }) => dueAtOfKey(dueAt?.S ?? ''));
  const due = dates.filter((at) => at <= now).length;
  const isMore = page.next !== undefined;
  return {
    level,
    waiting: { count: dates.length, isMore },
    // In the order of their dates: once one is not due, none behind it is.
    due: { count: due, isMore: isMore && due === dates.length },
    // A task at the front has no date in its key.
    oldestDueAt: dates.find((at) => Number.isFinite(at) && at <= now) ?? Number.POSITIVE_INFINITY,
    nextDueAt: dates.find((at) => at > now) ?? (isMore ? await nextAfter({ dynamo, store }, lane, now) : Number.POSITIVE_INFINITY),
  };
}

/** When the first task of a lane that is not yet due falls due. Epoch ms; Infinity: there is none. */
async function nextAfter({ dynamo, store }: Source, lane: string, now: number): Promise<number> {
  const { items } = await queryLane(dynamo, store.table, 'due', lane, { limit: 1, from: instantKey(now + 1) });
  return items[0] ? dueAtOfKey(items[0].dueAt?.S ?? '') : Number.POSITIVE_INFINITY;
}

async function countOf({ dynamo, store }: Source, lane: string, limit: number, from: string): Promise<Count> {
  const { items, next } = await queryLane(dynamo, store.table, 'watch', lane, { limit, from });
  return { count: items.length, isMore: next !== undefined };
}

const sum = (counts: readonly Count[]): Count => ({
  count: counts.reduce((total, { count }) => total + count, 0),
  isMore: counts.some(({ isMore }) => isMore),
});
