import { RemovalPolicy } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { TaskQueue } from '../../infra/index.ts';
import { newStack, ofType, type Resource, readable, resourcesOf, wholeStack } from './fixture.ts';

const { resources, template, stack } = wholeStack();

const only = (type: string, name: string): Resource => {
  const found = ofType(resources, type).filter(([id]) => readable({ Ref: id }) === name);
  expect(found.map(([id]) => readable({ Ref: id }))).toEqual([name]);
  return (found[0] as [string, Resource])[1];
};

describe('the table', () => {
  it('has keys and projections that are frozen: a live index cannot be changed', () => {
    const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, LocalSecondaryIndexes } = only(
      'AWS::DynamoDB::Table',
      'TasksTable',
    ).Properties;
    expect(KeySchema).toEqual([{ AttributeName: 'id', KeyType: 'HASH' }]);
    expect(AttributeDefinitions).toEqual(
      ['id', 'priority', 'dueAt', 'watch', 'watchAt'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    );
    expect(GlobalSecondaryIndexes).toEqual([
      {
        IndexName: 'due',
        KeySchema: [
          { AttributeName: 'priority', KeyType: 'HASH' },
          { AttributeName: 'dueAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['name', 'version', 'rev', 'level', 'deadlineAt', 'traits'] },
      },
      {
        IndexName: 'watch',
        KeySchema: [
          { AttributeName: 'watch', KeyType: 'HASH' },
          { AttributeName: 'watchAt', KeyType: 'RANGE' },
        ],
        Projection: {
          ProjectionType: 'INCLUDE',
          NonKeyAttributes: ['name', 'version', 'rev', 'level', 'dueAt', 'deadlineAt', 'traits', 'fingerprint'],
        },
      },
    ]);
    expect(LocalSecondaryIndexes).toBeUndefined();
  });

  it('is paid by use, can be restored, expires what has ended, and is neither deleted nor lost by default', () => {
    const table = only('AWS::DynamoDB::Table', 'TasksTable');
    expect(table.Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiresAtSeconds', Enabled: true },
      DeletionProtectionEnabled: true,
    });
    expect(table.DeletionPolicy).toBe('Retain');
    expect(table.UpdateReplacePolicy).toBe('Retain');
  });

  it('can be made to go with its stack', () => {
    const other = newStack();
    new TaskQueue(other, 'Tasks', { removalPolicy: RemovalPolicy.DESTROY, deletionProtection: false, pointInTimeRecovery: false });
    const [, table] = ofType(resourcesOf(other), 'AWS::DynamoDB::Table')[0] ?? [];
    expect(table?.DeletionPolicy).toBe('Delete');
    expect(table?.Properties).toMatchObject({
      DeletionProtectionEnabled: false,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
    });
  });
});

describe('the dispatcher', () => {
  it('is called once a minute', () => {
    const rule = only('AWS::Events::Rule', 'TasksDispatcherTick').Properties;
    expect(rule).toMatchObject({ ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' });
    expect(rule.Targets).toHaveLength(1);
    expect(readable(rule.Targets[0].Arn)).toBe('TasksDispatcherFunction');
  });

  it('is not called again by anyone when a call fails, nor late: the next minute does its work', () => {
    const [target] = only('AWS::Events::Rule', 'TasksDispatcherTick').Properties.Targets;
    expect(target.RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 });
    expect(readable(target.DeadLetterConfig.Arn)).toBe('TasksDispatcherDeadLetters');
    const invocations = only('AWS::Lambda::EventInvokeConfig', 'TasksDispatcherInvocations').Properties;
    expect(invocations).toMatchObject({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
    expect(readable(invocations.DestinationConfig.OnFailure.Destination)).toBe('TasksDispatcherDeadLetters');
    expect(readable(invocations.FunctionName)).toBe('TasksDispatcherFunction');
  });
});

describe('failures', () => {
  it('come by the bus, from sources of the system, into one queue', () => {
    const rule = only('AWS::Events::Rule', 'TasksFailurePathRule').Properties;
    expect(rule.EventPattern).toEqual({ source: [{ prefix: 'punctual' }] });
    expect(readable(rule.EventBusName)).toBe('TasksBus');
    expect(rule.Targets).toHaveLength(1);
    expect(readable(rule.Targets[0].Arn)).toBe('TasksFailurePathFailures');
    expect(readable(rule.Targets[0].DeadLetterConfig.Arn)).toBe('TasksFailurePathDeadLetters');
  });

  it('are taken in batches of 10, by at most 5 at once, each reported by itself, and given up after 5 tries', () => {
    const [source] = ofType(resources, 'AWS::Lambda::EventSourceMapping')
      .filter(([id]) => id.startsWith('TasksFailurePath'))
      .map(([, one]) => one.Properties);
    expect(source).toMatchObject({
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 5 },
    });
    expect(readable(source?.FunctionName)).toBe('TasksFailurePathFailureFunction');
    const queue = only('AWS::SQS::Queue', 'TasksFailurePathFailures').Properties;
    expect(queue.VisibilityTimeout).toBe(6 * only('AWS::Lambda::Function', 'TasksFailurePathFailureFunction').Properties.Timeout);
    expect(queue.RedrivePolicy.maxReceiveCount).toBe(5);
    expect(readable(queue.RedrivePolicy.deadLetterTargetArn)).toBe('TasksFailurePathDeadLetters');
  });
});

describe('the system’s functions', () => {
  const system = ofType(resources, 'AWS::Lambda::Function').filter(([id]) => id.startsWith('Tasks'));
  const text = (name: string) => readable({ Ref: name });

  it('run on Node 24 and arm64 in 256 MB, each for as long as its work may take', () => {
    for (const [, { Properties }] of system)
      expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], MemorySize: 256, Handler: 'index.handler' });
    expect(Object.fromEntries(system.map(([id, { Properties }]) => [text(id), Properties.Timeout]))).toEqual({
      TasksDispatcherFunction: 120,
      TasksFailurePathFailureFunction: 30,
      TasksOperateFunction: 10,
      TasksbillingSubmitFunction: 10,
      TasksbillingReportFunction: 10,
      TasksopsteamSubmitFunction: 10,
      TasksopsteamReportFunction: 10,
    });
  });

  it('write JSON into a log of their own, which is kept for a month and goes with the stack', () => {
    const logs = system.map(([, { Properties }]) => {
      expect(Properties.LoggingConfig.LogFormat).toBe('JSON');
      return readable(Properties.LoggingConfig.LogGroup);
    });
    expect(new Set(logs).size).toBe(system.length);
    for (const log of logs) {
      const group = only('AWS::Logs::LogGroup', log);
      expect(group.Properties.RetentionInDays).toBe(30);
      expect(group.DeletionPolicy).toBe('Delete');
    }
  });

  it('know names and nothing else; a door also knows its app’s settings', () => {
    const variables = Object.fromEntries(
      system.map(([id, { Properties }]) => [
        text(id),
        Object.fromEntries(Object.entries(Properties.Environment.Variables).map(([name, value]) => [name, readable(value)])),
      ]),
    );
    const names = { PUNCTUAL_QUEUE: 'tasks', PUNCTUAL_TABLE: 'TasksTable', PUNCTUAL_BUS: 'TasksBus' };
    const settings = '{"app":"billing","policy":{"leaseMs":600000},"topicArn":"TasksbillingTopic"}';
    expect(variables.TasksDispatcherFunction).toEqual(names);
    expect(variables.TasksFailurePathFailureFunction).toEqual({ ...names, PUNCTUAL_DISPATCHER: 'TasksDispatcherFunction' });
    expect(variables.TasksOperateFunction).toEqual(names);
    const door = { ...names, PUNCTUAL_SETTINGS: settings, PUNCTUAL_DISPATCHER: 'TasksDispatcherFunction' };
    expect(variables.TasksbillingReportFunction).toEqual(door);
    expect(variables.TasksbillingSubmitFunction).toEqual(door);
  });
});

describe('names and ARNs', () => {
  /** `Ref` gives the name of these, `Fn::GetAtt` the ARN; of a topic `Ref` is the ARN. */
  const isArn = (value: Record<string, string | string[]>) =>
    'Fn::GetAtt' in value ? value['Fn::GetAtt']?.[1] === 'Arn' : /Topic|Alerts/.test(String(value.Ref));

  it('are not mistaken for each other in the functions’ variables', () => {
    for (const [, { Properties }] of ofType(resources, 'AWS::Lambda::Function'))
      for (const name of ['PUNCTUAL_TABLE', 'PUNCTUAL_BUS', 'PUNCTUAL_DISPATCHER']) {
        const value = Properties.Environment?.Variables?.[name];
        if (value !== undefined) expect(isArn(value)).toBe(false);
      }
  });

  it('nor in permissions', () => {
    const policies = ofType(resources, 'AWS::IAM::Policy').flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
    for (const { Resource } of policies)
      for (const one of [Resource].flat()) if (one.Ref || one['Fn::GetAtt']) expect(isArn(one)).toBe(true);
  });

  it('nor in outputs', () => {
    for (const [key, { Value }] of Object.entries<{ Value: Record<string, string> }>(template.toJSON().Outputs)) {
      expect(key).toMatch(/(Arn|Name)$/);
      expect(isArn(Value), key).toBe(key.endsWith('Arn'));
    }
  });
});

describe('alarms', () => {
  const alarms = Object.fromEntries(
    ofType(resources, 'AWS::CloudWatch::Alarm').map(([id, { Properties }]) => [readable({ Ref: id }), Properties]),
  );
  const NAMES = ['Dead', 'DispatcherDeadLetters', 'DispatcherErrors', 'DispatcherSilent', 'FailureDeadLetters'].map(
    (name) => `TasksAlarms${name}`,
  );
  const WORKERS = ['ContainerOpsTeamWorkerDeadLettersAlarm', 'WorkerBillingWorkerDeadLettersAlarm'];

  it('are these, each with an action, in plain words, and without metric math', () => {
    expect(Object.keys(alarms).sort()).toEqual([...WORKERS, ...NAMES].sort());
    for (const { AlarmActions, AlarmDescription, Metrics, ActionsEnabled } of Object.values(alarms)) {
      expect(AlarmActions.map(readable)).toEqual(['TasksAlerts']);
      expect(ActionsEnabled).not.toBe(false);
      expect(AlarmDescription.length).toBeGreaterThan(80);
      expect(Metrics).toBeUndefined();
    }
  });

  it('tell of dead tasks, by a metric of the queue’s own', () => {
    expect(alarms.TasksAlarmsDead).toMatchObject({
      Namespace: 'Punctual',
      MetricName: 'Dead',
      Dimensions: [{ Name: 'Queue', Value: 'tasks' }],
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  it('tell of a dispatcher that fails, and of one that is not called', () => {
    const common = { Namespace: 'AWS/Lambda', Statistic: 'Sum', Period: 300, EvaluationPeriods: 1 };
    const { TasksAlarmsDispatcherErrors: errors, TasksAlarmsDispatcherSilent: silent } = alarms;
    expect(errors).toMatchObject({
      ...common,
      MetricName: 'Errors',
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    });
    expect(silent).toMatchObject({
      ...common,
      MetricName: 'Invocations',
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
    for (const alarm of [errors, silent]) expect(readable(alarm?.Dimensions[0].Value)).toBe('TasksDispatcherFunction');
  });

  it('watch every dead-letter queue', () => {
    const watched = Object.values(alarms)
      .filter(({ MetricName }) => MetricName === 'ApproximateNumberOfMessagesVisible')
      .map((alarm) => {
        expect(alarm).toMatchObject({
          Namespace: 'AWS/SQS',
          Threshold: 0,
          ComparisonOperator: 'GreaterThanThreshold',
          TreatMissingData: 'notBreaching',
        });
        return readable(alarm.Dimensions[0].Value).replace(/\.QueueName$/, '');
      });
    const deadLetters = ofType(resources, 'AWS::SQS::Queue')
      .map(([id]) => readable({ Ref: id }))
      .filter((name) => name.endsWith('DeadLetters'));
    expect(watched.sort()).toEqual(deadLetters.sort());
    for (const name of deadLetters) expect(only('AWS::SQS::Queue', name).Properties.MessageRetentionPeriod).toBe(14 * 86_400);
  });
});

describe('names for the outside', () => {
  const OUTPUTS = {
    OperateArn: 'TasksOperateFunction',
    DispatcherName: 'TasksDispatcherFunction',
    DispatcherRoleArn: 'TasksDispatcherRole',
    TableName: 'TasksTable',
    AlertsTopicArn: 'TasksAlerts',
    BusName: 'TasksBus',
  };
  const APP_OUTPUTS = {
    BillingSubmitArn: 'TasksbillingSubmitFunction',
    BillingReportArn: 'TasksbillingReportFunction',
    BillingTopicArn: 'TasksbillingTopic',
    OpsTeamSubmitArn: 'TasksopsteamSubmitFunction',
    OpsTeamReportArn: 'TasksopsteamReportFunction',
    OpsTeamTopicArn: 'TasksopsteamTopic',
  };

  it('are outputs of the stack under exactly these keys', () => {
    const outputs = Object.entries<{ Value: unknown }>(template.toJSON().Outputs).map(([key, { Value }]) => [key, readable(Value)]);
    expect(Object.fromEntries(outputs)).toEqual({ ...OUTPUTS, ...APP_OUTPUTS });
  });

  it('and SSM parameters below the queue’s path; settings lie apart', () => {
    const parameters = ofType(resources, 'AWS::SSM::Parameter').map(([, { Properties }]) => [Properties.Name, readable(Properties.Value)]);
    const below = (path: string, prefix: string, outputs: Record<string, string>) =>
      Object.entries(outputs).map(([key, value]) => [`${path}/${key.slice(prefix.length)}`, value]);
    const [billing, opsTeam] = [Object.entries(APP_OUTPUTS).slice(0, 3), Object.entries(APP_OUTPUTS).slice(3)];
    expect(Object.fromEntries(parameters)).toEqual(
      Object.fromEntries([
        ...below('/punctual/tasks', '', OUTPUTS),
        ...below('/punctual/tasks/billing', 'Billing', Object.fromEntries(billing)),
        ...below('/punctual/tasks/ops-team', 'OpsTeam', Object.fromEntries(opsTeam)),
        ['/punctual/tasks/apps/billing', '{"app":"billing","policy":{"leaseMs":600000},"topicArn":"TasksbillingTopic"}'],
        ['/punctual/tasks/apps/ops-team', '{"app":"ops-team","topicArn":"TasksopsteamTopic"}'],
      ]),
    );
  });

  it('need no account and no region', () => {
    expect(stack.environment).toBe('aws://unknown-account/unknown-region');
    expect(JSON.stringify(template.toJSON())).not.toMatch(/\b\d{12}\b|\b[a-z]{2}-[a-z]+-\d\b/);
  });
});

describe('a queue’s name', () => {
  it('is made from the stack and the construct', () => {
    expect(new TaskQueue(newStack('Punctual'), 'Tasks').queueName).toMatch(/^punctual-tasks-[0-9a-f]{8}$/);
    expect(new TaskQueue(newStack('A-stack-with-a-very-long-name-indeed'), 'Tasks').queueName).toMatch(/^[a-z][a-z0-9-]{0,31}$/);
  });

  it.each(['', 'Tasks', '1st', 'a_b', 'a'.repeat(33)])('is refused when it is %o, with what is allowed', (queueName) => {
    expect(() => new TaskQueue(newStack(), 'Tasks', { queueName })).toThrow(
      `Test/Tasks: queueName is ${JSON.stringify(queueName)}; allowed are a-z, then a-z, 0-9 and -, 32 characters at most`,
    );
  });

  it('gives metrics their dimension', () => {
    const queue = new TaskQueue(newStack(), 'Tasks', { queueName: 'tasks' });
    for (const [metric, name] of [
      [queue.metricDead(), 'Dead'],
      [queue.metricFailed(), 'Failed'],
      [queue.metricExpired(), 'Expired'],
    ] as const)
      expect(metric).toMatchObject({ namespace: 'Punctual', metricName: name, dimensions: { Queue: 'tasks' }, statistic: 'Sum' });
    expect(queue.metricDead({ statistic: 'Maximum' }).statistic).toBe('Maximum');
  });

  it('is one in a stack: a second queue is refused before its outputs collide', () => {
    const shared = newStack();
    new TaskQueue(shared, 'Tasks');
    expect(() => new TaskQueue(shared, 'More')).toThrow(/already has an output OperateArn; put one TaskQueue in a stack/);
  });
});
