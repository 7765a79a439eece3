import type { LambdaClient } from '@aws-sdk/client-lambda';
import { shown } from '../contract/errors.ts';
import { LIMITS, REQUEST_BYTES } from '../contract/limits.ts';
import { type Enqueued, SUBMIT_ACTIONS, submitRequest, type TaskRequest } from '../contract/submit.ts';
import type { ListedTask, NextTask, TaskPage } from '../contract/tasks.ts';
import { enqueuedOf, nextOf, pageOf } from './answers.ts';
import { type Fields, fieldsOf, refuse } from './check.ts';
import { Door, refusalOf, unexpected } from './Door.ts';
import { checkTasks, type Schemas, type Tasks } from './defineTasks.ts';
import { BadRequestError, PunctualError, UnavailableError } from './errors.ts';
import { type ListFilter, listFilter, type NextOptions, nextOptions } from './filters.ts';
import { prepareTask, type TaskInput } from './prepareTask.ts';
import { splitByBytes } from './splitByBytes.ts';
import { steps } from './steps.ts';
import { TaskActions } from './TaskActions.ts';

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

const OPTIONS = ['tasks', 'app', 'submitArn', 'lambda', 'region'];

/**
 * An app's way into its queue. Everything is checked before it leaves the process. Instants in results are texts in
 * RFC 3339 UTC, as the door wrote them. Every method throws a {@link PunctualError}: `UnavailableError` when the door cannot
 * be reached (after retries; with an `idempotencyKey` the same call may be made again), `AccessDeniedError` without grant.
 */
export class PunctualClient<S extends Schemas = Schemas> extends TaskActions {
  readonly #tasks: Tasks<S> | undefined;
  readonly #door: Door;

  /** @throws BadRequestError if no door is found, or an option is not known */
  constructor(options: ClientOptions<S> = {}) {
    fieldsOf(options, OPTIONS, 'options');
    if (options.tasks !== undefined) checkTasks(options.tasks);
    const door = new Door('submit', { arn: options.submitArn, app: options.app, lambda: options.lambda, region: options.region });
    super(door, submitRequest, SUBMIT_ACTIONS);
    this.#tasks = options.tasks;
    this.#door = door;
  }

  /**
   * Stores a task; once this resolves it is durable. `created: false` tells that the same request had made it before, which
   * may be this very call where its first answer was lost on the way; never without an `idempotencyKey`.
   *
   * @throws BadRequestError, PayloadTooLargeError, IdempotencyConflictError
   */
  async enqueue(task: TaskInput<S>): Promise<Enqueued> {
    const request = await prepareTask(this.#tasks, task);
    return madeBy(task, enqueuedOf(await this.#door.call({ v: 1, action: 'enqueue', ...request })));
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
      for (const [position, { index }] of run.entries()) results[index] = resultOf(answered, position, index, tasks[index]);
    }
    return results;
  }

  /** The tasks that would be notified next, in that order, each with its predicted instant, without claiming them. */
  async next(options: NextOptions = {}): Promise<readonly NextTask[]> {
    return nextOf(await this.ask({ action: 'next', ...nextOptions(options) }));
  }

  /** A page of the app's tasks: waiting ones by their date, ended ones the latest first. Completed ones only where the app lists them. */
  async list(filter: ListFilter = {}): Promise<TaskPage> {
    return pageOf(await this.ask({ action: 'list', ...listFilter(filter) }));
  }

  /** Every task that `list` would show, page by page, `limit` of them in one call: `for await (const task of client.listAll())`. */
  async *listAll(filter: ListFilter = {}): AsyncGenerator<ListedTask, void> {
    const { cursor: from, ...fields } = listFilter(filter);
    const pages = steps((cursor) => this.ask({ action: 'list', ...fields, ...(from === undefined ? {} : { cursor: from }), ...cursor }));
    for await (const answer of pages) yield* pageOf(answer).tasks;
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

/** Nobody else has a key that the client made up: a task that is found under it was made by this call, whose answer was lost. */
const madeBy = ({ idempotencyKey }: { idempotencyKey?: string | undefined }, enqueued: Enqueued): Enqueued =>
  idempotencyKey === undefined ? { ...enqueued, created: true } : enqueued;

function resultOf(answered: readonly unknown[] | PunctualError, position: number, index: number, task = {}): EnqueueResult {
  if (answered instanceof PunctualError) return { ok: false, error: answered };
  const result = answered[position];
  if (typeof result !== 'object' || result === null) return { ok: false, error: unexpected('a result for each task') };
  const { ok, error } = result as Fields;
  if (ok !== true) return { ok: false, error: refusalOf(renumbered(error, index)) };
  try {
    return { ok: true, ...madeBy(task, enqueuedOf(result as Fields)) };
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
