import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { deadlineLane, dueAtOfKey, dueLanes, INDEXES, instantKey, waitsSince } from '../../core/lanes.ts';
import type { AppSettings } from '../../core/policy.ts';
import { isIn, type Share, WHOLE } from '../../core/split.ts';
import { LEVELS, type Level } from '../../core/task.ts';
import { LATEST_MS } from '../../core/when.ts';
import { appOf } from '../identity.ts';
import { queryLane, type Waiting, waitingOf } from '../lane-query.ts';
import type { Item } from '../rows.ts';
import { BEAT_MS } from './ports.ts';

/** Rows of a lane's first page: about 5 KB, one read unit and a half; enough to know what comes next. */
const HEAD = 25;
/** Rows of each further page, while all of the page before was due. */
const PAGE = 100;
/** Pages that one look goes on through a lane whose tasks are held back: the other lanes wait for it. The next look goes on there. */
const PAGES_AT_ONCE = 10;
/** Tasks of a lane that are held back and kept in memory. Those behind them are passed over, and read again when they are let go. */
const KEPT_BACK = 100;
/** Pages of a deadline lane that one look goes through: what is close but not yet due may stand before what is due. */
const DEADLINE_PAGES = 10;

/** What stands between a waiting task and its claim, besides its date. */
export interface Holds {
  /** When it is let go: −Infinity: now; Infinity: not as things stand. Epoch ms. */
  opensAt(task: Waiting): number;
  /** The same of whatever stands in a lane of this level and has not been read. */
  laneOpensAt(level: Level): number;
  /** Those of the tasks that may be claimed some time. Hears of each task that is read. */
  sift(tasks: readonly Waiting[]): Waiting[];
  /** A row of an index lacks what a claim needs. */
  unreadable(id: string): void;
}

const NO_HOLDS: Holds = {
  opensAt: () => Number.NEGATIVE_INFINITY,
  laneOpensAt: () => Number.NEGATIVE_INFINITY,
  sift: (tasks) => [...tasks],
  unreadable: () => {},
};

interface Page {
  readonly waiting: readonly Waiting[];
  /** The due instant of its last row, whatever became of that. */
  readonly readTo: number;
  /** Where the next page starts; absent: this was the last. */
  readonly next: Item | undefined;
}

/** One lane of the `due` index as far as it has been read: its head, in order, and where the rest of it starts. */
interface Lane {
  readonly name: string;
  readonly level: Level;
  readonly shard: number;
  waiting: Waiting[];
  readTo: number;
  next: Item | undefined;
  /** One task for each name of which some were passed over. */
  readonly passed: Map<string, Waiting>;
  /** What its deadline lane has shown, where that was asked. */
  close?: Close;
}

/** Tasks of a lane whose deadline is close or reached, wherever they stand in it. */
interface Close {
  readonly horizon: number;
  waiting: Waiting[];
  /** Whether there are more than these. */
  readonly isMore: boolean;
}

/**
 * The lanes of an app, or of a share of it, as a run knows them: the next tasks of each in memory, read anew when a newcomer is rung for, read on
 * when they are used up. The index runs behind the table: what it shows may be gone, which the claim's condition finds.
 */
export class Lanes {
  /** All shards that the app has ever used, as far as is known. */
  shards: number;
  readonly #dynamo: DynamoDBClient;
  readonly #table: string;
  readonly #settings: AppSettings;
  readonly #holds: Holds;
  readonly #share: Share;
  #lanes: Lane[] = [];

  constructor(dynamo: DynamoDBClient, table: string, settings: AppSettings, holds = NO_HOLDS, share = WHOLE) {
    this.#dynamo = dynamo;
    this.#table = table;
    this.#settings = settings;
    this.#holds = holds;
    this.#share = share;
    this.shards = settings.shards;
  }

  /** Reads the head of every lane anew. */
  async rewind(): Promise<void> {
    const lanes = dueLanes(this.#settings.app, this.shards).filter(({ shard }) => isIn(this.#share, shard));
    this.#lanes = await Promise.all(lanes.map(({ lane, level, shard }) => this.#head({ name: lane, level, shard })));
  }

  /** Reads the heads of the lanes above a level anew: a newcomer there goes before all that was read of it before. */
  async rewindAbove(level: Level): Promise<void> {
    const isAbove = (lane: Lane) => LEVELS.indexOf(lane.level) < LEVELS.indexOf(level);
    this.#lanes = await Promise.all(this.#lanes.map((lane) => (isAbove(lane) ? this.#head(lane) : lane)));
  }

  /** When the next task may be claimed, or a lane must be read on. Epoch ms; −Infinity for a front task, Infinity for none. */
  get nextDueAt(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes) {
      least = this.#soonest(lane.passed.values(), this.#soonest(lane.waiting, least));
      if (lane.next) least = Math.min(least, Math.max(lane.readTo, this.#holds.laneOpensAt(lane.level)));
    }
    return least;
  }

  /** Asked for after each call: what could not come sooner than `least` is passed over. */
  #soonest(tasks: Iterable<Waiting>, least: number): number {
    let soonest = least;
    for (const task of tasks) {
      if (task.dueAt < soonest) soonest = Math.min(soonest, Math.max(task.dueAt, this.#holds.opensAt(task)));
    }
    return soonest;
  }

  /** Since when the oldest task waits that is due at `now`, by level, whatever holds it back; as far as the lanes were read. Epoch ms. */
  waitingSince(now: number): Map<Level, number> {
    const oldest = new Map<Level, number>();
    for (const { level, key } of this.#lanes.flatMap(({ level, waiting }) => waiting.map(({ key }) => ({ level, key })))) {
      const since = waitsSince(key);
      if (since <= now) oldest.set(level, Math.min(since, oldest.get(level) ?? since));
    }
    return oldest;
  }

  /**
   * All that may be claimed up to `horizon`, as far as `wanted` claims need to know it. Where a lane holds more than was read,
   * its deadline lane is asked too, so that a near deadline far back in the lane is not overlooked.
   */
  async nominate(horizon: number, wanted = HEAD): Promise<Waiting[]> {
    const found = await Promise.all(this.#lanes.map((lane) => this.#nominateFrom(lane, horizon, wanted)));
    const byId = new Map<string, Waiting>();
    for (const nominations of found) for (const one of nominations) byId.set(one.id, one);
    return [...byId.values()];
  }

  /** Takes tasks out of memory: they are claimed, or another was first. */
  remove(ids: ReadonlySet<string>): void {
    for (const lane of this.#lanes) {
      lane.waiting = without(lane.waiting, ids);
      if (lane.close) lane.close.waiting = without(lane.close.waiting, ids);
    }
  }

  /** Sifts what is in memory once more: time has passed. */
  sift(): void {
    for (const lane of this.#lanes) lane.waiting = this.#holds.sift(lane.waiting);
  }

  async #nominateFrom(lane: Lane, horizon: number, wanted: number): Promise<Waiting[]> {
    const isLetGo = (task: Waiting) => this.#isOpen(task) && !lane.waiting.some(({ name }) => name === task.name);
    if ([...lane.passed.values()].some(isLetGo)) Object.assign(lane, await this.#head(lane));
    const isOpen = this.#holds.laneOpensAt(lane.level) === Number.NEGATIVE_INFINITY;
    let open = this.#open(lane.waiting, horizon);
    for (let page = 0; page < PAGES_AT_ONCE && isOpen && lane.next && lane.readTo <= horizon && open.length < wanted; page++) {
      await this.#readOn(lane);
      open = this.#open(lane.waiting, horizon);
    }
    const isMore = lane.next !== undefined && lane.readTo <= horizon;
    if (!isMore) return open;
    // A backlog goes on for many batches: for each of them to ask anew would be a query a batch.
    const { horizon: asked = Number.NEGATIVE_INFINITY, isMore: isCut = true, waiting = [] } = lane.close ?? {};
    if (horizon >= asked + BEAT_MS || (isCut && waiting.length < HEAD)) lane.close = await this.#close(lane, horizon);
    return [...this.#open(lane.waiting, horizon), ...this.#open(lane.close?.waiting ?? [], horizon)];
  }

  /** Those that may be claimed up to `horizon`. */
  #open(tasks: readonly Waiting[], horizon: number): Waiting[] {
    const open: Waiting[] = [];
    for (const task of tasks) if (task.dueAt <= horizon && this.#isOpen(task)) open.push(task);
    return open;
  }

  async #head({ name, level, shard }: Pick<Lane, 'name' | 'level' | 'shard'>): Promise<Lane> {
    const { waiting, readTo, next } = await this.#query('due', name, HEAD);
    return { name, level, shard, waiting: [...waiting], readTo, next, passed: new Map() };
  }

  async #readOn(lane: Lane): Promise<void> {
    const { waiting, readTo, next } = await this.#query('due', lane.name, PAGE, lane.next);
    let back = 0;
    const kept: Waiting[] = [];
    // Thousands that are held back must not fill the memory of a small function.
    for (const task of [...lane.waiting, ...waiting]) {
      if (this.#isOpen(task) || ++back <= KEPT_BACK) kept.push(task);
      else if (!lane.passed.has(task.name)) lane.passed.set(task.name, task);
    }
    lane.waiting = kept;
    lane.readTo = readTo;
    lane.next = next;
  }

  #isOpen(task: Waiting): boolean {
    return this.#holds.opensAt(task) === Number.NEGATIVE_INFINITY;
  }

  /** The due tasks of a lane whose deadline is close or reached, nearest first. */
  async #close(lane: Lane, horizon: number): Promise<Close> {
    const until = Math.min(horizon + BEAT_MS + this.#settings.deadlineLeadMs, LATEST_MS);
    const waiting: Waiting[] = [];
    let next: Item | undefined;
    for (let page = 0; page === 0 || (next && page < DEADLINE_PAGES && waiting.length < HEAD); page++) {
      const answer = await this.#query('watch', deadlineLane(this.#settings.app, lane.level, lane.shard), PAGE, next, until);
      waiting.push(...this.#open(answer.waiting, horizon + BEAT_MS));
      next = answer.next;
    }
    return { horizon, waiting, isMore: next !== undefined };
  }

  async #query(index: keyof typeof INDEXES, lane: string, limit: number, start?: Item, until?: number): Promise<Page> {
    // A tilde sorts after the '#' that follows the instant in a key: all of that millisecond is in.
    const bound = until === undefined ? undefined : `${instantKey(until)}~`;
    const { items, next } = await queryLane(this.#dynamo, this.#table, index, lane, { limit, start, until: bound });
    const waiting: Waiting[] = [];
    for (const item of items) {
      const task = waitingOf(item);
      // Another app's task would be told to this one.
      if (task && appOf(task.id) === this.#settings.app) waiting.push(task);
      else this.#holds.unreadable(item.id?.S ?? '');
    }
    const readTo = dueAtOfKey((items.at(-1) ?? next)?.[INDEXES.due.sort]?.S ?? '');
    return { waiting: this.#holds.sift(waiting), readTo: Number.isNaN(readTo) ? Number.NEGATIVE_INFINITY : readTo, next };
  }
}

function without(tasks: readonly Waiting[], ids: ReadonlySet<string>): Waiting[] {
  const left: Waiting[] = [];
  for (const task of tasks) if (!ids.has(task.id)) left.push(task);
  return left;
}
