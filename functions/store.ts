import { setTimeout } from 'node:timers/promises';
import {
  BatchExecuteStatementCommand,
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  type BatchGetItemCommandOutput,
  type BatchStatementResponse,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Action, Decision } from '../core/actions.ts';
import { decide } from '../core/decide.ts';
import type { AppSettings } from '../core/policy.ts';
import type { Task } from '../core/task.ts';
import { writeIf } from './conditional.ts';
import { type Item, itemOf, type Row, readTask, rowOf, taskOf } from './rows.ts';

/** Statements in one `BatchExecuteStatement` (DynamoDB API reference: "maximum of 25"). */
export const STATEMENTS_PER_BATCH = 25;
/** Keys in one `BatchGetItem` (DynamoDB API reference: "as many as 100 items"). */
const KEYS_PER_BATCH = 100;
/** Milliseconds before keys that were throttled are asked for again, doubled each time. */
const PAUSE_MS = { first: 25, last: 1_000 } as const;
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

  constructor(dynamo: DynamoDBClient, table: string) {
    this.#dynamo = dynamo;
    this.#table = table;
  }

  async read(id: string, consistent = true): Promise<Task | undefined> {
    const Key = { id: { S: id } };
    const { Item } = await this.#dynamo.send(new GetItemCommand({ TableName: this.#table, Key, ConsistentRead: consistent }));
    return Item && taskOf(Item);
  }

  /** Rows by id; absent: no such row. */
  async readItems(ids: readonly string[], consistent: boolean): Promise<Map<string, Item>> {
    const found = new Map<string, Item>();
    // A key named twice is refused.
    const distinct = [...new Set(ids)];
    for (let from = 0; from < distinct.length; from += KEYS_PER_BATCH) {
      let keys: Item[] | undefined = distinct.slice(from, from + KEYS_PER_BATCH).map((id) => ({ id: { S: id } }));
      for (let pauseMs = 0; keys && keys.length > 0; pauseMs = Math.min(2 * pauseMs + PAUSE_MS.first, PAUSE_MS.last)) {
        // What was not processed was throttled.
        if (pauseMs > 0) await setTimeout(pauseMs);
        const request: BatchGetItemCommandInput = { RequestItems: { [this.#table]: { Keys: keys, ConsistentRead: consistent } } };
        const { Responses, UnprocessedKeys }: BatchGetItemCommandOutput = await this.#dynamo.send(new BatchGetItemCommand(request));
        for (const item of Responses?.[this.#table] ?? []) found.set(item.id?.S ?? '', item);
        keys = UnprocessedKeys?.[this.#table]?.Keys;
      }
    }
    return found;
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
    const { set, removed } = difference(rowOf(before, shards), rowOf(after, shards));
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

  /** Inserts new tasks, no two of one id, each on condition that there is no such row. Answers in the order given. */
  async insert(tasks: readonly Task[], shards: number): Promise<Inserted[]> {
    const answers: BatchStatementResponse[] = [];
    for (let from = 0; from < tasks.length; from += STATEMENTS_PER_BATCH) {
      const batch = tasks.slice(from, from + STATEMENTS_PER_BATCH);
      answers.push(...(await this.execute(batch.map((task) => insertStatement(this.#table, rowOf(task, shards))))));
    }
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

  /** Runs up to 25 statements, each with its own answer; a batch refused as a whole is split in halves. */
  async execute(statements: readonly Statement[]): Promise<BatchStatementResponse[]> {
    if (statements.length === 0) return [];
    try {
      const { Responses = [] } = await this.#dynamo.send(new BatchExecuteStatementCommand({ Statements: [...statements] }));
      return Responses;
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

function difference(before: Row, after: Row): { set: Record<string, unknown>; removed: string[] } {
  const set: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(after)) {
    // What is of no concern here is the same value, and may be one that JSON has no words for.
    const isSame = value === before[key] || JSON.stringify(value) === JSON.stringify(before[key]);
    if (value !== undefined && !isSame) set[key] = value;
  }
  const removed = Object.keys(before).filter((key) => before[key] !== undefined && after[key] === undefined);
  return { set, removed };
}
