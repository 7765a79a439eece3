import { Duration } from 'aws-cdk-lib';
import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { APP_DIMENSION, METRICS_NAMESPACE, type MetricName, PRIORITY_DIMENSION, QUEUE_DIMENSION } from '../contract/metrics.ts';
import type { Level } from '../core/task.ts';

/** Whose metric it is: of a queue, or of one app, or of one priority. */
export interface MetricOwner {
  readonly queueName: string;
  readonly app?: string;
  readonly priority?: Level;
}

/** Counts are summed up; of what has a size or an age, the greatest counts; the failure rate is the average of zeros and ones. */
const STATISTICS: Readonly<Record<MetricName, string>> = {
  Dead: Stats.SUM,
  Failed: Stats.SUM,
  Expired: Stats.SUM,
  Refused: Stats.SUM,
  DeadlineMissed: Stats.SUM,
  FailureRate: Stats.AVERAGE,
  OldestDueAge: Stats.MAXIMUM,
  Lateness: Stats.MAXIMUM,
  InFlight: Stats.MAXIMUM,
  Notified: Stats.SUM,
  WorkerOverloaded: Stats.SUM,
};

/** One of the queue's own metrics, by default over 5 minutes. */
export const ownMetric = ({ queueName, app, priority }: MetricOwner, name: MetricName, options: MetricOptions = {}): Metric =>
  new Metric({
    namespace: METRICS_NAMESPACE,
    metricName: name,
    dimensionsMap: {
      [QUEUE_DIMENSION]: queueName,
      ...(app === undefined ? {} : { [APP_DIMENSION]: app }),
      ...(priority === undefined ? {} : { [PRIORITY_DIMENSION]: priority }),
    },
    statistic: STATISTICS[name],
    period: Duration.minutes(5),
    ...options,
  });
