import { Stack } from 'aws-cdk-lib';
import { Dashboard, GraphWidget, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { LEVELS } from '../core/task.ts';
import type { QueueMetrics } from './queue-metrics.ts';

/** Units of width that a dashboard has ("Dashboard body structure and syntax": 24), for two graphs a row. */
const WIDTH = 12;

/** Graphs of a queue over all its apps, in one dashboard of the account. */
export class QueueDashboard extends Dashboard {
  constructor(scope: Construct, id: string, queue: QueueMetrics) {
    // Dashboards are the account's, not the region's.
    super(scope, id, { dashboardName: `Punctual-${queue.queueName}-${Stack.of(scope).region}` });
    this.addWidgets(
      graph('Lateness (ms)', queue.metricLateness()),
      graph('Age of the oldest due task (s)', ...LEVELS.map((level) => queue.metricOldestDueAge(level, { label: level }))),
    );
    this.addWidgets(graph('In flight', queue.metricInFlight()), graph('Notified', queue.metricNotified()));
    this.addWidgets(
      graph('Failures', queue.metricFailed(), queue.metricExpired(), queue.metricRefused()),
      graph('Failure rate', queue.metricFailureRate()),
    );
    this.addWidgets(
      graph('Dead, and deadlines missed', queue.metricDead(), queue.metricDeadlineMissed()),
      graph('Workers overloaded', queue.metricWorkerOverloaded()),
    );
  }
}

/** All of these are zero or more. */
const graph = (title: string, ...left: IMetric[]): GraphWidget => new GraphWidget({ title, left, width: WIDTH, leftYAxis: { min: 0 } });
