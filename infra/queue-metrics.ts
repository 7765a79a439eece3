import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Level } from '../core/task.ts';
import { ownMetric } from './metrics.ts';

/** A queue's own metrics, over all its apps. */
export abstract class QueueMetrics extends Construct {
  /** The queue's name: it stands in SSM paths and in the dimension of the metrics. */
  abstract readonly queueName: string;

  /** Tasks that died, by default their sum over 5 minutes. */
  metricDead(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName }, 'Dead', options);
  }

  /** Attempts that failed, by default their sum over 5 minutes. */
  metricFailed(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName }, 'Failed', options);
  }

  /** Leases that ended without a word from a worker, by default their sum over 5 minutes. */
  metricExpired(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName }, 'Expired', options);
  }

  /** Notifications that SNS would not take, by default their sum over 5 minutes. */
  metricRefused(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName }, 'Refused', options);
  }

  /** Tasks whose deadline passed before they were complete, by default their sum over 5 minutes. */
  metricDeadlineMissed(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName }, 'DeadlineMissed', options);
  }

  /** Share of the attempts that failed, 0 to 1, by default over 5 minutes. */
  metricFailureRate(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName }, 'FailureRate', options);
  }

  /** Seconds for which the oldest task of a priority has been due and waits, by default the greatest in 5 minutes. */
  metricOldestDueAge(priority: Level, options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName, priority }, 'OldestDueAge', options);
  }

  /** Milliseconds from a task’s due instant until SNS took its notification, by default the greatest in 5 minutes. */
  metricLateness(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName }, 'Lateness', options);
  }

  /** Tasks out: notified, not yet known to have ended, by default the most in 5 minutes. With several dispatchers: of the fullest one. */
  metricInFlight(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName }, 'InFlight', options);
  }

  /** Tasks notified, by default their sum over 5 minutes. */
  metricNotified(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName }, 'Notified', options);
  }

  /** Times that a worker process stopped polling because its machine was overloaded, by default their sum over 5 minutes. */
  metricWorkerOverloaded(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName }, 'WorkerOverloaded', options);
  }
}
