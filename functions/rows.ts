import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { convertToAttr } from '@aws-sdk/util-dynamodb';
import { laneKeys } from '../core/lanes.ts';
import type { Task } from '../core/task.ts';
import { log, reasonOf } from './log.ts';
import { readForm } from './task-form.ts';

/** A row of the table as DynamoDB carries it. */
export type Item = Record<string, AttributeValue>;
/** A row as plain values. `dueAt` is the sort key of the `due` index; the instant itself is `dueAtMs`. */
export type Row = Readonly<Record<string, unknown>>;

/** The attributes of a task's row: the task, and its place in the indexes. */
export const rowOf = (task: Task, shards: number): Row => ({ ...task, dueAtMs: task.dueAt, ...laneKeys(task, shards) });

export function itemOf(row: Row): Item {
  const item: Item = {};
  for (const name in row) if (row[name] !== undefined) item[name] = attributeOf(row[name]);
  return item;
}

/** Most values are a text or a whole number: there the library's way costs many times as much, and a dispatcher goes it all day. */
export function attributeOf(value: unknown): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (Number.isSafeInteger(value)) return { N: String(value) };
  return convertToAttr(value, { removeUndefinedValues: true });
}

/**
 * The task that a row holds. Attributes that this release does not know stay in the row: writes touch only what changed.
 *
 * @throws UnreadableRow if the row is not a task's, or not in a form that this release can read
 */
export function taskOf(item: Item): Task {
  const task = readForm(item);
  if (!task) throw new UnreadableRow(item.id?.S ?? '?');
  return task;
}

/** The task that a row holds, or the word that it cannot be read: one such row must stop nobody. Says so in the log. */
export function readTask(item: Item): Task | 'unreadable' {
  try {
    return taskOf(item);
  } catch (error) {
    log('ERROR', 'a row cannot be read as a task', { id: item.id?.S, reason: reasonOf(error) });
    return 'unreadable';
  }
}

/** A row that cannot be read as a task: damaged by hand, or from a release too far away. */
export class UnreadableRow extends Error {
  override name = 'UnreadableRow';
  readonly id: string;
  constructor(id: string) {
    super(`The row ${id} cannot be read as a task.`);
    this.id = id;
  }
}
