import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { NOTIFICATION_BYTES } from '../../contract/limits.ts';
import { notification } from '../../contract/notification.ts';
import { enqueueAll } from '../../functions/doors/enqueue.ts';
import { taskIdOf } from '../../functions/identity.ts';
import { bodyOf, bytesOf } from '../../functions/notification.ts';
import { MINUTE, makeWorld, SECOND, START, type World } from './world.ts';

const DAY = 24 * 60 * MINUTE;

function enqueue(world: World, ...requests: unknown[]) {
  return enqueueAll(world.store, world.settings, requests, world.clock.now(), (i) => (requests.length > 1 ? `tasks[${i}]` : ''));
}

const request = (parts: object = {}) => ({ name: 'send-invoice', idempotencyKey: 'invoice-42', payload: { invoice: 42 }, ...parts });

describe('enqueueing', () => {
  it('stores the task with every date resolved and every default applied', async () => {
    const world = await makeWorld();
    const dueAt = { local: '2026-12-25T09:00', timeZone: 'Europe/Paris' };
    const [answer] = await enqueue(world, request({ dueAt, deadlineAt: '2026-12-25T09:00:00Z', maxAttempts: 3 }));
    const id = taskIdOf('billing', 'invoice-42');
    expect(answer).toEqual({
      ok: true,
      id,
      created: true,
      state: 'scheduled',
      priority: 'medium',
      dueAt: '2026-12-25T08:00:00.000Z',
      deadlineAt: '2026-12-25T09:00:00.000Z',
    });
    expect(await world.read(id)).toMatchObject({
      version: 1,
      level: 'medium',
      position: 'back',
      payload: '{"invoice":42}',
      dueAt: Date.UTC(2026, 11, 25, 8),
      maxAttempts: 3,
      createdAt: START,
      rev: 1,
      claim: 0,
    });
  });

  it('of the same request is the same task, of another request under its key a conflict', async () => {
    const world = await makeWorld();
    await enqueue(world, request());
    world.clock.set(START + SECOND);
    const [same, other, reordered] = await enqueue(world, request(), request({ payload: { invoice: 43 } }), {
      payload: { invoice: 42 },
      idempotencyKey: 'invoice-42',
      name: 'send-invoice',
    });
    expect(same).toMatchObject({ ok: true, created: false, state: 'scheduled', dueAt: '2026-12-24T08:00:00.000Z' });
    expect(reordered).toMatchObject({ ok: true, created: false });
    expect(other).toMatchObject({ ok: false, error: { code: 'IdempotencyConflict', field: 'idempotencyKey', retryable: false } });
    expect(await world.rows()).toHaveLength(1);
  });

  it('of one key named twice in a batch stores the first, and holds the others against it', async () => {
    const world = await makeWorld();
    const [first, again, other] = await enqueue(world, request(), request(), request({ priority: 'high' }));
    expect(first).toMatchObject({ ok: true, created: true });
    expect(again).toMatchObject({ ok: true, created: false });
    expect(other).toMatchObject({ ok: false, error: { code: 'IdempotencyConflict' } });
    expect(await world.read(taskIdOf('billing', 'invoice-42'))).toMatchObject({ level: 'medium', rev: 1 });
  });

  it('of one key by fifty at once makes one task', async () => {
    const world = await makeWorld();
    const answers = (await Promise.all(Array.from({ length: 50 }, () => enqueue(world, request())))).flat();
    expect(answers.filter((answer) => answer.ok && answer.created)).toHaveLength(1);
    expect(answers.filter((answer) => answer.ok)).toHaveLength(50);
    expect(await world.rows()).toHaveLength(1);
  });

  it('over an ended task whose history has expired makes a new one, whose revision and claim go on', async () => {
    const world = await makeWorld();
    await enqueue(world, request());
    const id = taskIdOf('billing', 'invoice-42');
    const task = await world.read(id);
    await world.put(
      { ...task, state: 'completed', rev: 5, claim: 2, endedAt: START, expiresAtSeconds: START / 1_000 + 60 },
      { traits: { L: [{ S: 'exclusive' }] } },
    );
    const other = request({ payload: { invoice: 43 } });
    expect((await enqueue(world, other))[0]).toMatchObject({ ok: false, error: { code: 'IdempotencyConflict' } });
    expect((await enqueue(world, request()))[0]).toMatchObject({ ok: true, created: false, state: 'completed' });

    world.clock.set(START + MINUTE);
    expect((await enqueue(world, other))[0]).toMatchObject({ ok: true, created: true, state: 'scheduled' });
    const written = await world.read(id);
    expect(written).toMatchObject({ state: 'scheduled', rev: 6, claim: 2, attempts: [], payload: '{"invoice":43}', dueAt: START + MINUTE });
    expect(written.expiresAtSeconds).toBeUndefined();
    expect(await world.item(id)).toMatchObject({ priority: { S: 'billing#medium#0' } });
    expect(await world.item(id)).not.toHaveProperty('traits');
  });

  it('whose answers were lost, of the writing and of the first look at it, knows its own row again', async () => {
    const world = await makeWorld();
    const { store, faults } = world.process();
    faults.inject('BatchExecuteStatement', { answer: (output) => Object.assign(output, { Responses: [] }) });
    faults.inject('BatchGetItem', { answer: (output) => Object.assign(output, { Responses: {} }) });
    const [answer] = await enqueueAll(store, world.settings, [request()], START, () => '');
    expect(answer).toMatchObject({ ok: true, created: true });
  });

  it('keeps the order of arrival, within a batch and a millisecond', async () => {
    const world = await makeWorld();
    const keys = Array.from({ length: 30 }, (_, i) => `key-${i}`);
    await enqueue(world, ...keys.map((idempotencyKey) => request({ idempotencyKey })));
    const arrivals = await Promise.all(keys.map(async (key) => (await world.read(taskIdOf('billing', key))).arrival));
    expect(arrivals).toEqual([...new Set(arrivals)].sort((a, b) => a - b));
  });
});

describe('what a task is made as', () => {
  it('stands in its traits, and its notification says what a worker must know', async () => {
    const world = await makeWorld();
    const deadlineAt = '2026-12-24T09:00:00Z';
    const parts = [
      { acknowledge: false, replayable: false },
      { exclusive: true, expiresAfterDeadline: true, deadlineAt },
      { acknowledge: true, exclusive: false, expiresAfterDeadline: false, replayable: true },
    ];
    await enqueue(world, ...parts.map((one, i) => request({ ...one, idempotencyKey: `key-${i}` })));
    const tasks = await Promise.all(parts.map((_, i) => world.read(taskIdOf('billing', `key-${i}`))));
    expect(tasks.map(({ traits }) => traits)).toEqual([['unacknowledged', 'unreplayable'], ['exclusive', 'expires'], undefined]);
    const told = tasks.map((task) => v.parse(notification, JSON.parse(bodyOf({ ...task, claim: 1 }, START))));
    expect(told.map(({ acknowledge, exclusive }) => [acknowledge, exclusive])).toEqual([
      [false, undefined],
      [undefined, true],
      [undefined, undefined],
    ]);
  });

  it('as usual, in words or not, is the same request; otherwise it is another', async () => {
    const world = await makeWorld();
    await enqueue(world, request());
    const usual = { version: 1, priority: 'medium', acknowledge: true, exclusive: false, expiresAfterDeadline: false, replayable: true };
    expect((await enqueue(world, request(usual)))[0]).toMatchObject({ ok: true, created: false });
    for (const other of [{ acknowledge: false }, { exclusive: true }, { replayable: false }, { version: 2 }, { priority: 'low' }]) {
      expect((await enqueue(world, request(other)))[0]).toMatchObject({ ok: false, error: { code: 'IdempotencyConflict' } });
    }
    const late = { deadlineAt: '2026-12-24T09:00:00Z', idempotencyKey: 'late' };
    await enqueue(world, request(late));
    expect((await enqueue(world, request({ ...late, expiresAfterDeadline: true })))[0]).toMatchObject({ ok: false });
  });

  it('is left out of the digest where it is as usual: a request of the release before is known again', async () => {
    const world = await makeWorld();
    await enqueue(world, request({ maxAttempts: 3, deadlineAt: '2026-12-24T09:00:00Z' }));
    // As that release made it.
    const { request: digest } = await world.read(taskIdOf('billing', 'invoice-42'));
    expect(digest).toBe('ZHQ-bemjMLtad6UetcBZ0r');
  });
});

describe('dates', () => {
  it('a deadline that has passed, without a date, was due then', async () => {
    const world = await makeWorld();
    const [answer] = await enqueue(world, request({ deadlineAt: '2026-12-24T07:00:00Z' }));
    expect(answer).toMatchObject({ ok: true, dueAt: '2026-12-24T07:00:00.000Z', deadlineAt: '2026-12-24T07:00:00.000Z' });
  });

  it('a deadline to come, without a date, is due now', async () => {
    const world = await makeWorld();
    const [answer] = await enqueue(world, request({ deadlineAt: '2026-12-24T09:00:00Z' }));
    expect(answer).toMatchObject({ ok: true, dueAt: '2026-12-24T08:00:00.000Z' });
  });

  it('a delay counts from now', async () => {
    const world = await makeWorld();
    expect((await enqueue(world, request({ delayMs: DAY })))[0]).toMatchObject({ ok: true, dueAt: '2026-12-25T08:00:00.000Z' });
  });
});

describe('a payload', () => {
  const room = async (world: World) => {
    await enqueue(world, request({ payload: '', idempotencyKey: 'empty' }));
    const empty = await world.read(taskIdOf('billing', 'empty'));
    return NOTIFICATION_BYTES - bytesOf(bodyOf({ ...empty, claim: Number.MAX_SAFE_INTEGER, attempt: 100, leaseUntil: START }, START));
  };

  it.each([
    ['of one byte each', 'a', 1],
    ['of two', 'é', 2],
    ['of four', '🜁', 4],
    ['that JSON escapes', '\n', 2],
  ])('of characters %s fits to the byte', async (_, character, width) => {
    const world = await makeWorld();
    const bytes = await room(world);
    const fitting = character.repeat(Math.floor(bytes / width)) + 'a'.repeat(bytes % width);
    const [taken, over] = await enqueue(world, request({ payload: fitting }), request({ payload: `${fitting}a`, idempotencyKey: 'over' }));
    expect(taken).toMatchObject({ ok: true, created: true });
    expect(over).toMatchObject({
      ok: false,
      error: {
        code: 'PayloadTooLarge',
        field: 'tasks[1].payload',
        got: `${NOTIFICATION_BYTES + 1} bytes`,
        allowed: `at most ${NOTIFICATION_BYTES} bytes`,
      },
    });
    expect(await world.item(taskIdOf('billing', 'over'))).toBeUndefined();
  });
});
