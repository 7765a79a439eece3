import { describe, expect, it } from 'vitest';
import { NOTIFICATION_BYTES } from '../../contract/limits.ts';
import { SUBMIT_ACTIONS, submitRequest } from '../../contract/submit.ts';
import { door } from '../../functions/door.ts';
import { enqueueAll } from '../../functions/enqueue.ts';
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
      { traits: { S: 'old' } },
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

  it('keeps the order of arrival, within a batch and a millisecond', async () => {
    const world = await makeWorld();
    const keys = Array.from({ length: 30 }, (_, i) => `key-${i}`);
    await enqueue(world, ...keys.map((idempotencyKey) => request({ idempotencyKey })));
    const arrivals = await Promise.all(keys.map(async (key) => (await world.read(taskIdOf('billing', key))).arrival));
    expect(arrivals).toEqual([...new Set(arrivals)].sort((a, b) => a - b));
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
    return NOTIFICATION_BYTES - bytesOf(bodyOf({ ...empty, claim: Number.MAX_SAFE_INTEGER, attempt: 100, leaseUntil: START }));
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

describe('bad input', () => {
  const bad: [string, object, string][] = [
    ['a position with a date', { position: 'front', dueAt: '2026-12-25T08:00:00Z' }, 'position'],
    ['a position with a delay', { position: 'back', delayMs: 1 }, 'position'],
    ['a date and a delay', { dueAt: '2026-12-25T08:00:00Z', delayMs: 1 }, 'delayMs'],
    ['a deadline before the date', { dueAt: '2026-12-25T08:00:00Z', deadlineAt: '2026-12-25T07:59:59Z' }, 'deadlineAt'],
    ['seconds for milliseconds', { dueAt: '1970-01-21T10:31:00Z' }, 'dueAt'],
    ['a zone that is none', { dueAt: { local: '2026-12-25T08:00', timeZone: 'Europe/Atlantis' } }, 'dueAt.timeZone'],
    [
      'a local time that is skipped',
      { dueAt: { local: '2026-03-29T02:30', timeZone: 'Europe/Paris', disambiguation: 'reject' } },
      'dueAt.disambiguation',
    ],
    ['29 February of a common year', { dueAt: '2027-02-29T08:00:00Z' }, 'dueAt'],
    ['another priority', { priority: 'High' }, 'priority'],
    ['no key', { idempotencyKey: undefined }, 'idempotencyKey'],
    ['a blank key', { idempotencyKey: ' ' }, 'idempotencyKey'],
    ['a slash in the name', { name: 'a/b' }, 'name'],
    ['an attempt too many', { maxAttempts: 101 }, 'maxAttempts'],
    ['a field that is not known', { dueat: '2026-12-25T08:00:00Z' }, 'dueat'],
    ['a payload that JSON would change', { payload: { when: Number.NaN } }, 'payload.when'],
    ['a payload too deep', { payload: Array.from({ length: 33 }).reduce((inner) => [inner], null) }, `payload${'[0]'.repeat(32)}`],
  ];

  it.each(bad)('%s is refused by the field’s name, and nothing is stored', async (_, parts, field) => {
    const world = await makeWorld();
    const [refused, good] = await enqueue(world, request(parts), request({ idempotencyKey: 'good' }));
    expect(refused).toMatchObject({ ok: false, error: { code: 'BadRequest', field: `tasks[0].${field}`, retryable: false } });
    expect(good).toMatchObject({ ok: true, created: true });
    expect(await world.rows()).toHaveLength(1);
  });

  it.each([null, 'x', 7, [], [request()]])('%j is no task', async (input) => {
    const world = await makeWorld();
    expect((await enqueue(world, input))[0]).toMatchObject({ ok: false, error: { code: 'BadRequest' } });
    expect(await world.rows()).toEqual([]);
  });

  it('a row that cannot be read refuses its own key alone', async () => {
    const world = await makeWorld();
    await enqueue(world, request());
    await world.put(await world.read(taskIdOf('billing', 'invoice-42')), { state: { S: 'asleep' } });
    const [damaged, good] = await enqueue(world, request(), request({ idempotencyKey: 'good' }));
    expect(damaged).toMatchObject({ ok: false, error: { code: 'Unavailable' } });
    expect(good).toMatchObject({ ok: true, created: true });
  });
});

describe('a door', () => {
  const open = (carryOut: () => Promise<object>) => door(submitRequest, SUBMIT_ACTIONS, carryOut);

  it('answers what was carried out', async () => {
    expect(await open(async () => ({ next: [] }))({ v: 1, action: 'next' })).toEqual({ v: 1, ok: true, next: [] });
  });

  it.each([
    [{ v: 1, action: 'enqueueAll' }, 'action', 'enqueue, enqueueBatch, get, next, cancel, reschedule'],
    [{ v: 2, action: 'next' }, 'v', '1, the version of this contract'],
    [{ v: 1, action: 'next', count: 26 }, 'count', 'a whole number from 1 to 25'],
    [{ v: 1, action: 'enqueueBatch', tasks: [] }, 'tasks', '1 to 100 tasks'],
    [{ v: 1, action: 'enqueueBatch', tasks: Array(101).fill({}) }, 'tasks', '1 to 100 tasks'],
    [{ v: 1, action: 'cancel', id: 'billing/slot/0' }, 'id', 'a task id'],
    [{ v: 1, action: 'cancel', id: '~seat' }, 'id', 'a task id'],
  ])('refuses %j before it carries anything out', async (event, field, allowed) => {
    const never = () => Promise.reject(new Error('carried out'));
    const answer = await open(never)(event);
    expect(answer).toMatchObject({ v: 1, ok: false, error: { code: 'BadRequest', field, allowed: expect.stringContaining(allowed) } });
  });

  it('never throws: what went wrong inside is Unavailable, without a word of it', async () => {
    const broken = open(() => Promise.reject(new Error('secret')));
    const answer = await broken({ v: 1, action: 'next' });
    expect(answer).toMatchObject({ ok: false, error: { code: 'Unavailable', retryable: true } });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });
});
