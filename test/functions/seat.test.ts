import { describe, expect, it } from 'vitest';
import { MINUTE, makeWorld, SECOND, START } from './world.ts';

const HOUR = 60 * MINUTE;

describe('the seat', () => {
  it('that nobody ever took is empty', async () => {
    const world = await makeWorld();
    expect(await world.seat.read()).toEqual({
      epoch: 0,
      left: 0,
      ceded: 0,
      aliveUntil: 0,
      sweepAt: 0,
      unsureUntil: 0,
      wokenAt: 0,
      rings: 0,
      takenBy: '',
      usedUntil: 0,
      deal: '1',
      dispatchers: 1,
      settings: 0,
      rung: new Map(),
    });
  });

  it('is taken by one of two who saw it the same, the first time and every time', async () => {
    const world = await makeWorld();
    for (let epoch = 0; epoch < 3; epoch++) {
      const before = await world.seat.read();
      const took = await Promise.all([1, 2, 3].map((i) => world.process().seat.take(before, START + i * MINUTE, START, `run-${i}`)));
      expect(took.filter(Boolean)).toHaveLength(1);
      const winner = took.indexOf(true) + 1;
      expect(await world.seat.read()).toMatchObject({ epoch: epoch + 1, aliveUntil: START + winner * MINUTE, unsureUntil: START });
    }
  });

  it('is left for good: the time of the next sweep stays, nobody is alive', async () => {
    const world = await makeWorld();
    await world.seat.take(await world.seat.read(), START + MINUTE, 0, 'run');
    expect(await world.seat.leave(1, START + HOUR, 0, 0)).toBe(true);
    expect(await world.seat.read()).toMatchObject({ epoch: 1, left: 1, aliveUntil: 0, sweepAt: START + HOUR });
  });

  it.each(['answer lost', 'answer lost for good'] as const)('is left though the answer is lost: %s', async (fault) => {
    const world = await makeWorld();
    const { seat, faults } = world.process();
    await seat.take(await seat.read(), START + MINUTE, 0, 'run');
    faults.inject('UpdateItem', fault);
    await seat.leave(1, START + HOUR, 0, 0).catch(() => {});
    expect(await world.seat.read()).toMatchObject({ left: 1, aliveUntil: 0 });
  });

  it('is not left by a run that has not heard the last ring', async () => {
    const world = await makeWorld();
    await world.seat.take(await world.seat.read(), START + MINUTE, 0, 'run');
    const heard = await world.seat.read();
    expect(await world.process().seat.ring('billing', START + SECOND)).toMatchObject({ aliveUntil: START + MINUTE, rings: 1 });
    expect(await world.seat.leave(1, START + HOUR, 0, heard.rings)).toBe(false);
    expect(await world.seat.read()).toMatchObject({ left: 0, aliveUntil: START + MINUTE, rung: new Map([['billing', START + SECOND]]) });
    expect(await world.seat.leave(1, START + HOUR, 0, 1)).toBe(true);
  });

  it('is not left by a run that heard one ring of two', async () => {
    const world = await makeWorld();
    await world.seat.take(await world.seat.read(), START + MINUTE, 0, 'run');
    await world.seat.ring('billing', START);
    const { rings } = await world.seat.read();
    await world.seat.ring('billing', START);
    expect(await world.seat.leave(1, START + HOUR, 0, rings)).toBe(false);
    expect(await world.seat.leave(1, START + HOUR, 0, undefined)).toBe(true);
  });

  it('is rung for by several apps at the same moment, none of them unheard', async () => {
    const world = await makeWorld();
    const apps = ['billing', 'mail', 'a-b-1'];
    await Promise.all(apps.map((app, i) => world.process().seat.ring(app, START + i)));
    expect(await world.seat.read()).toMatchObject({ rings: 3, rung: new Map(apps.map((app, i) => [app, START + i])) });
  });

  it('is not left by a run that was superseded; that one says only that it has nothing in hand', async () => {
    const world = await makeWorld();
    await world.seat.take(await world.seat.read(), START + MINUTE, 0, 'run');
    await world.seat.take(await world.seat.read(), START + 2 * MINUTE, 0, 'run');
    expect(await world.seat.leave(1, START + HOUR, 0, 0)).toBe(false);
    expect(await world.seat.read()).toMatchObject({ epoch: 2, left: 0, aliveUntil: START + 2 * MINUTE, sweepAt: 0 });
    await world.seat.leaveToSuccessor(1, 0);
    expect(await world.seat.read()).toMatchObject({ epoch: 2, left: 1, aliveUntil: START + 2 * MINUTE });
  });

  it('once left by a later run is not touched by a word of an earlier one', async () => {
    const world = await makeWorld();
    await world.seat.take(await world.seat.read(), START + MINUTE, 0, 'run');
    await world.seat.take(await world.seat.read(), START + 2 * MINUTE, 0, 'run');
    await world.seat.leave(2, START + HOUR, 0, 0);
    await world.seat.leaveToSuccessor(1, 0);
    expect((await world.seat.read()).left).toBe(2);
  });

  it('lets one of all who find nobody wake the dispatcher, and another only after a while', async () => {
    const world = await makeWorld();
    const wake = (now: number) => world.process().seat.wake(now, now - 3 * SECOND);
    const woke = await Promise.all([wake(START), wake(START + 1), wake(START + 2)]);
    expect(woke.filter(Boolean)).toHaveLength(1);
    expect(await wake(START + 3 * SECOND)).toBe(false);
    expect(await wake(START + 3 * SECOND + 3)).toBe(true);
  });
});
