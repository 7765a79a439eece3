import { shown } from '../contract/errors.ts';
import type { Level } from '../core/task.ts';
import { type Fields, fieldsOf, refuse } from './check.ts';
import type { Payload, Schemas, TaskName, Tasks } from './defineTasks.ts';
import type { Snooze } from './snooze.ts';

/** A task as its handler is given it. */
export interface ClaimedTask<P = unknown, N extends string = string> {
  readonly id: string;
  readonly name: N;
  /** As the schema made it of what was enqueued. */
  readonly payload: P;
  /** The fencing token: grows each time the task is notified. Give it to systems that must refuse a worker that is late. */
  readonly claim: number;
  /** Attempts spent before this one: 0 the first time. */
  readonly attempt: number;
  /** The level it was claimed as: high once its deadline is reached. */
  readonly priority: Level;
  readonly dueAt: Date;
  readonly deadlineAt?: Date;
  /** The end of the lease as it was granted; `extend` answers with the new one. */
  readonly leaseUntil: Date;
}

/** What a handler is given beside its task. */
export interface HandlerContext {
  /**
   * Aborted when the work should stop: at the lease's end (reason {@link LeaseLostError}), or when the process is about to
   * end ({@link StoppedError}; what is then thrown spends no attempt, the task is handed back).
   */
  readonly signal: AbortSignal;
  /**
   * Asks for a lease that ends `lease` from now, and answers with its end; never shortens it. 1 s to 12 h.
   * @default lease: that of the app's policy
   * @throws LeaseLostError (the signal is then aborted), BadRequestError, UnavailableError
   */
  readonly extend: (options?: { readonly lease?: string | undefined }) => Promise<Date>;
}

/**
 * What does the work of one task name. It runs at least once: make it safe to run twice. When it returns, the task is
 * complete, or waits again if it returned `snooze(…)`; when it throws, the attempt has failed and is retried by the policy.
 */
export type Handler<P = unknown, N extends string = string> = (
  task: ClaimedTask<P, N>,
  context: HandlerContext,
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is the usual one.
) => Promise<Snooze | void> | Snooze | void;

/** A handler for each of the defined tasks. */
export type Handlers<S extends Schemas> = { readonly [N in TaskName<S>]: Handler<Payload<S, N>, N> };

/** The handlers by name; refuses what is missing and what is not a defined task. */
export function checkHandlers<S extends Schemas>(tasks: Tasks<S>, handlers: Handlers<S>): ReadonlyMap<string, Handler> {
  const names = Object.keys(tasks.schemas);
  const fields: Fields = fieldsOf(handlers, names, 'handlers');
  for (const name of names) {
    if (typeof fields[name] !== 'function') refuse(`handlers.${name}`, fields[name], `a function that handles the task ${shown(name)}`);
  }
  return new Map(Object.entries(fields)) as ReadonlyMap<string, Handler>;
}
