import { type CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { log, reasonOf } from './log.ts';

/** The namespace of all of Punctual's own metrics. */
export const METRIC_NAMESPACE = 'Punctual';

/** Puts counts of a queue, those above zero, in one call. A metric that cannot be put stops nobody. */
export async function putCounts(cloudwatch: CloudWatchClient, queue: string, counts: Readonly<Record<string, number>>): Promise<void> {
  const MetricData = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([MetricName, Value]) => ({ MetricName, Value, Unit: 'Count' as const, Dimensions: [{ Name: 'Queue', Value: queue }] }));
  if (MetricData.length === 0) return;
  try {
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: METRIC_NAMESPACE, MetricData }));
  } catch (error) {
    log('WARN', 'metrics could not be put', { reason: reasonOf(error) });
  }
}
