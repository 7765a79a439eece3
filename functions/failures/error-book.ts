import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { counted, type Occurrences, type RecurringError } from '../../core/errors.ts';
import { errorLane } from '../../core/lanes.ts';
import { type Clock, pause, systemClock } from '../clock.ts';
import { writeIf } from '../conditional.ts';
import { cursorOf, positionIn } from '../cursor.ts';
import { queryLane } from '../lane-query.ts';
import type { Item } from '../rows.ts';
import { Contended, type Store } from '../store.ts';
import { type ErrorRow, errorAttributes, errorId, errorRowOf } from './error-row.ts';
import { rowUpdate } from './row-update.ts';

/**
 * How often a count is tried again after another came first: a storm of failures is one error more often than not, and who gives up
 * waits for its message to come again, minutes later. All pauses together are about 7 s at most, of the 23 s that a batch has for it.
 */
const RACES = 30;
/** Pause after a lost race, within so many milliseconds, doubling to the bound: those who lost together must not meet again. */
const PAUSE_MS = { first: 20, most: 240 } as const;
/** Occurrences whose keys an error remembers: what comes twice comes soon, or after its message has been hidden. */
const REMEMBERED = 50;
/** So many texts of three letters tell one count from another. */
const TAGS = 36 ** 3;
/** A report that has not arrived by then is sent again: its sender is no more. Milliseconds; above the function's timeout. */
const OWED_MS = 60_000;
/** Errors of one page of a list. */
const PAGE = 25;

/** Failures of one fingerprint, each under a key of its own, so that none is counted twice. */
export type KeyedOccurrences = Omit<Occurrences, 'tasks'> & {
  readonly tasks: readonly (Occurrences['tasks'][number] & { readonly key: string })[];
};

/** How a book waits between two tries; `random` in [0, 1) spreads those who wait together. */
export interface Waits {
  readonly clock: Clock;
  random(): number;
}

/** What came of a count. */
export interface Count {
  /** Keys of the occurrences that had not been counted before. */
  readonly fresh: ReadonlySet<string>;
  /** The error to be reported now; tell the book once that is done (`reported`). */
  readonly report?: RecurringError;
}

/** The recurring errors of all apps, a row each. Every change is one conditional write. */
export class ErrorBook {
  readonly #dynamo: DynamoDBClient;
  readonly #store: Store;
  readonly #waits: Waits;

  constructor(dynamo: DynamoDBClient, store: Store, waits: Waits = { clock: systemClock, random: () => Math.random() }) {
    this.#dynamo = dynamo;
    this.#store = store;
    this.#waits = waits;
  }

  /**
   * Counts failures of one error. Counted again, they count once, as far as the error remembers; a report that its sender
   * did not come to is then due anew.
   *
   * @throws Contended after losing {@link RACES} races: counted again, nothing is lost
   */
  async count(seen: KeyedOccurrences, now: number): Promise<Count> {
    const by = this.#tag();
    let tried: Count | undefined;
    for (let race = 0; race < RACES; race++) {
      const item = await this.#read(seen.app, seen.fingerprint);
      const row = errorRowOf(item, now);
      if (tried && hasStood(tried, row, by, now)) return tried;
      const next = withCounted(row, seen, by, now);
      if (!next) return { fresh: new Set() };
      if (await this.#write(item, next.row)) return next.count;
      tried = next.count;
      await this.#pause(race);
    }
    throw new Contended(`${errorId(seen.app, seen.fingerprint)}: another count was first ${RACES} times`);
  }

  /** Says that the report of a count has arrived. If this is lost, it is sent once more with a later count. */
  async reported({ app, fingerprint, reportedAt }: RecurringError): Promise<void> {
    const command = new UpdateItemCommand({
      ...this.#key(app, fingerprint),
      UpdateExpression: 'REMOVE #owed',
      ConditionExpression: '#owed = :at',
      ExpressionAttributeNames: { '#owed': 'owedSince' },
      ExpressionAttributeValues: { ':at': { N: String(reportedAt) } },
    });
    // Refused where a later report is under way: that one is its own sender's.
    await writeIf(this.#dynamo, command);
  }

  /**
   * Errors of an app, the last that was first seen first.
   *
   * @throws Refused where `cursor` is none of this list's
   */
  async list(app: string, cursor?: string, now = this.#waits.clock.now()): Promise<{ errors: RecurringError[]; cursor?: string }> {
    const start = startOf(app, positionIn(walkOf(app), cursor));
    const part = { limit: PAGE, start, backwards: true };
    const { items, next } = await queryLane(this.#dynamo, this.#store.table, 'watch', errorLane(app), part);
    const ids = items.map(({ id }) => id?.S ?? '');
    const rows = await this.#store.readItems(ids, true);
    const errors = ids.flatMap((id) => errorRowOf(rows.get(id), now)?.error ?? []);
    return next?.watchAt?.S === undefined ? { errors } : { errors, cursor: cursorOf(walkOf(app), next.watchAt.S) };
  }

  async get(app: string, fingerprint: string, now = this.#waits.clock.now()): Promise<RecurringError | undefined> {
    return errorRowOf(await this.#read(app, fingerprint), now)?.error;
  }

  /**
   * Says that an error's cause has been put right: its next occurrence opens it again. Undefined: there is no such error.
   *
   * @throws Contended after losing {@link RACES} races
   */
  async resolve(app: string, fingerprint: string, now: number): Promise<RecurringError | undefined> {
    for (let race = 0; race < RACES; race++) {
      const item = await this.#read(app, fingerprint);
      const row = errorRowOf(item, now);
      if (!row || row.error.resolvedAt !== undefined) return row?.error;
      const error = { ...row.error, rev: row.error.rev + 1, resolvedAt: now };
      // What is resolved needs no report any more.
      if (await this.#write(item, { ...row, error, owedSince: undefined })) return error;
      await this.#pause(race);
    }
    throw new Contended(`${errorId(app, fingerprint)}: another count was first ${RACES} times`);
  }

  #pause(race: number): Promise<void> {
    const { clock, random } = this.#waits;
    return pause(clock, random() * Math.min(PAUSE_MS.most, PAUSE_MS.first * 2 ** race));
  }

  /** Tells one count from another that goes on at the same time. */
  #tag(): string {
    return Math.floor(this.#waits.random() * TAGS).toString(36);
  }

  async #read(app: string, fingerprint: string): Promise<Item | undefined> {
    const { Item } = await this.#dynamo.send(new GetItemCommand({ ...this.#key(app, fingerprint), ConsistentRead: true }));
    return Item;
  }

  /** Writes an error's row if it is as it was read, whether or not that could be understood. */
  #write(before: Item | undefined, row: ErrorRow): Promise<boolean> {
    const { app, fingerprint, rev } = row.error;
    const set = errorAttributes({ ...row, error: { ...row.error, rev: Math.max(rev, nextRevision(before)) } });
    const removed = ['resolvedAt', 'owedSince'].filter((name) => !(name in set));
    const { table } = this.#store;
    return writeIf(this.#dynamo, rowUpdate({ table, id: errorId(app, fingerprint), before, unchanged: ['revision'], set, removed }));
  }

  #key(app: string, fingerprint: string) {
    return { TableName: this.#store.table, Key: { id: { S: errorId(app, fingerprint) } } };
  }
}

/** The row with what had not been counted yet; undefined: there is nothing to write. */
function withCounted(
  row: ErrorRow | undefined,
  seen: KeyedOccurrences,
  by: string,
  now: number,
): { row: ErrorRow; count: Count } | undefined {
  const remembered = new Set(row?.recent.map(keyOf));
  const tasks = [...new Map(seen.tasks.map((task) => [task.key, task])).values()].filter(({ key }) => !remembered.has(key));
  const fresh = new Set(tasks.map(({ key }) => key));
  const isOwed = row?.owedSince !== undefined && row.owedSince + OWED_MS <= now;
  if (tasks.length === 0 && !isOwed) return undefined;
  const { error: after, isReportDue } =
    tasks.length > 0 || !row
      ? counted(row?.error, { ...seen, tasks }, now)
      : { error: { ...row.error, rev: row.error.rev + 1 }, isReportDue: false };
  const isDue = isReportDue || isOwed;
  const error = isDue ? { ...after, reportedAt: now } : after;
  const recent = [...(row?.recent ?? []), ...[...fresh].map((key) => `${key}.${by}`)].slice(-REMEMBERED);
  return { row: { error, recent, owedSince: isDue ? now : row?.owedSince }, count: isDue ? { fresh, report: error } : { fresh } };
}

/** Whether a write whose answer was lost has been made all the same: by this count, because another message may tell of the same failures. */
function hasStood({ fresh }: Count, row: ErrorRow | undefined, by: string, now: number): boolean {
  const remembered = new Set(row?.recent);
  return fresh.size > 0 ? [...fresh].every((key) => remembered.has(`${key}.${by}`)) : row?.owedSince === now;
}

/** The key of an occurrence, without who counted it; the release before wrote none. */
const keyOf = (occurrence: string): string => occurrence.split('.')[0] ?? '';

const nextRevision = (item: Item | undefined): number => {
  const revision = Number(item?.revision?.N ?? 0);
  return Number.isSafeInteger(revision) ? revision + 1 : 1;
};

/** Where a page of an app's errors ended, by the sort key there. */
function startOf(app: string, watchAt: string | undefined): Item | undefined {
  if (watchAt === undefined) return undefined;
  return { id: { S: watchAt.slice(watchAt.indexOf('#') + 1) }, watch: { S: errorLane(app) }, watchAt: { S: watchAt } };
}

const walkOf = (app: string): string => `errors ${app}`;
