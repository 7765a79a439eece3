import { randomUUID } from 'node:crypto';
import { type TaskRequest, taskRequest } from '../contract/submit.ts';
import type { Level } from '../core/task.ts';
import { below, check, fieldsOf, refuse } from './check.ts';
import type { PayloadInput, Schemas, TaskName, Tasks } from './defineTasks.ts';
import { type DateInput, prepareDates } from './prepareDates.ts';
import { checkName, preparePayload } from './preparePayload.ts';

/** What may be said of a task beside its name and payload. A field that is undefined counts as absent. */
export interface TaskOptions {
  /** The instant before which the task is never notified. Not together with `delay`. @default now */
  readonly dueAt?: DateInput | undefined;
  /** How long from now: `'90s'`, `'2h'`, `'1h30m'`, `'500ms'`, `'7d'`; up to 100 years. Not together with `dueAt`. */
  readonly delay?: string | undefined;
  /** The instant after which the task is late; not before `dueAt`. Close to it the task goes first, after it as High. @default none */
  readonly deadlineAt?: DateInput | undefined;
  /** High goes before Medium before Low, always. @default 'medium' */
  readonly priority?: Level | undefined;
  /**
   * Ahead of, or behind, all that wait at its level. Only for a task without `dueAt` and `delay`: else its place is by
   * its date. @default 'back'
   */
  readonly position?: 'front' | 'back' | undefined;
  /**
   * The same key and request is the same task, however often it is enqueued; the same key with another request is an
   * {@link IdempotencyConflictError}. 1 to 512 characters. @default a token made once per call, so that a call that is
   * retried on the way is one task
   */
  readonly idempotencyKey?: string | undefined;
  /** Attempts before the task is dead, the first included. 1 to 100. @default the app's policy */
  readonly maxAttempts?: number | undefined;
  /** Version of the payload's shape, from 1. @default 1 */
  readonly version?: number | undefined;
}

/** A task as `enqueue` takes it. The payload may be left out where the schema takes null: an absent payload is null. */
export type TaskInput<S extends Schemas = Schemas> = {
  readonly [N in TaskName<S>]: TaskOptions & { readonly name: N } & PayloadField<PayloadInput<S, N>>;
}[TaskName<S>];

type PayloadField<P> = null extends P ? { readonly payload?: P } : { readonly payload: P };

const FIELDS = ['name', 'payload', 'dueAt', 'delay', 'deadlineAt', 'priority', 'position', 'idempotencyKey', 'maxAttempts', 'version'];

/**
 * A task as its door takes it; everything about it is checked here first.
 *
 * @throws BadRequestError, PayloadTooLargeError naming the field below `prefix`
 */
export async function prepareTask(tasks: Tasks | undefined, input: unknown, prefix = ''): Promise<TaskRequest> {
  const fields = fieldsOf(input, FIELDS, prefix);
  const { dueAt: _dueAt, delay: _delay, deadlineAt, payload: _payload, ...rest } = fields;
  if (deadlineAt === null) refuse(below(prefix, 'deadlineAt'), null, 'a date, or left out');
  const request = check(taskRequest, { version: 1, idempotencyKey: randomUUID(), ...rest, ...prepareDates(fields, prefix) }, prefix);
  if (request.position !== undefined && (request.dueAt !== undefined || request.delayMs !== undefined)) {
    refuse(below(prefix, 'position'), request.position, 'absent where a date is given: its place is by its date');
  }
  checkName(tasks, request.name, below(prefix, 'name'));
  const payload = Object.hasOwn(fields, 'payload') ? fields.payload : null;
  return { ...request, payload: await preparePayload(tasks, request.name, payload, below(prefix, 'payload')) };
}
