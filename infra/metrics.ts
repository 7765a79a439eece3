import { Duration } from 'aws-cdk-lib';
import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS_NAMESPACE, type MetricName, QUEUE_DIMENSION } from '../contract/metrics.ts';

/** A metric of the queue: by default its sum over 5 minutes. */
export const queueMetric = (queueName: string, name: MetricName, options: MetricOptions = {}): Metric =>
  new Metric({
    namespace: METRICS_NAMESPACE,
    metricName: name,
    dimensionsMap: { [QUEUE_DIMENSION]: queueName },
    statistic: Stats.SUM,
    period: Duration.minutes(5),
    ...options,
  });
