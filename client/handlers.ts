import { shown } from '../contract/errors.ts';
import type { Level } from '../core/task.ts';
import { type Fields, fieldsOf, refuse } from './check.ts';
import type { Payload, Schemas, TaskName, Tasks } from './defineTasks.ts';
import type { Snooze } from './snooze.ts';
import { rangesText, type VersionRange, versionRange } from './versionRange.ts';

/** A task as its handler is given it. */
export interface ClaimedTask<P = unknown, N extends string = string> {
  readonly id: string;
  readonly name: N;
  /** Version of the payload as it was enqueued. */
  readonly version: number;
  /** As the schema made it of what was enqueued, older versions led up first; in a handler of old versions as it was enqueued. */
  readonly payload: P;
  /** The fencing token: grows each time the task is notified. Give it to systems that must refuse a worker that is late. */
  readonly claim: number;
  /** Attempts spent before this one: 0 the first time. */
  readonly attempt: number;
  /** The level it was claimed as: high once its deadline is reached. */
  readonly priority: Level;
  readonly dueAt: Date;
  readonly deadlineAt?: Date;
  /** The end of the lease as it was granted; `extend` answers with the new one. Means nothing where no report is needed. */
  readonly leaseUntil: Date;
}

/** What a handler is given beside its task. */
export interface HandlerContext {
  /**
   * Aborted when the work should stop: when the lease is lost (reason {@link LeaseLostError}), or when the process is about
   * to end ({@link StoppedError}; what is then thrown spends no attempt, the task is handed back).
   */
  readonly signal: AbortSignal;
  /**
   * Asks for a lease that ends `lease` from now, and answers with its end; never shortens it. 1 s to 12 h. With heartbeats,
   * the usual case, there is no need for it.
   * @default lease: that of the app's policy
   * @throws LeaseLostError (the signal is then aborted), BadRequestError, UnavailableError; WrongStateError for a task that
   * was enqueued with `acknowledge: false`, which has no lease
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

/** A handler of old versions of a payload, which it gets as it was enqueued: no upcaster and no schema is asked. */
export interface VersionHandler<N extends string = string> {
  /** Such as `'1'` or `'1-2'`; never the current version. */
  readonly versions: string;
  readonly handle: Handler<unknown, N>;
}

/** What handles a task name: one function; or with it, behind it in a list, handlers of old versions. */
export type NameHandler<P = unknown, N extends string = string> = Handler<P, N> | readonly [Handler<P, N>, ...VersionHandler<N>[]];

/** A handler for each of the defined tasks. */
export type Handlers<S extends Schemas> = { readonly [N in TaskName<S>]: NameHandler<Payload<S, N>, N> };

/** The handlers of a name, read. */
export interface CheckedHandlers {
  readonly current: Handler;
  readonly older: readonly { readonly range: VersionRange; readonly handle: Handler }[];
}

/** The handlers by name; refuses what is missing, what is not a defined task, and versions with more than one handler. */
export function checkHandlers<S extends Schemas>(tasks: Tasks<S>, handlers: Handlers<S>): ReadonlyMap<string, CheckedHandlers> {
  const names = Object.keys(tasks.schemas);
  const fields: Fields = fieldsOf(handlers, names, 'handlers');
  return new Map(names.map((name) => [name, handlersOf(name, fields[name], tasks.versions.get(name)?.current ?? 1)]));
}

function handlersOf(name: string, given: unknown, version: number): CheckedHandlers {
  const field = `handlers.${name}`;
  const [current, ...rest]: unknown[] = Array.isArray(given) ? given : [given];
  if (typeof current !== 'function') {
    refuse(Array.isArray(given) ? `${field}[0]` : field, current, `a function that handles the task ${shown(name)}`);
  }
  const older: CheckedHandlers['older'][number][] = [];
  for (const [index, one] of rest.entries()) {
    const at = `${field}[${index + 1}]`;
    const { versions, handle } = fieldsOf(one, ['versions', 'handle'], at);
    const range = versionRange(versions, `${at}.versions`);
    if (range.to >= version) refuse(`${at}.versions`, versions, `below ${version}, the current version, which the first handler takes`);
    if (older.some((other) => range.from <= other.range.to && other.range.from <= range.to)) {
      refuse(`${at}.versions`, versions, 'versions that no other handler of the list takes');
    }
    if (typeof handle !== 'function') refuse(`${at}.handle`, handle, `a function that handles version ${rangesText([range])}`);
    older.push({ range, handle: handle as Handler });
  }
  return { current: current as Handler, older };
}
