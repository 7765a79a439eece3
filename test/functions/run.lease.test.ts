import { describe, expect, it } from 'vitest';
import { callsOf, entriesIn, nextTick, readyWorld } from './runs.ts';
import { MINUTE, SECOND, START, type World } from './world.ts';

const LEASE = 5 * MINUTE;
const SKEW = 2 * SECOND;

describe('a lease that ended', () => {
  /** A task that was told and that nobody reported, at its lease's end. */
  async function unreported(world: World) {
    const [task] = await world.enqueue({});
    await nextTick(world);
    await world.told();
    world.clock.set(START + LEASE + SKEW);
    return task?.id ?? '';
  }

  it('is put on the bus, and what comes of it is told under a new claim', async () => {
    const world = await readyWorld();
    const id = await unreported(world);
    await world.finish(world.run(world.process(), { stayMs: 30 * SECOND }));
    expect(await world.failures()).toEqual([{ type: 'expire', id, claim: 1 }]);
    await world.store.act(id, { type: 'expire', claim: 1 }, world.clock.now(), world.settings);
    await nextTick(world);
    expect(await world.told()).toMatchObject([{ id, claim: 2 }]);
    expect(await entriesIn(world)).toMatchObject([{ id, rev: 3 }]);
  });

  it('is not put there a millisecond before its grace is over', async () => {
    const world = await readyWorld();
    await unreported(world);
    world.clock.set(START + LEASE + SKEW - 1);
    const process = world.process();
    const run = world.run(process);
    await world.settle();
    expect(process.faults.count('PutEvents')).toBe(0);
    await world.pass(SECOND);
    expect(process.faults.count('PutEvents')).toBe(1);
    await world.finish(run);
  });

  it('is put there at most once a minute, by one run or by several', async () => {
    const world = await readyWorld();
    await unreported(world);
    const puts: number[] = [];
    for (let tick = 0; tick < 4; tick++) {
      const process = world.process();
      const start = world.clock.now();
      await world.finish(world.run(process, { stayMs: 40 * SECOND }));
      puts.push(process.faults.count('PutEvents'));
      world.clock.set(Math.max(world.clock.now(), start + 30 * SECOND));
    }
    // Four runs in two and a half minutes.
    expect(puts.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(3);
    expect(puts.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(2);
    expect(await world.failures()).toHaveLength(puts.reduce((sum, count) => sum + count));
  });

  it('is looked at again where it was extended: nothing is put, and it is known when it ends', async () => {
    const world = await readyWorld();
    const id = await unreported(world);
    await world.store.act(id, { type: 'extend', claim: 1, leaseMs: LEASE }, world.clock.now(), world.settings);
    const { summary } = await nextTick(world);
    expect(summary).toMatchObject({ expired: 0 });
    expect((await world.seat.read()).sweepAt).toBe(START + LEASE + SKEW + LEASE + SKEW);
  });

  it('that was extended by a second has its grace from there', async () => {
    const world = await readyWorld();
    const id = await unreported(world);
    await world.store.act(id, { type: 'extend', claim: 1, leaseMs: LEASE }, START + SECOND, world.settings);
    const process = world.process();
    const run = world.run(process, { stayMs: 10 * SECOND });
    await world.settle();
    expect(process.faults.count('PutEvents')).toBe(0);
    await world.pass(SECOND);
    expect(process.faults.count('PutEvents')).toBe(1);
    await world.finish(run);
  });

  it('of a task that was reported frees its place and puts nothing', async () => {
    const world = await readyWorld();
    const id = await unreported(world);
    await world.store.act(id, { type: 'complete', claim: 1 }, world.clock.now(), world.settings);
    expect((await nextTick(world)).summary).toMatchObject({ expired: 0 });
    expect(await entriesIn(world)).toEqual([]);
    expect(await world.failures()).toEqual([]);
  });

  it('that the bus would not take is put there at the next turn', async () => {
    const world = await readyWorld();
    const id = await unreported(world);
    const process = world.process();
    process.faults.inject('PutEvents', {
      answer: (output) => Object.assign(output, { FailedEntryCount: 1, Entries: [{ ErrorCode: 'ThrottlingException' }] }),
    });
    process.faults.inject('PutEvents', 'not sent');
    await world.finish(world.run(process, { stayMs: 30 * SECOND }));
    expect(callsOf(process).PutEvents).toBe(3);
    expect((await world.failures()).every((request) => request.type === 'expire' && request.id === id && request.claim === 1)).toBe(true);
  });

  it('in a slot beyond a limit that was lowered is put on the bus like any other', async () => {
    const world = await readyWorld({ maxInFlight: 30 });
    const tasks = await world.enqueue(...Array.from({ length: 30 }, () => ({})));
    await nextTick(world);
    world.clock.set(START + LEASE + SKEW);
    const process = world.process();
    await world.finish(world.run(process, { apps: [{ ...world.settings, maxInFlight: 1 }] }));
    expect(new Set((await world.failures()).map(({ id }) => id))).toEqual(new Set(tasks.map(({ id }) => id)));
  });
});
