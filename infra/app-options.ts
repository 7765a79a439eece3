import type { Duration } from 'aws-cdk-lib';

/** How tasks are treated; for all tasks of an app, or for those of one name. */
export interface TaskOptions {
  /**
   * Attempts before a task is dead, the first included. 1 to 100.
   *
   * @default 10
   */
  readonly maxAttempts?: number;
  /**
   * How long a notified task may be worked on before it is notified again. 1 second to 12 hours.
   *
   * @default Duration.minutes(5)
   */
  readonly lease?: Duration;
  /**
   * Upper bound of the first retry's delay; doubles with each further failure. 1 ms to 1 day, at most `backoffCap`.
   *
   * @default Duration.seconds(5)
   */
  readonly backoffBase?: Duration;
  /**
   * Upper bound of any retry's delay. 1 ms to 30 days.
   *
   * @default Duration.hours(1)
   */
  readonly backoffCap?: Duration;
  /**
   * Consecutive failures after which the priority falls by one level. 1 to 100.
   *
   * @default 3
   */
  readonly demoteAfter?: number;
}

/** What `addApp` can be told. Everything has a default. */
export interface AppOptions extends TaskOptions {
  /**
   * Tasks that may be out (notified, not yet reported) at once. 1 to 10,000.
   *
   * @default 500
   */
  readonly maxInFlight?: number;
  /**
   * Partitions of each lane of the indexes, about 500 tasks a second each. 1 to 64. Raise it whenever you like, with tasks waiting:
   * those stay where they are until they are next written, and are found there. Lowered, nothing is lost either: new tasks go into
   * fewer lanes, and all that were ever used are still read.
   *
   * @default 1
   */
  readonly shards?: number;
  /**
   * How soon a task is told once it is due. `second`: within a second, or at the millisecond where it was enqueued a minute
   * before. `minute`: by the next minute's tick, up to 70 s late; what is enqueued for now waits for it, too. No run stays, and none is
   * woken, on the app's account: for what is due at night and nobody waits for.
   *
   * @default 'second'
   */
  readonly precision?: 'second' | 'minute';
  /**
   * A task whose deadline is nearer than this goes first within its level. 0 to 365 days.
   *
   * @default Duration.minutes(15)
   */
  readonly deadlineLead?: Duration;
  /**
   * How long an ended task can still be read and replayed. 13 hours (longer than any lease) to 3,650 days.
   *
   * @default Duration.days(14)
   */
  readonly retention?: Duration;
  /**
   * What becomes of a waiting task whose deadline has passed: `run`: it runs, late. `expire`: it is dead with the reason
   * `deadline missed`, as if each task had been enqueued with `expiresAfterDeadline: true`; after an outage, nothing that is
   * worthless by then is run.
   *
   * @default 'run'
   */
  readonly whenLate?: 'run' | 'expire';
  /**
   * Where tasks that count as High by their deadline alone stand: `first`: before those that are High by nature. `last`: after
   * them, so that many late tasks at once cannot hold up what is urgent by itself.
   *
   * @default 'first'
   */
  readonly escalated?: 'first' | 'last';
  /**
   * Whether completed tasks can be listed. Costs a write unit a task ($0.63 a million), and they are found in no other way
   * than by their id without it.
   *
   * @default false
   */
  readonly listCompleted?: boolean;
  /**
   * Whether the app has metrics of its own, and alarms on dead tasks, on its failure rate and on missed deadlines. Costs $0.30 a
   * month for the three alarms, and $0.30 for each metric that is put: 13 at most, $3.90. Without it, the queue's alarms tell of
   * all apps together.
   *
   * @default false
   */
  readonly alarms?: boolean;
  /**
   * Exceptions by task name; what they do not say is as for all tasks of the app.
   *
   * @default - none
   */
  readonly tasks?: Readonly<Record<string, TaskOptions>>;
}
