import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { deadlineLane, dueAtOfKey, dueLanes, INDEXES, instantKey } from '../../core/lanes.ts';
import type { Nomination } from '../../core/order.ts';
import type { AppSettings } from '../../core/policy.ts';
import { LEVELS, type Level } from '../../core/task.ts';
import { LATEST_MS } from '../../core/when.ts';
import type { Item } from '../rows.ts';

/** Rows of a lane's first page: about 5 KB, one read unit and a half; enough to know what comes next. */
const HEAD = 25;
/** Rows of each further page, while all of the page before was due. */
const PAGE = 100;
/** Pages of a deadline lane that one look goes through: what is close but not yet due may stand before what is due. */
const DEADLINE_PAGES = 10;

/** A task that waits in a lane. `dueAt` of a front task is −Infinity: it is due. */
export type Waiting = Nomination & { readonly dueAt: number };

interface Page {
  readonly nominations: readonly Waiting[];
  /** Where the next page starts; absent: this was the last. */
  readonly next?: Item;
}

/** One lane of the `due` index as far as it has been read: its head, in order, and whether that is all of it. */
interface Lane {
  readonly name: string;
  readonly level: Level;
  readonly shard: number;
  waiting: Waiting[];
  next: Item | undefined;
  complete: boolean;
}

/**
 * The lanes of an app as a run knows them: the next tasks of each in memory, read anew when a newcomer is rung for, read on
 * when they are used up. The index runs behind the table: what it shows may be gone, which the claim's condition finds.
 */
export class Lanes {
  readonly #dynamo: DynamoDBClient;
  readonly #table: string;
  readonly #settings: AppSettings;
  #lanes: Lane[] = [];

  constructor(dynamo: DynamoDBClient, table: string, settings: AppSettings) {
    this.#dynamo = dynamo;
    this.#table = table;
    this.#settings = settings;
  }

  /** Reads the head of every lane anew. */
  async rewind(): Promise<void> {
    const lanes = dueLanes(this.#settings.app, this.#settings.shards);
    this.#lanes = await Promise.all(lanes.map(({ lane, level, shard }) => this.#head(lane, level, shard)));
  }

  /** Reads the heads of the lanes above a level anew: a newcomer there goes before all that was read of it before. */
  async rewindAbove(level: Level): Promise<void> {
    const isAbove = (lane: Lane) => LEVELS.indexOf(lane.level) < LEVELS.indexOf(level);
    this.#lanes = await Promise.all(this.#lanes.map((lane) => (isAbove(lane) ? this.#head(lane.name, lane.level, lane.shard) : lane)));
  }

  /** When the next task falls due. Epoch ms; −Infinity for a front task or a lane to be read on, Infinity for none. */
  get nextDueAt(): number {
    return Math.min(
      ...this.#lanes.map(({ waiting, complete }) => (waiting[0] || complete ? dueAtOf(waiting[0]) : Number.NEGATIVE_INFINITY)),
    );
  }

  /**
   * All that may be claimed up to `horizon`, as far as one batch needs to know it. Where a lane holds more than was read,
   * its deadline lane is asked too, so that a near deadline far back in the lane is not overlooked.
   */
  async nominate(horizon: number): Promise<Waiting[]> {
    const found = await Promise.all(
      this.#lanes.map(async (lane) => {
        while (
          !lane.complete &&
          lane.waiting.length < HEAD &&
          (lane.waiting.at(-1) === undefined || dueAtOf(lane.waiting.at(-1)) <= horizon)
        ) {
          await this.#readOn(lane);
        }
        const due = lane.waiting.filter((nomination) => dueAtOf(nomination) <= horizon);
        const more = !lane.complete && due.length === lane.waiting.length;
        return more ? [...due, ...(await this.#close(lane, horizon))] : due;
      }),
    );
    return [...new Map(found.flat().map((nomination) => [nomination.id, nomination])).values()];
  }

  /** Takes tasks out of memory: they are claimed, or another was first. */
  remove(ids: ReadonlySet<string>): void {
    for (const lane of this.#lanes) lane.waiting = lane.waiting.filter(({ id }) => !ids.has(id));
  }

  async #head(name: string, level: Level, shard: number): Promise<Lane> {
    const { nominations, next } = await this.#query('due', name, HEAD);
    return { name, level, shard, waiting: [...nominations], next, complete: next === undefined };
  }

  async #readOn(lane: Lane): Promise<void> {
    const { nominations, next } = await this.#query('due', lane.name, PAGE, lane.next);
    lane.waiting.push(...nominations);
    lane.next = next;
    lane.complete = next === undefined;
  }

  /** The due tasks of a lane whose deadline is close or reached, nearest first. */
  async #close(lane: Lane, horizon: number): Promise<Waiting[]> {
    const until = Math.min(horizon + this.#settings.deadlineLeadMs, LATEST_MS);
    const found: Waiting[] = [];
    let next: Item | undefined;
    for (let page = 0; page < DEADLINE_PAGES && found.length < HEAD; page++) {
      const answer = await this.#query('watch', deadlineLane(this.#settings.app, lane.level, lane.shard), PAGE, next, until);
      found.push(...answer.nominations.filter((nomination) => dueAtOf(nomination) <= horizon));
      if (!answer.next) break;
      next = answer.next;
    }
    return found;
  }

  async #query(index: keyof typeof INDEXES, lane: string, limit: number, start?: Item, until?: number): Promise<Page> {
    const { partition, sort } = INDEXES[index];
    // A tilde sorts after the '#' that follows the instant in a key: all of that millisecond is in.
    const bound = until === undefined ? undefined : `${instantKey(until)}~`;
    const { Items = [], LastEvaluatedKey } = await this.#dynamo.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: index,
        KeyConditionExpression: bound ? '#lane = :lane AND #at <= :until' : '#lane = :lane',
        ExpressionAttributeNames: bound ? { '#lane': partition, '#at': sort } : { '#lane': partition },
        ExpressionAttributeValues: { ':lane': { S: lane }, ...(bound ? { ':until': { S: bound } } : {}) },
        Limit: limit,
        ...(start ? { ExclusiveStartKey: start } : {}),
      }),
    );
    const nominations = Items.flatMap((item) => nominationOf(item) ?? []);
    return LastEvaluatedKey ? { nominations, next: LastEvaluatedKey } : { nominations };
  }
}

const dueAtOf = (task: Waiting | undefined): number => task?.dueAt ?? Number.POSITIVE_INFINITY;

/** What the index tells of a row; a row without the parts that a claim needs is passed over. */
function nominationOf(item: Item): Waiting | undefined {
  const { id, name, rev, level, dueAt, deadlineAt } = item;
  if (!id?.S || !name?.S || !rev?.N || !dueAt?.S) return undefined;
  if (level?.S !== 'high' && level?.S !== 'medium' && level?.S !== 'low') return undefined;
  return {
    id: id.S,
    name: name.S,
    rev: Number(rev.N),
    level: level.S,
    key: dueAt.S,
    dueAt: dueAtOfKey(dueAt.S),
    ...(deadlineAt?.N ? { deadlineAt: Number(deadlineAt.N) } : {}),
  };
}
