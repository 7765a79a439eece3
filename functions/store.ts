import {
  BatchExecuteStatementCommand,
  type BatchStatementResponse,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Action, Decision } from '../core/actions.ts';
import { decide } from '../core/decide.ts';
import type { LaneKeys } from '../core/lanes.ts';
import type { AppSettings } from '../core/policy.ts';
import type { Task } from '../core/task.ts';
import { writeIf } from './conditional.ts';
import { readItems } from './read-items.ts';
import { type Item, itemOf, type Row, readTask, rowOf, taskOf } from './rows.ts';
import { Shards } from './shards.ts';

/** Statements in one `BatchExecuteStatement` (DynamoDB API reference: "maximum of 25"). */
export const STATEMENTS_PER_BATCH = 25;
/** A row's place in the indexes. A row may stand where an earlier count of shards has put it: a write sets its whole place anew. */
const PLACE: readonly (keyof LaneKeys)[] = ['priority', 'dueAt', 'watch', 'watchAt'];
/** How often an action is decided anew after another writer came first, before the caller is told to come again. */
const RACES = 5;

/** Lost every race for a row: the caller may ask again. */
export class Contended extends Error {
  override name = 'Contended';
}

/** What became of an insert: written, or there was a row (undefined: it could not be learned). */
export type Inserted = { readonly created: true } | { readonly created: false; readonly existing: Task | undefined };

/** The tasks' rows. Every change is one conditional write; what to write, the core decides. */
export class Store {
  readonly #dynamo: DynamoDBClient;
  readonly #table: string;
  readonly #shards: Shards;

  constructor(dynamo: DynamoDBClient, table: string) {
    this.#dynamo = dynamo;
    this.#table = table;
    this.#shards = new Shards(dynamo, table);
  }

  async read(id: string, consistent = true): Promise<Task | undefined> {
    const Key = { id: { S: id } };
    const { Item } = await this.#dynamo.send(new GetItemCommand({ TableName: this.#table, Key, ConsistentRead: consistent }));
    return Item && taskOf(Item);
  }

  /** Rows by id; absent: no such row. */
  readItems(ids: readonly string[], consistent: boolean): Promise<Map<string, Item>> {
    return readItems(this.#dynamo, this.#table, ids, consistent);
  }

  /**
   * Decides `action` on the task as it stands and writes what comes of it, anew if another writer was first. A lost answer
   * is found at the second reading: the core answers a repeated action like the first. Where the action depends on what the
   * task is, it is made of the task as read.
   *
   * The first reading may be behind the row, at half the price: a change that is decided upon it is written only if the row is
   * still so, and whatever else comes of it is decided again on a reading that is not.
   *
   * @throws Contended after losing {@link RACES} races
   */
  async act(id: string, action: Action | ((task: Task | undefined) => Action), now: number, settings: AppSettings): Promise<Decision> {
    for (let race = 0; race < RACES; race++) {
      const isSure = race > 0 || typeof action === 'function';
      const task = await this.read(id, isSure);
      const decision = decide(task, typeof action === 'function' ? action(task) : action, now, settings);
      if (decision.kind !== 'changed' || !task) {
        if (isSure) return decision;
        continue;
      }
      if (await this.write(task, decision.task, settings.shards)) return decision;
    }
    throw new Contended(`${id}: another writer was first ${RACES} times`);
  }

  /** Writes the attributes that changed, if the row is still at the revision decided upon. */
  async write(before: Task, after: Task, shards: number): Promise<boolean> {
    const [was, is] = [rowOf(before, shards), rowOf(after, shards)];
    if (isIndexed(is)) await this.#shards.open(after.app, shards);
    const { set, removed } = difference(was, is, isIndexed(was) || isIndexed(is) ? PLACE : []);
    const sets = Object.entries(set);
    const removal = removed.length > 0 ? ` REMOVE ${removed.map((_, i) => `#r${i}`).join(', ')}` : '';
    const command = new UpdateItemCommand({
      TableName: this.#table,
      Key: { id: { S: before.id } },
      UpdateExpression: `SET ${sets.map((_, i) => `#s${i} = :s${i}`).join(', ')}${removal}`,
      ConditionExpression: '#rev = :rev',
      ExpressionAttributeNames: Object.fromEntries([
        ['#rev', 'rev'],
        ...sets.map(([key], i) => [`#s${i}`, key]),
        ...removed.map((key, i) => [`#r${i}`, key]),
      ]),
      ExpressionAttributeValues: itemOf(Object.fromEntries([[':rev', before.rev], ...sets.map(([, value], i) => [`:s${i}`, value])])),
    });
    return writeIf(this.#dynamo, command);
  }

  /** Inserts new tasks of one app, no two of one id, each on condition that there is no such row. Answers in the order given. */
  async insert(tasks: readonly Task[], shards: number): Promise<Inserted[]> {
    const [first] = tasks;
    if (first) await this.#shards.open(first.app, shards);
    const batches: Promise<Answers>[] = [];
    for (let from = 0; from < tasks.length; from += STATEMENTS_PER_BATCH) {
      const batch = tasks.slice(from, from + STATEMENTS_PER_BATCH);
      batches.push(this.execute(batch.map((task) => insertStatement(this.#table, rowOf(task, shards)))));
    }
    // Of a batch that fails the others are waited for: nothing is on its way when the caller hears of it.
    await Promise.allSettled(batches);
    const answers = (await Promise.all(batches)).flat();
    // Only an answer without an error says that a task is stored; no answer says nothing.
    const isStored = (i: number) => answers[i] !== undefined && !answers[i].Error;
    const unclear = tasks.filter((_, i) => !isStored(i));
    const rows = await this.readItems(
      unclear.map(({ id }) => id),
      true,
    );
    return tasks.map((task, i) => {
      if (isStored(i)) return { created: true };
      const item = rows.get(task.id);
      const row = item && readTask(item);
      const existing = row === 'unreadable' ? undefined : row;
      // Our own row, if the answer to a first try was lost: its stamp is like no other's.
      return existing && existing.arrival === task.arrival && existing.request === task.request
        ? { created: true }
        : { created: false, existing };
    });
  }

  /** Runs up to 25 statements, each with its own answer in its place; a batch refused as a whole is split in halves. */
  async execute(statements: readonly Statement[]): Promise<Answers> {
    if (statements.length === 0) return [];
    try {
      const { Responses = [] } = await this.#dynamo.send(new BatchExecuteStatementCommand({ Statements: [...statements] }));
      return statements.map((_, i) => Responses[i]);
    } catch (error) {
      if (statements.length === 1 || !isValidation(error)) throw error;
      const half = statements.length >> 1;
      return [...(await this.execute(statements.slice(0, half))), ...(await this.execute(statements.slice(half)))];
    }
  }

  get table(): string {
    return this.#table;
  }
}

/** In the order of the statements; undefined: nothing was said of it. */
export type Answers = (BatchStatementResponse | undefined)[];

/** One statement of a batch. */
export interface Statement {
  readonly Statement: string;
  readonly Parameters: Item[string][];
  readonly ReturnValuesOnConditionCheckFailure?: 'ALL_OLD';
}

function insertStatement(table: string, row: Row): Statement {
  const item = itemOf(row);
  const fields = Object.keys(item).map((name) => `'${name}': ?`);
  return { Statement: `INSERT INTO "${table}" VALUE {${fields.join(', ')}}`, Parameters: Object.values(item) };
}

const isValidation = (error: unknown): boolean => error instanceof Error && error.name === 'ValidationException';

const isIndexed = ({ priority, watch }: Row): boolean => priority !== undefined || watch !== undefined;

/** `anew`: what is written whether it has changed or not. */
function difference(before: Row, after: Row, anew: readonly string[]): { set: Record<string, unknown>; removed: string[] } {
  const set: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(after)) {
    // What is of no concern here is the same value, and may be one that JSON has no words for.
    const isSame = value === before[key] || JSON.stringify(value) === JSON.stringify(before[key]);
    if (value !== undefined && (!isSame || anew.includes(key))) set[key] = value;
  }
  const there = Object.keys(before).filter((key) => before[key] !== undefined);
  return { set, removed: [...new Set([...there, ...anew])].filter((key) => after[key] === undefined) };
}
