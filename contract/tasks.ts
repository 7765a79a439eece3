import * as v from 'valibot';
import { contractVersion, cursor, delayMs, fingerprint, nextCount, pageSize, priority, state, taskId, taskName, when } from './fields.ts';
import type { TaskView } from './view.ts';

const id = taskId;
const v1 = { v: contractVersion };

/** What can be asked of one task, at its app's submit door and at the operate door. */
export const taskAction = v.variant('action', [
  v.strictObject({ ...v1, action: v.literal('get'), id }),
  /** One sentence: why it is where it is, and what happens next. */
  v.strictObject({ ...v1, action: v.literal('explain'), id }),
  v.strictObject({ ...v1, action: v.literal('cancel'), id }),
  v.strictObject({
    ...v1,
    action: v.literal('reschedule'),
    id,
    dueAt: v.optional(when),
    /** Instead of `dueAt`. */
    delayMs: v.optional(delayMs),
    /** null takes the deadline away. */
    deadlineAt: v.optional(v.nullable(when)),
  }),
  v.strictObject({ ...v1, action: v.literal('reprioritize'), id, priority }),
  /** Ahead of all that wait at its level; only a task that is due. */
  v.strictObject({ ...v1, action: v.literal('moveToFront'), id }),
  /** An ended task waits again, its attempts unspent. */
  v.strictObject({
    ...v1,
    action: v.literal('replay'),
    id,
    /** In place of the task's own. Any JSON value; checked apart. */
    payload: v.optional(v.unknown()),
    /** @default now */
    dueAt: v.optional(when),
    delayMs: v.optional(delayMs),
  }),
]);
export type TaskAction = v.InferOutput<typeof taskAction>;
export const TASK_ACTIONS = ['get', 'explain', 'cancel', 'reschedule', 'reprioritize', 'moveToFront', 'replay'] as const;

/** What would be notified next, without claiming it. */
export const nextFields = {
  /** @default 1 */
  count: v.optional(nextCount),
};

/** Which tasks of an app: in one state, of a name, of a range of dates. */
export const filterFields = {
  name: v.optional(taskName),
  /** From this date on (included): the due date of those that wait or are out, the end of those that have ended. */
  from: v.optional(when),
  /** Until this date (excluded). */
  to: v.optional(when),
};

/** A page of tasks, waiting ones by their date, ended ones the latest first. */
export const listFields = {
  /** @default 'scheduled' */
  state: v.optional(state),
  ...filterFields,
  /** Only tasks whose last error is this one. Only of dead ones. */
  fingerprint: v.optional(fingerprint),
  /** At most so many; a page can hold fewer though more follow. @default 25 */
  limit: v.optional(pageSize),
  cursor: v.optional(cursor),
};

/** A task as a list shows it: what the indexes know. Instants are RFC 3339 UTC. */
export interface ListedTask {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly state: TaskView['state'];
  /** Its own level. */
  readonly priority: TaskView['priority'];
  /** Absent for a task at the front, which is due already. */
  readonly dueAt?: string;
  readonly deadlineAt?: string;
  readonly endedAt?: string;
  readonly leaseUntil?: string;
  /** The recurring error that its last failure was. */
  readonly fingerprint?: string;
}

export interface TaskPage {
  readonly tasks: readonly ListedTask[];
  /** Absent: this was the last page. */
  readonly cursor?: string;
}

/** A task that waits, as `next` shows it. */
export interface NextTask {
  readonly id: string;
  readonly name: string;
  /** The level it counts as at `predictedAt`: high once its deadline is reached. */
  readonly priority: TaskView['priority'];
  /** RFC 3339 UTC; absent for a task at the front, which is due already. */
  readonly dueAt?: string;
  readonly deadlineAt?: string;
  /** When it will be notified as things stand, RFC 3339 UTC; absent while its app is at its in-flight limit. */
  readonly predictedAt?: string;
}

/** What `explain` answers. */
export interface Explanation {
  readonly id: string;
  readonly state: TaskView['state'];
  /** One sentence. */
  readonly text: string;
}
