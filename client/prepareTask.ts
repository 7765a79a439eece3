import { randomUUID } from 'node:crypto';
import { type TaskRequest, taskRequest } from '../contract/submit.ts';
import type { Level } from '../core/task.ts';
import { below, check, fieldsOf, refuse } from './check.ts';
import type { PayloadInput, Schemas, TaskName, Tasks } from './defineTasks.ts';
import { type DateInput, prepareDates } from './prepareDates.ts';
import { checkName, checkPayload, checkVersion, jsonCopy } from './preparePayload.ts';

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
  /**
   * Version of the payload's shape, 1 to 1,000,000. Only for a payload of an old shape, which must have a way up.
   * @default the current version of its name in `defineTasks`; without tasks 1
   */
  readonly version?: number | undefined;
  /**
   * false: the task is done once its notification was accepted, and workers report nothing: no lease, no retry, no history of
   * what came of it. For what may be lost on the worker's side, such as a hint to refresh; it costs a write less.
   * @default true
   */
  readonly acknowledge?: boolean | undefined;
  /**
   * true: at most one run of a worker does the task at a time, also if its notification arrives twice. For work that two runs
   * at once would spoil; it costs a call and a write more. Not with `acknowledge: false`. @default false
   */
  readonly exclusive?: boolean | undefined;
  /**
   * true: once `deadlineAt` has passed the task is worthless; it is dead, `deadline missed`, instead of being notified. Only
   * with a deadline. @default false: it runs, late (unless the app is set otherwise)
   */
  readonly expiresAfterDeadline?: boolean | undefined;
  /** false: it must not happen twice, such as an e-mail: `replay` is refused once it has ended. @default true */
  readonly replayable?: boolean | undefined;
}

/** A task as `enqueue` takes it. The payload may be left out where the schema takes null: an absent payload is null. */
export type TaskInput<S extends Schemas = Schemas> = {
  readonly [N in TaskName<S>]: TaskOptions & { readonly name: N } & PayloadField<PayloadInput<S, N>>;
}[TaskName<S>];

type PayloadField<P> = null extends P ? { readonly payload?: P } : { readonly payload: P };

const FIELDS = [
  'name',
  'payload',
  'dueAt',
  'delay',
  'deadlineAt',
  'priority',
  'position',
  'idempotencyKey',
  'maxAttempts',
  'version',
  'acknowledge',
  'exclusive',
  'expiresAfterDeadline',
  'replayable',
];

/**
 * A task as its door takes it; everything about it is checked here first.
 *
 * @throws BadRequestError, PayloadTooLargeError naming the field below `prefix`
 */
export async function prepareTask(tasks: Tasks | undefined, input: unknown, prefix = ''): Promise<TaskRequest> {
  const fields = fieldsOf(input, FIELDS, prefix);
  const { dueAt: _dueAt, delay: _delay, deadlineAt, payload: _payload, ...rest } = fields;
  if (deadlineAt === null) refuse(below(prefix, 'deadlineAt'), null, 'a date, or left out');
  const version = (typeof fields.name === 'string' && tasks?.versions.get(fields.name)?.current) || 1;
  const request = check(taskRequest, { version, idempotencyKey: randomUUID(), ...rest, ...prepareDates(fields, prefix) }, prefix);
  checkTogether(request, prefix);
  if (tasks) checkName(tasks, request.name, below(prefix, 'name'));
  if (tasks) checkVersion(tasks, request.name, request.version ?? 1, below(prefix, 'version'));
  const field = below(prefix, 'payload');
  const payload = jsonCopy(Object.hasOwn(fields, 'payload') ? fields.payload : null, field);
  if (tasks) await checkPayload(tasks, request.name, request.version ?? 1, payload, field);
  return { ...request, payload };
}

/** What each field alone would be allowed to say. */
function checkTogether({ position, dueAt, delayMs, deadlineAt, ...request }: TaskRequest, prefix: string): void {
  if (position !== undefined && (dueAt !== undefined || delayMs !== undefined)) {
    refuse(below(prefix, 'position'), position, 'absent where a date is given: its place is by its date');
  }
  if (request.expiresAfterDeadline && deadlineAt === undefined) {
    refuse(below(prefix, 'expiresAfterDeadline'), true, 'false, or left out, where there is no deadlineAt');
  }
  if (request.exclusive && request.acknowledge === false) {
    refuse(below(prefix, 'exclusive'), true, 'false, or left out, with acknowledge: false: a worker that reports nothing holds nothing');
  }
}
