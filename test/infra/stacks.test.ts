import { type App, Duration, Stack } from 'aws-cdk-lib';
import { AnyPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { describe, expect, it } from 'vitest';
import { type AppOptions, TaskQueue, type TaskQueueAttributes } from '../../infra/index.ts';
import { KEY_ACTIONS, logicalId, newApp, ofType, permissionsOf, readable, resourcesOf, userFunction } from './fixture.ts';

const queueIn = (app: App, id = 'Queue'): { stack: Stack; queue: TaskQueue } => {
  const stack = new Stack(app, id);
  return { stack, queue: new TaskQueue(stack, 'Tasks', { queueName: 'tasks' }) };
};
const dependencies = (stack: Stack): string[] => stack.dependencies.map(({ node }) => node.id);

/** What is known of a queue that another repository has deployed. */
const FAR: TaskQueueAttributes = {
  queueName: 'tasks',
  tableArn: 'arn:aws:dynamodb:eu-west-1:111122223333:table/Table-1',
  busArn: 'arn:aws:events:eu-west-1:111122223333:event-bus/Bus-1',
  dispatcherArn: 'arn:aws:lambda:eu-west-1:111122223333:function:Dispatcher-1',
  dispatcherRoleArn: 'arn:aws:iam::111122223333:role/DispatcherRole-1',
  operateArn: 'arn:aws:lambda:eu-west-1:111122223333:function:Operate-1',
  alertsTopicArn: 'arn:aws:sns:eu-west-1:111122223333:Alerts-1',
};

describe('users in another stack than the queue', () => {
  const build = (withUsers: boolean) => {
    const app = newApp();
    const users = new Stack(app, 'Users'); // made first: the order of stacks must not matter
    const { stack, queue } = queueIn(app);
    const billing = queue.addApp('billing');
    if (withUsers) {
      billing.connect(userFunction(users, 'Web'));
      billing.addWorker(userFunction(users, 'Worker'));
      billing.addWorker(new Role(users, 'Container', { assumedBy: new AnyPrincipal() }));
      queue.grantOperate(new Role(users, 'Operator', { assumedBy: new AnyPrincipal() }));
    }
    app.synth();
    return { users, stack, queueResources: resourcesOf(stack), userResources: withUsers ? resourcesOf(users) : {} };
  };
  const { users, stack, queueResources, userResources } = build(true);

  it('depend on the queue’s stack, which depends on none', () => {
    expect(dependencies(users)).toEqual(['Queue']);
    expect(dependencies(stack)).toEqual([]);
  });

  it('change no resource of the queue’s stack', () => {
    expect(queueResources).toEqual(build(false).queueResources);
  });

  it('have their workers’ queues, subscriptions and alarms with them', () => {
    const queues = ofType(userResources, 'AWS::SQS::Queue').map(([id]) => logicalId(id));
    expect(queues.sort()).toEqual([
      'ContainerBillingWorkerDeadLetters',
      'ContainerBillingWorkerQueue',
      'WorkerBillingWorkerDeadLetters',
      'WorkerBillingWorkerQueue',
    ]);
    expect(ofType(userResources, 'AWS::SNS::Subscription')).toHaveLength(2);
    for (const [, { Properties }] of ofType(userResources, 'AWS::CloudWatch::Alarm'))
      expect(readable(Properties.AlarmActions[0])).toMatch(/^import\(Queue:ExportsOutputRefTasksAlerts/);
  });

  it('may invoke exactly their doors there', () => {
    expect(permissionsOf(userResources, 'WebServiceRole')).toEqual([
      expect.stringMatching(/^lambda:InvokeFunction import\(Queue:ExportsOutputFnGetAttTasksbillingSubmitFunction[0-9A-F]{8}Arn/),
    ]);
  });
});

describe('an app in another stack than the queue', () => {
  const build = (withApp: boolean) => {
    const app = newApp();
    const apps = new Stack(app, 'Apps');
    const { stack, queue } = queueIn(app);
    const web = userFunction(apps, 'Web');
    if (withApp) {
      const billing = TaskQueue.fromAttributes(apps, 'Queue', queue).addApp('billing', { lease: Duration.minutes(7) });
      billing.connect(web);
      billing.addWorker(userFunction(apps, 'Worker'));
    }
    app.synth();
    return { apps, stack, queueResources: resourcesOf(stack), appResources: resourcesOf(apps) };
  };
  const { apps, stack, queueResources, appResources } = build(true);

  it('depends on the queue’s stack and changes no resource of it', () => {
    expect(dependencies(apps)).toEqual(['Queue']);
    expect(dependencies(stack)).toEqual([]);
    expect(queueResources).toEqual(build(false).queueResources);
  });

  it('gives its doors the names of the queue’s table, bus and dispatcher', () => {
    const [, door] = ofType(appResources, 'AWS::Lambda::Function').find(([id]) => id.startsWith('QueuebillingSubmitFunction')) ?? [];
    const { PUNCTUAL_TABLE, PUNCTUAL_BUS, PUNCTUAL_DISPATCHER } = door?.Properties.Environment.Variables ?? {};
    const imported = (value: unknown) => readable(value).replace(/Queue:ExportsOutput(Ref|FnGetAtt)|[0-9A-F]{8}(Arn)?[0-9A-F]{8}/g, '');
    expect([PUNCTUAL_TABLE, PUNCTUAL_BUS, PUNCTUAL_DISPATCHER].map(imported)).toEqual([
      'split(split(import(TasksTable))[5])[1]',
      'split(split(import(TasksBus))[5])[1]',
      'split(import(TasksDispatcherFunction))[6]',
    ]);
  });

  it('lets the queue’s dispatcher publish, by the policy of its own topic', () => {
    const [, policy] = ofType(appResources, 'AWS::SNS::TopicPolicy')[0] ?? [];
    const allowed = policy?.Properties.PolicyDocument.Statement.filter(({ Effect }: { Effect: string }) => Effect === 'Allow');
    expect(allowed).toHaveLength(1);
    expect(allowed[0].Action).toBe('sns:Publish');
    expect(readable(allowed[0].Principal.AWS)).toMatch(/^import\(Queue:ExportsOutputFnGetAttTasksDispatcherRole/);
  });

  it('has its doors, settings, outputs and parameters with it', () => {
    const parameters = ofType(appResources, 'AWS::SSM::Parameter').map(([, { Properties }]) => Properties.Name);
    expect(parameters.sort()).toEqual(
      ['ReportArn', 'SubmitArn', 'TopicArn']
        .map((word) => `/punctual/tasks/billing/${word}`)
        .concat('/punctual/tasks/apps/billing')
        .sort(),
    );
    expect(
      ofType(appResources, 'AWS::Lambda::Function')
        .map(([id]) => logicalId(id))
        .sort(),
    ).toEqual(['QueuebillingReportFunction', 'QueuebillingSubmitFunction', 'Web', 'Worker']);
    expect(stack.node.tryFindChild('BillingSubmitArn')).toBeUndefined();
    expect(apps.node.tryFindChild('BillingSubmitArn')).toBeDefined();
  });
});

describe('an app beside a queue that another repository has deployed', () => {
  const app = newApp();
  const apps = new Stack(app, 'Apps');
  const far = TaskQueue.fromAttributes(apps, 'Queue', { ...FAR, encryptionKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/key-1' });
  const shipping = far.addApp('shipping');
  const known = far.app('billing', {
    submitArn: 'arn:aws:lambda:eu-west-1:111122223333:function:Submit-1',
    reportArn: 'arn:aws:lambda:eu-west-1:111122223333:function:Report-1',
    topicArn: 'arn:aws:sns:eu-west-1:111122223333:Billing-1',
    lease: Duration.minutes(30),
  });
  const both = userFunction(apps, 'Both');
  for (const one of [shipping, known]) {
    one.connect(both);
    one.addWorker(both);
  }
  far.grantOperate(both);
  // The queue's own stack may even wait for the app's.
  const { stack } = queueIn(app);
  stack.addStackDependency(apps);
  app.synth();
  const resources = resourcesOf(apps);

  it('needs nothing but ARNs', () => {
    expect(dependencies(apps)).toEqual([]);
    expect(dependencies(stack)).toEqual(['Apps']);
    expect(permissionsOf(resources, 'QueueshippingSubmitRole')).toEqual(
      [
        `dynamodb:Query ${FAR.tableArn}/index/due`,
        `dynamodb:Query ${FAR.tableArn}/index/watch`,
        ...['BatchGetItem', 'GetItem', 'PartiQLInsert', 'UpdateItem'].map((action) => `dynamodb:${action} ${FAR.tableArn}`),
        ...KEY_ACTIONS.map((action) => `${action} arn:aws:kms:eu-west-1:111122223333:key/key-1`),
        `lambda:InvokeFunction ${FAR.dispatcherArn}`,
        'logs:CreateLogStream QueueshippingSubmitLogs',
        'logs:PutLogEvents QueueshippingSubmitLogs',
      ].sort(),
    );
  });

  it('gives the doors the names that stand in the ARNs', () => {
    const [, door] = ofType(resources, 'AWS::Lambda::Function').find(([id]) => id.startsWith('QueueshippingSubmitFunction')) ?? [];
    expect(door?.Properties.Environment.Variables).toMatchObject({
      PUNCTUAL_QUEUE: 'tasks',
      PUNCTUAL_TABLE: 'Table-1',
      PUNCTUAL_BUS: 'Bus-1',
      PUNCTUAL_DISPATCHER: 'Dispatcher-1',
    });
  });

  it('can be used beside an app that is there already', () => {
    const [, target] = ofType(resources, 'AWS::Lambda::Function').find(([id]) => logicalId(id) === 'Both') ?? [];
    expect(JSON.parse(readable(target?.Properties.Environment.Variables.PUNCTUAL_APPS))).toEqual({
      billing: {
        submit: 'arn:aws:lambda:eu-west-1:111122223333:function:Submit-1',
        report: 'arn:aws:lambda:eu-west-1:111122223333:function:Report-1',
      },
      shipping: { submit: 'QueueshippingSubmitFunction', report: 'QueueshippingReportFunction' },
    });
    const far = ['Operate-1', 'Report-1', 'Submit-1'].map((name) => `arn:aws:lambda:eu-west-1:111122223333:function:${name}`);
    expect(permissionsOf(resources, 'BothServiceRole').filter((line) => line.startsWith('lambda:'))).toEqual(
      ['QueueshippingReportFunction', 'QueueshippingSubmitFunction', ...far].map((arn) => `lambda:InvokeFunction ${arn}`),
    );
    const [, worker] = ofType(resources, 'AWS::SQS::Queue').find(([id]) => logicalId(id) === 'BothBillingWorkerQueue') ?? [];
    expect(worker?.Properties.VisibilityTimeout).toBe(1_800);
  });
});

describe('a queue that is told by what is not its ARN or name', () => {
  it.each<[Partial<TaskQueueAttributes>, string]>([
    [{ tableArn: 'Table-1' }, 'tableArn is "Table-1"; allowed is an ARN that ends in the name of the resource'],
    [{ busArn: 'arn:aws:events:eu-west-1:111122223333:bus' }, 'busArn is "arn:aws:events:eu-west-1:111122223333:bus"; allowed is an ARN'],
    [{ dispatcherArn: '' }, 'dispatcherArn is ""; allowed is an ARN'],
    [{ operateArn: 'Operate-1' }, 'operateArn is "Operate-1"; allowed is an ARN'],
    [{ queueName: 'Tasks' }, 'queueName is "Tasks"; allowed are a-z'],
  ])('is refused: %o', (wrong, message) => {
    expect(() => TaskQueue.fromAttributes(new Stack(newApp(), 'Apps'), 'Queue', { ...FAR, ...wrong })).toThrow(message);
  });
});

describe('an app', () => {
  const count = (options?: AppOptions): number => {
    const bare = queueIn(newApp());
    const full = queueIn(newApp());
    full.queue.addApp('billing', options);
    return Object.keys(resourcesOf(full.stack)).length - Object.keys(resourcesOf(bare.stack)).length;
  };

  it('is as many resources as the documentation of addApp says', () => {
    expect([count(), count({ alarms: true })]).toEqual([14, 17]);
  });
});

describe('60 apps', () => {
  const RESOURCES_OF_A_STACK = 500;
  const app = newApp();
  const { stack, queue } = queueIn(app);
  const second = new Stack(app, 'Second');
  const imported = TaskQueue.fromAttributes(second, 'Queue', queue);
  for (let index = 0; index < 30; index++) {
    queue.addApp(`near-${index}`);
    imported.addApp(`far-${index}`);
  }
  const assembly = app.synth();

  it.each([stack, second])('over two stacks fit into each: %s', (one) => {
    const count = Object.keys(resourcesOf(one)).length;
    expect(count).toBeGreaterThan(30 * 10);
    expect(count).toBeLessThan(RESOURCES_OF_A_STACK);
  });

  it('share one asset a door', () => {
    const files = assembly.stacks.map(({ template }) =>
      Object.values(template.Resources as ReturnType<typeof resourcesOf>).flatMap(({ Type, Properties }) =>
        Type === 'AWS::Lambda::Function' ? [Properties.Code.S3Key] : [],
      ),
    );
    expect(files.map((keys) => new Set(keys).size)).toEqual([5, 2]);
    expect(new Set(files.flat()).size).toBe(5);
  });
});
