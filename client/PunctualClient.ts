import type { LambdaClient } from '@aws-sdk/client-lambda';
import { shown } from '../contract/errors.ts';
import { LIMITS, REQUEST_BYTES } from '../contract/limits.ts';
import { type Enqueued, type NextTask, SUBMIT_ACTIONS, submitRequest, type TaskRequest } from '../contract/submit.ts';
import type { TaskView } from '../contract/view.ts';
import { enqueuedOf, nextOf, taskOf } from './answers.ts';
import { check, type Fields, fieldsOf, refuse } from './check.ts';
import { Door, refusalOf, unexpected } from './Door.ts';
import { checkTasks, type Schemas, type Tasks } from './defineTasks.ts';
import { BadRequestError, PunctualError, UnavailableError } from './errors.ts';
import { type DateInput, prepareDates } from './prepareDates.ts';
import { prepareTask, type TaskInput } from './prepareTask.ts';
import { splitByBytes } from './splitByBytes.ts';

/** Where a {@link PunctualClient} finds its door, and what it may enqueue. */
export interface ClientOptions<S extends Schemas = Schemas> {
  /** The app's tasks. @default any name, any JSON payload */
  readonly tasks?: Tasks<S> | undefined;
  /** Which of the connected apps. @default the only one that `connect` wrote into the environment */
  readonly app?: string | undefined;
  /** ARN of the app's submit door. @default the connected app's */
  readonly submitArn?: string | undefined;
  /** The SDK client to use. @default one of its own, with retries and timeouts */
  readonly lambda?: LambdaClient | undefined;
  /** Region of the client's own SDK client. @default the door's */
  readonly region?: string | undefined;
}

/** One result of `enqueueBatch`. */
export type EnqueueResult = ({ readonly ok: true } & Enqueued) | { readonly ok: false; readonly error: PunctualError };

/** What `reschedule` changes; at least one. */
export interface Changes {
  /** The new date. Not together with `delay`. */
  readonly dueAt?: DateInput | undefined;
  /** Instead of `dueAt`: how long from now, such as `'2h'`. */
  readonly delay?: string | undefined;
  /** The new deadline; null takes it away. */
  readonly deadlineAt?: DateInput | null | undefined;
}

const OPTIONS = ['tasks', 'app', 'submitArn', 'lambda', 'region'];
const CHANGES = ['dueAt', 'delay', 'deadlineAt'];

/**
 * An app's way into its queue. Everything is checked before it leaves the process. Instants in results are texts in
 * RFC 3339 UTC, as the door wrote them. Every method throws a {@link PunctualError}: `UnavailableError` when the door cannot
 * be reached (after retries; with an `idempotencyKey` the same call may be made again), `AccessDeniedError` without grant.
 */
export class PunctualClient<S extends Schemas = Schemas> {
  readonly #tasks: Tasks<S> | undefined;
  readonly #door: Door;

  /** @throws BadRequestError if no door is found, or an option is not known */
  constructor(options: ClientOptions<S> = {}) {
    fieldsOf(options, OPTIONS, 'options');
    if (options.tasks !== undefined) checkTasks(options.tasks);
    this.#tasks = options.tasks;
    this.#door = new Door('submit', { arn: options.submitArn, app: options.app, lambda: options.lambda, region: options.region });
  }

  /**
   * Stores a task; once this resolves it is durable. `created: false` tells that the same request had made it before.
   *
   * @throws BadRequestError, PayloadTooLargeError, IdempotencyConflictError
   */
  async enqueue(task: TaskInput<S>): Promise<Enqueued> {
    const request = await prepareTask(this.#tasks, task);
    return enqueuedOf(await this.#door.call({ v: 1, action: 'enqueue', ...request }));
  }

  /**
   * Stores 1 to 100 tasks; the results are in the order of the tasks, each on its own: one that is refused, by the client
   * or by the door, does not hold up the others. Throws only for what is wrong with the call as a whole.
   *
   * @throws BadRequestError if `tasks` is not an array of 1 to 100
   */
  async enqueueBatch(tasks: readonly TaskInput<S>[]): Promise<EnqueueResult[]> {
    checkBatch(tasks);
    const results: EnqueueResult[] = [];
    const ready: { index: number; request: TaskRequest }[] = [];
    for (const [index, task] of tasks.entries()) {
      try {
        ready.push({ index, request: await prepareTask(this.#tasks, task, `tasks[${index}]`) });
      } catch (error) {
        results[index] = failure(error);
      }
    }
    for (const run of splitByBytes(ready, REQUEST_BYTES)) {
      const answered = await this.#enqueueRun(run.map(({ request }) => request));
      for (const [position, { index }] of run.entries()) results[index] = resultOf(answered, position, index);
    }
    return results;
  }

  /** The task as it stands, with its history. @throws NotFoundError */
  async get(id: string): Promise<TaskView> {
    return taskOf(await this.#ask({ action: 'get', id }));
  }

  /**
   * The tasks that would be notified next, in that order, without claiming them.
   *
   * @param count 1 to 25
   */
  async next(count = 1): Promise<readonly NextTask[]> {
    return nextOf(await this.#ask({ action: 'next', count }));
  }

  /** Cancels a task that waits; cancelling it again changes nothing. @throws NotFoundError, WrongStateError once it was notified */
  async cancel(id: string): Promise<TaskView> {
    return taskOf(await this.#ask({ action: 'cancel', id }));
  }

  /** Changes the dates of a task that waits. @throws BadRequestError, NotFoundError, WrongStateError once it was notified */
  async reschedule(id: string, changes: Changes): Promise<TaskView> {
    const fields = fieldsOf(changes, CHANGES, 'changes');
    if (Object.keys(fields).length === 0) refuse('changes', changes, `an object with at least one of ${CHANGES.join(', ')}`);
    const dates = prepareDates(fields, 'changes');
    return taskOf(await this.#ask({ action: 'reschedule', id, ...dates }));
  }

  /** What is asked of one task that exists. */
  #ask(request: object): Promise<Fields> {
    return this.#door.call(check(submitRequest, { v: 1, ...request }, '', SUBMIT_ACTIONS));
  }

  /** The door's results, or what kept it from giving any. */
  async #enqueueRun(tasks: TaskRequest[]): Promise<readonly unknown[] | PunctualError> {
    try {
      const { results } = await this.#door.call({ v: 1, action: 'enqueueBatch', tasks });
      return Array.isArray(results) && results.length === tasks.length ? results : unexpected(`${tasks.length} results`);
    } catch (error) {
      if (error instanceof PunctualError) return error;
      throw error;
    }
  }
}

function checkBatch(tasks: unknown): void {
  if (!Array.isArray(tasks) || tasks.length === 0) refuse('tasks', tasks, `an array of 1 to ${LIMITS.batch} tasks`);
  if (tasks.length > LIMITS.batch) {
    throw new BadRequestError(
      `tasks has ${tasks.length} tasks; a batch takes ${LIMITS.batch}. Call enqueueBatch once for every ${LIMITS.batch} of them.`,
      { field: 'tasks', got: shown(tasks), allowed: `an array of 1 to ${LIMITS.batch} tasks` },
    );
  }
}

function resultOf(answered: readonly unknown[] | PunctualError, position: number, index: number): EnqueueResult {
  if (answered instanceof PunctualError) return { ok: false, error: answered };
  const result = answered[position];
  if (typeof result !== 'object' || result === null) return { ok: false, error: unexpected('a result for each task') };
  const { ok, error } = result as Fields;
  if (ok !== true) return { ok: false, error: refusalOf(renumbered(error, index)) };
  try {
    return { ok: true, ...enqueuedOf(result as Fields) };
  } catch (shape) {
    return failure(shape);
  }
}

/** The door counts within the request it was sent; the caller counts within the batch that it gave. */
function renumbered(error: unknown, index: number): unknown {
  const { field, message } = (error ?? {}) as Fields;
  if (typeof field !== 'string' || typeof message !== 'string') return error;
  const own = field.replace(/^tasks\[\d+\]/, `tasks[${index}]`);
  return { ...(error as object), field: own, message: message.replace(field, () => own) };
}

const failure = (error: unknown): EnqueueResult => ({
  ok: false,
  error:
    error instanceof PunctualError ? error : new UnavailableError('The task could not be prepared.', { cause: error, retryable: false }),
});
