import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  GetEventSourceMappingCommand,
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { DeleteMessageCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Enqueued, PunctualClient } from '../../client/index.ts';
import { Deployment } from './deployment.ts';
import type { Batch } from './lambdaWorker.ts';
import { until } from './until.ts';

const policy = { maxAttempts: 2, backoffBase: Duration.millis(200), lease: Duration.minutes(2) };
const FAR = '2h';

describe('an app that is nothing but Lambdas, connected by the shipped constructs', () => {
  const code = mkdtempSync(join(tmpdir(), 'punctual-e2e-lambda-'));
  const told: Batch[] = [];
  let deployment: Deployment;
  let lambda: LambdaClient;
  let sqs: SQSClient;
  let client: PunctualClient;

  beforeAll(async () => {
    bundle(code);
    deployment = await Deployment.of({
      apps: {},
      more: ({ cdk, queue, suffix }) => {
        const stack = new Stack(cdk, `E2e${suffix}Lambdas`);
        const billing = queue.addApp('billing', policy);
        const functionOf = (id: string) =>
          new LambdaFunction(stack, id, {
            runtime: Runtime.NODEJS_24_X,
            code: Code.fromAsset(join(code, id)),
            handler: 'index.handler',
            timeout: Duration.seconds(10),
          });
        const toldQueue = new Queue(stack, 'Told');
        const enqueuer = functionOf('lambdaEnqueuer');
        const worker = functionOf('lambdaWorker');
        billing.connect(enqueuer);
        const { queueUrl } = billing.addWorker(worker);
        toldQueue.grantSendMessages(worker);
        worker.addEnvironment('TOLD_URL', toldQueue.queueUrl);
        const outputs = { Enqueuer: enqueuer.functionName, Worker: worker.functionName, WorkUrl: queueUrl, ToldUrl: toldQueue.queueUrl };
        for (const [id, value] of Object.entries(outputs)) new CfnOutput(stack, id, { value });
        new CfnOutput(stack, 'BillingEnqueuerRole', { value: enqueuer.role?.roleArn ?? '' });
      },
    });
    const options = await deployment.as();
    [lambda, sqs] = [new LambdaClient(options), new SQSClient(options)];
    client = await deployment.client('billing');
  });

  afterAll(async () => {
    await deployment?.remove();
    rmSync(code, { recursive: true, force: true });
  });

  /** The enqueuing Lambda's answer. */
  async function enqueue(...tasks: object[]): Promise<(Enqueued & { ok: boolean; error?: { code: string } })[]> {
    const request = Buffer.from(JSON.stringify({ tasks }));
    const { FunctionError, Payload } = await lambda.send(
      new InvokeCommand({ FunctionName: deployment.output('Enqueuer'), Payload: request }),
    );
    const answer = Buffer.from(Payload ?? []).toString('utf8');
    expect(FunctionError, answer).toBeUndefined();
    return JSON.parse(answer);
  }

  const ended = (id: string) =>
    until(`the end of ${id}`, async () => {
      const task = await client.get(id);
      return task.state !== 'scheduled' && task.state !== 'leased' && task;
    });

  /** The worker's batches, once one of them is as asked. */
  const batchWhere = (what: string, isIt: (batch: Batch) => boolean) =>
    until(what, async () => {
      const QueueUrl = deployment.output('ToldUrl');
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      for (const { Body = '', ReceiptHandle } of Messages) {
        told.push(JSON.parse(Body) as Batch);
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
      return told.find(isIt);
    });
  const runsOf = (id: string) => told.flatMap(({ runs }) => runs).filter((run) => run.id === id);

  it('the enqueuing Lambda finds its door by its environment alone; the worker Lambda completes the tasks', async () => {
    const results = await enqueue(...Array.from({ length: 5 }, () => ({ name: 'work' })));
    expect(results.map(({ ok, created }) => [ok, created])).toEqual(Array.from({ length: 5 }, () => [true, true]));
    for (const { id } of results) expect(await ended(id)).toMatchObject({ state: 'completed', claim: 1, attempt: 0 });
    for (const { id } of results) await batchWhere(`the run of ${id}`, ({ runs }) => runs.some((run) => run.id === id));
  });

  it('a task that fails in the worker Lambda is retried and completes', async () => {
    const [{ id } = { id: '' }] = await enqueue({ name: 'work', payload: { fails: 'once' } });
    expect(await ended(id)).toMatchObject({
      state: 'completed',
      attempt: 1,
      attempts: [{ outcome: 'failed', error: { name: 'RangeError', message: 'fails once' } }, { outcome: 'completed' }],
    });
    await batchWhere(`the second run of ${id}`, ({ runs }) => runs.some((run) => run.id === id && run.attempt === 1));
    expect(runsOf(id).map(({ done }) => done)).toEqual([false, true]);
  });

  it('a task that always fails is dead after its attempts', async () => {
    const [{ id } = { id: '' }] = await enqueue({ name: 'work', payload: { fails: 'always' } });
    expect(await ended(id)).toMatchObject({ state: 'dead', attempt: 2, deathReason: 'attempts exhausted' });
  });

  it('in one batch with a task that fails and a message that cannot be read, the others complete and are run once', async () => {
    const QueueUrl = deployment.output('WorkUrl');
    await feed(false);
    const [failing, ...good] = await enqueue({ name: 'work', payload: { fails: 'once' } }, { name: 'work' }, { name: 'work' });
    const ids = [failing, ...good].map((result) => result?.id ?? '');
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'no notification' }));
    await until('all messages in the queue', async () => (await waiting()).visible >= 4);
    await feed(true);
    const batch = await batchWhere('the batch of all', ({ runs }) => runs.some(({ id }) => id === failing?.id));
    expect(batch).toMatchObject({ records: 4, again: 1 });
    expect(batch.runs.map(({ id, done }) => [id, done]).sort()).toEqual(ids.map((id) => [id, id !== failing?.id]).sort());
    for (const { id } of good) expect(await ended(id)).toMatchObject({ state: 'completed', claim: 1 });
    expect(await ended(failing?.id ?? '')).toMatchObject({ state: 'completed', claim: 2, attempt: 1 });
    await batchWhere('the second run', ({ runs }) => runs.some((run) => run.id === failing?.id && run.done));
    for (const { id } of good) expect(runsOf(id)).toHaveLength(1);
    // The last answer is still on its way when the handler has told of it.
    await until('all but what cannot be read to be deleted', async () => {
      const { visible, hidden } = await waiting();
      return visible === 0 && hidden === 1;
    });
  });

  it('the client in a Lambda refuses what is wrong by its place in the batch, and what is right is stored', async () => {
    const results = await enqueue({ name: 'work', delay: FAR }, { name: 'no such name', delay: FAR }, { name: 'work', delay: FAR });
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(await client.get(results[2]?.id ?? '')).toMatchObject({ state: 'scheduled' });
  });

  /** Turns the flow from the queue to the worker on or off, and waits until it is so. */
  async function feed(Enabled: boolean): Promise<void> {
    const { EventSourceMappings = [] } = await lambda.send(
      new ListEventSourceMappingsCommand({ FunctionName: deployment.output('Worker') }),
    );
    expect(EventSourceMappings).toHaveLength(1);
    const UUID = EventSourceMappings[0]?.UUID ?? '';
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
    await until('the mapping to be as asked', async () => {
      const { State } = await lambda.send(new GetEventSourceMappingCommand({ UUID }));
      return State === (Enabled ? 'Enabled' : 'Disabled');
    });
  }

  async function waiting(): Promise<{ visible: number; hidden: number }> {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: deployment.output('WorkUrl'),
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    );
    return {
      visible: Number(Attributes.ApproximateNumberOfMessages),
      hidden: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
    };
  }
});

/** Each handler as one file with the SDK in it, in a folder of its own. */
function bundle(folder: string): void {
  for (const name of ['lambdaEnqueuer', 'lambdaWorker']) {
    buildSync({
      entryPoints: [fileURLToPath(new URL(`${name}.ts`, import.meta.url))],
      outfile: join(folder, name, 'index.js'),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      logLevel: 'error',
    });
  }
}
