import { describe, expect, it } from 'vitest';
import type { FailureRequest } from '../../functions/bus.ts';
import { type FixtureRow, firstRelease, withLeaseUntil } from '../upgrade/firstRelease.ts';
import { failureWorld, message } from './failureWorld.ts';
import { makeDoors } from './lambdas.ts';
import { toldBy } from './runs.ts';
import { MINUTE, START } from './world.ts';

const DAY = 24 * 60 * MINUTE;
const { ids, rows, madeAt } = firstRelease();
const id = (name: string): string => ids[name] ?? '';
/** What a release to come may write into any row of ours. */
const EXTRA = { novelty: { M: { deep: { L: [{ N: '1' }, { NULL: true }] } } }, tags: { SS: ['a', 'b'] } };
const withExtra = (row: FixtureRow): FixtureRow => ({ ...row, ...EXTRA });

const RELEASES: [string, FixtureRow[], object][] = [
  ['the release before, which lack what is new', rows, {}],
  ['a release to come, which have what nobody here knows', rows.map(withExtra), EXTRA],
];

describe.each(RELEASES)('rows of %s', (_, written, extra) => {
  const put = (world: { replace(row: FixtureRow): Promise<void> }, all: readonly FixtureRow[]) => Promise.all(all.map(world.replace));

  it('are claimed, told, found expired, decided on and told again', async () => {
    const world = await failureWorld();
    await put(world, written);
    world.clock.set(Date.parse(madeAt) + 10 * MINUTE);
    const first = world.process();
    await world.finish(world.run(first));
    const due = ['high', 'deadline', 'waiting', 'retry', 'low'];
    expect(toldBy(first).sort()).toEqual(due.map(id).sort());
    const requests = await world.failures();
    const expired = requests.filter(({ type }) => type === 'expire');
    expect([...new Set(expired.map((one) => one.id))].sort()).toEqual([id('leased'), id('reported')].sort());
    const desk = world.desk();
    expect(await desk.settle(...requests.map((request: FailureRequest) => message(request)))).toEqual([]);
    expect(await world.read(id('leased'))).toMatchObject({ state: 'scheduled', deliveries: 1, attempt: 0 });

    world.goOn(MINUTE);
    const second = world.process();
    await world.finish(world.run(second));
    expect(toldBy(second).sort()).toEqual([id('leased'), id('reported')].sort());
    await world.complete(await world.read(id('leased')), 2);
    expect((await world.read(id('leased'))).state).toBe('completed');
    for (const { id: key } of rows) expect([key?.S, await world.item(key?.S ?? '')]).toEqual([key?.S, expect.objectContaining(extra)]);
  });

  it('are read, changed and reported on by the doors', async () => {
    const { world, submit, report, operate } = await makeDoors();
    await put(world, withLeaseUntil(written, id('reported'), Date.now() + DAY));
    for (const [name, key] of Object.entries(ids)) {
      const { task } = await submit({ action: 'get', id: key });
      const state = ['cancelled', 'completed', 'dead'].includes(name)
        ? name
        : ['leased', 'reported'].includes(name)
          ? 'leased'
          : 'scheduled';
      expect([name, task.state, task.name]).toEqual([name, state, 'work']);
      expect((await operate({ action: 'explain', id: key })).text).toMatch(/\.$/);
    }
    for (const [state, count] of [
      ['scheduled', 6],
      ['dead', 1],
      ['cancelled', 1],
    ] as const)
      expect((await operate({ action: 'list', app: 'billing', state })).tasks).toHaveLength(count);
    expect(await submit({ action: 'cancel', id: id('waiting') })).toMatchObject({ ok: true, task: { state: 'cancelled' } });
    expect(await submit({ action: 'reprioritize', id: id('low'), priority: 'high' })).toMatchObject({
      ok: true,
      task: { priority: 'high' },
    });
    expect(await submit({ action: 'reschedule', id: id('high'), delayMs: DAY })).toMatchObject({ ok: true, task: { state: 'scheduled' } });
    expect(await submit({ action: 'replay', id: id('dead') })).toMatchObject({ ok: true, task: { state: 'scheduled', attempt: 0 } });
    const claim = { id: id('reported'), claim: 1 };
    expect(await report({ action: 'extend', ...claim, leaseMs: MINUTE })).toMatchObject({ ok: true });
    expect(await report({ action: 'complete', ...claim })).toMatchObject({ ok: true });
    for (const { id: key } of rows) expect([key?.S, await world.item(key?.S ?? '')]).toEqual([key?.S, expect.objectContaining(extra)]);
  });
});

describe('a task 400 days ahead', () => {
  it('has no time to live while it waits, nor once it was replayed; it is told at its date', async () => {
    const world = await failureWorld();
    const dueAt = START + 400 * DAY;
    const [far] = await world.enqueue({ dueAt });
    if (!far) throw new Error('a task');
    const timeToLive = async () => (await world.item(far.id))?.expiresAtSeconds;
    expect(await timeToLive()).toBeUndefined();
    await world.store.act(far.id, { type: 'cancel' }, START, world.settings);
    expect(await timeToLive()).toEqual({ N: String((START + world.settings.retentionMs) / 1_000) });
    await world.store.act(far.id, { type: 'replay', arrival: far.arrival, dueAt }, START + DAY, world.settings);
    expect(await timeToLive()).toBeUndefined();

    world.clock.set(dueAt - MINUTE - 10_000);
    const process = world.process();
    const run = world.run(process);
    await world.pass(MINUTE + 9_000);
    expect(toldBy(process)).toEqual([]);
    await world.pass(2_000);
    expect(toldBy(process)).toEqual([far.id]);
    process.crash();
    await run.catch(() => {});
  });
});
