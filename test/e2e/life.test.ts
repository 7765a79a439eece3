import { DisableRuleCommand, EventBridgeClient, ListRuleNamesByTargetCommand, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { Duration } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IdempotencyConflictError, type PunctualClient, WrongStateError } from '../../client/index.ts';
import { Deployment } from './deployment.ts';
import { until } from './until.ts';
import { WorkerProcess } from './workerProcess.ts';

const policy = { maxAttempts: 3, backoffBase: Duration.millis(200), lease: Duration.minutes(2) };

describe('the life of a task, woken by nothing but the ring', () => {
  let deployment: Deployment;
  let billing: PunctualClient;
  let shipping: PunctualClient;
  let billingWorker: WorkerProcess;
  let shippingWorker: WorkerProcess;

  beforeAll(async () => {
    deployment = await Deployment.of({ apps: { billing: policy, shipping: policy } });
    await silenceTick(deployment);
    [billing, shipping] = await Promise.all([deployment.client('billing'), deployment.client('shipping')]);
    [billingWorker, shippingWorker] = await Promise.all([
      WorkerProcess.start(deployment, 'billing', ['send-invoice', 'remind']),
      WorkerProcess.start(deployment, 'shipping', ['ship']),
    ]);
  });

  afterAll(async () => {
    await Promise.all([billingWorker?.stop(), shippingWorker?.stop()]);
    await deployment?.remove();
  });

  const ended = (client: PunctualClient, id: string) =>
    until(`the end of ${id}`, async () => {
      const task = await client.get(id);
      return task.state !== 'scheduled' && task.state !== 'leased' && task;
    });

  it('a task without a date is notified at once, done by the worker, and complete', async () => {
    const { id, created } = await billing.enqueue({ name: 'send-invoice', payload: { invoice: 42 } });
    expect(created).toBe(true);
    const task = await ended(billing, id);
    expect(task).toMatchObject({ state: 'completed', claim: 1, attempt: 0, attempts: [{ outcome: 'completed', claim: 1 }] });
    expect(await billingWorker.heardOf(id)).toMatchObject([{ payload: { invoice: 42 }, priority: 'medium', attempt: 0 }]);
  });

  it('a task with a date is notified at its date and not a millisecond before', async () => {
    const dueAt = new Date(Date.now() + 3_000);
    const { id } = await billing.enqueue({ name: 'remind', dueAt });
    expect(await ended(billing, id)).toMatchObject({ state: 'completed' });
    const [heard] = await billingWorker.heardOf(id);
    expect(heard?.dueAt).toBe(dueAt.getTime());
    expect(heard?.heardAt).toBeGreaterThanOrEqual(dueAt.getTime());
  });

  it('of tasks due at one instant High comes before Medium before Low, whatever the order of their arrival', async () => {
    const dueAt = new Date(Date.now() + 4_000);
    const priorities = ['low', 'medium', 'high', 'low', 'high', 'medium'] as const;
    const results = await billing.enqueueBatch(
      priorities.map((priority) => ({ name: 'remind', priority, dueAt, payload: { order: true } })),
    );
    const ids = results.map((result) => (result.ok ? result.id : ''));
    await Promise.all(ids.map((id) => ended(billing, id)));
    await Promise.all(ids.map((id) => billingWorker.heardOf(id)));
    const order = billingWorker.heard.filter(({ id }) => ids.includes(id)).map(({ priority }) => priority);
    expect(order).toEqual(['high', 'high', 'medium', 'medium', 'low', 'low']);
  });

  it('a task whose deadline has come counts as High', async () => {
    const at = Date.now() + 3_000;
    const { id } = await billing.enqueue({ name: 'remind', priority: 'low', dueAt: new Date(at), deadlineAt: new Date(at) });
    await ended(billing, id);
    expect(await billingWorker.heardOf(id)).toMatchObject([{ priority: 'high' }]);
  });

  it('a task that fails is notified again with its attempt counted, and its failure is in its history', async () => {
    const { id } = await billing.enqueue({ name: 'send-invoice', payload: { do: 'fail once' } });
    const task = await ended(billing, id);
    expect(task).toMatchObject({
      state: 'completed',
      attempt: 1,
      claim: 2,
      attempts: [{ outcome: 'failed', error: { name: 'TypeError', message: 'asked to fail once' } }, { outcome: 'completed' }],
    });
    expect(task.attempts[0]?.error?.stack).toContain('handle');
    expect((await billingWorker.heardOf(id, 2)).map(({ attempt, claim }) => [attempt, claim])).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  it('a task that always fails is dead after its attempts, and says why', async () => {
    const { id } = await billing.enqueue({ name: 'send-invoice', payload: { do: 'fail' } });
    expect(await ended(billing, id)).toMatchObject({ state: 'dead', attempt: 3, deathReason: 'attempts exhausted' });
  });

  it('a task that its worker snoozes is notified again, and no attempt is spent', async () => {
    const { id } = await billing.enqueue({ name: 'remind', payload: { do: 'snooze once' } });
    expect(await ended(billing, id)).toMatchObject({ state: 'completed', attempt: 0, claim: 2 });
  });

  it('each app is told of its own tasks alone, and sees no other', async () => {
    const [invoice, parcel] = await Promise.all([billing.enqueue({ name: 'send-invoice' }), shipping.enqueue({ name: 'ship' })]);
    await Promise.all([ended(billing, invoice.id), ended(shipping, parcel.id)]);
    await Promise.all([billingWorker.heardOf(invoice.id), shippingWorker.heardOf(parcel.id)]);
    expect(shippingWorker.heard.map(({ id }) => id)).toEqual([parcel.id]);
    expect(billingWorker.heard.some(({ id }) => id === parcel.id)).toBe(false);
    await expect(billing.get(parcel.id)).rejects.toMatchObject({ code: 'NotFound' });
    await expect(billing.cancel(parcel.id)).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('the same key asked for 50 times at once is one task, told once; with another request it is a conflict', async () => {
    const request = { name: 'send-invoice', payload: { once: true }, idempotencyKey: 'invoice-4711' };
    const results = await Promise.all(Array.from({ length: 50 }, () => billing.enqueue(request)));
    expect(new Set(results.map(({ id }) => id)).size).toBe(1);
    // None, where the answer to the call that made it was lost on a busy machine and the call was repeated.
    expect(results.filter(({ created }) => created).length).toBeLessThanOrEqual(1);
    expect(await billing.enqueue(request)).toMatchObject({ created: false });
    const id = results[0]?.id ?? '';
    await ended(billing, id);
    expect(await billingWorker.heardOf(id)).toHaveLength(1);
    await expect(billing.enqueue({ ...request, payload: { once: false } })).rejects.toBeInstanceOf(IdempotencyConflictError);
  });

  it('a task that waits can be moved and cancelled; one that has ended refuses, and says what it is', async () => {
    const { id } = await billing.enqueue({ name: 'remind', delay: '2h' });
    const later = '2031-01-01T00:00:00.000Z';
    expect(await billing.reschedule(id, { dueAt: later })).toMatchObject({ state: 'scheduled', dueAt: later });
    expect(await billing.next()).toMatchObject([{ id, dueAt: later }]);
    expect(await billing.cancel(id)).toMatchObject({ state: 'cancelled' });
    expect(await billing.cancel(id)).toMatchObject({ state: 'cancelled' });
    expect(await billing.next()).toEqual([]);
    await expect(billing.reschedule(id, { delay: '1h' })).rejects.toBeInstanceOf(WrongStateError);
  });

  it('a local date is resolved in its own zone, daylight saving included', async () => {
    const { id, dueAt } = await billing.enqueue({ name: 'remind', dueAt: { local: '2030-03-31T02:30', timeZone: 'Europe/Paris' } });
    expect(dueAt).toBe('2030-03-31T01:30:00.000Z');
    await billing.cancel(id);
  });

  it('an idle queue has nothing in flight: the run has left its seat', async () => {
    const seat = await until(
      'a run that has left',
      async () => {
        const found = await deployment.item('~seat');
        return found && found.left === found.epoch && found;
      },
      60_000,
    );
    expect(seat).toMatchObject({ aliveUntil: 0 });
  });
});

/** Takes the minutely rule out of the game. */
async function silenceTick(deployment: Deployment): Promise<void> {
  const options = await deployment.as();
  const lambda = new LambdaClient(options);
  const events = new EventBridgeClient(options);
  const { FunctionArn: TargetArn } = await lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: deployment.output('DispatcherName') }),
  );
  const { RuleNames = [] } = await events.send(new ListRuleNamesByTargetCommand({ TargetArn }));
  const { Rules = [] } = await events.send(new ListRulesCommand({}));
  // Another, on the queue's bus, has a run go on where one was cut short.
  const minutely = Rules.filter(({ Name = '', ScheduleExpression }) => ScheduleExpression !== undefined && RuleNames.includes(Name));
  expect(minutely).toHaveLength(1);
  await events.send(new DisableRuleCommand({ Name: minutely[0]?.Name }));
}
