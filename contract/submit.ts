import * as v from 'valibot';
import {
  acknowledge,
  contractVersion,
  delayMs,
  exclusive,
  expiresAfterDeadline,
  idempotencyKey,
  maxAttempts,
  position,
  priority,
  replayable,
  taskName,
  version,
  when,
} from './fields.ts';
import { LIMITS } from './limits.ts';
import { listFields, nextFields, TASK_ACTIONS, taskAction } from './tasks.ts';
import type { TaskView } from './view.ts';

/** A task as an app asks for it. */
const taskFields = {
  name: taskName,
  /** Any JSON value; absent means null. Checked apart (`jsonProblem`). */
  payload: v.optional(v.unknown()),
  /** Version of the payload's shape. @default 1 */
  version: v.optional(version),
  /** Never before. @default now */
  dueAt: v.optional(when),
  /** Instead of `dueAt`: milliseconds from the door's now. */
  delayMs: v.optional(delayMs),
  /** Late after. @default none */
  deadlineAt: v.optional(when),
  /** @default 'medium' */
  priority: v.optional(priority),
  /** For a task with no date: ahead of, or behind, all that wait at its level. @default 'back' */
  position: v.optional(position),
  /** The same key and request is the same task, however often it is asked for. */
  idempotencyKey,
  /** Overrides the policy's limit for this task. */
  maxAttempts: v.optional(maxAttempts),
  /** @default true */
  acknowledge: v.optional(acknowledge),
  /** @default false */
  exclusive: v.optional(exclusive),
  /** Only with a deadline. @default false */
  expiresAfterDeadline: v.optional(expiresAfterDeadline),
  /** @default true */
  replayable: v.optional(replayable),
};

export const taskRequest = v.strictObject(taskFields);
export type TaskRequest = v.InferOutput<typeof taskRequest>;

const v1 = { v: contractVersion };
const COUNT = `1 to ${LIMITS.batch} tasks`;

/** What an app's submit door takes. */
export const submitRequest = v.variant('action', [
  v.strictObject({ ...v1, action: v.literal('enqueue'), ...taskFields }),
  v.strictObject({
    ...v1,
    action: v.literal('enqueueBatch'),
    // Each task is parsed on its own, so that one bad task does not refuse the others.
    tasks: v.pipe(v.array(v.unknown(), `an array of ${COUNT}`), v.minLength(1, COUNT), v.maxLength(LIMITS.batch, COUNT)),
  }),
  v.strictObject({ ...v1, action: v.literal('next'), ...nextFields }),
  v.strictObject({ ...v1, action: v.literal('list'), ...listFields }),
  ...taskAction.options,
]);
export type SubmitRequest = v.InferOutput<typeof submitRequest>;
export const SUBMIT_ACTIONS = ['enqueue', 'enqueueBatch', 'next', 'list', ...TASK_ACTIONS] as const;

/** What comes of one enqueue: the task as it stands, and whether this request made it. */
export interface Enqueued {
  readonly id: string;
  /** false: the same request had made it before. */
  readonly created: boolean;
  readonly state: TaskView['state'];
  readonly priority: TaskView['priority'];
  /** The resolved instant, RFC 3339 UTC. */
  readonly dueAt: string;
  readonly deadlineAt?: string;
}
