import { describe, expect, it } from 'vitest';
import type { Task } from '../../core/task.ts';
import type { Fault, Faults } from './faults.ts';
import { claimCallsOf, entriesIn, nextTick, readyWorld, toldBy } from './runs.ts';
import { MINUTE, SECOND, START, type World } from './world.ts';

const LEASE = 5 * MINUTE;
const SKEW = 2 * SECOND;

/** A run that dies at the given call, and the minute until the next tick. */
async function crashAt(world: World, call: string, fault: Fault, options: Parameters<Faults['inject']>[2] = {}) {
  const process = world.process();
  process.faults.inject(call, fault, options);
  void world.run(process);
  await world.pass(1_500);
  process.crash();
  await world.pass(MINUTE - 1_500);
  return process;
}

describe('a run that dies', () => {
  it('between claim and notification: the next tells the task, under the same claim', async () => {
    const world = await readyWorld();
    const [task] = await world.enqueue({});
    await crashAt(world, 'PublishBatch', 'hangs');
    expect(await world.told()).toEqual([]);
    expect(await world.read(task?.id ?? '')).toMatchObject({ state: 'leased', claim: 1, rev: 2 });
    const { process } = await nextTick(world);
    expect(await world.told()).toMatchObject([{ id: task?.id, claim: 1 }]);
    expect(claimCallsOf(process)).toEqual([]);
    expect(await world.read(task?.id ?? '')).toMatchObject({ state: 'leased', claim: 1, rev: 2, leaseUntil: START + LEASE });
    expect(await entriesIn(world)).toMatchObject([{ id: task?.id, published: true }]);
  });

  it('without a word may still write for as long as its Lambda can live: the slots are looked at again after that', async () => {
    const world = await readyWorld();
    await world.enqueue({});
    await crashAt(world, 'PublishBatch', 'hangs');
    await nextTick(world);
    expect((await world.seat.read()).sweepAt).toBe(START + 100 * SECOND + MINUTE);
  });

  it('leaves slots that cannot be read at once: they are read at the next turn', async () => {
    const world = await readyWorld();
    const [task] = await world.enqueue({});
    await crashAt(world, 'PublishBatch', 'hangs');
    const process = world.process();
    process.faults.inject('BatchGetItem', 'not sent');
    await world.finish(world.run(process));
    expect(await world.told()).toMatchObject([{ id: task?.id, claim: 1 }]);
  });

  it('after SNS took the notification, before anybody knew: it is told twice under one claim, rather than never', async () => {
    const world = await readyWorld();
    const [task] = await world.enqueue({});
    await crashAt(world, 'PublishBatch', 'answer hangs');
    await nextTick(world);
    expect(await world.told()).toMatchObject([
      { id: task?.id, claim: 1 },
      { id: task?.id, claim: 1 },
    ]);
  });

  it('between slot and claim: the next adopts the task, and claims it once', async () => {
    const world = await readyWorld();
    const [task] = await world.enqueue({});
    await crashAt(world, 'BatchExecuteStatement', 'hangs');
    expect(await world.read(task?.id ?? '')).toMatchObject({ state: 'scheduled', claim: 0 });
    expect(await entriesIn(world)).toMatchObject([{ id: task?.id, published: false }]);
    const { process } = await nextTick(world);
    expect(claimCallsOf(process)).toEqual([[task?.id]]);
    expect(await world.told()).toMatchObject([{ id: task?.id, claim: 1 }]);
    expect(await entriesIn(world)).toMatchObject([{ id: task?.id, published: true }]);
  });

  it('between slot and claim of a task that was cancelled meanwhile: its place is free again', async () => {
    const world = await readyWorld({ maxInFlight: 1 });
    const [task] = await world.enqueue({});
    await crashAt(world, 'BatchExecuteStatement', 'hangs');
    await world.store.act(task?.id ?? '', { type: 'cancel' }, world.clock.now(), world.settings);
    const [next] = await world.enqueue({});
    await nextTick(world);
    expect(await world.told()).toMatchObject([{ id: next?.id, claim: 1 }]);
    expect(await entriesIn(world)).toMatchObject([{ id: next?.id }]);
  });

  it('after its notifications, before its leave: the next knows what the slots say, and tells the rest again', async () => {
    const world = await readyWorld();
    await world.enqueue({}, {});
    await crashAt(world, 'UpdateItem', 'hangs', {
      when: ({ input }: { input: { UpdateExpression: string } }) => input.UpdateExpression.includes('#left'),
    });
    const { process } = await nextTick(world);
    expect(toldBy(process)).toEqual([]);
    expect(await world.told()).toHaveLength(2);
  });

  it('is waited for no longer than three beats, and not at all once its time is over', async () => {
    const world = await readyWorld();
    await world.enqueue({});
    await crashAt(world, 'PublishBatch', 'hangs');
    const before = world.clock.now();
    const process = world.process();
    const run = world.run(process);
    await world.pass(3 * SECOND - 1);
    expect(toldBy(process)).toEqual([]);
    await world.pass(101);
    expect(toldBy(process)).toHaveLength(1);
    await world.finish(run);
    expect(before).toBe(START + MINUTE);

    const late = await readyWorld();
    await late.enqueue({});
    await crashAt(late, 'PublishBatch', 'hangs');
    await late.pass(MINUTE);
    const successor = late.process();
    const second = late.run(successor);
    await late.settle();
    expect(toldBy(successor)).toHaveLength(1);
    await late.finish(second);
  });

  // Every call that a run makes for these tasks, by its number; a run of more calls than these has nothing left to do.
  it.each(Array.from({ length: 16 }, (_, call) => call))('at its call %i: the next run does what is left, once', async (number) => {
    for (const fault of ['hangs', 'answer hangs'] as const) {
      const world = await readyWorld({ maxInFlight: 3 });
      const traits = ['unacknowledged'] as const;
      const tasks = await world.enqueue({}, { traits }, { dueAt: START + 300, traits });
      const ids = tasks.map(({ id }) => id).sort();
      const [out, ...done] = tasks as [Task, Task, Task];
      const dying = world.process();
      let calls = 0;
      for (const name of ['GetItem', 'Query', 'UpdateItem', 'BatchGetItem', 'BatchExecuteStatement', 'PublishBatch']) {
        dying.faults.inject(name, fault, { when: () => calls++ === number });
      }
      void world.run(dying);
      await world.pass(3 * SECOND);
      dying.crash();
      await world.pass(MINUTE);
      await nextTick(world);

      const told = await world.told();
      expect([...new Set(told.map(({ id }) => id))].sort()).toEqual(ids);
      expect(told.every(({ claim }) => claim === 1)).toBe(true);
      expect(await world.read(out.id)).toMatchObject({ state: 'leased', claim: 1, rev: 2 });
      for (const { id } of done) expect(await world.read(id)).toMatchObject({ state: 'completed', claim: 1, rev: 2 });
      expect((await entriesIn(world)).map(({ id }) => id)).toEqual([out.id]);
      await world.complete(out);
      // All places are free again.
      await world.enqueue({}, {}, {});
      await world.pass(LEASE + SKEW);
      await nextTick(world);
      expect(await world.told()).toHaveLength(3);
    }
  });
});

describe('faults that a run survives', () => {
  it.each<[string, string, Fault]>([
    ['a batch of claims without an answer', 'BatchExecuteStatement', 'answer lost for good'],
    ['a batch of claims that was not sent', 'BatchExecuteStatement', 'not sent'],
    ['a slot whose writing was not answered', 'UpdateItem', 'answer lost for good'],
    ['a slot that could not be written', 'UpdateItem', 'not sent'],
    ['slots that could not be read', 'BatchGetItem', 'not sent'],
    ['a notification without an answer', 'PublishBatch', 'answer lost for good'],
    ['a notification that was not sent', 'PublishBatch', 'not sent'],
  ])('%s', async (_, call, fault) => {
    const world = await readyWorld();
    await world.quietSeat();
    const [task] = await world.enqueue({});
    const process = world.process();
    const isSlot = ({ input }: { input: { Key?: { id: { S: string } } } }) => !input.Key || input.Key.id.S.includes('/slot/');
    process.faults.inject(call, fault, { when: isSlot });
    await world.finish(world.run(process));
    const told = await world.told();
    expect(new Set(told.map(({ id, claim }) => `${id} ${claim}`))).toEqual(new Set([`${task?.id} 1`]));
    expect(await world.read(task?.id ?? '')).toMatchObject({ state: 'leased', claim: 1, rev: 2 });
    expect(await entriesIn(world)).toMatchObject([{ id: task?.id, published: true }]);
  });

  it('a beat that could not read the seat is a beat missed, no more', async () => {
    const world = await readyWorld();
    await world.enqueue({ dueAt: START + 5_500 });
    const process = world.process();
    const run = world.run(process);
    await world.pass(1_500);
    process.faults.inject('GetItem', 'not sent', { times: 2 });
    const { published, latestMs } = await world.finish(run);
    expect(published).toBe(1);
    // Where a beat and the instant are one, the timer is set anew.
    expect(latestMs).toBeLessThanOrEqual(1);
  });

  it('a topic that takes nothing does not hold the seat: the run ends, and the next tells what it left', async () => {
    const world = await readyWorld();
    const [task] = await world.enqueue({});
    const process = world.process();
    process.faults.inject('PublishBatch', 'not sent', { times: 1_000 });
    await world.finish(world.run(process, { stayMs: 10 * SECOND }), 15 * SECOND);
    expect(process.timers).toBe(0);
    expect(await world.seat.read()).toMatchObject({ epoch: 2, left: 2 });
    const { summary } = await nextTick(world);
    expect(summary).toMatchObject({ stayed: true, claimed: 0, published: 1 });
    expect(await world.told()).toMatchObject([{ id: task?.id, claim: 1 }]);
  });
});
