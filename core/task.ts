/** How urgent a task is by nature. High is always claimed before Medium, Medium before Low. */
export const LEVELS = ['high', 'medium', 'low'] as const;
export type Level = (typeof LEVELS)[number];

/** Where a task stands in its life. A retry is `scheduled` again; the last three are terminal. */
export const STATES = ['scheduled', 'leased', 'completed', 'cancelled', 'dead'] as const;
export type State = (typeof STATES)[number];

/** What became of one claim of a task. `refused`: SNS did not take its notification. */
export type Outcome = 'completed' | 'failed' | 'expired' | 'snoozed' | 'refused';

/**
 * What sets a task apart from others of its name. They stand in the indexes, because a claim must know them.
 * `unacknowledged`: done once SNS has accepted its notification. `exclusive`: one holder a claim. `expires`: worthless after
 * its deadline. `unreplayable`: must not happen twice. `late`: its deadline was missed, and that has been told.
 */
export const TRAITS = ['unacknowledged', 'exclusive', 'expires', 'unreplayable', 'late'] as const;
export type Trait = (typeof TRAITS)[number];

/** What a worker said went wrong, bounded by {@link boundedError}. */
export interface TaskError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
}

/** One ended claim in a task's history. Instants are epoch milliseconds. */
export interface Attempt {
  readonly claim: number;
  readonly claimedAt: number;
  readonly endedAt: number;
  readonly outcome: Outcome;
  readonly error?: TaskError;
  /** The worker that reported, as it names itself. */
  readonly worker?: string;
}

/** A change of a task that was no claim: somebody's change of mind, a demotion, a replay. Instants are epoch milliseconds. */
export interface Move {
  readonly at: number;
  readonly move: 'rescheduled' | 'reprioritized' | 'moved to front' | 'demoted' | 'replayed';
  /** What it was before and after: levels, or dates; absent where neither has changed (its deadline has). */
  readonly from?: Level | number;
  readonly to?: Level | number;
}

/** Why a task is dead. `unreadable`: its row could not be read as a task, and was set aside. */
export type DeathReason = 'attempts exhausted' | 'no worker answered' | 'notification refused' | 'deadline missed' | 'unreadable';

/**
 * A task, all of it: the only thing that {@link decide} reads and writes.
 * Instants are epoch milliseconds by the server's clock, counts start at 0.
 */
export interface Task {
  /** `<app>/<hash of the idempotency key>`. */
  readonly id: string;
  readonly app: string;
  readonly name: string;
  /** Version of the payload's shape, from 1. */
  readonly version: number;
  /** The payload as JSON text; Punctual never looks inside. */
  readonly payload: string;
  /** Digest of the request that made the task: tells a repeated request from a conflicting one. */
  readonly request: string;
  readonly level: Level;
  readonly position: 'front' | 'back';
  /** The instant before which the task is never notified. */
  readonly dueAt: number;
  /** The instant after which the task is late. */
  readonly deadlineAt?: number;
  /** Order of arrival: microseconds by the door's clock, no two alike from one door. */
  readonly arrival: number;
  readonly createdAt: number;
  readonly state: State;
  /** Raised by every write; the condition of every write. */
  readonly rev: number;
  /** The fencing token: raised by every claim, never reset. */
  readonly claim: number;
  /** Attempts spent, at most `maxAttempts`. */
  readonly attempt: number;
  /** Claims in a row that ended by expiry, or in a refused notification. An extend is no end: a task that kills its workers must come to one. */
  readonly deliveries: number;
  readonly consecutiveFailures: number;
  /** Overrides the policy's `maxAttempts` for this task. */
  readonly maxAttempts?: number;
  readonly traits?: readonly Trait[];
  /** Present while leased: who holds it (see `claimTag`), since when, as which level, until when. */
  readonly claimedBy?: string;
  readonly claimedAt?: number;
  readonly claimedLevel?: Level;
  readonly leaseUntil?: number;
  /** Of an exclusive task while leased: the one worker run that may do it. */
  readonly holder?: string;
  /** The latest {@link HISTORY_LIMIT} ended claims, oldest first. */
  readonly attempts: readonly Attempt[];
  /** Ended claims that no longer fit in `attempts`. */
  readonly attemptsDropped: number;
  /** The latest {@link HISTORY_LIMIT} moves, oldest first; absent: none. */
  readonly moves?: readonly Move[];
  /** Moves that no longer fit in `moves`. */
  readonly movesDropped?: number;
  /** Which recurring error its last failure was; see the failure function. */
  readonly fingerprint?: string;
  /** Completed in a lane of its app's completed tasks: the app asked for it when the task ended. */
  readonly listed?: true;
  readonly deathReason?: DeathReason;
  readonly endedAt?: number;
  /** Epoch SECONDS after which DynamoDB may delete the row; set by the terminal write alone. */
  readonly expiresAtSeconds?: number;
}

/** How many ended claims, and how many moves, a task carries; older ones are kept as a count. */
export const HISTORY_LIMIT = 10;

/** Claims without a word from any worker before a task is dead. */
export const MAX_DELIVERIES = 5;

/** What a lease is granted beyond its end before it counts as expired: clocks of workers and dispatchers differ. */
export const LEASE_SKEW_MS = 2_000;

/** The error of the last failed attempt, if any. */
export const lastError = (task: Task): TaskError | undefined => task.attempts.findLast((attempt) => attempt.error)?.error;

export const hasTrait = (task: { readonly traits?: readonly Trait[] | undefined }, trait: Trait): boolean =>
  task.traits?.includes(trait) ?? false;

export const isTerminal = (state: State): boolean => state === 'completed' || state === 'cancelled' || state === 'dead';

const ERROR_LIMITS = { name: 100, message: 500, stack: 600 } as const;

/** Cuts an error to what a task's history keeps: name 100, message 500, stack 600 characters. */
export function boundedError(error: TaskError): TaskError {
  return {
    name: error.name.slice(0, ERROR_LIMITS.name),
    message: error.message.slice(0, ERROR_LIMITS.message),
    ...(error.stack === undefined ? {} : { stack: error.stack.slice(0, ERROR_LIMITS.stack) }),
  };
}

/** TTL deletes late: a row past its time is gone for every reader at once. */
export const isExpired = (task: Task, now: number): boolean => task.expiresAtSeconds !== undefined && task.expiresAtSeconds * 1_000 <= now;
