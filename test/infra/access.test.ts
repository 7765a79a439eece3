import { Duration } from 'aws-cdk-lib';
import { AnyPrincipal, ArnPrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { TaskQueue } from '../../infra/index.ts';
import { KEY_ACTIONS, newStack, ofType, permissionsOf, readable, resourcesOf, userFunction, wholeStack } from './fixture.ts';

const { resources, queue, billing } = wholeStack();

const SETTINGS = 'ssm:GetParametersByPath arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter/punctual/tasks/apps';
const METRICS = 'cloudwatch:PutMetricData * if {"StringEquals":{"cloudwatch:namespace":"Punctual"}}';
const QUERY = ['dynamodb:Query TasksTable/index/due', 'dynamodb:Query TasksTable/index/watch'];
const RING = 'lambda:InvokeFunction TasksDispatcherFunction';
const logs = (log: string) => [`logs:CreateLogStream ${log}`, `logs:PutLogEvents ${log}`];
const consume = (target: string) =>
  ['ChangeMessageVisibility', 'DeleteMessage', 'GetQueueAttributes', 'GetQueueUrl', 'ReceiveMessage'].map(
    (action) => `sqs:${action} ${target}`,
  );

/** FROZEN: whoever adds a permission adds it here, on purpose. */
const ROLES: Record<string, string[]> = {
  TasksDispatcherRole: [
    METRICS,
    'dynamodb:BatchGetItem TasksTable',
    'dynamodb:GetItem TasksTable',
    'dynamodb:PartiQLUpdate TasksTable',
    ...QUERY,
    'dynamodb:UpdateItem TasksTable',
    'events:PutEvents TasksBus',
    ...logs('TasksDispatcherLogs'),
    'sqs:SendMessage TasksDispatcherDeadLetters',
    SETTINGS,
  ],
  TasksFailurePathFailureRole: [
    METRICS,
    'dynamodb:GetItem TasksTable',
    'dynamodb:UpdateItem TasksTable',
    'events:PutEvents TasksBus',
    RING,
    ...logs('TasksFailurePathFailureLogs'),
    'sns:Publish TasksAlerts',
    ...consume('TasksFailurePathFailures'),
    SETTINGS,
  ],
  TasksOperateRole: [
    'dynamodb:BatchGetItem TasksTable',
    'dynamodb:GetItem TasksTable',
    ...QUERY,
    'dynamodb:UpdateItem TasksTable',
    RING,
    ...logs('TasksOperateLogs'),
    SETTINGS,
  ],
  TasksbillingSubmitRole: [
    'dynamodb:BatchGetItem TasksTable',
    'dynamodb:GetItem TasksTable',
    'dynamodb:PartiQLInsert TasksTable',
    ...QUERY,
    'dynamodb:UpdateItem TasksTable',
    RING,
    ...logs('TasksbillingSubmitLogs'),
  ],
  TasksbillingReportRole: [
    METRICS,
    'dynamodb:GetItem TasksTable',
    'dynamodb:UpdateItem TasksTable',
    'events:PutEvents TasksBus',
    RING,
    ...logs('TasksbillingReportLogs'),
  ],
  TasksopsteamSubmitRole: [
    'dynamodb:BatchGetItem TasksTable',
    'dynamodb:GetItem TasksTable',
    'dynamodb:PartiQLInsert TasksTable',
    ...QUERY,
    'dynamodb:UpdateItem TasksTable',
    RING,
    ...logs('TasksopsteamSubmitLogs'),
  ],
  TasksopsteamReportRole: [
    METRICS,
    'dynamodb:GetItem TasksTable',
    'dynamodb:UpdateItem TasksTable',
    'events:PutEvents TasksBus',
    RING,
    ...logs('TasksopsteamReportLogs'),
  ],
  // Of the users: a connected function, a Lambda worker, an operator, a process that works.
  WebServiceRole: ['lambda:InvokeFunction TasksbillingSubmitFunction'],
  WorkerServiceRole: ['lambda:InvokeFunction TasksbillingReportFunction', ...consume('WorkerBillingWorkerQueue')],
  OperatorServiceRole: ['lambda:InvokeFunction TasksOperateFunction'],
  Container: ['lambda:InvokeFunction TasksopsteamReportFunction', ...consume('ContainerOpsTeamWorkerQueue')],
  // Of their roles: one who enqueues, one who reports, one who operates.
  Enqueuer: ['lambda:InvokeFunction TasksbillingSubmitFunction'],
  Reporter: ['lambda:InvokeFunction TasksbillingReportFunction'],
  OnCall: ['lambda:InvokeFunction TasksOperateFunction'],
};

/** Each wildcard of a permission, and why it is not narrower. */
const WILDCARDS: Record<string, string> = {
  [METRICS]: 'PutMetricData knows no resources ("Service Authorization Reference"); a condition keeps it to our namespace',
};

/** A queue with a key of its own. */
const keyed = (() => {
  const stack = newStack();
  const own = new TaskQueue(stack, 'Tasks', { queueName: 'tasks', encryptionKey: new Key(stack, 'Key') });
  own.addApp('billing').addWorker(userFunction(stack, 'Worker', Duration.seconds(10)));
  return resourcesOf(stack);
})();

describe('what each role may do', () => {
  it.each(Object.entries(ROLES))('%s: exactly this', (role, allowed) => {
    expect(permissionsOf(resources, role)).toEqual(allowed.sort());
  });

  it('there are no other roles, and none of the system has a managed policy', () => {
    const roles = ofType(resources, 'AWS::IAM::Role');
    expect(roles.map(([id]) => readable({ Ref: id })).sort()).toEqual(Object.keys(ROLES).sort());
    const withManaged = roles.filter(([, { Properties }]) => Properties.ManagedPolicyArns).map(([id]) => readable({ Ref: id }));
    expect(withManaged.sort()).toEqual(['OperatorServiceRole', 'WebServiceRole', 'WorkerServiceRole']);
    expect(roles.filter(([, { Properties }]) => Properties.Policies)).toEqual([]);
  });
});

describe('a wildcard', () => {
  const withKey = keyed;
  const rolesOf = (found: typeof resources) => ofType(found, 'AWS::IAM::Role').map(([id]) => readable({ Ref: id }));
  const permissions = [resources, withKey].flatMap((found) => rolesOf(found).flatMap((role) => permissionsOf(found, role)));

  it('stands in no permission without a reason', () => {
    expect(permissions.length).toBeGreaterThan(60);
    expect([...new Set(permissions.filter((line) => line.includes('*')))]).toEqual(Object.keys(WILDCARDS));
  });

  it('stands for a principal only where it denies', () => {
    for (const type of ['AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy'])
      for (const [, { Properties }] of ofType(withKey, type))
        for (const { Effect, Principal, Action } of Properties.PolicyDocument.Statement) {
          if (Effect === 'Allow') expect(JSON.stringify([Principal, Action])).not.toContain('*');
        }
  });

  it('is no Scan: nobody may read the table from end to end, by whatever name', () => {
    const text = JSON.stringify([resources, withKey]);
    expect(text).toContain('dynamodb:GetItem');
    expect(text).not.toMatch(/dynamodb:(\*|Scan|PartiQLSelect|Batch\*|Export|[A-Za-z]*\*)/);
    expect(permissions.filter((line) => /^dynamodb:(Delete|Put|BatchWrite|PartiQLDelete|Create|Describe|Restore)/.test(line))).toEqual([]);
  });
});

describe('a role of the system', () => {
  it('is taken by Lambda alone', () => {
    const trusts = ofType(resources, 'AWS::IAM::Role')
      .filter(([id]) => id.startsWith('Tasks'))
      .map(([, { Properties }]) => Properties.AssumeRolePolicyDocument.Statement);
    expect(trusts.length).toBe(7);
    for (const trust of trusts)
      expect(trust).toEqual([{ Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } }]);
  });
});

describe('grants', () => {
  const made = (grant: boolean) => {
    const stack = newStack();
    const own = new TaskQueue(stack, 'Tasks');
    const app = own.addApp('billing');
    const role = new Role(stack, 'Role', { assumedBy: new AnyPrincipal() });
    const grants = grant ? [app.grantEnqueue(role), app.grantWork(role), own.grantOperate(role)] : [];
    return { grants, after: resourcesOf(stack) };
  };

  it('return a Grant and change the grantee’s policy alone', () => {
    const { grants, after } = made(true);
    expect(grants.map(({ success }) => success)).toEqual([true, true, true]);
    expect(permissionsOf(after, 'Role')).toEqual(
      ['TasksOperateFunction', 'TasksbillingReportFunction', 'TasksbillingSubmitFunction'].map((door) => `lambda:InvokeFunction ${door}`),
    );
    const others = Object.entries(after).filter(([id]) => !id.startsWith('RoleDefaultPolicy'));
    expect(Object.fromEntries(others)).toEqual(made(false).after);
  });

  it('refuse a principal that can hold no policy, and say which could', () => {
    for (const principal of [new ServicePrincipal('ec2.amazonaws.com'), new ArnPrincipal('arn:aws:iam::111122223333:role/x')]) {
      expect(() => billing.grantEnqueue(principal)).toThrow(/can hold no policy; allowed are roles, users, groups and functions/);
      expect(() => queue.grantOperate(principal)).toThrow(/can hold no policy/);
    }
  });
});

describe('an own key', () => {
  const withKey = keyed;

  it('encrypts the table and the alerts topic', () => {
    const [, table] = ofType(withKey, 'AWS::DynamoDB::Table')[0] ?? [];
    expect(table?.Properties.SSESpecification).toMatchObject({ SSEEnabled: true, SSEType: 'KMS' });
    const encrypted = ofType(withKey, 'AWS::SNS::Topic').filter(([, { Properties }]) => Properties?.KmsMasterKeyId);
    expect(encrypted.map(([id]) => readable({ Ref: id }))).toEqual(['TasksAlerts']);
  });

  it('may be used by the functions that use the table, and by CloudWatch for alarms of this account', () => {
    for (const role of [
      'TasksDispatcherRole',
      'TasksFailurePathFailureRole',
      'TasksOperateRole',
      'TasksbillingSubmitRole',
      'TasksbillingReportRole',
    ])
      expect(permissionsOf(withKey, role).filter((line) => line.startsWith('kms:'))).toEqual(KEY_ACTIONS.map((action) => `${action} Key`));
    expect(permissionsOf(withKey, 'WorkerServiceRole').some((line) => line.startsWith('kms:'))).toBe(false);
    const [, made] = ofType(withKey, 'AWS::KMS::Key')[0] ?? [];
    const byCloudWatch = made?.Properties.KeyPolicy.Statement.filter(
      (one: Record<string, Record<string, string>>) => one.Principal?.Service === 'cloudwatch.amazonaws.com',
    );
    expect(byCloudWatch).toMatchObject([{ Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } } }]);
  });
});
