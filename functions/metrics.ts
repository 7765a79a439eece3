import { type CloudWatchClient, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { APP_DIMENSION, METRICS, METRICS_NAMESPACE, type MetricName, PRIORITY_DIMENSION, QUEUE_DIMENSION } from '../contract/metrics.ts';
import type { Level } from '../core/task.ts';
import { log, reasonOf } from './log.ts';

/** Values of one metric, put together: a statistic set of so many values between a least and a greatest. */
export interface Measure {
  readonly name: MetricName;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** The app's own metric, beside the queue's. */
  readonly app?: string;
  readonly priority?: Level;
}

/** `count` values, all of them `value`. */
export const measure = (name: MetricName, value: number, count = 1): Measure => ({
  name,
  count,
  sum: value * count,
  min: value,
  max: value,
});

/** Puts what was measured in one call, but for measures of no value. Metrics that cannot be put stop nobody. */
export async function putMeasures(cloudwatch: CloudWatchClient, queue: string, measures: readonly Measure[]): Promise<void> {
  const MetricData = measures.filter(({ count }) => count > 0).map((one) => datumOf(queue, one));
  if (MetricData.length === 0) return;
  try {
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: METRICS_NAMESPACE, MetricData }));
  } catch (error) {
    log('WARN', 'metrics could not be put', { reason: reasonOf(error) });
  }
}

const datumOf = (queue: string, { name, count, sum, min, max, app, priority }: Measure): MetricDatum => ({
  MetricName: name,
  Unit: METRICS[name],
  StatisticValues: { SampleCount: count, Sum: sum, Minimum: min, Maximum: max },
  Dimensions: [
    { Name: QUEUE_DIMENSION, Value: queue },
    ...(app === undefined ? [] : [{ Name: APP_DIMENSION, Value: app }]),
    ...(priority === undefined ? [] : [{ Name: PRIORITY_DIMENSION, Value: priority }]),
  ],
});
