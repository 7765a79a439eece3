import type { Level, State, Task, TaskError } from './task.ts';

/** A new task as the door understood it: dates resolved, defaults applied, identity given. */
export type NewTask = Pick<Task, 'id' | 'app' | 'name' | 'version' | 'payload' | 'request' | 'level' | 'position' | 'dueAt' | 'arrival'> &
  Partial<Pick<Task, 'deadlineAt' | 'maxAttempts' | 'traits'>>;

/** What may be asked of a task. Actions are data; {@link decide} alone says what comes of them. Instants are epoch ms. */
export type Action =
  | { readonly type: 'enqueue'; readonly task: NewTask }
  /** By the dispatcher: on exactly this revision, as this level, under this tag (`claimTag`). */
  | { readonly type: 'claim'; readonly rev: number; readonly by: string; readonly level: Level; readonly leaseUntil: number }
  /** By a worker of an exclusive task, before anything else: `holder` names this one run of it. */
  | { readonly type: 'start'; readonly claim: number; readonly holder: string }
  | { readonly type: 'complete'; readonly claim: number; readonly worker?: string }
  | ({ readonly type: 'fail'; readonly claim: number; readonly worker?: string } & Failure)
  /** By the dispatcher, of a lease that ended without a word. */
  | { readonly type: 'expire'; readonly claim: number; readonly error?: TaskError; readonly fingerprint?: string }
  /** By the dispatcher, of a notification that SNS will not take. */
  | ({ readonly type: 'refuse'; readonly claim: number } & Failure)
  /** By the dispatcher, of a waiting task that is worthless since its deadline. */
  | { readonly type: 'miss'; readonly fingerprint?: string }
  | { readonly type: 'extend'; readonly claim: number; readonly leaseMs?: number }
  | { readonly type: 'snooze'; readonly claim: number; readonly until: number }
  | { readonly type: 'cancel' }
  /** `deadlineAt: null` takes the deadline away; absent fields stay. */
  | { readonly type: 'reschedule'; readonly dueAt?: number; readonly deadlineAt?: number | null }
  | { readonly type: 'reprioritize'; readonly level: Level }
  /** `arrival`: a new stamp, so that it goes before all that are at the front already. */
  | { readonly type: 'moveToFront'; readonly arrival: number }
  /** An ended task waits again, from `dueAt` on (default: now); `payload` takes the place of its own. */
  | { readonly type: 'replay'; readonly arrival: number; readonly dueAt?: number; readonly payload?: string };

/** What went wrong. `random` in [0, 1) spreads the retry; `fingerprint` says which recurring error it is. */
export interface Failure {
  readonly error: TaskError;
  readonly fingerprint?: string;
  readonly random: number;
}

/** Why an action was not taken. */
export type Refusal =
  /** No such task (or one whose history has expired). */
  | { readonly reason: 'not found' }
  /** The same key was used for another request. */
  | { readonly reason: 'idempotency conflict' }
  /** The report carries a claim that no longer holds. */
  | { readonly reason: 'lease lost'; readonly state: State; readonly claim: number }
  /** Another run of a worker holds the exclusive task under this very claim. */
  | { readonly reason: 'held'; readonly holder: string }
  /** The task's state does not allow the action. */
  | { readonly reason: 'wrong state'; readonly state: State; readonly allowed: readonly State[] }
  /** The nominated revision has moved on. */
  | { readonly reason: 'moved on'; readonly rev: number }
  /** The lease still runs. */
  | { readonly reason: 'not expired'; readonly leaseUntil: number }
  /** The task is of use though late, or it is not late. */
  | { readonly reason: 'not worthless' }
  /** The task waits for its date: its place is by that. */
  | { readonly reason: 'not due'; readonly dueAt: number }
  /** The task was made as one that must not happen twice. */
  | { readonly reason: 'not replayable' }
  /** The deadline would come before the date. */
  | { readonly reason: 'deadline before date'; readonly dueAt: number; readonly deadlineAt: number };

/**
 * The outcome of an action: a new task to write, nothing to write because it was done before, or a refusal.
 * `missed`: this is the first write since the task's deadline passed, so whoever makes it tells of the missed deadline.
 */
export type Decision =
  | { readonly kind: 'changed'; readonly task: Task; readonly missed: boolean }
  | { readonly kind: 'unchanged'; readonly task: Task }
  | { readonly kind: 'refused'; readonly refusal: Refusal };
