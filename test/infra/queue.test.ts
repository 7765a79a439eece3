import { RemovalPolicy } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { TaskQueue } from '../../infra/index.ts';
import { newStack, ofType, type Resource, readable, resourcesOf, wholeStack } from './fixture.ts';

const { resources } = wholeStack();

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
    expect(variables.TasksFailurePathFailureFunction).toEqual({
      ...names,
      PUNCTUAL_DISPATCHER: 'TasksDispatcherFunction',
      PUNCTUAL_ALERTS: 'TasksAlerts',
      PUNCTUAL_OPERATE_NAME: 'TasksOperateFunction',
    });
    expect(variables.TasksOperateFunction).toEqual({ ...names, PUNCTUAL_DISPATCHER: 'TasksDispatcherFunction' });
    const door = { ...names, PUNCTUAL_SETTINGS: settings, PUNCTUAL_DISPATCHER: 'TasksDispatcherFunction' };
    expect(variables.TasksbillingReportFunction).toEqual(door);
    expect(variables.TasksbillingSubmitFunction).toEqual(door);
  });
});
