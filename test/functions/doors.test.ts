import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { ENV, settingsPath } from '../../contract/environment.ts';
import type { Task } from '../../core/task.ts';
import type { FailureRequest } from '../../functions/bus.ts';
import { claimBatch } from '../../functions/dispatch/claims.ts';
import { MINUTE, makeWorld, newId, SECOND, unique, type World } from './world.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a door answers is read as its callers read it, as JSON.
type Door = (event: unknown) => Promise<any>;

let world: World;
let submit: Door;
let report: Door;
let failure: (event: SQSEvent) => Promise<{ batchItemFailures: { itemIdentifier: string }[] }>;

// The Lambdas as they are deployed: each reads its environment when it is loaded. Their clock is the real one.
beforeEach(async () => {
  world = await makeWorld();
  const { env } = inject('localAws');
  const queue = unique('queue');
  const settings = JSON.stringify({ app: 'billing', topicArn: world.settings.topicArn, policy: { backoffBaseMs: 60_000, maxAttempts: 2 } });
  const names = { queue, table: world.table, bus: world.admin.bus, dispatcher: unique('dispatcher'), settings };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  for (const [name, value] of Object.entries(names)) vi.stubEnv(ENV[name as keyof typeof names], value);
  const ssm = new SSMClient({});
  await ssm.send(new PutParameterCommand({ Name: `${settingsPath(queue)}/billing`, Value: settings, Type: 'String' }));
  await ssm.send(new PutParameterCommand({ Name: `${settingsPath(queue)}/broken`, Value: '{', Type: 'String' }));
  ssm.destroy();
  vi.resetModules();
  submit = (await import('../../functions/submit.ts')).handler;
  report = (await import('../../functions/report.ts')).handler;
  failure = (await import('../../functions/failure.ts')).handler;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const enqueue = async (parts: object = {}): Promise<string> =>
  (await submit({ v: 1, action: 'enqueue', name: 'send-invoice', idempotencyKey: unique('key'), payload: { invoice: 42 }, ...parts })).id;

/** Claims as the dispatcher does. */
async function claimed(leaseMs = 5 * MINUTE): Promise<Task> {
  const id = await enqueue();
  const now = Date.now();
  const rows = await claimBatch(world.store, [{ id, rev: 1, tag: '0.1.n', level: 'medium', leaseUntil: now + leaseMs }], now);
  return rows.get(id) as Task;
}

const records = (...bodies: unknown[]): SQSEvent =>
  ({
    Records: bodies.map((body, i) => ({ messageId: `m${i}`, body: typeof body === 'string' ? body : JSON.stringify(body) })),
  }) as SQSEvent;
const event = (request: object) => ({ detail: { data: request } });

describe('the submit door', () => {
  it('stores a task, shows it, names it next, moves it and cancels it', async () => {
    const id = await enqueue({ priority: 'high' });
    await enqueue({ priority: 'low' });
    expect(await submit({ v: 1, action: 'get', id })).toMatchObject({
      ok: true,
      task: { id, state: 'scheduled', payload: { invoice: 42 } },
    });
    expect(await submit({ v: 1, action: 'next' })).toMatchObject({ ok: true, next: [{ id, priority: 'high' }] });
    expect(await submit({ v: 1, action: 'reschedule', id, delayMs: 3_600_000 })).toMatchObject({ ok: true, task: { position: 'back' } });
    expect((await submit({ v: 1, action: 'next', count: 2 })).next.map((task: { id: string }) => task.id)[1]).toBe(id);
    expect(await submit({ v: 1, action: 'cancel', id })).toMatchObject({ ok: true, task: { state: 'cancelled' } });
    expect(await submit({ v: 1, action: 'cancel', id })).toMatchObject({ ok: true, task: { state: 'cancelled' } });
    expect(await submit({ v: 1, action: 'reschedule', id, delayMs: 1 })).toMatchObject({ ok: false, error: { code: 'WrongState' } });
  });

  it('answers a batch in the order asked, one refusal among the taken', async () => {
    const good = { name: 'a', idempotencyKey: 'k1' };
    const answer = await submit({ v: 1, action: 'enqueueBatch', tasks: [good, { name: 'a' }, good] });
    expect(answer.results).toMatchObject([
      { ok: true, created: true },
      { ok: false, error: { code: 'BadRequest', field: 'tasks[1].idempotencyKey' } },
      { ok: true, created: false },
    ]);
  });

  it('rings for a task that is near, and not for one that is not', async () => {
    await enqueue({ delayMs: 10 * MINUTE });
    expect((await world.seat.read()).rings).toBe(0);
    await enqueue({ delayMs: 30 * SECOND });
    expect(await world.seat.read()).toMatchObject({ rings: 1 });
  });

  it.each(['get', 'cancel', 'reschedule'])('%s: another app’s task is not there', async (action) => {
    const other = { ...world.task(), id: newId('mail'), app: 'mail' };
    await world.put(other);
    expect(await submit({ v: 1, action, id: other.id })).toMatchObject({ ok: false, error: { code: 'NotFound', field: 'id' } });
    expect(await world.read(other.id)).toEqual(other);
  });

  it('does not show a task whose history has expired', async () => {
    const task = { ...world.task(), state: 'completed' as const, expiresAtSeconds: Math.floor(Date.now() / 1_000) - 1 };
    await world.put(task);
    expect(await submit({ v: 1, action: 'get', id: task.id })).toMatchObject({ ok: false, error: { code: 'NotFound' } });
  });
});

describe('the report door', () => {
  it('takes a completion once, and answers its repetition alike', async () => {
    const { id } = await claimed();
    const complete = { v: 1, action: 'complete', id, claim: 1, worker: 'w' };
    expect(await report(complete)).toEqual({ v: 1, ok: true, id, state: 'completed' });
    expect(await report(complete)).toEqual({ v: 1, ok: true, id, state: 'completed' });
    expect((await world.read(id)).attempts).toHaveLength(1);
  });

  it.each(['complete', 'extend', 'fail', 'snooze'])('%s: refuses a claim that does not hold', async (action) => {
    const { id } = await claimed();
    const parts = action === 'fail' ? { error: { name: 'E', message: 'm' } } : action === 'snooze' ? { delayMs: 1 } : {};
    expect(await report({ v: 1, action, id, claim: 2, ...parts })).toMatchObject({
      ok: false,
      error: { code: 'LeaseLost', field: 'claim' },
    });
    expect(await report({ v: 1, action, id: newId('mail'), claim: 1, ...parts })).toMatchObject({ ok: false, error: { code: 'NotFound' } });
    expect(await world.failures()).toEqual([]);
  });

  it('extends and snoozes; a snoozed task that is near is rung for', async () => {
    const { id, leaseUntil = 0 } = await claimed();
    const extended = await report({ v: 1, action: 'extend', id, claim: 1, leaseMs: 10 * MINUTE });
    expect(Date.parse(extended.leaseUntil)).toBeGreaterThan(leaseUntil);
    const { rings } = await world.seat.read();
    vi.setSystemTime(Date.now() + 2 * SECOND);
    expect(await report({ v: 1, action: 'snooze', id, claim: 1, delayMs: 1_000 })).toEqual({ v: 1, ok: true, id, state: 'scheduled' });
    expect((await world.seat.read()).rings).toBe(rings + 1);
    expect(await report({ v: 1, action: 'snooze', id, claim: 1 })).toMatchObject({
      ok: false,
      error: { code: 'BadRequest', field: 'until' },
    });
  });

  it('hands a failure to the bus, cut to what is kept, and leaves the task as it is', async () => {
    const task = await claimed();
    const error = { name: 'E', message: 'm'.repeat(2_000), stack: 's' };
    expect(await report({ v: 1, action: 'fail', id: task.id, claim: 1, error, worker: 'w' })).toMatchObject({ ok: true, state: 'leased' });
    expect(await world.failures()).toEqual([
      { type: 'fail', id: task.id, claim: 1, error: { ...error, message: 'm'.repeat(500) }, worker: 'w' },
    ]);
    expect(await world.read(task.id)).toEqual(task);
  });
});

describe('the failure function', () => {
  const failed = (id: string, claim = 1): FailureRequest => ({ type: 'fail', id, claim, error: { name: 'E', message: 'm' } });

  it('schedules the task again, once, however often it is told', async () => {
    const { id } = await claimed();
    expect(await failure(records(event(failed(id)), event(failed(id))))).toEqual({ batchItemFailures: [] });
    expect(await failure(records(event(failed(id))))).toEqual({ batchItemFailures: [] });
    expect(await world.read(id)).toMatchObject({
      state: 'scheduled',
      attempt: 1,
      consecutiveFailures: 1,
      rev: 3,
      attempts: [{ claim: 1 }],
    });
  });

  it('gives a task up after its last attempt', async () => {
    const { id, ...task } = await claimed();
    await world.put({ id, ...task, attempt: 1 });
    await failure(records(event(failed(id))));
    expect(await world.read(id)).toMatchObject({ state: 'dead', attempt: 2, deathReason: 'attempts exhausted' });
    expect(await world.item(id)).toMatchObject({ watch: { S: 'billing#dead#0' } });
  });

  it('leaves a task alone whose lease runs, whose claim is over, or that was reported', async () => {
    const [running, over, done] = [await claimed(), await claimed(), await claimed()];
    await report({ v: 1, action: 'complete', id: done.id, claim: 1 });
    const requests: FailureRequest[] = [{ type: 'expire', id: running.id, claim: 1 }, failed(over.id, 9), failed(done.id)];
    expect(await failure(records(...requests.map(event)))).toEqual({ batchItemFailures: [] });
    expect(await world.read(running.id)).toEqual(running);
    expect(await world.read(over.id)).toEqual(over);
    expect((await world.read(done.id)).state).toBe('completed');
  });

  it('decides on an expired lease: the task waits again, and no attempt is spent', async () => {
    const { id } = await claimed(-3 * SECOND);
    await failure(records(event({ type: 'expire', id, claim: 1 })));
    expect(await world.read(id)).toMatchObject({ state: 'scheduled', attempt: 0, deliveries: 1 });
  });

  it('sends back what it cannot decide, and only that', async () => {
    const { id } = await claimed();
    const damaged = world.task();
    await world.put(damaged, { attempts: { S: '[]' } });
    const answer = await failure(
      records('no JSON', event({ type: 'burn', id }), event(failed(newId('unknown'))), event(failed(damaged.id)), event(failed(id))),
    );
    expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(['m0', 'm1', 'm2', 'm3']);
    expect(await world.read(id)).toMatchObject({ state: 'scheduled', attempt: 1 });
  });
});
