import { GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { PunctualClient, PunctualOperator } from '../../client/index.ts';
import { assumeRole } from '../../localstack/assumeRole.ts';
import { clientsFor } from '../../localstack/clientsFor.ts';
import type { LocalAws } from '../../localstack/localAws.ts';
import { Release } from '../upgrade/deploy.ts';
import { firstRelease, withLeaseUntil } from '../upgrade/firstRelease.ts';
import { callDoor } from './callDoor.ts';
import { until } from './until.ts';
import { WorkerProcess } from './workerProcess.ts';

const { ids, rows } = firstRelease();
const id = (name: string): string => ids[name] ?? '';
/** What is due by now, or whose lease has ended, and nobody has reported yet. */
const OPEN = ['waiting', 'high', 'low', 'deadline', 'retry', 'leased'];

describe('a stack of the first release, with tasks that wait, are out and have ended', () => {
  const aws = inject('localAws') as Omit<LocalAws, 'stop'>;
  const { dynamo, close } = clientsFor(aws);
  let release: Release;
  let worker: WorkerProcess | undefined;

  beforeAll(async () => {
    release = await Release.deployed(aws, withLeaseUntil(rows, id('reported'), Date.now() + 3_600_000));
    await release.restore();
  });

  afterAll(async () => {
    await worker?.stop();
    await release?.remove();
    close();
  });

  const lambdaAs = async (role: string) => {
    const credentials = await assumeRole(aws, release.output(role));
    return new LambdaClient({ endpoint: aws.endpoint, region: aws.region, credentials });
  };
  const root = () => {
    const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = aws.env;
    const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
    return new LambdaClient({ endpoint: aws.endpoint, region: aws.region, credentials });
  };
  const client = async () =>
    new PunctualClient({ lambda: await lambdaAs('BillingEnqueuerRole'), submitArn: release.output('BillingSubmitArn') });
  const item = async (key: string) => {
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: release.output('TableName'), Key: { id: { S: key } } }));
    return Item && unmarshall(Item);
  };
  const scan = async () => (await dynamo.send(new ScanCommand({ TableName: release.output('TableName') }))).Items ?? [];
  const keys = async () => (await scan()).map((row) => row.id?.S);
  const tasksAndSlots = async () =>
    (await scan()).filter((row) => row.id?.S !== '~seat').sort((a, b) => ((a.id?.S ?? '') < (b.id?.S ?? '') ? -1 : 1));
  /** The minute's call, without waiting for the minute. */
  const tick = (InvocationType: 'Event' | 'RequestResponse' = 'Event') =>
    root().send(new InvokeCommand({ FunctionName: release.output('DispatcherName'), InvocationType }));

  it('is updated in place to the present one: it is the same table, with every row', async () => {
    const table = release.output('TableName');
    await release.update();
    expect(release.output('TableName')).toBe(table);
    expect(await keys()).toEqual(expect.arrayContaining(rows.map((row) => row.id?.S)));
  });

  it('a worker that was told by the release before reports to the present one, under its claim', async () => {
    const answer = await callDoor(await lambdaAs('BillingWorkerRole'), release.output('BillingReportArn'), {
      v: 1,
      action: 'complete',
      id: id('reported'),
      claim: 1,
      worker: 'worker-1',
    });
    expect(answer).toMatchObject({ ok: true });
    expect(await item(id('reported'))).toMatchObject({ state: 'completed', claim: 1, attempts: [{ claim: 1, outcome: 'completed' }] });
  });

  it('the present worker completes what waited, what was to be tried again, and what was out when its lease ended', async () => {
    worker = await WorkerProcess.start(release, 'billing', ['work']);
    await tick();
    const queue = await client();
    const task = async (name: string) =>
      until(`the end of ${name}`, async () => {
        const found = await queue.get(id(name));
        return found.state === 'completed' && found;
      });
    for (const name of ['waiting', 'high', 'low', 'deadline']) expect(await task(name)).toMatchObject({ claim: 1, attempt: 0 });
    expect(await task('retry')).toMatchObject({ claim: 2, attempt: 1, attempts: [{ outcome: 'failed' }, { outcome: 'completed' }] });
    expect(await task('leased')).toMatchObject({ claim: 2, attempt: 0, attempts: [{ outcome: 'expired' }, { outcome: 'completed' }] });
    expect(worker.heard.map((heard) => heard.id).sort()).toEqual(OPEN.map(id).sort());
  });

  it('what had ended can be read, and replayed; what is far off waits; the same key is the same task', async () => {
    const queue = await client();
    expect(await queue.get(id('cancelled'))).toMatchObject({ state: 'cancelled' });
    expect(await queue.get(id('completed'))).toMatchObject({ state: 'completed', attempts: [{ outcome: 'completed' }] });
    expect(await queue.get(id('dead'))).toMatchObject({ state: 'dead', deathReason: 'attempts exhausted', attempt: 2 });
    expect(await queue.get(id('far'))).toMatchObject({ state: 'scheduled', dueAt: '2099-01-01T00:00:00.000Z' });
    const dates = { dueAt: new Date('2099-01-01T00:00:00Z'), deadlineAt: new Date('2099-06-01T00:00:00Z') };
    const again = await queue.enqueue({ name: 'work', payload: { does: 'work' }, idempotencyKey: 'far', ...dates });
    expect(again).toMatchObject({ id: id('far'), created: false });
    await queue.replay(id('dead'));
    await until('the end of the replayed task', async () => (await queue.get(id('dead'))).state === 'completed');
    expect(await keys()).toEqual(expect.arrayContaining(rows.map((row) => row.id?.S)));
  });

  it('its table, restored into a new one under the present queue: nothing is told, and no row changes, until the app is resumed', async () => {
    await worker?.stop();
    await release.adopt();
    worker = await WorkerProcess.start(release, 'billing', ['work']);
    const { heard } = worker;
    const before = await tasksAndSlots();
    expect(before).toHaveLength(rows.length - 1);
    const { FunctionError } = await tick('RequestResponse');
    expect(FunctionError).toBeUndefined();
    expect(await tasksAndSlots()).toEqual(before);
    const operator = new PunctualOperator({ lambda: await lambdaAs('OperatorRole'), operateArn: release.output('OperateArn') });
    expect(await operator.describe()).toMatchObject({ apps: [{ app: 'billing', valve: { state: 'paused' } }] });
    expect((await (await client()).explain(id('waiting'))).text).toContain('paused: nothing is notified until it is resumed');
    expect(heard).toEqual([]);

    await operator.resume('billing');
    const queue = await client();
    for (const name of OPEN) await until(`the end of ${name}`, async () => (await queue.get(id(name))).state === 'completed');
    expect(heard.map((one) => one.id).sort()).toEqual(OPEN.map(id).sort());
  });
});
