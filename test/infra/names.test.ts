import { describe, expect, it } from 'vitest';
import { TaskQueue } from '../../infra/index.ts';
import { newStack, ofType, readable, wholeStack } from './fixture.ts';

const { resources, template, stack } = wholeStack();

describe('names and ARNs', () => {
  /** `Ref` gives the name of these, `Fn::GetAtt` the ARN; of a topic `Ref` is the ARN. */
  const isArn = (value: Record<string, string | string[]>) =>
    'Fn::GetAtt' in value ? value['Fn::GetAtt']?.[1] === 'Arn' : /Topic|Alerts/.test(String(value.Ref));

  it('are not mistaken for each other in the functions’ variables', () => {
    for (const [, { Properties }] of ofType(resources, 'AWS::Lambda::Function'))
      for (const name of ['PUNCTUAL_TABLE', 'PUNCTUAL_BUS', 'PUNCTUAL_DISPATCHER', 'PUNCTUAL_ALERTS', 'PUNCTUAL_OPERATE_NAME']) {
        const value = Properties.Environment?.Variables?.[name];
        if (value !== undefined) expect(isArn(value), name).toBe(name === 'PUNCTUAL_ALERTS');
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
        ['/punctual/tasks/apps/ops-team', '{"app":"ops-team","alarms":true,"topicArn":"TasksopsteamTopic"}'],
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

  it('is one in a stack: a second queue is refused before its outputs collide', () => {
    const shared = newStack();
    new TaskQueue(shared, 'Tasks');
    expect(() => new TaskQueue(shared, 'More')).toThrow(/already has an output OperateArn; put one TaskQueue in a stack/);
  });
});
