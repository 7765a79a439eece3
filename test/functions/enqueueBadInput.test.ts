import { describe, expect, it } from 'vitest';
import { SUBMIT_ACTIONS, submitRequest } from '../../contract/submit.ts';
import { door } from '../../functions/doors/door.ts';
import { enqueueAll } from '../../functions/doors/enqueue.ts';
import { taskIdOf } from '../../functions/identity.ts';
import { UnreadableRow } from '../../functions/rows.ts';
import { MINUTE, makeWorld, type World } from './world.ts';

const _DAY = 24 * 60 * MINUTE;

function enqueue(world: World, ...requests: unknown[]) {
  return enqueueAll(world.store, world.settings, requests, world.clock.now(), (i) => (requests.length > 1 ? `tasks[${i}]` : ''));
}

const request = (parts: object = {}) => ({ name: 'send-invoice', idempotencyKey: 'invoice-42', payload: { invoice: 42 }, ...parts });

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
    ['an end after a deadline that is none', { expiresAfterDeadline: true, dueAt: '2026-12-25T08:00:00Z' }, 'expiresAfterDeadline'],
    ['one holder of no lease', { acknowledge: false, exclusive: true }, 'exclusive'],
    ['a word for yes', { acknowledge: 'yes' }, 'acknowledge'],
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
    expect(damaged).toMatchObject({
      ok: false,
      error: { code: 'WrongState', message: expect.stringContaining('cannot be read'), retryable: false },
    });
    expect(good).toMatchObject({ ok: true, created: true });
  });
});

describe('a door', () => {
  const open = (carryOut: () => Promise<object>) => door(submitRequest, SUBMIT_ACTIONS, carryOut);

  it('answers what was carried out', async () => {
    expect(await open(async () => ({ next: [] }))({ v: 1, action: 'next' })).toEqual({ v: 1, ok: true, next: [] });
  });

  it.each([
    [{ v: 1, action: 'enqueueAll' }, 'action', 'enqueue, enqueueBatch, next, list, get, explain, cancel'],
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

  it('says of a row that cannot be read that to ask again would not help', async () => {
    const broken = open(() => Promise.reject(new UnreadableRow('billing/x')));
    expect(await broken({ v: 1, action: 'next' })).toMatchObject({
      ok: false,
      error: { code: 'WrongState', field: 'id', got: 'billing/x', retryable: false, message: expect.stringContaining('set aside') },
    });
  });

  it('never throws: what went wrong inside is Unavailable, without a word of it', async () => {
    const broken = open(() => Promise.reject(new Error('secret')));
    const answer = await broken({ v: 1, action: 'next' });
    expect(answer).toMatchObject({ ok: false, error: { code: 'Unavailable', retryable: true } });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });
});
