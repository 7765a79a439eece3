import { type CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { METRICS_NAMESPACE, type MetricName, QUEUE_DIMENSION } from '../contract/metrics.ts';
import { log, reasonOf } from './log.ts';

/** Puts counts of a queue, those above zero, in one call. A metric that cannot be put stops nobody. */
export async function putCounts(cloudwatch: CloudWatchClient, queue: string, counts: Readonly<Record<MetricName, number>>): Promise<void> {
  const MetricData = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([MetricName, Value]) => ({ MetricName, Value, Unit: 'Count' as const, Dimensions: [{ Name: QUEUE_DIMENSION, Value: queue }] }));
  if (MetricData.length === 0) return;
  try {
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: METRICS_NAMESPACE, MetricData }));
  } catch (error) {
    log('WARN', 'metrics could not be put', { reason: reasonOf(error) });
  }
}
