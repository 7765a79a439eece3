/** How the tasks of an app, or of one task name, are treated. Durations are milliseconds. */
export interface Policy {
  /** Attempts before a task is dead, the first included. 1 to 100. */
  readonly maxAttempts: number;
  /** Upper bound of the first retry's delay; doubles with each further failure. */
  readonly backoffBaseMs: number;
  /** Upper bound of any retry's delay. */
  readonly backoffCapMs: number;
  /** Consecutive failures after which the priority falls by one level. */
  readonly demoteAfter: number;
  /** How long a notified task may be worked on before it is notified again. */
  readonly leaseMs: number;
}

/** What an app is told when it is added: a policy for all its tasks, exceptions by task name, and its limits. */
export interface AppSettings {
  readonly app: string;
  /** The SNS topic that hears of the app's due tasks. */
  readonly topicArn: string;
  readonly policy: Policy;
  /** Exceptions to `policy` by task name. */
  readonly tasks: Readonly<Record<string, Partial<Policy>>>;
  /** Tasks that may be out (claimed, not yet reported) at once. */
  readonly maxInFlight: number;
  /** Partitions of each lane of the indexes; may only be raised. */
  readonly shards: number;
  /** How soon a task is told once it is due: within a beat; or by the next tick, so that nobody stays, or is rung for, on its account. */
  readonly precision: 'second' | 'minute';
  /** A task whose deadline is nearer than this goes first within its level. */
  readonly deadlineLeadMs: number;
  /** How long an ended task can still be read and replayed. */
  readonly retentionMs: number;
  /** What becomes of a waiting task whose deadline has passed: it runs, late; or it is dead, as if each had said so itself. */
  readonly whenLate: 'run' | 'expire';
  /** Where tasks that count as High by their deadline alone stand: before those that are High by nature, or after them. */
  readonly escalated: 'first' | 'last';
  /** Whether completed tasks can be listed; costs a write unit a task. */
  readonly listCompleted: boolean;
  /** Whether the app has metrics and alarms of its own. */
  readonly alarms: boolean;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** 10 attempts; retries within 5 s, 10 s, 20 s … 1 h; demoted after 3 failures in a row; leases of 5 minutes. */
export const DEFAULT_POLICY: Policy = {
  maxAttempts: 10,
  backoffBaseMs: 5 * SECOND,
  backoffCapMs: HOUR,
  demoteAfter: 3,
  leaseMs: 5 * MINUTE,
};

/** 500 out at once, one shard, told within a beat, deadlines close from 15 minutes, ended tasks kept 14 days, late tasks run and go first. */
export const DEFAULT_LIMITS = {
  maxInFlight: 500,
  shards: 1,
  precision: 'second',
  deadlineLeadMs: 15 * MINUTE,
  retentionMs: 14 * DAY,
  whenLate: 'run',
  escalated: 'first',
  listCompleted: false,
  alarms: false,
} as const satisfies Partial<AppSettings>;

/** The policy that holds for a task name of the app. */
export const policyFor = (settings: AppSettings, name: string): Policy => {
  const exception = Object.hasOwn(settings.tasks, name) ? settings.tasks[name] : undefined;
  return { ...settings.policy, ...exception };
};
