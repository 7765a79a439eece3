import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { marshall } from '@aws-sdk/util-dynamodb';
import { Duration } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PunctualClient, type PunctualOperator, WrongStateError } from '../../client/index.ts';
import { bodyOf } from '../../functions/notification.ts';
import { taskOf } from '../../functions/rows.ts';
import { Deployment } from './deployment.ts';
import { until } from './until.ts';
import { WorkerProcess } from './workerProcess.ts';

const SECOND = 1_000;

describe('the whole life of a task', () => {
  let deployment: Deployment;
  let billing: PunctualClient;
  let operator: PunctualOperator;
  let worker: WorkerProcess;

  beforeAll(async () => {
    const policy = { maxAttempts: 3, backoffBase: Duration.millis(200), demoteAfter: 2, lease: Duration.minutes(2), listCompleted: true };
    const tasks = { patient: { lease: Duration.seconds(10) } };
    deployment = await Deployment.of({ apps: { billing: { ...policy, tasks } } });
    billing = await deployment.client('billing');
    operator = await deployment.operator();
    worker = await WorkerProcess.start(deployment, 'billing', ['send-invoice', 'remind', 'patient']);
  });

  afterAll(async () => {
    await worker?.stop();
    await deployment?.remove();
  });

  const inState = (id: string, state: string) =>
    until(`${id} to be ${state}`, async () => {
      const task = await billing.get(id);
      return task.state === state && task;
    });

  it('a task that fails is demoted after two failures, dead after three, and its timeline tells it all', async () => {
    const { id } = await billing.enqueue({ name: 'send-invoice', payload: { do: 'fail' }, priority: 'high' });
    const task = await inState(id, 'dead');
    expect(task).toMatchObject({ priority: 'medium', attempt: 3, deathReason: 'attempts exhausted' });
    const texts = task.timeline.map(({ text }) => text);
    expect(texts[0]).toBe('enqueued at priority high');
    expect(texts).toContain('demoted from high to medium');
    expect(texts.filter((text) => /^failed by .*: TypeError: asked to fail$/.test(text))).toHaveLength(3);
    expect(texts.at(-1)).toBe('dead: attempts exhausted');
    expect((await billing.explain(id)).text).toMatch(/^Dead since .* because its attempts are exhausted \(3 of 3\)/);
  });

  it('a dead task is replayed with another payload, keeps its history, says so, and completes', async () => {
    const { id } = await billing.enqueue({ name: 'send-invoice', payload: { do: 'fail' }, maxAttempts: 1 });
    await inState(id, 'dead');
    await billing.replay(id, { payload: { do: 'complete' } });
    const task = await inState(id, 'completed');
    expect(task.attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'completed']);
    expect(task.timeline.map(({ text }) => text)).toContain('replayed');
    expect(task).toMatchObject({ attempt: 0, claim: 2, payload: { do: 'complete' } });
  });

  it('what must not happen twice is not replayed, and a task that waits neither', async () => {
    const once = await billing.enqueue({ name: 'send-invoice', replayable: false });
    await inState(once.id, 'completed');
    await expect(billing.replay(once.id)).rejects.toThrow(/replayable: false/);
    const later = await billing.enqueue({ name: 'remind', delay: '2h' });
    await expect(billing.replay(later.id)).rejects.toBeInstanceOf(WrongStateError);
    await billing.cancel(later.id);
  });

  it('a task that needs no acknowledgement is complete once SNS has it, is told once, and leaves no place taken', async () => {
    const { id } = await billing.enqueue({ name: 'remind', acknowledge: false });
    const [heard] = await worker.heardOf(id);
    expect(heard).toMatchObject({ claim: 1 });
    const task = await inState(id, 'completed');
    expect(task).toMatchObject({ acknowledge: false, claim: 1, attempts: [] });
    await until('its place to be free', async () => (await operator.stats('billing')).inFlight === 0, 90 * SECOND);
  });

  it('of an exclusive task told twice under one claim, one run starts', async () => {
    const { id } = await billing.enqueue({ name: 'remind', exclusive: true, payload: { do: 'take', ms: 2_000 } });
    await worker.heardOf(id);
    // The same notification once more, as SQS may do.
    const MessageBody = bodyOf(taskOf(marshall(await deployment.item(id), { removeUndefinedValues: true })), Date.now());
    await new SQSClient(await deployment.as()).send(
      new SendMessageCommand({ QueueUrl: deployment.output('BillingQueueUrl'), MessageBody }),
    );
    await inState(id, 'completed');
    expect(worker.heard.filter((heard) => heard.id === id)).toHaveLength(1);
  });

  it('a task that takes longer than its lease is done under one claim: its worker extends it', async () => {
    const { id } = await billing.enqueue({ name: 'patient', payload: { do: 'take', ms: 15_000 } });
    expect(await inState(id, 'completed')).toMatchObject({ claim: 1, deliveries: 0 });
  });

  it('a version that the worker cannot handle is given back for another build, and no attempt is spent', async () => {
    const { id } = await billing.enqueue({ name: 'remind', version: 2 });
    const task = await until('the task to be given back', async () => {
      const found = await billing.get(id);
      return found.attempts.length > 0 && found;
    });
    expect(task).toMatchObject({ state: 'scheduled', attempt: 0, attempts: [{ outcome: 'snoozed' }] });
    expect(worker.heard.some((heard) => heard.id === id)).toBe(false);
    await billing.cancel(id);
  });

  it('a row that somebody has damaged is dead, with its reason, and its lane goes on', async () => {
    await operator.pause('billing');
    const [damaged, next] = [await billing.enqueue({ name: 'remind' }), await billing.enqueue({ name: 'remind' })];
    const dynamo = new DynamoDBClient(await deployment.as());
    await dynamo.send(
      new UpdateItemCommand({
        TableName: deployment.output('TableName'),
        Key: { id: { S: damaged.id } },
        UpdateExpression: 'SET payload = :nonsense',
        ExpressionAttributeValues: { ':nonsense': { N: '7' } },
      }),
    );
    await operator.resume('billing');
    await inState(next.id, 'completed');
    const row = await until('the row to be set aside', async () => {
      const found = await deployment.item(damaged.id);
      return found?.state === 'dead' && found;
    });
    expect(row).toMatchObject({ deathReason: 'unreadable', payload: 7 });
    expect((await billing.list({ state: 'dead' })).tasks.map(({ id }) => id)).toContain(damaged.id);
    await expect(billing.get(damaged.id)).rejects.toMatchObject({ code: 'WrongState', message: expect.stringContaining('cannot be read') });
  });

  it('a task that is worthless after its deadline is dead by it, and nobody is told', async () => {
    await operator.pause('billing', { name: 'remind' });
    const deadlineAt = new Date(Date.now() + 3_600 * SECOND);
    const { id } = await billing.enqueue({ name: 'remind', deadlineAt, expiresAfterDeadline: true });
    const other = await billing.enqueue({ name: 'send-invoice' });
    // The other name goes by the one that is paused.
    await inState(other.id, 'completed');
    expect((await billing.explain(id)).text).toMatch(/paused/);
    // It comes when the task has been seen to wait, however slow the machine.
    await billing.reschedule(id, { deadlineAt: new Date() });
    await operator.resume('billing', { name: 'remind' });
    expect(await inState(id, 'dead')).toMatchObject({ deathReason: 'deadline missed', claim: 0 });
    expect(worker.heard.some((heard) => heard.id === id)).toBe(false);
  });

  it('changes of mind win or are refused with the state they found; the front is for what is due', async () => {
    await operator.pause('billing');
    const [first, second, future] = await Promise.all([
      billing.enqueue({ name: 'remind', payload: { n: 1 }, priority: 'low' }),
      billing.enqueue({ name: 'remind', payload: { n: 2 }, priority: 'low' }),
      billing.enqueue({ name: 'remind', delay: '1h', priority: 'high' }),
    ]);
    await expect(billing.moveToFront(future.id)).rejects.toThrow(/due at/);
    await billing.moveToFront(second.id);
    await billing.reprioritize(first.id, 'medium');
    await billing.reprioritize(first.id, 'medium');
    await operator.resume('billing', {});
    await Promise.all([inState(first.id, 'completed'), inState(second.id, 'completed')]);
    const order = worker.heard.filter(({ id }) => id === first.id || id === second.id).map(({ id }) => id);
    expect(order).toEqual([first.id, second.id]);
    await expect(billing.reprioritize(first.id, 'high')).rejects.toMatchObject({ code: 'WrongState', got: 'completed' });
    expect(await billing.next({ count: 3 })).toMatchObject([{ id: future.id, priority: 'high', predictedAt: future.dueAt }]);
    await billing.cancel(future.id);
  });

  it('lists by state, name and date come in pages from the indexes', async () => {
    const dead = await billing.list({ state: 'dead', name: 'remind' });
    expect(dead.tasks.every(({ name, state }) => name === 'remind' && state === 'dead')).toBe(true);
    expect(dead.tasks.length).toBeGreaterThan(0);
    const ids: string[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = await billing.list({ state: 'completed', limit: 2, ...(cursor ? { cursor } : {}) });
      expect(page.tasks.length).toBeLessThanOrEqual(2);
      ids.push(...page.tasks.map(({ id }) => id));
      cursor = page.cursor;
    }
    const completed = new Set(ids);
    expect(completed.size).toBe(ids.length);
    for (const { id } of worker.heard) if ((await billing.get(id)).state === 'completed') expect(completed).toContain(id);
    expect((await billing.list({ state: 'completed', to: '2001-01-01T00:00:00Z' })).tasks).toEqual([]);
  });

  it('a task that is resumed at a rate goes no faster', async () => {
    await operator.pause('billing');
    await billing.enqueueBatch(Array.from({ length: 6 }, (_, n) => ({ name: 'remind', payload: { rate: n } })));
    await operator.resume('billing', { perMinute: 60 });
    const told = () => worker.heard.filter(({ payload }) => payload.rate !== undefined);
    await until('all six', () => told().length === 6, 60 * SECOND);
    const claims = await Promise.all(told().map(async ({ id }) => Date.parse((await billing.get(id)).attempts[0]?.claimedAt ?? '')));
    const sorted = claims.sort((a, b) => a - b);
    // Six claims of one a second span five seconds, but for the first two, which a beat may put together.
    expect((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)).toBeGreaterThanOrEqual(3_000);
    await operator.resume('billing');
  });
});
