import { describe, expect, it } from 'vitest';
import { SEAT_ID } from '../../functions/seat.ts';
import { settingsId } from '../../functions/shards.ts';
import { callsOf, nextTick, readyWorld, toldBy } from './runs.ts';
import { MINUTE, makeWorld, newId, type Process, SECOND, START, type World } from './world.ts';

const LEASE = 5 * MINUTE;
const many = (count: number, parts: object = {}) => Array.from({ length: count }, () => parts);
const readsOfSettings = ({ faults }: Process) =>
  faults.count('BatchGetItem', ({ input }) => JSON.stringify(input.RequestItems).includes(settingsId('billing')));
const ids = (tasks: readonly { id: string }[]) => tasks.map(({ id }) => id);

/** The seconds, from the start, at which an app was told, of a run of a minute after another. */
async function toldSeconds(world: World, runs: number): Promise<number[]> {
  const seconds: number[] = [];
  for (let tick = 0; tick < runs; tick++) {
    const process = world.process();
    const before = async () => {
      seconds.push((world.clock.now() - START) / SECOND);
    };
    process.faults.inject('PublishBatch', { before }, { times: 1_000 });
    void world.run(process);
    await world.pass(MINUTE);
  }
  return seconds;
}

describe('a paused app', () => {
  it('is not claimed from and keeps no run; what is out is told, ends and expires as ever; resumed, it goes on within a beat', async () => {
    const world = await readyWorld();
    const [out] = await world.enqueue({});
    const dying = world.process();
    dying.faults.inject('PublishBatch', 'hangs');
    void world.run(dying);
    await world.pass(SECOND);
    dying.crash();
    await world.valves.set('billing', undefined, 'paused');
    // More than what one look at the lane shows.
    const waiting = await world.enqueue(...many(30));
    world.clock.set(START + MINUTE);
    const second = await nextTick(world);
    expect(toldBy(second.process)).toEqual([out?.id]);
    expect(second.summary).toMatchObject({ claimed: 0, published: 1 });

    world.clock.set(START + LEASE + 2 * SECOND);
    await nextTick(world);
    expect((await world.failures())[0]).toMatchObject({ type: 'expire', id: out?.id });
    await world.complete({ ...(out as NonNullable<typeof out>) });
    world.clock.set(START + 20 * MINUTE);
    await nextTick(world);
    // Nothing is out, nothing may be claimed.
    world.clock.set(START + 30 * MINUTE);
    expect((await nextTick(world)).summary).toMatchObject({ stayed: false });

    await world.valves.set('billing', undefined, undefined);
    const last = await nextTick(world);
    expect(toldBy(last.process)).toEqual(ids(waiting));
  });

  it('during a run is claimed from no more after the next beat, and again a beat after it was resumed', async () => {
    const world = await readyWorld();
    const tasks = await world.enqueue(...Array.from({ length: 30 }, (_, i) => ({ dueAt: START + i * 500 })));
    // Another app keeps the run.
    const mail = { ...world.settings, app: 'mail' };
    await world.put({ ...world.task({ dueAt: START + 50 * SECOND }), id: newId('mail'), app: 'mail' });
    const process = world.process();
    const run = world.run(process, { apps: [world.settings, mail] });
    await world.pass(3_100);
    await world.valves.set('billing', undefined, 'paused');
    // One beat until it hears, and what is claimed ahead is told at its instant.
    await world.pass(2_000);
    const told = toldBy(process).length;
    await world.pass(4_000);
    expect(toldBy(process)).toHaveLength(told);
    expect(told).toBeLessThanOrEqual(11);
    await world.valves.set('billing', undefined, undefined);
    await world.pass(1_000);
    expect(toldBy(process)).toEqual(ids(tasks).slice(0, toldBy(process).length));
    expect(toldBy(process).length).toBeGreaterThanOrEqual(20);
    await world.finish(run);
    expect(toldBy(process).slice(0, 30)).toEqual(ids(tasks));
  });

  it('costs an idle minute of a warm function no more than one that never was', async () => {
    const world = await readyWorld();
    await world.valves.set('billing', 'remind', 'paused');
    const process = world.process();
    await world.finish(world.run(process));
    expect(readsOfSettings(process)).toBe(1);
    process.faults.calls.length = 0;
    expect(await world.finish(world.run(process))).toMatchObject({ stayed: false });
    expect(callsOf(process)).toEqual({ GetItem: 1, Query: 3 });
    await world.valves.set('billing', 'remind', undefined);
    await world.finish(world.run(process));
    expect(readsOfSettings(process)).toBe(1);
  });

  it('is not claimed from by a run that cannot read what was set', async () => {
    const world = await readyWorld();
    await world.enqueue({});
    await world.valves.set('billing', undefined, 'paused');
    const process = world.process();
    process.faults.inject('BatchGetItem', 'not sent', { times: 3 });
    await expect(world.finish(world.run(process))).rejects.toThrow();
    expect(process.faults.count('BatchExecuteStatement')).toBe(0);
  });
});

describe('a paused task name', () => {
  it('is passed over, hundreds of it at the head of a lane too, and what is behind it is told in order', async () => {
    const world = await makeWorld({ maxInFlight: 50 });
    await world.valves.set('billing', 'remind', 'paused');
    const paused = await world.enqueue(...many(1_060, { name: 'remind', dueAt: START - MINUTE }));
    const behind = await world.enqueue(...many(30));
    const process = world.process();
    const run = world.run(process);
    await world.pass(2 * SECOND);
    expect(toldBy(process)).toEqual(ids(behind));
    expect(await world.finish(run)).toMatchObject({ published: 30 });
    // Once it has been passed over it keeps no run: this one has left.
    expect(world.clock.now()).toBeLessThan(START + 20 * SECOND);
    expect(await world.read(paused[0]?.id ?? '')).toMatchObject({ state: 'scheduled', claim: 0 });
    await world.valves.set('billing', 'remind', undefined);
    const resumed = world.process();
    void world.run(resumed);
    await world.pass(SECOND);
    expect(toldBy(resumed)).toEqual(ids(paused).slice(0, 20));
    resumed.crash();
  });
});

describe('a pause', () => {
  it('that is answered before a newcomer is rung for holds it, at whatever moment of the beat', async () => {
    const world = await makeWorld();
    await world.enqueue({ dueAt: START + 20 * SECOND });
    const process = world.process();
    void world.run(process);
    let told = 0;
    for (const ms of [100, 600]) {
      await world.pass(2 * SECOND + ms - (world.clock.now() % SECOND));
      await world.valves.set('billing', undefined, 'paused');
      await world.enqueue({});
      await world.seat.ring('billing', world.clock.now());
      await world.pass(2 * SECOND);
      expect(toldBy(process)).toHaveLength(told);
      await world.valves.set('billing', undefined, undefined);
      await world.pass(2 * SECOND);
      expect(toldBy(process)).toHaveLength(++told);
    }
    process.crash();
  });
});

describe('a rate', () => {
  it('of 60 a minute lets one go a second, from the instant on at which it was set, in order', async () => {
    const world = await readyWorld();
    await world.valves.set('billing', undefined, { perMinute: 60, since: START });
    const tasks = await world.enqueue(...many(40), { level: 'high' });
    const process = world.process();
    const run = world.run(process);
    await world.pass(999);
    expect(toldBy(process)).toEqual([]);
    for (let second = 1; second <= 10; second++) {
      await world.pass(second === 1 ? 1 : SECOND);
      expect(toldBy(process)).toHaveLength(second);
    }
    expect(toldBy(process)).toEqual([ids(tasks)[40], ...ids(tasks).slice(0, 9)]);
    // The lane is looked at for each that goes, not for each that waits.
    expect(process.faults.count('Query')).toBeLessThanOrEqual(12);
    process.crash();
    run.catch(() => {});
  });

  it('of one a minute lets one go a minute, at its instant, whichever run is there', async () => {
    const world = await makeWorld();
    await world.valves.set('billing', undefined, { perMinute: 1, since: START - 200 });
    await world.enqueue(...many(6));
    expect(await toldSeconds(world, 4)).toEqual([59.8, 119.8, 179.8, 239.8]);
    expect(await world.told()).toHaveLength(4);
  });

  it('of one a minute lets a newcomer wait for the next, though the run that used the last has left', async () => {
    const world = await readyWorld();
    await world.valves.set('billing', undefined, { perMinute: 1, since: START });
    await world.enqueue({});
    await nextTick(world);
    expect(await world.told()).toHaveLength(1);
    expect(world.clock.now()).toBeLessThan(START + 70 * SECOND);
    await world.enqueue({});
    const process = world.process();
    const run = world.run(process);
    await world.pass(START + 2 * MINUTE - 1 - world.clock.now());
    expect(toldBy(process)).toEqual([]);
    await world.pass(1);
    expect(toldBy(process)).toHaveLength(1);
    await world.finish(run);
  });

  it('that falls due while one run hands over to the next is used by the next', async () => {
    const world = await makeWorld();
    // Each grant comes in the beat in which the run of that minute has been superseded, and may not know it yet.
    await world.valves.set('billing', undefined, { perMinute: 1, since: START + 50 });
    await world.enqueue(...many(6));
    const seconds = await toldSeconds(world, 4);
    expect(seconds).toHaveLength(3);
    for (const [i, second] of seconds.entries()) {
      expect(second).toBeGreaterThanOrEqual((i + 1) * 60 + 0.05);
      expect(second).toBeLessThanOrEqual((i + 1) * 60 + 2);
    }
  });

  it('of a name passes that name over, and lets it go a beat after each grant, many of it at the head of a lane', async () => {
    const world = await readyWorld();
    await world.valves.set('billing', 'remind', { perMinute: 30, since: START });
    const slow = await world.enqueue(...many(250, { name: 'remind', dueAt: START - MINUTE }));
    const others = await world.enqueue(...many(40));
    const process = world.process();
    const run = world.run(process);
    await world.pass(1_900);
    expect(toldBy(process)).toEqual(ids(others));
    await world.pass(8_200);
    expect(toldBy(process).slice(40)).toEqual(ids(slow).slice(0, 5));
    expect(process.faults.count('Query')).toBeLessThan(30);
    process.crash();
    run.catch(() => {});
  });

  it('and the seat: a lost word of who took it is no handover', async () => {
    const world = await readyWorld();
    await world.enqueue({});
    const process = world.process();
    process.faults.inject('UpdateItem', 'answer lost', { when: ({ input }) => input.Key.id.S === SEAT_ID });
    const run = world.run(process);
    await world.settle();
    expect(toldBy(process)).toHaveLength(1);
    expect(await world.finish(run)).toMatchObject({ epoch: 2 });
    expect(await world.seat.read()).toMatchObject({ epoch: 2, left: 2 });
  });
});
