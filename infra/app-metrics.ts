import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { Level } from '../core/task.ts';
import { ownMetric } from './metrics.ts';

/** The metrics of one app, which are put only where it was added with `alarms: true`. */
export abstract class AppMetrics {
  /** The app's name: it begins the ids of its tasks. */
  abstract readonly name: string;
  protected abstract readonly queueName: string;

  /** Tasks that died, by default their sum over 5 minutes. */
  metricDead(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName, app: this.name }, 'Dead', options);
  }

  /** Attempts that failed, by default their sum over 5 minutes. */
  metricFailed(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName, app: this.name }, 'Failed', options);
  }

  /** Leases that ended without a word from a worker, by default their sum over 5 minutes. */
  metricExpired(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName, app: this.name }, 'Expired', options);
  }

  /** Notifications that SNS would not take, by default their sum over 5 minutes. */
  metricRefused(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName, app: this.name }, 'Refused', options);
  }

  /** Tasks whose deadline passed before they were complete, by default their sum over 5 minutes. */
  metricDeadlineMissed(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName, app: this.name }, 'DeadlineMissed', options);
  }

  /** Share of the attempts that failed, 0 to 1, by default over 5 minutes. */
  metricFailureRate(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName, app: this.name }, 'FailureRate', options);
  }

  /** Seconds for which the oldest task of a priority has been due and waits, by default the greatest in 5 minutes. */
  metricOldestDueAge(priority: Level, options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName, app: this.name, priority }, 'OldestDueAge', options);
  }

  /** Milliseconds from a task’s due instant until SNS took its notification, by default the greatest in 5 minutes. */
  metricLateness(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName, app: this.name }, 'Lateness', options);
  }

  /** Tasks out: notified, not yet known to have ended, by default the most in 5 minutes. */
  metricInFlight(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName, app: this.name }, 'InFlight', options);
  }

  /** Tasks notified, by default their sum over 5 minutes. */
  metricNotified(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName, app: this.name }, 'Notified', options);
  }

  /** Times that a worker process stopped polling because its machine was overloaded, by default their sum over 5 minutes. */
  metricWorkerOverloaded(options?: MetricOptions): Metric {
    return ownMetric({ queueName: this.queueName, app: this.name }, 'WorkerOverloaded', options);
  }
}
