import { LEVELS, type Level, type Task } from './task.ts';

/**
 * The table's sparse indexes. FROZEN from the first release: a key or a projection of a live index cannot be changed.
 * `traits` is what a claim must know beyond its policy, `fingerprint` says which error the last failure was.
 */
export const INDEXES = {
  /** Waiting tasks, a lane per app, level and shard, in the order in which they are due. */
  due: {
    partition: 'priority',
    sort: 'dueAt',
    projected: ['name', 'version', 'rev', 'level', 'deadlineAt', 'traits'],
  },
  /** Waiting tasks by their deadline, and ended tasks by their end. */
  watch: {
    partition: 'watch',
    sort: 'watchAt',
    projected: ['name', 'version', 'rev', 'level', 'dueAt', 'deadlineAt', 'traits', 'fingerprint'],
  },
} as const;

/** Where a row stands in the sparse indexes; an absent pair means: not in that index. */
export interface LaneKeys {
  readonly priority?: string;
  readonly dueAt: string;
  readonly watch?: string;
  readonly watchAt?: string;
}

/** Widest arrival stamp: microseconds until the year 2255 fit in 16 digits and in a safe integer. */
const STAMP_DIGITS = 16;
const STAMP_MAX = Number.MAX_SAFE_INTEGER;

/** Sorts before every year, so that front tasks come before all others of their lane. */
const FRONT = '-';

/** Instants in words, as many as are kept: those of a beat are few, and each is asked for several times a task. */
const KEPT = 64;
const texts = new Map<number, string>();

/** An instant in RFC 3339 UTC, and as a key part of fixed width: `2026-12-24T08:00:00.000Z`. */
export function instantKey(ms: number): string {
  let text = texts.get(ms);
  if (text === undefined) {
    text = new Date(ms).toISOString();
    if (texts.size >= KEPT) texts.clear();
    texts.set(ms, text);
  }
  return text;
}

/**
 * The sort key in the `due` index. Back tasks: due time, arrival, id. Front tasks: before all, latest arrival first.
 * Ends in the id because an index promises no order between equal keys.
 */
export function dueKey(task: Pick<Task, 'id' | 'dueAt' | 'arrival' | 'position'>): string {
  return task.position === 'front'
    ? `${FRONT}${stamp(STAMP_MAX - task.arrival)}#${task.id}`
    : `${instantKey(task.dueAt)}#${stamp(task.arrival)}#${task.id}`;
}

/** The instant at which a task with this sort key is due; a front task is due already. */
export const dueAtOfKey = (key: string): number =>
  key.startsWith(FRONT) ? Number.NEGATIVE_INFINITY : Date.parse(key.slice(0, INSTANT_WIDTH));

/** Since when a task with this sort key waits to be claimed: its due instant; at the front, when it came there. Epoch ms. */
export const waitsSince = (key: string): number =>
  key.startsWith(FRONT) ? (STAMP_MAX - Number(key.slice(FRONT.length, FRONT.length + STAMP_DIGITS))) / 1_000 : dueAtOfKey(key);

const INSTANT_WIDTH = '2026-12-24T08:00:00.000Z'.length;

const stamp = (value: number): string => String(value).padStart(STAMP_DIGITS, '0');

/** The lane of waiting tasks of a level. */
export const dueLane = (app: string, level: Level, shard: number): string => `${app}#${level}#${shard}`;

/** The lane of waiting tasks of a level that have a deadline. */
export const deadlineLane = (app: string, level: Level, shard: number): string => `${app}#deadline#${level}#${shard}`;

/** The lane of an app's ended tasks of one kind. */
export const historyLane = (app: string, state: 'dead' | 'cancelled' | 'completed', shard: number): string => `${app}#${state}#${shard}`;

/** All lanes of waiting tasks of an app, High first. */
export const dueLanes = (app: string, shards: number): { level: Level; shard: number; lane: string }[] =>
  LEVELS.flatMap((level) => Array.from({ length: shards }, (_, shard) => ({ level, shard, lane: dueLane(app, level, shard) })));

/** Where the recurring errors of an app are, by when they were first seen. */
export const errorLane = (app: string): string => `${app}#error#0`;

/** Which of `shards` partitions a task is in: FNV-1a over its id, spread by a final mix. */
export function shardOf(id: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % shards;
}

/** The index keys of a task as it stands: waiting tasks in `due`, those with a deadline and the ended ones in `watch`. */
export function laneKeys(task: Task, shards: number): LaneKeys {
  const shard = shardOf(task.id, shards);
  const dueAt = dueKey(task);
  if (task.state === 'scheduled') {
    const priority = dueLane(task.app, task.level, shard);
    if (task.deadlineAt === undefined) return { priority, dueAt };
    return { priority, dueAt, watch: deadlineLane(task.app, task.level, shard), watchAt: watchKey(task.deadlineAt, task.id) };
  }
  // Completed tasks are the many: they enter a lane only where an app asks for it, because it costs a write.
  if (task.state === 'leased' || (task.state === 'completed' && !task.listed)) return { dueAt };
  return { dueAt, watch: historyLane(task.app, task.state, shard), watchAt: watchKey(task.endedAt ?? 0, task.id) };
}

/** The sort key in the `watch` index: an instant, then the id. */
export const watchKey = (ms: number, id: string): string => `${instantKey(ms)}#${id}`;
