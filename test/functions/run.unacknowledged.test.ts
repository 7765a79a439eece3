import { describe, expect, it } from 'vitest';
import { callsOf, entriesIn, nextTick, readyWorld, toldBy } from './runs.ts';
import { MINUTE, SECOND, START } from './world.ts';

const LEASE = 5 * MINUTE;
const UNACKNOWLEDGED = { traits: ['unacknowledged'] } as const;
const refusal = (SenderFault: boolean) => ({
  answer: (output: { Failed?: object[]; Successful?: object[] }) => {
    output.Failed = [{ Id: '0', Code: 'InvalidParameter', Message: 'too long', SenderFault }];
  },
});

describe('a task that nobody need acknowledge', () => {
  it('is completed by its claim, told, and its place is free at once, for the next of them in the same run', async () => {
    const world = await readyWorld({ maxInFlight: 1 });
    const tasks = await world.enqueue(UNACKNOWLEDGED, { ...UNACKNOWLEDGED, dueAt: START + 300 }, UNACKNOWLEDGED);
    const { process, summary } = await nextTick(world);
    expect(summary).toMatchObject({ claimed: 3, published: 3, expired: 0 });
    expect((await world.told()).map(({ id, claim, acknowledge }) => ({ id, claim, acknowledge }))).toEqual(
      [0, 2, 1].map((i) => ({ id: tasks[i]?.id, claim: 1, acknowledge: false })),
    );
    for (const { id } of tasks) expect(await world.read(id)).toMatchObject({ state: 'completed', claim: 1, rev: 2 });
    expect(await entriesIn(world)).toEqual([]);
    expect((await world.seat.read()).sweepAt).toBeGreaterThan(START + LEASE);
    // One write a task, and nobody looks at it again.
    expect(callsOf(process).BatchExecuteStatement).toBe(3);
    world.clock.set(START + LEASE + 10 * SECOND);
    await nextTick(world);
    expect(await world.failures()).toEqual([]);
    expect(await world.told()).toEqual([]);
  });

  it('is held in its place until SNS has accepted it, also after its lease would have ended, and told then', async () => {
    const world = await readyWorld();
    const [task] = await world.enqueue(UNACKNOWLEDGED);
    const process = world.process();
    process.faults.inject('PublishBatch', 'not sent', { times: 1_000 });
    await world.finish(world.run(process, { stayMs: 10 * SECOND }), 15 * SECOND);
    expect(await entriesIn(world)).toMatchObject([{ id: task?.id, published: false }]);
    world.clock.set(START + 3 * LEASE);
    const second = world.process();
    second.faults.inject('PublishBatch', 'not sent', { times: 3 });
    expect(await world.finish(world.run(second))).toMatchObject({ claimed: 0, expired: 0, published: 1, refused: 3 });
    expect(await world.told()).toMatchObject([{ id: task?.id, claim: 1 }]);
    expect(await world.failures()).toEqual([]);
    expect(await entriesIn(world)).toEqual([]);
  });

  it('that SNS will not take as it is keeps its place, and is told under a new claim once it waits again', async () => {
    const world = await readyWorld({ listCompleted: true });
    const [task] = await world.enqueue(UNACKNOWLEDGED);
    const id = task?.id ?? '';
    const process = world.process();
    process.faults.inject('PublishBatch', refusal(true));
    const run = world.run(process, { stayMs: 30 * SECOND });
    await world.pass(5 * SECOND);
    expect(process.faults.count('PublishBatch')).toBe(1);
    const [request] = await world.failures();
    const error = { name: 'NotificationRefused', message: 'SNS refused the notification: InvalidParameter: too long' };
    expect(request).toEqual({ type: 'refuse', id, claim: 1, error });
    await world.told();
    await world.finish(run);
    expect(await entriesIn(world)).toMatchObject([{ id, published: false }]);
    await world.store.act(id, { type: 'refuse', claim: 1, error, random: 0 }, world.clock.now(), world.settings);
    expect(await world.read(id)).toMatchObject({ state: 'scheduled', deliveries: 1 });
    await nextTick(world);
    expect(await world.told()).toMatchObject([{ id, claim: 2 }]);
    expect(await entriesIn(world)).toEqual([]);
  });

  it('told by a run that another supersedes meanwhile is lost by neither', async () => {
    const world = await readyWorld();
    const tasks = await world.enqueue(...Array.from({ length: 60 }, (_, i) => ({ ...UNACKNOWLEDGED, dueAt: START + i * 100 })));
    const [old, young] = [world.process(), world.process()];
    const first = world.run(old);
    await world.pass(2_150);
    const second = world.run(young);
    await world.finish(first);
    await world.finish(second);
    expect(new Set([...toldBy(old), ...toldBy(young)])).toEqual(new Set(tasks.map(({ id }) => id)));
    expect(await entriesIn(world)).toEqual([]);
  });
});
