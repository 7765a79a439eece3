import type { Construct } from 'constructs';
import { type Alerts, alarmAbove } from './alarms.ts';
import { ownMetric } from './metrics.ts';

/** Above this share of failed attempts the workers do more harm than good. */
const FAILURE_RATE = 0.5;
/** In each of so many periods: a storm that passes is what retries are for. */
const FAILURE_PERIODS = 3;

/** On what becomes of tasks: of all of the queue, or of one app's. */
export function outcomeAlarms(scope: Construct, alerts: Alerts, app?: string): void {
  const owner = { queueName: alerts.queueName, ...(app === undefined ? {} : { app }) };
  const of = app === undefined ? '' : ` of the app ${app}`;
  const asked = app ?? 'my-app';
  alarmAbove(scope, 'Dead', alerts, {
    metric: ownMetric(owner, 'Dead'),
    what: `a task${of} is dead: its attempts are spent, no worker answered, or it cannot be notified.`,
    todo: 'Find the error, put its cause right, then replay what died of it.',
    ask: { v: 1, action: 'list', app: asked, state: 'dead' },
    section: 'dead',
  });
  alarmAbove(
    scope,
    'FailureRate',
    alerts,
    {
      metric: ownMetric(owner, 'FailureRate'),
      what: `for ${FAILURE_PERIODS * 5} minutes more than half of the attempts${of} have failed.`,
      todo: 'Find the commonest error; pause the app if each attempt does harm.',
      ask: { v: 1, action: 'errors', app: asked },
      section: 'failure-rate',
    },
    { threshold: FAILURE_RATE, periods: FAILURE_PERIODS },
  );
  alarmAbove(scope, 'DeadlineMissed', alerts, {
    metric: ownMetric(owner, 'DeadlineMissed'),
    what: `the deadline of a task${of} passed before the task was complete.`,
    todo: 'See whether tasks wait because of the in-flight limit, a pause or a rate, or fail and are tried again.',
    ask: { v: 1, action: 'stats', app: asked },
    section: 'deadline-missed',
  });
}
