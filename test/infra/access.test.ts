import { Duration } from 'aws-cdk-lib';
import { AnyPrincipal, ArnPrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { TaskQueue } from '../../infra/index.ts';
import { newStack, ofType, permissionsOf, readable, resourcesOf, userFunction, wholeStack } from './fixture.ts';

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
};

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

describe('who may publish', () => {
  const statementsOf = (policy: string): string[] => {
    const [found] = ofType(resources, 'AWS::SNS::TopicPolicy').filter(([id]) => readable({ Ref: id }) === policy);
    return found?.[1].Properties.PolicyDocument.Statement.map(
      ({ Effect, Principal, Action, Condition }: Record<string, unknown>) =>
        `${Effect} ${readable(Principal)} ${Action} ${Condition ? readable(Condition) : 'always'}`,
    );
  };

  it('to the topic of an app: the dispatcher alone', () => {
    expect(statementsOf('TasksbillingTopicPolicy')).toEqual([
      'Deny * sns:Publish {"Bool":{"aws:SecureTransport":"false"}}',
      expect.stringMatching(/^Allow \{"AWS":\{"Fn::GetAtt":\["TasksDispatcherRole[0-9A-F]{8}","Arn"\]\}\} sns:Publish always$/),
    ]);
  });

  it('to the alerts topic: alarms of this account, and by its own role the failure function', () => {
    expect(statementsOf('TasksAlertsPolicy')).toEqual([
      'Deny * sns:Publish {"Bool":{"aws:SecureTransport":"false"}}',
      expect.stringContaining(
        'Allow {"Service":"cloudwatch.amazonaws.com"} sns:Publish {"StringEquals":{"aws:SourceAccount":{"Ref":"AWS::AccountId"}}',
      ),
    ]);
  });
});

describe('services', () => {
  it('act only in the name of a resource or an account that is named', () => {
    const statements = [...ofType(resources, 'AWS::SNS::TopicPolicy'), ...ofType(resources, 'AWS::SQS::QueuePolicy')].flatMap(
      ([, { Properties }]) => Properties.PolicyDocument.Statement,
    );
    const byServices = statements.filter(({ Principal }) => Principal?.Service);
    expect(byServices.length).toBe(6);
    for (const { Condition } of byServices) expect(JSON.stringify(Condition)).toMatch(/aws:SourceArn/);
    const permissions = ofType(resources, 'AWS::Lambda::Permission');
    expect(permissions.length).toBe(1);
    for (const [, { Properties }] of permissions) expect(readable(Properties.SourceArn)).toBe('TasksDispatcherTick');
  });

  it('reach topics and queues over TLS alone', () => {
    for (const [kind, policy, target, count] of [
      ['AWS::SNS::Topic', 'AWS::SNS::TopicPolicy', 'Topics', 3],
      ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy', 'Queues', 7],
    ] as const) {
      const all = ofType(resources, kind).map(([id]) => readable({ Ref: id }));
      const tlsOnly = ofType(resources, policy)
        .filter(([, { Properties }]) =>
          Properties.PolicyDocument.Statement.some(
            (one: Record<string, unknown>) =>
              one.Effect === 'Deny' && JSON.stringify(one.Condition) === '{"Bool":{"aws:SecureTransport":"false"}}',
          ),
        )
        .flatMap(([, { Properties }]) => Properties[target].map(readable));
      expect(all.length).toBe(count);
      expect(tlsOnly.sort()).toEqual(all.sort());
    }
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
  const stack = newStack();
  const key = new Key(stack, 'Key');
  const own = new TaskQueue(stack, 'Tasks', { queueName: 'tasks', encryptionKey: key });
  own.addApp('billing').addWorker(userFunction(stack, 'Worker', Duration.seconds(10)));
  const withKey = resourcesOf(stack);

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
      expect(permissionsOf(withKey, role).filter((line) => line.startsWith('kms:'))).toEqual(
        ['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey*', 'ReEncrypt*'].map((action) => `kms:${action} Key`),
      );
    expect(permissionsOf(withKey, 'WorkerServiceRole').some((line) => line.startsWith('kms:'))).toBe(false);
    const [, made] = ofType(withKey, 'AWS::KMS::Key')[0] ?? [];
    const byCloudWatch = made?.Properties.KeyPolicy.Statement.filter(
      (one: Record<string, Record<string, string>>) => one.Principal?.Service === 'cloudwatch.amazonaws.com',
    );
    expect(byCloudWatch).toMatchObject([{ Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } } }]);
  });
});
