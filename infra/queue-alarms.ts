import { Duration } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { alarmAboveZero, alarmSilence } from './alarms.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { FailurePath } from './failure-path.ts';
import { queueMetric } from './metrics.ts';

const PERIOD = Duration.minutes(5);

/** What is watched, and where alerts go. */
export interface QueueAlarmsProps {
  readonly queue: { readonly queueName: string; readonly alertsTopic: ITopic };
  readonly dispatcher: Dispatcher;
  readonly failurePath: FailurePath;
}

/** The alarms of a queue. (A worker's dead-letter queue has its own, in the worker's stack.) */
export function queueAlarms(parent: Construct, { queue, dispatcher, failurePath }: QueueAlarmsProps): void {
  const scope = new Construct(parent, 'Alarms');
  const { queueName, alertsTopic } = queue;
  alarmAboveZero(scope, 'Dead', alertsTopic, {
    metric: queueMetric(queueName, 'Dead'),
    description:
      `Punctual ${queueName}: a task is dead: its attempts are spent, or no worker answered. ` +
      "Read the errors in the task's history, put their cause right, then replay it or enqueue it again.",
  });
  alarmAboveZero(scope, 'DispatcherErrors', alertsTopic, {
    metric: dispatcher.function.metricErrors({ period: PERIOD }),
    description:
      `Punctual ${queueName}: the dispatcher failed. The next minute's call takes up what it left, so nothing is lost, but tasks may be late. ` +
      'If this stays, read its log for the error; throttling and missing permissions are the likeliest.',
  });
  alarmSilence(scope, 'DispatcherSilent', alertsTopic, {
    metric: dispatcher.function.metricInvocations({ period: PERIOD }),
    description:
      `Punctual ${queueName}: the dispatcher was not called for 5 minutes, so no task is notified. ` +
      "See whether its rule is enabled and whether the account's Lambda concurrency is used up. (Once after the first deployment this is normal.)",
  });
  alarmAboveZero(scope, 'DispatcherDeadLetters', alertsTopic, {
    metric: dispatcher.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: PERIOD }),
    description:
      `Punctual ${queueName}: a call of the dispatcher was dropped. The next minute's call takes up its work. ` +
      'Read the message for the reason, then purge the queue.',
  });
  alarmAboveZero(scope, 'FailureDeadLetters', alertsTopic, {
    metric: failurePath.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: PERIOD }),
    description:
      `Punctual ${queueName}: a failure or expiry of a task could not be recorded. The task is notified again when its lease ends. ` +
      "Read the failure function's log, put the error right, then redrive the queue.",
  });
}
