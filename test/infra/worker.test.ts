import { Duration } from 'aws-cdk-lib';
import { AnyPrincipal, ArnPrincipal, type IGrantable, Role } from 'aws-cdk-lib/aws-iam';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { describe, expect, it } from 'vitest';
import { type AppOptions, TaskQueue, type WorkerOptions } from '../../infra/index.ts';
import { newStack, ofType, permissionsOf, readable, resourcesOf, userFunction, wholeStack } from './fixture.ts';

const { resources } = wholeStack();

/** The properties of the one resource of a type whose logical id begins so. */
const one = (found: ReturnType<typeof resourcesOf>, type: string, begin: string) => {
  const matching = ofType(found, type).filter(([id]) => id.startsWith(begin));
  expect(matching).toHaveLength(1);
  return matching[0]?.[1].Properties ?? {};
};

describe('a Lambda worker', () => {
  it('is fed from a queue of its own that hears the app’s topic, as the notification was written', () => {
    const subscription = one(resources, 'AWS::SNS::Subscription', 'WorkerBillingWorkerQueue');
    expect(subscription).toMatchObject({ Protocol: 'sqs', RawMessageDelivery: true });
    expect(readable(subscription.TopicArn)).toBe('TasksbillingTopic');
    expect(readable(subscription.Endpoint)).toBe('WorkerBillingWorkerQueue');
  });

  it('is given 10 notifications at once and answers for each', () => {
    const source = one(resources, 'AWS::Lambda::EventSourceMapping', 'WorkerSqsEventSource');
    expect(source).toMatchObject({ BatchSize: 10, FunctionResponseTypes: ['ReportBatchItemFailures'] });
    expect(readable(source.EventSourceArn)).toBe('WorkerBillingWorkerQueue');
    expect(readable(source.FunctionName)).toBe('Worker');
  });

  it('gives a notification up after 10 tries', () => {
    const { RedrivePolicy } = one(resources, 'AWS::SQS::Queue', 'WorkerBillingWorkerQueue');
    expect(RedrivePolicy.maxReceiveCount).toBe(10);
    expect(readable(RedrivePolicy.deadLetterTargetArn)).toBe('WorkerBillingWorkerDeadLetters');
  });

  it('finds its report door in its environment', () => {
    const { Environment } = one(resources, 'AWS::Lambda::Function', 'Worker');
    expect(readable(Environment.Variables.PUNCTUAL_APPS)).toBe('{"billing":{"report":"TasksbillingReportFunction"}}');
  });

  const visibility = (options: AppOptions, timeout?: Duration): number => {
    const stack = newStack();
    new TaskQueue(stack, 'Tasks').addApp('billing', options).addWorker(userFunction(stack, 'Worker', timeout));
    return one(resourcesOf(stack), 'AWS::SQS::Queue', 'WorkerBillingWorkerQueue').VisibilityTimeout;
  };

  it.each<[string, number, AppOptions, Duration | undefined]>([
    ['the lease by default', 300, {}, undefined],
    ['the lease of the app', 7_200, { lease: Duration.hours(2) }, undefined],
    ['the longest lease of any task', 3_600, { tasks: { a: { lease: Duration.hours(1) }, b: { maxAttempts: 2 } } }, undefined],
    ['six timeouts, where those are longer', 5_400, {}, Duration.minutes(15)],
    ['six of Lambda’s default timeout', 18, { lease: Duration.seconds(1) }, undefined],
    ['whole seconds, upwards', 302, { lease: Duration.millis(301_001) }, undefined],
  ])('has a message hidden from others for %s: %i s', (_, seconds, options, timeout) => {
    expect(visibility(options, timeout)).toBe(seconds);
  });
});

describe('a process that works', () => {
  it('has the same queue, and is told where it is', () => {
    const stack = newStack();
    const app = new TaskQueue(stack, 'Tasks').addApp('billing', { lease: Duration.minutes(20) });
    const worker = app.addWorker(new Role(stack, 'Container', { assumedBy: new AnyPrincipal() }));
    expect(stack.resolve(worker.queueUrl)).toEqual(stack.resolve(worker.queue.queueUrl));
    expect(Object.fromEntries(Object.entries(worker.environment).map(([name, value]) => [name, readable(stack.resolve(value))]))).toEqual({
      PUNCTUAL_APPS: '{"billing":{"report":"TasksbillingReportFunction"}}',
      PUNCTUAL_QUEUE_URL: 'ContainerBillingWorkerQueue',
    });
    const found = resourcesOf(stack);
    expect(one(found, 'AWS::SQS::Queue', 'ContainerBillingWorkerQueue').VisibilityTimeout).toBe(1_200);
    expect(one(found, 'AWS::SNS::Subscription', 'ContainerBillingWorkerQueue').RawMessageDelivery).toBe(true);
    expect(ofType(found, 'AWS::Lambda::EventSourceMapping').map(([id]) => id)).toEqual([expect.stringMatching(/^TasksFailurePath/)]);
  });
});

describe('a function', () => {
  const connected = (order: ('billing' | 'shipping')[]) => {
    const stack = newStack();
    const queue = new TaskQueue(stack, 'Tasks');
    const apps = { billing: queue.addApp('billing'), shipping: queue.addApp('shipping') };
    const target = userFunction(stack, 'Both');
    for (const name of order) apps[name].connect(target);
    apps.billing.addWorker(target);
    return resourcesOf(stack);
  };

  it('may be connected to several apps, and work for some, in any order', () => {
    const found = connected(['billing', 'shipping']);
    expect(readable(one(found, 'AWS::Lambda::Function', 'Both').Environment.Variables.PUNCTUAL_APPS)).toBe(
      '{"billing":{"submit":"TasksbillingSubmitFunction","report":"TasksbillingReportFunction"},"shipping":{"submit":"TasksshippingSubmitFunction"}}',
    );
    expect(permissionsOf(found, 'BothServiceRole').filter((line) => line.startsWith('lambda:'))).toEqual(
      ['TasksbillingReportFunction', 'TasksbillingSubmitFunction', 'TasksshippingSubmitFunction'].map(
        (door) => `lambda:InvokeFunction ${door}`,
      ),
    );
    const environment = (from: typeof found) => one(from, 'AWS::Lambda::Function', 'Both').Environment;
    expect(environment(connected(['shipping', 'billing']))).toEqual(environment(found));
  });

  it('may be connected twice without harm', () => {
    const environment = (from: ReturnType<typeof connected>) => one(from, 'AWS::Lambda::Function', 'Both').Environment;
    expect(environment(connected(['billing', 'billing', 'shipping']))).toEqual(environment(connected(['billing', 'shipping'])));
  });

  it('is not connected to two queues’ apps of one name: it could not tell them apart', () => {
    const stack = newStack();
    const target = userFunction(stack, 'Web');
    const app = (id: string) =>
      new TaskQueue(newStack(id), 'Tasks').app('billing', {
        submitArn: `${id}:submit`,
        reportArn: `${id}:report`,
        topicArn: 'arn:aws:sns:eu-west-1:111122223333:topic',
      });
    app('One').connect(target);
    expect(() => app('Two').connect(target)).toThrow(/connected to an app named billing of another queue; allowed is one app of a name/);
  });
});

describe('a function that operates', () => {
  const stack = newStack();
  const queue = new TaskQueue(stack, 'Tasks');
  const target = userFunction(stack, 'Operator');
  queue.connectOperator(target);
  queue.connectOperator(target);

  it('finds the operate door in its environment and may invoke it, and nothing else', () => {
    const found = resourcesOf(stack);
    const { Variables } = one(found, 'AWS::Lambda::Function', 'Operator').Environment;
    expect(Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, readable(value)]))).toEqual({
      PUNCTUAL_OPERATE: 'TasksOperateFunction',
    });
    expect(permissionsOf(found, 'OperatorServiceRole')).toEqual(['lambda:InvokeFunction TasksOperateFunction']);
  });

  it('does not operate two queues: it could not tell them apart', () => {
    const other = new TaskQueue(newStack('Other'), 'Tasks');
    expect(() => other.connectOperator(target)).toThrow('this function operates another queue; allowed is one queue in a function');
  });

  it('may be connected to apps as well', () => {
    const both = newStack('Both');
    const own = new TaskQueue(both, 'Tasks');
    const web = userFunction(both, 'Both');
    own.connectOperator(web);
    own.addApp('billing').connect(web);
    expect(Object.keys(one(resourcesOf(both), 'AWS::Lambda::Function', 'Both').Environment.Variables).sort()).toEqual([
      'PUNCTUAL_APPS',
      'PUNCTUAL_OPERATE',
    ]);
  });
});

describe('addWorker refuses', () => {
  const stack = newStack();
  const app = new TaskQueue(stack, 'Tasks').addApp('billing');
  const worker = userFunction(stack, 'Worker');
  app.addWorker(worker);

  it('the same worker twice', () => {
    expect(() => app.addWorker(worker)).toThrow('Test/Worker: this is a worker of the app billing already');
  });

  it.each<[string, IGrantable, RegExp]>([
    [
      'a function whose environment cannot be changed',
      LambdaFunction.fromFunctionArn(stack, 'Far', 'arn:aws:lambda:eu-west-1:111122223333:function:far'),
      /environment cannot be changed from here; allowed are a Function of this CDK app, or a role/,
    ],
    [
      'a principal that is in no stack',
      new ArnPrincipal('arn:aws:iam::111122223333:role/x'),
      /got a ArnPrincipal, which is in no stack; allowed are constructs such as a Function or a Role/,
    ],
  ])('%s', (_, target, message) => {
    expect(() => app.addWorker(target)).toThrow(message);
  });

  it.each<[WorkerOptions, RegExp]>([
    [{ maxReceiveCount: 0 }, /maxReceiveCount must be a whole number from 1 to 1000; got 0/],
    [{ batchSize: 11 }, /batchSize must be a whole number from 1 to 10; got 11/],
    [{ batchSize: 1.5 }, /batchSize must be a whole number from 1 to 10; got 1.5/],
  ])('%o', (options, message) => {
    const fresh = newStack();
    const target = new TaskQueue(fresh, 'Tasks').addApp('billing');
    expect(() => target.addWorker(userFunction(fresh, 'Worker'), options)).toThrow(message);
  });

  it('nothing that it was told rightly', () => {
    const fresh = newStack();
    new TaskQueue(fresh, 'Tasks').addApp('billing').addWorker(userFunction(fresh, 'Worker'), { maxReceiveCount: 3, batchSize: 1 });
    const found = resourcesOf(fresh);
    expect(one(found, 'AWS::SQS::Queue', 'WorkerBillingWorkerQueue').RedrivePolicy.maxReceiveCount).toBe(3);
    expect(one(found, 'AWS::Lambda::EventSourceMapping', 'WorkerSqsEventSource').BatchSize).toBe(1);
  });
});
