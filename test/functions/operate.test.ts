import { describe, expect, it, vi } from 'vitest';
import { wire } from '../../contract/view.ts';
import type { Task } from '../../core/task.ts';
import { ErrorBook, type KeyedOccurrences } from '../../functions/failures/error-book.ts';
import { dead, FINGERPRINTS, given, makeDoors } from './lambdas.ts';
import { lease, putSlot } from './leases.ts';
import { MINUTE, newId, SECOND } from './world.ts';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('the operate door', () => {
  it('describes the apps that can be read, their valves, and the dispatcher', async () => {
    const { operate, putApp, world } = await makeDoors({ maxInFlight: 7 });
    await putApp('mail', { alarms: true });
    await operate({ action: 'pause', app: 'mail', name: 'remind' });
    await world.seat.take(await world.seat.read(), Date.UTC(2099, 0, 1), 0, 'n');
    const { apps, dispatcher } = await operate({ action: 'describe' });
    expect(apps.sort((a: { app: string }, b: { app: string }) => (a.app < b.app ? -1 : 1))).toMatchObject([
      { app: 'billing', maxInFlight: 7, policy: { maxAttempts: 2, leaseMs: 5 * MINUTE }, valve: { state: 'open' }, names: {} },
      { app: 'mail', alarms: true, maxInFlight: 500, valve: { state: 'open' }, names: { remind: { state: 'paused' } } },
    ]);
    expect(dispatcher).toEqual({ runs: 1, aliveUntil: '2099-01-01T00:00:00.000Z' });
  });

  it('refuses an app that is not there with those that are, whatever is asked; it may be there the next moment', async () => {
    const { operate, putApp } = await makeDoors();
    const refused = { ok: false, error: { code: 'NotFound', field: 'app', got: 'mail', allowed: 'billing' } };
    const actions = ['stats', 'next', 'list', 'versions', 'replayAll', 'errors', 'pause', 'resume'];
    for (const action of actions) expect(await operate({ action, app: 'mail' })).toMatchObject(refused);
    const id = newId('mail');
    expect(await operate({ action: 'get', id })).toMatchObject({ ok: false, error: { ...refused.error, field: 'id', got: id } });
    await putApp('mail');
    vi.setSystemTime(Date.now() + 10 * SECOND);
    for (const action of actions) expect(await operate({ action, app: 'mail' })).toMatchObject({ ok: true });
    expect(await operate({ action: 'stats', app: 'other' })).toMatchObject({ error: { allowed: 'billing, mail' } });
  });

  it('tells how an app stands: what waits, is due, is out, and is dead', async () => {
    const { operate, world } = await makeDoors({ shards: 2, maxInFlight: 60 });
    Object.assign(world.settings, { shards: 2 });
    const now = Date.now();
    const next = now + 50 * SECOND;
    await given(world, [
      { level: 'high', position: 'front' },
      { level: 'high', dueAt: now - HOUR },
      { level: 'high', dueAt: now + HOUR },
      { dueAt: now - DAY },
      { level: 'low', dueAt: next },
      { level: 'low', dueAt: next + 1 },
      dead(now - 1),
      dead(now - 13 * DAY),
      dead(now - 15 * DAY),
      { state: 'cancelled', endedAt: now },
    ]);
    const out = [world.task(), world.task(), world.task()].map((task) => lease(task, 0, now + MINUTE));
    await world.put(out[0] as Task);
    await world.put({ ...(out[1] as Task), state: 'completed', endedAt: now });
    await putSlot(world, 0, out);
    await operate({ action: 'pause', app: 'billing', name: 'remind' });
    await operate({ action: 'resume', app: 'billing', perMinute: 60 });
    const none = { count: 0, isMore: false };
    const all = (count: number) => ({ count, isMore: false });
    expect(await operate({ action: 'stats', app: 'billing' })).toEqual({
      v: 1,
      ok: true,
      app: 'billing',
      valve: { state: 'limited', perMinute: 60 },
      names: { remind: { state: 'paused' } },
      waiting: { high: all(3), medium: all(1), low: all(2) },
      due: { high: all(2), medium: all(1), low: none },
      oldestDueAt: wire(now - DAY),
      nextDueAt: wire(next),
      inFlight: 1,
      maxInFlight: 60,
      dead: all(2),
    });
  });

  it('counts as far as a bounded reading goes, and knows what is next behind it', async () => {
    const { operate, world } = await makeDoors({ shards: 40 });
    const now = Date.now();
    const many = (length: number, parts: object) => Array.from({ length }, () => parts);
    // All in the first shard: of 120 lanes each is read as far as 25 rows.
    await world.enqueue(
      ...many(20, { level: 'high', dueAt: now - MINUTE }),
      ...many(10, { level: 'high', dueAt: now + HOUR }),
      ...many(30, { dueAt: now - HOUR }),
      { dueAt: now + 30 * MINUTE },
      { level: 'low', dueAt: now + HOUR },
    );
    expect(await operate({ action: 'stats', app: 'billing' })).toMatchObject({
      waiting: { high: { count: 25, isMore: true }, medium: { count: 25, isMore: true }, low: { count: 1, isMore: false } },
      due: { high: { count: 20, isMore: false }, medium: { count: 25, isMore: true }, low: { count: 0, isMore: false } },
      oldestDueAt: wire(now - HOUR),
      nextDueAt: wire(now + 30 * MINUTE),
    });
    const found: Record<string, number> = {};
    let steps = 0;
    for (let cursor: string | undefined; steps === 0 || cursor; steps++) {
      const answer = await operate({ action: 'versions', app: 'billing', ...(cursor ? { cursor } : {}) });
      for (const { name, version, count } of answer.versions) found[`${name} ${version}`] = (found[`${name} ${version}`] ?? 0) + count;
      cursor = answer.cursor;
    }
    expect(found).toEqual({ 'send-invoice 1': 62 });
    expect(steps).toBeGreaterThan(3);
  });

  it('counts what waits or is out by name and version, and none twice', async () => {
    const { operate, world } = await makeDoors();
    await given(world, [
      { version: 2 },
      { version: 2, level: 'low' },
      { name: 'remind' },
      { name: 'remind', version: 3, dueAt: Date.now() + DAY },
      dead(Date.now()),
    ]);
    const out = [world.task({ version: 2 }), world.task({ version: 9 }), world.task({ version: 8 })].map((task) =>
      lease(task, 0, Date.now() + MINUTE),
    );
    await world.put(out[0] as Task);
    await world.put(out[1] as Task);
    await world.put({ ...(out[2] as Task), state: 'completed' });
    await world.put(world.task({ name: 'unreadable' }), { level: { S: 'urgent' } });
    // About to be claimed: it waits still.
    const [next] = (await given(world, [{ name: 'archive' }])) as [Task];
    await putSlot(world, 0, [...out, { ...next, rev: 2 }]);
    const first = await operate({ action: 'versions', app: 'billing' });
    const rest = await operate({ action: 'versions', app: 'billing', cursor: first.cursor });
    expect(first.versions).toEqual([
      { name: 'archive', version: 1, count: 1 },
      { name: 'remind', version: 1, count: 1 },
      { name: 'remind', version: 3, count: 1 },
      { name: 'send-invoice', version: 2, count: 2 },
    ]);
    expect(rest).toEqual({
      v: 1,
      ok: true,
      versions: [
        { name: 'send-invoice', version: 2, count: 1 },
        { name: 'send-invoice', version: 9, count: 1 },
      ],
    });
    const bad = await operate({ action: 'versions', app: 'billing', cursor: 'x' });
    expect(bad).toMatchObject({ ok: false, error: { code: 'BadRequest', field: 'cursor' } });
  });

  it('pauses and resumes, each the same the second time; what is resumed is rung for at once', async () => {
    const { operate, rings, world } = await makeDoors();
    const twice = async (request: object) => {
      const [first, second] = [await operate({ app: 'billing', ...request }), await operate({ app: 'billing', ...request })];
      expect(second).toEqual(first);
      return first;
    };
    expect(await twice({ action: 'pause' })).toEqual({ v: 1, ok: true, app: 'billing', valve: { state: 'paused' }, names: {} });
    expect(await twice({ action: 'pause', name: 'remind' })).toMatchObject({
      valve: { state: 'paused' },
      names: { remind: { state: 'paused' } },
    });
    expect(await rings()).toBe(0);
    expect(await twice({ action: 'resume' })).toMatchObject({ valve: { state: 'open' }, names: { remind: { state: 'paused' } } });
    // Within one beat too: a run that heard the first may have read what was paused then.
    expect(await rings()).toBe(2);
    expect(await twice({ action: 'resume', name: 'remind', perMinute: 6 })).toMatchObject({
      names: { remind: { state: 'limited', perMinute: 6 } },
    });
    expect(await rings()).toBe(4);
    expect((await world.seat.read()).settings).toBe(8);
  });
});

describe('recurring errors', () => {
  const seen = (fingerprint: string, at: number) =>
    ({
      app: 'billing',
      fingerprint,
      name: 'send-invoice',
      error: { name: 'E', message: 'm' },
      tasks: [{ id: newId('billing'), version: 3, isDead: true, key: `key-${at}` }],
    }) satisfies KeyedOccurrences;

  it('are listed, shown and resolved; one that is not there is refused', async () => {
    const { operate, world } = await makeDoors();
    const book = new ErrorBook(world.admin.dynamo, world.store);
    const now = Date.now();
    const first = seen(FINGERPRINTS[0], 1);
    await book.count(first, now - HOUR);
    await book.count(seen(FINGERPRINTS[1], 2), now);
    const shown = {
      fingerprint: FINGERPRINTS[0],
      app: 'billing',
      name: 'send-invoice',
      errorName: 'E',
      message: 'm',
      count: 1,
      deaths: 1,
      firstSeenAt: wire(now - HOUR),
      lastSeenAt: wire(now - HOUR),
      versions: [3],
      tasks: [first.tasks[0]?.id],
    };
    const { errors } = await operate({ action: 'errors', app: 'billing' });
    expect(errors).toHaveLength(2);
    expect(errors).toContainEqual(shown);
    const one = { app: 'billing', fingerprint: FINGERPRINTS[0] };
    expect(await operate({ action: 'error', ...one })).toEqual({ v: 1, ok: true, error: shown });
    const resolved = await operate({ action: 'resolveError', ...one });
    expect(resolved).toMatchObject({ ok: true, error: { ...shown, resolvedAt: expect.any(String) } });
    expect(await operate({ action: 'resolveError', ...one })).toEqual(resolved);
    for (const action of ['error', 'resolveError']) {
      expect(await operate({ action, app: 'billing', fingerprint: 'C'.repeat(22) })).toMatchObject({
        ok: false,
        error: { code: 'NotFound', field: 'fingerprint' },
      });
    }
    expect(await operate({ action: 'errors', app: 'billing', cursor: 'x' })).toMatchObject({
      ok: false,
      error: { code: 'BadRequest', field: 'cursor' },
    });
  });
});
