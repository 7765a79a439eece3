import type * as v from 'valibot';
import type { Explanation } from '../contract/tasks.ts';
import type { TaskView } from '../contract/view.ts';
import type { Level } from '../core/task.ts';
import { explanationOf, taskOf } from './answers.ts';
import { check, type Fields, fieldsOf, refuse } from './check.ts';
import type { Door } from './Door.ts';
import { type DateInput, prepareDates } from './prepareDates.ts';
import { jsonCopy } from './preparePayload.ts';

/** What `reschedule` changes; at least one. */
export interface Changes {
  /** The new date. Not together with `delay`. */
  readonly dueAt?: DateInput | undefined;
  /** Instead of `dueAt`: how long from now, such as `'2h'`. */
  readonly delay?: string | undefined;
  /** The new deadline; null takes it away. */
  readonly deadlineAt?: DateInput | null | undefined;
}

/** How a task is replayed. */
export interface ReplayOptions {
  /**
   * In place of the task's own, in the shape of the version that the task was enqueued as. Any JSON value; its schema is
   * asked when a worker gets it, because here only the task's id is known. @default the task's own
   */
  readonly payload?: unknown;
  /** Not before. Not together with `delay`. @default now */
  readonly dueAt?: DateInput | undefined;
  /** Instead of `dueAt`: how long from now, such as `'2h'`. */
  readonly delay?: string | undefined;
}

const CHANGES = ['dueAt', 'delay', 'deadlineAt'];
const REPLAY = ['payload', 'dueAt', 'delay'];

/**
 * What can be asked of one task by its id, at an app's door and at the operator's. Each either takes effect or is refused
 * with the state that it found, and may be asked again.
 */
export abstract class TaskActions {
  readonly #door: Door;
  readonly #schema: v.GenericSchema<unknown, Parameters<Door['call']>[0]>;
  readonly #actions: readonly string[];

  constructor(door: Door, schema: v.GenericSchema<unknown, Parameters<Door['call']>[0]>, actions: readonly string[]) {
    this.#door = door;
    this.#schema = schema;
    this.#actions = actions;
  }

  /** The task as it stands, with its history. @throws NotFoundError */
  async get(id: string): Promise<TaskView> {
    return taskOf(await this.ask({ action: 'get', id }));
  }

  /** In one sentence: why the task is where it is, and what happens next. @throws NotFoundError */
  async explain(id: string): Promise<Explanation> {
    return explanationOf(await this.ask({ action: 'explain', id }));
  }

  /** Cancels a task that waits; cancelling it again changes nothing. @throws NotFoundError, WrongStateError once it was notified */
  async cancel(id: string): Promise<TaskView> {
    return taskOf(await this.ask({ action: 'cancel', id }));
  }

  /** Changes the dates of a task that waits. @throws BadRequestError, NotFoundError, WrongStateError once it was notified */
  async reschedule(id: string, changes: Changes): Promise<TaskView> {
    const fields = fieldsOf(changes, CHANGES, 'changes');
    if (Object.keys(fields).length === 0) refuse('changes', changes, `an object with at least one of ${CHANGES.join(', ')}`);
    return taskOf(await this.ask({ action: 'reschedule', id, ...prepareDates(fields, 'changes') }));
  }

  /** Gives a task that waits another level. @throws BadRequestError, NotFoundError, WrongStateError once it was notified */
  async reprioritize(id: string, priority: Level): Promise<TaskView> {
    return taskOf(await this.ask({ action: 'reprioritize', id, priority }));
  }

  /** Puts a task that is due ahead of all that wait at its level. @throws NotFoundError, WrongStateError if it is not due, or once it was notified */
  async moveToFront(id: string): Promise<TaskView> {
    return taskOf(await this.ask({ action: 'moveToFront', id }));
  }

  /**
   * Makes a task that has ended wait again, with all its attempts before it; it keeps its history, which says so.
   *
   * @throws BadRequestError, PayloadTooLargeError, NotFoundError, WrongStateError if it has not ended, or was enqueued with
   * `replayable: false`
   */
  async replay(id: string, options: ReplayOptions = {}): Promise<TaskView> {
    const fields = fieldsOf(options, REPLAY, 'options');
    const payload = Object.hasOwn(fields, 'payload') ? { payload: jsonCopy(fields.payload, 'options.payload') } : {};
    return taskOf(await this.ask({ action: 'replay', id, ...prepareDates(fields, 'options'), ...payload }));
  }

  /** Asks the door, once the request is checked. */
  protected ask(request: object): Promise<Fields> {
    return this.#door.call(check(this.#schema, { v: 1, ...request }, '', this.#actions));
  }
}
