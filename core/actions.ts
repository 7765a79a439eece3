import type { Level, State, Task, TaskError } from './task.ts';

/** A new task as the door understood it: dates resolved, defaults applied, identity given. */
export type NewTask = Pick<Task, 'id' | 'app' | 'name' | 'version' | 'payload' | 'request' | 'level' | 'position' | 'dueAt' | 'arrival'> &
  Partial<Pick<Task, 'deadlineAt' | 'maxAttempts'>>;

/** What may be asked of a task. Actions are data; {@link decide} alone says what comes of them. Instants are epoch ms. */
export type Action =
  | { readonly type: 'enqueue'; readonly task: NewTask }
  /** By the dispatcher: on exactly this revision, as this level, under this tag (`claimTag`). */
  | { readonly type: 'claim'; readonly rev: number; readonly by: string; readonly level: Level; readonly leaseUntil: number }
  | { readonly type: 'complete'; readonly claim: number; readonly worker?: string }
  /** `random` in [0, 1) spreads the retry. */
  | { readonly type: 'fail'; readonly claim: number; readonly error: TaskError; readonly worker?: string; readonly random: number }
  | { readonly type: 'expire'; readonly claim: number }
  | { readonly type: 'extend'; readonly claim: number; readonly leaseMs?: number }
  | { readonly type: 'snooze'; readonly claim: number; readonly until: number }
  | { readonly type: 'cancel' }
  /** `deadlineAt: null` takes the deadline away; absent fields stay. */
  | { readonly type: 'reschedule'; readonly dueAt?: number; readonly deadlineAt?: number | null };

/** Why an action was not taken. */
export type Refusal =
  /** No such task (or one whose history has expired). */
  | { readonly reason: 'not found' }
  /** The same key was used for another request. */
  | { readonly reason: 'idempotency conflict' }
  /** The report carries a claim that no longer holds. */
  | { readonly reason: 'lease lost'; readonly state: State; readonly claim: number }
  /** The task's state does not allow the action. */
  | { readonly reason: 'wrong state'; readonly state: State; readonly allowed: readonly State[] }
  /** The nominated revision has moved on. */
  | { readonly reason: 'moved on'; readonly rev: number }
  /** The lease still runs. */
  | { readonly reason: 'not expired'; readonly leaseUntil: number }
  /** The deadline would come before the date. */
  | { readonly reason: 'deadline before date'; readonly dueAt: number; readonly deadlineAt: number };

/** The outcome of an action: a new task to write, nothing to write because it was done before, or a refusal. */
export type Decision =
  | { readonly kind: 'changed'; readonly task: Task }
  | { readonly kind: 'unchanged'; readonly task: Task }
  | { readonly kind: 'refused'; readonly refusal: Refusal };
