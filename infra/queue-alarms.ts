import type { Duration } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { LEVELS, type Level } from '../core/task.ts';
import { ALARM_PERIOD, type Alerts, alarmAbove, alarmSilence } from './alarms.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { FailurePath } from './failure-path.ts';
import type { MaxDueAge } from './max-due-age.ts';
import { ownMetric } from './metrics.ts';
import { outcomeAlarms } from './outcome-alarms.ts';
import { pascalCase } from './pascal-case.ts';
import { throttleAlarms } from './throttle-alarms.ts';

/** What is watched. */
export interface QueueAlarmsProps {
  readonly alerts: Alerts;
  readonly table: Pick<ITable, 'tableName'>;
  readonly dispatcher: Dispatcher;
  readonly failurePath: FailurePath;
  readonly maxDueAge: MaxDueAge;
}

/** The alarms of a queue. (A worker's dead-letter queue has its own, in the worker's stack.) */
export function queueAlarms(parent: Construct, { alerts, table, dispatcher, failurePath, maxDueAge }: QueueAlarmsProps): void {
  const scope = new Construct(parent, 'Alarms');
  outcomeAlarms(scope, alerts);
  for (const level of LEVELS) oldestDueAlarm(scope, alerts, level, maxDueAge[level]);
  dispatcherAlarms(scope, alerts, dispatcher);
  alarmAbove(scope, 'FailureDeadLetters', alerts, {
    metric: failurePath.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: ALARM_PERIOD }),
    what: 'failures of tasks could not be recorded, and lie in the dead-letter queue. The tasks are notified again when their leases end.',
    todo: "Read the failure function's log, put the error right, then redrive the queue.",
    ask: { v: 1, action: 'describe' },
    section: 'failure-dead-letters',
  });
  throttleAlarms(scope, alerts, table);
}

function oldestDueAlarm(scope: Construct, alerts: Alerts, priority: Level, maxAge: Duration): void {
  const threshold = maxAge.toSeconds();
  alarmAbove(
    scope,
    `OldestDue${pascalCase(priority)}`,
    alerts,
    {
      metric: ownMetric({ queueName: alerts.queueName, priority }, 'OldestDueAge'),
      what: `a task of priority ${priority} has been due for more than ${threshold / 60} minutes and was not notified.`,
      todo: 'Its app is paused, at its in-flight limit, or has more tasks than it is let claim.',
      ask: { v: 1, action: 'stats', app: 'my-app' },
      section: 'oldest-due',
    },
    { threshold },
  );
}

/** None on throttled calls: such a call ends in the dead-letter queue within a minute, or none runs at all. */
function dispatcherAlarms(scope: Construct, alerts: Alerts, dispatcher: Dispatcher): void {
  const ask = { v: 1, action: 'describe' } as const;
  alarmAbove(scope, 'DispatcherErrors', alerts, {
    metric: dispatcher.function.metricErrors({ period: ALARM_PERIOD }),
    what: "the dispatcher failed. The next minute's call takes up what it left, so nothing is lost, but tasks may be late.",
    todo: 'If this stays, read its log for the error; throttling and missing permissions are the likeliest.',
    ask,
    section: 'dispatcher-errors',
  });
  alarmSilence(scope, 'DispatcherSilent', alerts, {
    metric: dispatcher.function.metricInvocations({ period: ALARM_PERIOD }),
    what: 'the dispatcher was not called for 5 minutes, so no task is notified. (Once after the first deployment this is normal.)',
    todo: "See whether its rule is enabled, and whether the account's Lambda concurrency is used up.",
    ask,
    section: 'dispatcher-silent',
  });
  alarmAbove(scope, 'DispatcherDeadLetters', alerts, {
    metric: dispatcher.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: ALARM_PERIOD }),
    what: "a call of the dispatcher was dropped. The next minute's call takes up its work.",
    todo: 'Read the message for the reason, then purge the queue.',
    ask,
    section: 'dispatcher-dead-letters',
  });
}
