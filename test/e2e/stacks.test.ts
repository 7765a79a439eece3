import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PunctualClient } from '../../client/index.ts';
import { TaskQueue } from '../../infra/index.ts';
import { deployLocally } from '../../localstack/deployLocally.ts';
import { undeployLocally } from '../../localstack/undeployLocally.ts';
import { callDoor } from './callDoor.ts';
import { addPeople, Deployment } from './deployment.ts';
import { until } from './until.ts';
import { WorkerProcess } from './workerProcess.ts';

const policy = { maxAttempts: 3, backoffBase: Duration.millis(200), lease: Duration.minutes(2) };

/** Each app, and where it and those who enqueue and work for it are. */
const APPS = {
  billing: 'an app of the queue’s stack, its people in a third stack',
  shipping: 'an app of another stack of the same program, told of the queue by its TaskQueue',
  'mail-room': 'an app of another program, told of the queue by ARNs',
};
const NAMES = Object.keys(APPS);

describe('a queue whose apps are spread over stacks', () => {
  let deployment: Deployment;
  let queueStack: Stack;
  let others: { aws: Deployment['aws']; templateDir: string } | undefined;
  const clients = new Map<string, PunctualClient>();
  const workers = new Map<string, WorkerProcess>();

  beforeAll(async () => {
    deployment = await Deployment.of({
      apps: {},
      more: ({ cdk, stack, queue, suffix }) => {
        addPeople(new Stack(cdk, `E2e${suffix}People`), 'billing', queue.addApp('billing', policy));
        const shipping = new Stack(cdk, `E2e${suffix}Shipping`);
        addPeople(shipping, 'shipping', TaskQueue.fromAttributes(shipping, 'Tasks', queue).addApp('shipping', policy));
        queueStack = stack;
      },
    });
    const templateDir = mkdtempSync(join(tmpdir(), 'punctual-e2e-other-'));
    await synthesizeMailRoom(deployment, queueStack, templateDir);
    others = { aws: deployment.aws, templateDir };
    Object.assign(deployment.outputs, ...Object.values(await deployLocally(others)));
    for (const app of NAMES) clients.set(app, await deployment.client(app));
    for (const app of NAMES) workers.set(app, await WorkerProcess.start(deployment, app, ['work']));
  });

  afterAll(async () => {
    await Promise.all([...workers.values()].map((worker) => worker.stop()));
    if (others) {
      await undeployLocally(others);
      rmSync(others.templateDir, { recursive: true, force: true });
    }
    await deployment?.remove();
  });

  const client = (app: string) => clients.get(app) as PunctualClient;
  const worker = (app: string) => workers.get(app) as WorkerProcess;
  const completed = (app: string, id: string) =>
    until(`the completion of ${id}`, async () => {
      const task = await client(app).get(id);
      return task.state === 'completed' && task;
    });

  it.each(Object.entries(APPS))('%s, %s: its tasks are notified, fail, are retried and complete', async (app) => {
    const { id } = await client(app).enqueue({ name: 'work', payload: { do: 'fail once' } });
    expect(await completed(app, id)).toMatchObject({ app, attempt: 1, claim: 2 });
    expect((await worker(app).heardOf(id, 2)).map(({ attempt }) => attempt)).toEqual([0, 1]);
  });

  it('each worker is told of the tasks of its own app alone', async () => {
    const tasks = await Promise.all(NAMES.map(async (app) => ({ app, ...(await client(app).enqueue({ name: 'work' })) })));
    await Promise.all(tasks.map(({ app, id }) => completed(app, id)));
    await Promise.all(tasks.map(({ app, id }) => worker(app).heardOf(id)));
    for (const app of NAMES) {
      const apps = new Set(worker(app).heard.map(({ id }) => id.split('/')[0]));
      expect([...apps], `what the worker of ${app} heard`).toEqual([app]);
    }
  });

  it('an app sees none of the tasks of an app of another stack', async () => {
    const { id } = await client('shipping').enqueue({ name: 'work', delay: '1h' });
    await expect(client('billing').get(id)).rejects.toMatchObject({ code: 'NotFound' });
    await expect(client('mail-room').cancel(id)).rejects.toMatchObject({ code: 'NotFound' });
    expect(await client('shipping').next()).toMatchObject([{ id }]);
  });

  it('the operator sees the apps of all stacks', async () => {
    const answer = await callDoor(new LambdaClient(await deployment.as()), deployment.output('OperateArn'), { v: 1, action: 'describe' });
    expect(Object.values<{ app: string }>(answer.apps).map(({ app }) => app)).toEqual(expect.arrayContaining(NAMES));
  });
});

/** A CDK program of its own, that knows of the queue what its outputs say. */
async function synthesizeMailRoom(deployment: Deployment, { stackName }: Stack, outdir: string): Promise<void> {
  const dispatcherArn = await functionArn(deployment, deployment.output('DispatcherName'));
  const [, partition, , region, account] = dispatcherArn.split(':');
  const arn = (service: string, resource: string) => ['arn', partition, service, region, account, resource].join(':');
  const cdk = new App({ outdir });
  const stack = new Stack(cdk, `${stackName}MailRoom`);
  const queue = TaskQueue.fromAttributes(stack, 'Tasks', {
    queueName: stackName.replace('E2e', 'e2e-'),
    tableArn: arn('dynamodb', `table/${deployment.output('TableName')}`),
    busArn: arn('events', `event-bus/${deployment.output('BusName')}`),
    dispatcherArn,
    dispatcherRoleArn: deployment.output('DispatcherRoleArn'),
    operateArn: deployment.output('OperateArn'),
    alertsTopicArn: deployment.output('AlertsTopicArn'),
  });
  addPeople(stack, 'mail-room', queue.addApp('mail-room', policy));
  cdk.synth();
}

async function functionArn(deployment: Deployment, FunctionName: string): Promise<string> {
  const lambda = new LambdaClient(await deployment.as());
  const { FunctionArn = '' } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  return FunctionArn;
}
