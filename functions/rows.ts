import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { convertToAttr, convertToNative } from '@aws-sdk/util-dynamodb';
import { laneKeys } from '../core/lanes.ts';
import type { Task } from '../core/task.ts';
import { log, reasonOf } from './log.ts';
import { isTaskForm } from './task-form.ts';

/** A row of the table as DynamoDB carries it. */
export type Item = Record<string, AttributeValue>;
/** A row as plain values. `dueAt` is the sort key of the `due` index; the instant itself is `dueAtMs`. */
export type Row = Readonly<Record<string, unknown>>;

/** The attributes of a task's row: the task, and its place in the indexes. */
export const rowOf = (task: Task, shards: number): Row => ({ ...task, dueAtMs: task.dueAt, ...laneKeys(task, shards) });

export function itemOf(row: Row): Item {
  const item: Item = {};
  for (const [name, value] of Object.entries(row)) if (value !== undefined) item[name] = attributeOf(value);
  return item;
}

/** Most values are a text or a whole number: there the library's way costs many times as much, and a dispatcher goes it all day. */
function attributeOf(value: unknown): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (Number.isSafeInteger(value)) return { N: String(value) };
  return convertToAttr(value, { removeUndefinedValues: true });
}

function nativeOf(attribute: AttributeValue): unknown {
  if (attribute.S !== undefined) return attribute.S;
  if (attribute.L?.length === 0) return [];
  const number = attribute.N === undefined ? Number.NaN : Number(attribute.N);
  return Number.isSafeInteger(number) ? number : convertToNative(attribute);
}

/**
 * The task that a row holds. Attributes that this release does not know stay in the row: writes touch only what changed.
 *
 * @throws UnreadableRow if the row is not a task's, or not in a form that this release can read
 */
export function taskOf(item: Item): Task {
  const task = valuesOf(item) as unknown as Task;
  if (!isTaskForm(task)) throw new UnreadableRow(typeof task.id === 'string' ? task.id : '?');
  return task;
}

/** What says where the row stands in the indexes, and not what the task is; and a name that would set another's attributes. */
const NO_PART = new Set(['priority', 'dueAt', 'watch', 'watchAt', '__proto__']);

/** @throws UnreadableRow also where a number is larger than any number here */
function valuesOf(item: Item): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  try {
    for (const [name, attribute] of Object.entries(item)) {
      if (!NO_PART.has(name)) values[name === 'dueAtMs' ? 'dueAt' : name] = nativeOf(attribute);
    }
    return values;
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
