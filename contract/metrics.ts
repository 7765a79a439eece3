/** The CloudWatch namespace of the queue's own metrics. */
export const METRICS_NAMESPACE = 'Punctual';

/** The dimension that tells one queue's metrics from another's; its value is the queue's name. */
export const QUEUE_DIMENSION = 'Queue';
/** The dimension of an app's own metrics, beside the queue's; only of apps with `alarms: true`. */
export const APP_DIMENSION = 'App';
/** The dimension of a level's own metrics, beside the queue's: `high`, `medium` or `low`. */
export const PRIORITY_DIMENSION = 'Priority';

/** The queue's own metrics, in CloudWatch's units. */
export const METRICS = {
  /** Tasks that died. */
  Dead: 'Count',
  /** Attempts that failed. */
  Failed: 'Count',
  /** Leases that ended without a word from a worker. */
  Expired: 'Count',
  /** Notifications that SNS would not take. */
  Refused: 'Count',
  /** Tasks whose deadline passed before they were complete. */
  DeadlineMissed: 'Count',
  /** One value an ended claim, 0 for complete and 1 for failed: its average is the failure rate. */
  FailureRate: 'None',
  /** Age of the oldest task that is due and waits, per level. */
  OldestDueAge: 'Seconds',
  /** From a task's due instant until SNS accepted its notification, of each run the latest. */
  Lateness: 'Milliseconds',
  /** Tasks out: notified, not yet known to have ended. */
  InFlight: 'Count',
  /** Tasks notified. */
  Notified: 'Count',
  /** Times that a worker process stopped polling because its machine was overloaded. */
  WorkerOverloaded: 'Count',
} as const;
export type MetricName = keyof typeof METRICS;
