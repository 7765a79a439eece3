/** The CloudWatch namespace of the queue's own metrics. */
export const METRICS_NAMESPACE = 'Punctual';

/** The dimension that tells one queue's metrics from another's; its value is the queue's name. */
export const QUEUE_DIMENSION = 'Queue';

/** The queue's own metrics, all counts: tasks that died, attempts that failed, leases that ended without a word. */
export type MetricName = 'Dead' | 'Failed' | 'Expired';
