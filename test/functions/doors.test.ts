import { describe, expect, it, vi } from 'vitest';
import type { Task } from '../../core/task.ts';
import { makeDoors } from './lambdas.ts';
import { MINUTE, newId, SECOND } from './world.ts';

const HOUR = 60 * MINUTE;

/** Beyond the beat in which a door rings once. */
const nextBeat = () => vi.setSystemTime(Date.now() + 2 * SECOND);

describe('the submit door', () => {
  it('stores tasks, shows them, names them next and lists them', async () => {
    const { enqueue, submit } = await makeDoors();
    const low = await enqueue({ priority: 'low' });
    const high = await enqueue({
      priority: 'high',
      expiresAfterDeadline: true,
      deadlineAt: '2199-01-01T00:00:00Z',
      exclusive: true,
      replayable: false,
    });
    expect(await submit({ action: 'get', id: high })).toMatchObject({
      ok: true,
      task: { id: high, state: 'scheduled', payload: { invoice: 42 }, exclusive: true, expiresAfterDeadline: true, replayable: false },
    });
    expect((await submit({ action: 'next' })).next).toMatchObject([{ id: high, priority: 'high', predictedAt: expect.any(String) }]);
    expect((await submit({ action: 'next', count: 25 })).next.map(({ id }: Task) => id)).toEqual([high, low]);
    const { tasks, cursor } = await submit({ action: 'list', limit: 1 });
    expect(tasks).toMatchObject([{ id: low, state: 'scheduled' }]);
    expect(await submit({ action: 'list', cursor })).toMatchObject({ ok: true, tasks: [{ id: high }] });
    expect(await submit({ action: 'list', state: 'completed' })).toMatchObject({
      ok: false,
      error: { code: 'BadRequest', field: 'state' },
    });
  });

  it('answers a batch in the order asked, one refusal among the taken', async () => {
    const { submit } = await makeDoors();
    const good = { name: 'a', idempotencyKey: 'k1' };
    const answer = await submit({ action: 'enqueueBatch', tasks: [good, { name: 'a' }, good] });
    expect(answer.results).toMatchObject([
      { ok: true, created: true },
      { ok: false, error: { code: 'BadRequest', field: 'tasks[1].idempotencyKey' } },
      { ok: true, created: false },
    ]);
  });

  it('rings for a task that is near, and not for one that is not', async () => {
    const { enqueue, rings } = await makeDoors();
    await enqueue({ delayMs: 10 * MINUTE });
    expect(await rings()).toBe(0);
    await enqueue({ delayMs: 30 * SECOND });
    expect(await rings()).toBe(1);
  });

  it('leaves out of what is next what an operator has paused', async () => {
    const { enqueue, submit, operate } = await makeDoors();
    await enqueue({ name: 'remind' });
    const id = await enqueue({ priority: 'low' });
    await operate({ action: 'pause', app: 'billing', name: 'remind' });
    expect((await submit({ action: 'next', count: 2 })).next).toMatchObject([{ id }]);
    await operate({ action: 'pause', app: 'billing' });
    expect(await submit({ action: 'next' })).toMatchObject({ ok: true, next: [] });
  });

  it('does nothing to another app’s task: it is not there', async () => {
    const { submit, world } = await makeDoors();
    const other = { ...world.task(), id: newId('mail'), app: 'mail' };
    await world.put(other);
    for (const action of ['get', 'explain', 'cancel', 'reschedule', 'reprioritize', 'moveToFront', 'replay']) {
      const parts = action === 'reprioritize' ? { priority: 'low' } : {};
      expect(await submit({ action, id: other.id, ...parts })).toMatchObject({ ok: false, error: { code: 'NotFound', field: 'id' } });
    }
    expect(await world.read(other.id)).toEqual(other);
  });
});

describe.each(['submit', 'operate'] as const)('one task, by the %s door', (name) => {
  it('is moved, given another level, put to the front and cancelled; each is the same the second time', async () => {
    const doors = await makeDoors();
    const [ask, id] = [doors[name], await doors.enqueue({ deadlineAt: '2199-01-01T00:00:00Z' })];
    const twice = async (request: object) => {
      const [first, second] = [await ask({ id, ...request }), await ask({ id, ...request })];
      expect(second).toEqual(first);
      return first;
    };
    expect(await twice({ action: 'reschedule', dueAt: '2198-01-01T00:00:00Z', deadlineAt: null })).toMatchObject({
      ok: true,
      task: { dueAt: '2198-01-01T00:00:00.000Z' },
    });
    expect((await ask({ action: 'get', id })).task).not.toHaveProperty('deadlineAt');
    expect(await ask({ action: 'moveToFront', id })).toMatchObject({
      ok: false,
      error: { code: 'WrongState', message: expect.stringContaining('due at 2198-01-01T00:00:00.000Z'), allowed: 'a task that is due' },
    });
    expect(await ask({ action: 'reschedule', id, dueAt: '2198-01-01T00:00:00Z', delayMs: 1 })).toMatchObject({
      error: { code: 'BadRequest', field: 'delayMs' },
    });
    expect(await ask({ action: 'reschedule', id, deadlineAt: '2020-01-01T00:00:00Z' })).toMatchObject({
      error: { code: 'BadRequest', field: 'deadlineAt' },
    });
    expect(await twice({ action: 'reprioritize', priority: 'low' })).toMatchObject({ ok: true, task: { priority: 'low' } });
    await ask({ action: 'reschedule', id, delayMs: 0 });
    expect(await ask({ action: 'moveToFront', id })).toMatchObject({ ok: true, task: { position: 'front' } });
    expect(await twice({ action: 'cancel' })).toMatchObject({ ok: true, task: { state: 'cancelled' } });
    expect(await ask({ action: 'reschedule', id, delayMs: 1 })).toMatchObject({
      ok: false,
      error: { code: 'WrongState', got: 'cancelled', allowed: 'scheduled' },
    });
  });

  it('moved to the front goes before all that are there already', async () => {
    const doors = await makeDoors();
    const [first, second] = [await doors.enqueue({ position: 'front' }), await doors.enqueue()];
    const front = async () => (await doors.submit({ action: 'next', count: 2 })).next.map(({ id }: Task) => id);
    expect(await front()).toEqual([first, second]);
    await doors[name]({ action: 'moveToFront', id: second });
    expect(await front()).toEqual([second, first]);
    await doors[name]({ action: 'moveToFront', id: first });
    expect(await front()).toEqual([first, second]);
  });

  it('that waits near now is rung for after each change', async () => {
    const doors = await makeDoors();
    const id = await doors.enqueue({ delayMs: HOUR });
    for (const request of [
      { action: 'reschedule', delayMs: 10 },
      { action: 'reprioritize', priority: 'high' },
      { action: 'moveToFront' },
    ]) {
      const before = await doors.rings();
      nextBeat();
      expect(await doors[name]({ id, ...request })).toMatchObject({ ok: true });
      expect(await doors.rings()).toBe(before + 1);
    }
    const before = await doors.rings();
    nextBeat();
    await doors[name]({ action: 'cancel', id });
    expect(await doors.rings()).toBe(before);
    await doors[name]({ action: 'replay', id });
    nextBeat();
    // Once more where the answer was lost: whoever replayed it may have died before it rang.
    await doors[name]({ action: 'replay', id });
    expect(await doors.rings()).toBe(before + 2);
    nextBeat();
    await doors[name]({ action: 'get', id });
    await doors[name]({ action: 'reschedule', id, delayMs: HOUR });
    expect(await doors.rings()).toBe(before + 2);
  });

  it('is replayed with its own payload or another, now or later, if it may be', async () => {
    const doors = await makeDoors();
    const ask = doors[name];
    const id = await doors.enqueue();
    expect(await ask({ action: 'replay', id })).toMatchObject({
      ok: false,
      error: { code: 'WrongState', got: 'scheduled', allowed: 'dead or cancelled or completed' },
    });
    await ask({ action: 'cancel', id });
    expect(await ask({ action: 'replay', id, payload: { deep: { at: Number.NaN } } })).toMatchObject({
      ok: false,
      error: { code: 'BadRequest', field: 'payload.deep.at' },
    });
    const large = await ask({ action: 'replay', id, payload: 'x'.repeat(262_144) });
    expect(large).toMatchObject({ ok: false, error: { code: 'PayloadTooLarge', field: 'payload' } });
    expect((await ask({ action: 'get', id })).task).toMatchObject({ state: 'cancelled', payload: { invoice: 42 } });
    const replayed = await ask({ action: 'replay', id, payload: [43], dueAt: '2199-01-01T00:00:00Z' });
    expect(replayed).toMatchObject({
      ok: true,
      task: { state: 'scheduled', payload: [43], dueAt: '2199-01-01T00:00:00.000Z', attempt: 0 },
    });
    expect(replayed.task.timeline.at(-1).text).toBe('replayed');
    await ask({ action: 'cancel', id });
    const arrival = (await doors.world.read(id)).arrival;
    expect((await ask({ action: 'replay', id, payload: null })).task.payload).toBeNull();
    expect((await doors.world.read(id)).arrival).toBeGreaterThan(arrival);

    const once = await doors.enqueue({ replayable: false });
    await ask({ action: 'cancel', id: once });
    expect(await ask({ action: 'replay', id: once })).toMatchObject({ ok: false, error: { code: 'WrongState', got: 'replayable: false' } });
  });

  it('is explained in a sentence: by its date, its place, what is paused, what is out, its end', async () => {
    const doors = await makeDoors({ maxInFlight: 1 });
    const explain = async (id: string) => (await doors[name]({ action: 'explain', id })).text;
    const [first, second, later] = [
      await doors.enqueue({ priority: 'high' }),
      await doors.enqueue(),
      await doors.enqueue({ dueAt: '2199-01-01T00:00:00Z' }),
    ];
    expect(await explain(later)).toContain('2199-01-01T00:00:00.000Z');
    expect(await explain(first)).toContain('and next');
    expect(await explain(second)).toContain('1 ahead of it');
    await doors.operate({ action: 'pause', app: 'billing', name: 'send-invoice' });
    expect(await explain(second)).toContain('paused');
    expect(await explain(later)).toContain('paused');
    await doors.operate({ action: 'resume', app: 'billing', name: 'send-invoice' });
    const out = await doors.claimed();
    expect(await explain(out.id)).toContain('Leased');
    expect(await explain(first)).not.toContain('limit');
    await doors.putOut(out);
    expect(await explain(first)).toContain('in-flight limit (1 of 1 out)');
    await doors.submit({ action: 'cancel', id: first });
    expect(await doors[name]({ action: 'explain', id: first })).toMatchObject({
      ok: true,
      id: first,
      state: 'cancelled',
      text: expect.stringContaining('Cancelled'),
    });
  });

  it('that nobody can read, that has expired, or that never was, is refused with its reason', async () => {
    const { world, ...doors } = await makeDoors();
    const [damaged, expired] = [world.task(), world.task()];
    await world.put(damaged, { state: { S: 'asleep' } });
    await world.put({ ...expired, state: 'completed', expiresAtSeconds: Math.floor(Date.now() / 1_000) - 1 });
    for (const action of ['get', 'explain', 'cancel', 'replay']) {
      expect(await doors[name]({ action, id: damaged.id })).toMatchObject({
        ok: false,
        error: { code: 'WrongState', field: 'id', got: damaged.id, message: expect.stringContaining('cannot be read'), retryable: false },
      });
      expect(await doors[name]({ action, id: expired.id })).toMatchObject({ ok: false, error: { code: 'NotFound' } });
      expect(await doors[name]({ action, id: newId('billing') })).toMatchObject({ ok: false, error: { code: 'NotFound' } });
    }
  });
});
