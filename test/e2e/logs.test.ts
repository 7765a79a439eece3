import { randomBytes } from 'node:crypto';
import { CloudWatchLogsClient, paginateDescribeLogGroups, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { Duration } from 'aws-cdk-lib';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineTasks, type PunctualClient, Worker } from '../../client/index.ts';
import { callDoor } from './callDoor.ts';
import { Deployment } from './deployment.ts';
import { until } from './until.ts';

/** A word that stands nowhere but where it was planted, with the place at its end. */
const CANARY = `canary${randomBytes(8).toString('hex')}`;
const planted = (place: string): string => `${CANARY}-${place}`;

/** A line that each function is sure to write in this life, so that an empty log is no good news. */
const CONTROLS: Readonly<Record<string, RegExp>> = {
  Submit: /\S/,
  Report: /\S/,
  Dispatcher: /"message":"run"/,
  Failure: /"message":"a failure was decided"/,
  Operate: /\S/,
};

describe('the logs of a whole life', () => {
  let deployment: Deployment;
  let billing: PunctualClient;
  let worker: { close(options: { graceMs: number }): Promise<void> };
  const ids: string[] = [];

  beforeAll(async () => {
    deployment = await Deployment.of({
      apps: { billing: { maxAttempts: 2, backoffBase: Duration.millis(200), lease: Duration.minutes(1) } },
    });
    billing = await deployment.client('billing');
    const options = await deployment.as('BillingWorkerRole');
    const started = new Worker(
      defineTasks({ pay: v.looseObject({ fails: v.boolean() }) }),
      {
        pay: async ({ payload }) => {
          if (!payload.fails) return;
          const error = new TypeError(planted('message'));
          error.stack = `TypeError: ${planted('stack')}\n    at ${planted('frame')}.ts:1:1`;
          throw error;
        },
      },
      {
        reportArn: deployment.output('BillingReportArn'),
        queueUrl: deployment.output('BillingQueueUrl'),
        lambda: new LambdaClient(options),
        sqs: new SQSClient(options),
        limits: { load: Number.POSITIVE_INFINITY },
      },
    );
    started.start();
    worker = started;
  });

  afterAll(async () => {
    await worker?.close({ graceMs: 0 });
    await deployment?.remove();
  });

  const inState = (id: string, state: string) => until(`${id} to be ${state}`, async () => (await billing.get(id)).state === state, 90_000);
  const pay = async (parts: object = {}, payload: object = {}): Promise<string> => {
    const { id } = await billing.enqueue({ name: 'pay', payload: { fails: false, secret: planted('payload'), ...payload }, ...parts });
    ids.push(id);
    return id;
  };
  const damage = async (id: string, attribute: string, value: string): Promise<void> => {
    const dynamo = new DynamoDBClient(await deployment.as());
    await dynamo.send(
      new UpdateItemCommand({
        TableName: deployment.output('TableName'),
        Key: { id: { S: id } },
        UpdateExpression: 'SET #damaged = :value',
        ExpressionAttributeNames: { '#damaged': attribute },
        ExpressionAttributeValues: { ':value': { S: value } },
      }),
    );
  };

  /** Whoever calls a door or puts an event may put anything in it. */
  async function misuse(): Promise<void> {
    const root = await deployment.as();
    const lambda = new LambdaClient(root);
    for (const door of ['BillingSubmitArn', 'BillingReportArn', 'OperateArn'])
      for (const request of [
        { v: 1, action: planted('action') },
        { v: 1, action: 'enqueue', name: planted('name'), priority: planted('priority'), payload: planted('payload') },
        { v: 1, action: 'fail', id: `billing/${'a'.repeat(22)}`, claim: 1, error: { name: 'E', message: planted('message') } },
        { v: 1, action: 'list', app: 'billing', state: 'scheduled', cursor: planted('cursor') },
      ])
        expect(await callDoor(lambda, deployment.output(door), request)).toMatchObject({ ok: false });
    const Detail = JSON.stringify({ data: { type: 'fail', id: planted('id'), claim: planted('claim') } });
    const entry = { EventBusName: deployment.output('BusName'), Source: 'punctual', DetailType: 'nonsense', Detail };
    await new EventBridgeClient(root).send(new PutEventsCommand({ Entries: [entry] }));
  }

  /** Twice: a local AWS may hold back a function's last line until its next call. */
  async function runToTheEnd(): Promise<void> {
    const lambda = new LambdaClient(await deployment.as());
    const Payload = JSON.stringify({ rung: planted('event') });
    for (let call = 0; call < 2; call++) {
      const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName: deployment.output('DispatcherName'), Payload }));
      expect(FunctionError).toBeUndefined();
    }
  }

  async function damaged(): Promise<void> {
    const broken = await pay({ delay: '1h' });
    await damage(broken, 'payload', planted('text'));
    await expect(billing.get(broken)).rejects.toThrow();
    const operator = await deployment.operator();
    await operator.pause('billing');
    const unreadable = await pay();
    await damage(unreadable, 'state', planted('state'));
    await operator.resume('billing');
    await until('the row to be set aside', async () => (await deployment.item(unreadable))?.state === 'dead', 90_000);
  }

  /** All lines of all log groups of the stack, by log group. */
  async function readLogs(): Promise<Map<string, string[]>> {
    const client = new CloudWatchLogsClient(await deployment.as());
    const [stack = ''] = deployment.output('DispatcherName').split('-');
    const groups: string[] = [];
    for await (const { logGroups = [] } of paginateDescribeLogGroups({ client }, {}))
      groups.push(...logGroups.map(({ logGroupName = '' }) => logGroupName).filter((name) => name.includes(stack)));
    const lines = new Map<string, string[]>();
    for (const logGroupName of groups) {
      const own: string[] = [];
      for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName }))
        own.push(...events.map(({ message = '' }) => message));
      lines.set(logGroupName, own);
    }
    client.destroy();
    return lines;
  }
  const linesOf = (logs: Map<string, string[]>, name: string): string[] =>
    [...logs].filter(([group]) => group.includes(name)).flatMap(([, lines]) => lines);

  it('hold no payload, key, error message or stack, whatever befell the tasks', async () => {
    await inState(await pay({ idempotencyKey: planted('key') }), 'completed');
    await expect(pay({ idempotencyKey: planted('key') }, { secret: planted('other') })).rejects.toThrow(/key/);
    await inState(await pay({ acknowledge: false }), 'completed');
    const failing = await pay({}, { fails: true });
    await inState(failing, 'dead');
    await billing.replay(failing, { payload: { fails: false, secret: planted('replayed') } });
    await inState(failing, 'completed');
    expect(JSON.stringify(await billing.get(failing))).toContain(planted('message'));
    await misuse();
    await damaged();
    await runToTheEnd();
    const logs = await until(
      'the lines that each function writes',
      async () => {
        const read = await readLogs();
        return Object.entries(CONTROLS).every(([name, line]) => linesOf(read, name).some((one) => line.test(one))) && read;
      },
      90_000,
    );
    expect(linesOf(logs, 'Failure').join('\n')).toContain(failing);
    expect([...logs].flatMap(([group, lines]) => lines.filter((line) => line.includes(CANARY)).map((line) => `${group}: ${line}`))).toEqual(
      [],
    );
  });
});
