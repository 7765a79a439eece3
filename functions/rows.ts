import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { laneKeys } from '../core/lanes.ts';
import type { Task } from '../core/task.ts';
import { log, reasonOf } from './log.ts';
import { isTaskForm } from './task-form.ts';

/** A row of the table as DynamoDB carries it. */
export type Item = Record<string, AttributeValue>;
/** A row as plain values. `dueAt` is the sort key of the `due` index; the instant itself is `dueAtMs`. */
export type Row = Readonly<Record<string, unknown>>;

/** The attributes of a task's row: the task, and its place in the indexes. */
export function rowOf(task: Task, shards: number): Row {
  const { dueAt, ...rest } = task;
  return { ...rest, dueAtMs: dueAt, ...laneKeys(task, shards) };
}

export const itemOf = (row: Row): Item => marshall(row, { removeUndefinedValues: true });

/**
 * The task that a row holds. Attributes that this release does not know stay in the row: writes touch only what changed.
 *
 * @throws UnreadableRow if the row is not a task's, or not in a form that this release can read
 */
export function taskOf(item: Item): Task {
  const { priority: _lane, watch: _watch, watchAt: _watchAt, dueAtMs, ...rest } = valuesOf(item);
  const task = { ...rest, dueAt: dueAtMs } as unknown as Task;
  if (!isTaskForm(task)) throw new UnreadableRow(typeof task.id === 'string' ? task.id : '?');
  return task;
}

/** @throws UnreadableRow also where a number is larger than any number here */
function valuesOf(item: Item): Record<string, unknown> {
  try {
    return unmarshall(item);
  } catch {
    throw new UnreadableRow(item.id?.S ?? '?');
  }
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
