import { readFileSync } from 'node:fs';
import { Duration } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../contract/metrics.ts';
import { OPERATE_ACTIONS, operateRequest } from '../../contract/operate.ts';
import { parseRequest } from '../../contract/parse.ts';
import { TaskQueue } from '../../infra/index.ts';
import { AWS_METRICS } from './awsMetrics.ts';
import { newStack, ofType, readable, resourcesOf, userFunction, wholeStack } from './fixture.ts';

const { resources } = wholeStack();

const RUNBOOK = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
/** The anchors that a reader of Markdown makes of its headings. */
const SECTIONS = [...RUNBOOK.matchAll(/^##+ (.+)$/gm)].map(([, title = '']) =>
  title
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-'),
);

type Properties = ReturnType<typeof ofType>[number][1]['Properties'];
const alarmsOf = (found: typeof resources): Record<string, Properties> =>
  Object.fromEntries(ofType(found, 'AWS::CloudWatch::Alarm').map(([id, { Properties }]) => [readable({ Ref: id }), Properties]));
const alarms = alarmsOf(resources);

/** What an alarm watches and when it goes off, in one line. */
const inWords = ({ Namespace, MetricName, Dimensions, Statistic, Period, EvaluationPeriods, Threshold, ...rest }: Properties): string => {
  const by = Dimensions.map(({ Name, Value }: { Name: string; Value: unknown }) => `${Name}=${readable(Value)}`).join(' ');
  const sign = { GreaterThanThreshold: '>', LessThanThreshold: '<' }[rest.ComparisonOperator as string];
  const missing = { notBreaching: 'no data is good', breaching: 'no data is bad' }[rest.TreatMissingData as string];
  return `${Namespace} ${MetricName} ${by}: ${Statistic} of ${Period} s ${sign} ${Threshold}, ${EvaluationPeriods} times, ${missing}`;
};

/** FROZEN: each of these costs $0.10 a month. */
const ALARMS: Record<string, string> = {
  TasksAlarmsDead: 'Punctual Dead Queue=tasks: Sum of 300 s > 0, 1 times, no data is good',
  TasksAlarmsFailureRate: 'Punctual FailureRate Queue=tasks: Average of 300 s > 0.5, 3 times, no data is good',
  TasksAlarmsDeadlineMissed: 'Punctual DeadlineMissed Queue=tasks: Sum of 300 s > 0, 1 times, no data is good',
  TasksAlarmsOldestDueHigh: 'Punctual OldestDueAge Priority=high Queue=tasks: Maximum of 300 s > 300, 1 times, no data is good',
  TasksAlarmsOldestDueMedium: 'Punctual OldestDueAge Priority=medium Queue=tasks: Maximum of 300 s > 900, 1 times, no data is good',
  TasksAlarmsOldestDueLow: 'Punctual OldestDueAge Priority=low Queue=tasks: Maximum of 300 s > 3600, 1 times, no data is good',
  TasksAlarmsDispatcherErrors: 'AWS/Lambda Errors FunctionName=TasksDispatcherFunction: Sum of 300 s > 0, 1 times, no data is good',
  TasksAlarmsDispatcherSilent: 'AWS/Lambda Invocations FunctionName=TasksDispatcherFunction: Sum of 300 s < 1, 1 times, no data is bad',
  ...Object.fromEntries(
    [
      ['TasksAlarmsDispatcherDeadLetters', 'TasksDispatcherDeadLetters'],
      ['TasksAlarmsFailureDeadLetters', 'TasksFailurePathDeadLetters'],
      ['WorkerBillingWorkerDeadLettersAlarm', 'WorkerBillingWorkerDeadLetters'],
      ['ContainerOpsTeamWorkerDeadLettersAlarm', 'ContainerOpsTeamWorkerDeadLetters'],
    ].map(([alarm, queue]) => [
      alarm,
      `AWS/SQS ApproximateNumberOfMessagesVisible QueueName=${queue}.QueueName: Maximum of 300 s > 0, 1 times, no data is good`,
    ]),
  ),
  ...Object.fromEntries(
    ['Read', 'Write'].flatMap((kind) =>
      [
        ['Table', 'TableName=TasksTable'],
        ['Due', 'GlobalSecondaryIndexName=due TableName=TasksTable'],
        ['Watch', 'GlobalSecondaryIndexName=watch TableName=TasksTable'],
      ].map(([where, by]) => [
        `TasksAlarmsThrottled${kind}s${where}`,
        `AWS/DynamoDB ${kind}ThrottleEvents ${by}: Sum of 300 s > 0, 3 times, no data is good`,
      ]),
    ),
  ),
  TasksopsteamAlarmsDead: 'Punctual Dead App=ops-team Queue=tasks: Sum of 300 s > 0, 1 times, no data is good',
  TasksopsteamAlarmsFailureRate: 'Punctual FailureRate App=ops-team Queue=tasks: Average of 300 s > 0.5, 3 times, no data is good',
  TasksopsteamAlarmsDeadlineMissed: 'Punctual DeadlineMissed App=ops-team Queue=tasks: Sum of 300 s > 0, 1 times, no data is good',
};

describe('the alarms', () => {
  it('are these: sixteen of a queue, three of an app that asked for them, one of each worker’s queue', () => {
    expect(Object.fromEntries(Object.entries(alarms).map(([name, alarm]) => [name, inWords(alarm)]))).toEqual(ALARMS);
  });

  it('act on the alerts topic, and use no metric math', () => {
    for (const { AlarmActions, ActionsEnabled, Metrics } of Object.values(alarms)) {
      expect(AlarmActions.map(readable)).toEqual(['TasksAlerts']);
      expect(ActionsEnabled).not.toBe(false);
      expect(Metrics).toBeUndefined();
    }
    expect(JSON.stringify(resources)).not.toMatch(/[\\"](expression|Expression)[\\"]/);
  });

  it('on metrics of our own name metrics that the functions put', () => {
    const own = Object.values(alarms).filter(({ Namespace }) => Namespace === 'Punctual');
    expect(own.map(({ MetricName }) => MetricName in METRICS)).toEqual(own.map(() => true));
  });

  it('on metrics of AWS name what AWS documents: the metric, its dimensions, a statistic that it has', () => {
    const ofAws = Object.values(alarms).filter(({ Namespace }) => Namespace !== 'Punctual');
    for (const { Namespace, MetricName, Dimensions, Statistic } of ofAws) {
      const names = Dimensions.map(({ Name }: { Name: string }) => Name).sort();
      const known = AWS_METRICS.filter(({ namespace, metric }) => namespace === Namespace && metric === MetricName);
      expect(known.map(({ dimensions }) => [...dimensions].sort())).toContainEqual(names);
      expect(known.flatMap(({ statistics }) => statistics)).toContain(Statistic);
    }
    expect(ofAws.length).toBe(12);
  });

  it('watch every dead-letter queue, which keeps a message for 14 days', () => {
    const queues = ofType(resources, 'AWS::SQS::Queue').filter(([id]) => readable({ Ref: id }).endsWith('DeadLetters'));
    const watched = Object.values(alarms)
      .filter(({ Namespace }) => Namespace === 'AWS/SQS')
      .map(({ Dimensions }) => readable(Dimensions[0].Value).replace(/\.QueueName$/, ''));
    expect(watched.sort()).toEqual(queues.map(([id]) => readable({ Ref: id })).sort());
    for (const [, { Properties }] of queues) expect(Properties.MessageRetentionPeriod).toBe(14 * 86_400);
  });

  it('of an app are made only where it asks for them, in the stack of the app', () => {
    const stack = newStack();
    new TaskQueue(stack, 'Tasks').addApp('billing', { alarms: false });
    expect(Object.keys(alarmsOf(resourcesOf(stack))).filter((name) => name.startsWith('Tasksbilling'))).toEqual([]);
    const apps = newStack('Apps');
    const queue = TaskQueue.fromAttributes(apps, 'Queue', {
      queueName: 'tasks',
      tableArn: 'arn:aws:dynamodb:eu-west-1:111122223333:table/Table-1',
      busArn: 'arn:aws:events:eu-west-1:111122223333:event-bus/Bus-1',
      dispatcherArn: 'arn:aws:lambda:eu-west-1:111122223333:function:Dispatcher-1',
      dispatcherRoleArn: 'arn:aws:iam::111122223333:role/DispatcherRole-1',
      operateArn: 'arn:aws:lambda:eu-west-1:111122223333:function:Operate-1',
      alertsTopicArn: 'arn:aws:sns:eu-west-1:111122223333:Alerts-1',
    });
    queue.addApp('shipping', { alarms: true });
    const far = alarmsOf(resourcesOf(apps));
    expect(Object.keys(far)).toEqual(['Dead', 'FailureRate', 'DeadlineMissed'].map((name) => `QueueshippingAlarms${name}`));
    for (const { AlarmActions, AlarmDescription } of Object.values(far)) {
      expect(AlarmActions).toEqual(['arn:aws:sns:eu-west-1:111122223333:Alerts-1']);
      expect(readable(AlarmDescription)).toContain('--function-name Operate-1 --region <AWS::Region> ');
    }
  });
});

describe('the text of an alarm', () => {
  /** As it is deployed, with the longest name that a function may have ("CreateFunction": 64 characters). */
  const deployed = ({ AlarmDescription }: Properties): string =>
    readable(AlarmDescription).replaceAll('TasksOperateFunction', 'F'.repeat(64));
  const all = Object.entries(alarms);

  it.each(all)('%s: names the queue, one line for the operate door that can be pasted, and the runbook’s section', (name, alarm) => {
    const lines = readable(alarm.AlarmDescription).split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^Punctual queue tasks: [a-z].{40,}\.\)?$/);
    expect(lines[1]).toMatch(/^[A-Z].{20,}\. Look first:$/);
    const [, payload = ''] =
      /^aws lambda invoke --function-name TasksOperateFunction --region <AWS::Region> --cli-binary-format raw-in-base64-out --payload '([^']+)' \/dev\/stdout$/.exec(
        lines[2] ?? '',
      ) ?? [];
    expect(parseRequest(operateRequest, JSON.parse(payload), '', OPERATE_ACTIONS).ok, lines[2]).toBe(true);
    const [, section] = /^Then see docs\/runbook\.md#([a-z-]+)$/.exec(lines[3] ?? '') ?? [];
    expect(SECTIONS, name).toContain(section);
  });

  it.each(all)('%s: is as long as CloudWatch takes it, with the longest names', (_, alarm) => {
    // "PutMetricAlarm": at most 1,024 characters. A queue and an app have 32 at most.
    expect(deployed(alarm).length + 2 * 32).toBeLessThanOrEqual(1_024);
  });

  it('names the app where it is one app’s', () => {
    const ofApps = all.filter(([name]) => /^(Tasksopsteam|Worker|Container)/.test(name));
    expect(ofApps).toHaveLength(5);
    for (const [name, { AlarmDescription }] of ofApps) {
      const app = name.startsWith('WorkerBilling') ? 'billing' : 'ops-team';
      expect(readable(AlarmDescription)).toContain(`the app ${app}`);
      expect(readable(AlarmDescription)).toContain(`"app":"${app}"`);
    }
  });

  it('leads to a section of its own kind', () => {
    const anchor = (alarm: Properties) => /#([a-z-]+)$/.exec(readable(alarm.AlarmDescription))?.[1];
    expect(Object.fromEntries(all.map(([name, alarm]) => [name.replace(/^Tasks(opsteam)?Alarms/, ''), anchor(alarm)]))).toEqual({
      Dead: 'dead',
      FailureRate: 'failure-rate',
      DeadlineMissed: 'deadline-missed',
      OldestDueHigh: 'oldest-due',
      OldestDueMedium: 'oldest-due',
      OldestDueLow: 'oldest-due',
      DispatcherErrors: 'dispatcher-errors',
      DispatcherSilent: 'dispatcher-silent',
      DispatcherDeadLetters: 'dispatcher-dead-letters',
      FailureDeadLetters: 'failure-dead-letters',
      WorkerBillingWorkerDeadLettersAlarm: 'worker-dead-letters',
      ContainerOpsTeamWorkerDeadLettersAlarm: 'worker-dead-letters',
      ThrottledReadsTable: 'throttled',
      ThrottledReadsDue: 'throttled',
      ThrottledReadsWatch: 'throttled',
      ThrottledWritesTable: 'throttled',
      ThrottledWritesDue: 'throttled',
      ThrottledWritesWatch: 'throttled',
    });
  });
});

describe('the age of due tasks that is too much', () => {
  const queueWith = (maxDueAge: object) => {
    const stack = newStack();
    new TaskQueue(stack, 'Tasks', { maxDueAge });
    return alarmsOf(resourcesOf(stack));
  };

  it('can be set for each priority by itself', () => {
    const { TasksAlarmsOldestDueHigh: high, TasksAlarmsOldestDueLow: low } = queueWith({ low: Duration.days(1) });
    expect([high?.Threshold, low?.Threshold]).toEqual([300, 86_400]);
    expect(readable(low?.AlarmDescription)).toContain('for more than 1440 minutes');
  });

  it.each<[object, string]>([
    [{ high: Duration.seconds(59) }, 'maxDueAge.high must be a Duration of 1 minute to 7 days in whole seconds; got 59 s'],
    [{ low: Duration.days(8) }, 'maxDueAge.low must be a Duration of 1 minute to 7 days in whole seconds; got 691200 s'],
    [{ low: Duration.millis(60_500) }, 'maxDueAge.low must be a Duration of 1 minute to 7 days in whole seconds; got 60.5 s'],
    [{ medium: 5 }, 'maxDueAge.medium must be a Duration of 1 minute to 7 days in whole seconds; got 5'],
    [{ High: Duration.minutes(5) }, 'maxDueAge.High is not an option; allowed are high, medium, low'],
  ])('is refused when it is %o', (maxDueAge, message) => {
    expect(() => queueWith(maxDueAge)).toThrow(`Test/Tasks: ${message}`);
  });
});

describe('a worker', () => {
  it('has its alarm say how often it was tried', () => {
    const stack = newStack();
    new TaskQueue(stack, 'Tasks').addApp('billing').addWorker(userFunction(stack, 'Worker'), { maxReceiveCount: 3 });
    expect(readable(alarmsOf(resourcesOf(stack)).WorkerBillingWorkerDeadLettersAlarm?.AlarmDescription)).toContain('after 3 tries');
  });
});

describe('the runbook', () => {
  it('asks the operate door for nothing that it would refuse', () => {
    const asked = [...RUNBOOK.matchAll(/^ask '([^']+)'/gm)].map(([, payload = '']) => payload);
    expect(asked.length).toBeGreaterThan(20);
    for (const payload of asked) expect(parseRequest(operateRequest, JSON.parse(payload), '', OPERATE_ACTIONS).ok, payload).toBe(true);
  });

  it('links to no section that it has not', () => {
    for (const [, anchor] of RUNBOOK.matchAll(/\]\(#([^)]+)\)/g)) expect(SECTIONS).toContain(anchor);
  });
});
