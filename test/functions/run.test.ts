import { describe, expect, it } from 'vitest';
import { deadlineLane } from '../../core/lanes.ts';
import { SEAT_ID } from '../../functions/seat.ts';
import type { Call } from './faults.ts';
import { callsOf, claimCallsOf, entriesIn, toldBy } from './runs.ts';
import { MINUTE, makeWorld, newId, SECOND, START } from './world.ts';

const HOUR = 60 * MINUTE;
const LEASE = 5 * MINUTE;
const many = (count: number, parts: object = {}) => Array.from({ length: count }, () => parts);

describe('a tick', () => {
  it('of an idle queue reads the seat and three lanes for each app, and writes nothing', async () => {
    const world = await makeWorld();
    await world.quietSeat();
    await world.enqueue({ dueAt: START + HOUR });
    const before = await world.seat.read();
    const process = world.process();
    const apps = [world.settings, { ...world.settings, app: 'mail' }];
    expect(await world.finish(world.run(process, { apps }))).toMatchObject({ stayed: false, claimed: 0, published: 0 });
    expect(callsOf(process)).toEqual({ GetItem: 1, Query: 6 });
    expect(process.faults.calls.find(({ name }) => name === 'GetItem')?.input.Key).toEqual({ id: { S: SEAT_ID } });
    expect(process.timers).toBe(0);
    expect(await world.seat.read()).toEqual(before);
  });

  it('finds a task that falls due before the next, and leaves one that does not', async () => {
    const world = await makeWorld();
    await world.quietSeat();
    await world.enqueue({ dueAt: world.clock.now() + 80_001 });
    expect(await world.finish(world.run(world.process()))).toMatchObject({ stayed: false });
    await world.enqueue({ dueAt: world.clock.now() + 60_000 });
    expect(await world.finish(world.run(world.process()))).toMatchObject({ stayed: true, published: 2 });
  });

  it('with a task due claims it, tells it in the same turn, and leaves nothing behind', async () => {
    const world = await makeWorld();
    const [task] = await world.enqueue({});
    const process = world.process();
    const summary = await world.finish(world.run(process));
    expect(summary).toEqual({ stayed: true, epoch: 1, claimed: 1, published: 1, refused: 0, expired: 0, latestMs: 0 });
    expect(process.timers).toBe(0);
    expect(process.faults.inFlight).toBe(0);
    const [told] = await world.told();
    expect(told).toMatchObject({ id: task?.id, claim: 1, leaseUntil: '2026-12-24T08:05:00.000Z' });
    expect(await world.read(task?.id ?? '')).toMatchObject({
      state: 'leased',
      claim: 1,
      leaseUntil: START + LEASE,
      claimedLevel: 'medium',
    });
    expect(await entriesIn(world)).toMatchObject([{ id: task?.id, published: true }]);
    expect(await world.seat.read()).toMatchObject({ epoch: 1, left: 1, aliveUntil: 0, sweepAt: START + LEASE + 2 * SECOND });
  });

  it('writes a slot before the claim, the claim before the notification, and the leave last', async () => {
    const world = await makeWorld();
    await world.quietSeat();
    await world.enqueue({});
    const process = world.process();
    await world.finish(world.run(process));
    const steps = process.faults.calls
      .filter(({ name }) => !['GetItem', 'Query', 'BatchGetItem', 'PutMetricData'].includes(name))
      .map(({ name, input }) => (name === 'UpdateItem' ? input.Key.id.S : name));
    expect(steps).toEqual([
      SEAT_ID,
      'billing/slot/0',
      'billing/slot/0',
      'BatchExecuteStatement',
      'PublishBatch',
      'billing/slot/0',
      SEAT_ID,
    ]);
  });

  it('tells a backlog in order, across batches, levels and shards of work', async () => {
    const world = await makeWorld();
    const tasks = await world.enqueue(
      ...many(30, { level: 'low' }),
      ...many(30, { level: 'high' }),
      ...many(10, { level: 'medium' }),
      { level: 'low', deadlineAt: START },
      { position: 'front', level: 'medium' },
    );
    const process = world.process();
    expect(await world.finish(world.run(process))).toMatchObject({ claimed: 72, published: 72 });
    const ids = tasks.map(({ id }) => id);
    const expected = [...ids.slice(30, 60), ids[71], ...ids.slice(60, 70), ...ids.slice(0, 30)];
    // A deadline that is reached counts as High and goes first among them.
    expect(toldBy(process)).toEqual([ids[70], ...expected]);
    expect((await world.told()).map(({ id }) => id).sort()).toEqual([...ids].sort());
  });

  it('claims a task with a near deadline before a backlog in front of it', async () => {
    const world = await makeWorld();
    await world.enqueue(...many(140, { level: 'low' }));
    const [urgent] = await world.enqueue({ level: 'low', deadlineAt: START + MINUTE });
    const process = world.process();
    await world.finish(world.run(process));
    expect(toldBy(process)[0]).toBe(urgent?.id);
    expect(
      process.faults.calls.some(({ input }) => input.ExpressionAttributeValues?.[':lane']?.S === deadlineLane('billing', 'low', 0)),
    ).toBe(true);
  });

  it('stops one task that nobody can read, not its batch', async () => {
    const world = await makeWorld();
    const [a, bad, b] = [world.task(), world.task(), world.task()];
    await world.put(a);
    await world.put(bad, { payload: { NULL: true } });
    await world.put(b);
    const asleep = world.task();
    await world.put(asleep, { state: { S: 'asleep' } });
    const process = world.process();
    expect(await world.finish(world.run(process))).toMatchObject({ claimed: 2, published: 2 });
    expect(toldBy(process)).toEqual([a.id, b.id]);
    // Nor the tasks after it.
    const [later] = await world.enqueue({});
    await world.finish(world.run(world.process()));
    expect((await world.told()).map(({ id }) => id)).toContain(later?.id);
  });

  it('goes on for the other apps where the lanes of one cannot be read', async () => {
    const world = await makeWorld();
    await world.quietSeat();
    const mail = { ...world.settings, app: 'mail' };
    const [task] = await world.enqueue({});
    const late = { ...world.task(), id: newId('mail'), app: 'mail' };
    await world.put(late);
    const process = world.process();
    const isMail = ({ input }: Call) => input.ExpressionAttributeValues[':lane'].S.startsWith('mail#');
    process.faults.inject('Query', 'not sent', { times: 9, when: isMail });
    const run = world.run(process, { apps: [mail, world.settings] });
    await world.settle();
    expect(toldBy(process)).toEqual([task?.id]);
    // And for that one too, as soon as they can.
    await world.pass(2 * SECOND);
    expect(toldBy(process)).toEqual([task?.id, late.id]);
    await world.finish(run);
  });
});

describe('a task to come', () => {
  it('within the next beat is claimed ahead, and told at its instant and not before', async () => {
    const world = await makeWorld();
    const process = world.process();
    const [task] = await world.enqueue({ dueAt: START + 400 });
    const run = world.run(process);
    await world.pass(399);
    expect(await world.read(task?.id ?? '')).toMatchObject({ state: 'leased', leaseUntil: START + 400 + LEASE });
    expect(process.faults.count('PublishBatch')).toBe(0);
    await world.pass(1);
    expect(process.faults.count('PublishBatch')).toBe(1);
    expect(await world.finish(run)).toMatchObject({ published: 1, latestMs: 0 });
  });

  it.each([1_400, 1_001, 999, 7_777, 59_999])('in %i ms is told at its very instant', async (ms) => {
    const world = await makeWorld();
    const process = world.process();
    await world.enqueue({ dueAt: START + ms });
    const run = world.run(process);
    await world.pass(ms - 1);
    expect(process.faults.count('PublishBatch')).toBe(0);
    await world.pass(1);
    expect(process.faults.count('PublishBatch')).toBe(1);
    expect(await world.finish(run)).toMatchObject({ latestMs: 0, published: 1 });
  });

  it('is not told early by a clock that steps back after the claim', async () => {
    const world = await makeWorld();
    const process = world.process();
    await world.enqueue({ dueAt: START + 400 });
    const run = world.run(process);
    await world.pass(100);
    world.clock.set(START - 5 * SECOND);
    await world.pass(5 * SECOND + 399);
    expect(process.faults.count('PublishBatch')).toBe(0);
    await world.pass(1);
    expect(process.faults.count('PublishBatch')).toBe(1);
    await world.finish(run);
  });
});

describe('a newcomer', () => {
  it('that is rung for is told within half a beat, while a run is alive', async () => {
    const world = await makeWorld();
    await world.enqueue({ dueAt: START + 50 * SECOND });
    const process = world.process();
    const run = world.run(process);
    await world.pass(3_300);
    const [newcomer] = await world.enqueue({});
    await world.seat.ring('billing', world.clock.now());
    await world.pass(SECOND);
    expect(toldBy(process)).toEqual([newcomer?.id]);
    expect(await world.finish(run)).toMatchObject({ published: 2, latestMs: 200 });
  });

  it('is not mistaken for one that was claimed before, which the index still shows', async () => {
    const world = await makeWorld();
    const [task] = await world.enqueue({});
    const process = world.process();
    let shown: object[] = [];
    const isMedium = ({ input }: Call) => input.ExpressionAttributeValues[':lane'].S === 'billing#medium#0';
    const answer = (output: { Items: object[] }) => {
      if (shown.length === 0) shown = output.Items;
      else output.Items = [...shown, ...output.Items];
    };
    process.faults.inject('Query', { answer }, { times: 100, when: isMedium });
    const run = world.run(process);
    await world.settle();
    await world.seat.ring('billing', world.clock.now());
    const [newcomer] = await world.enqueue({});
    expect(await world.finish(run)).toMatchObject({ claimed: 2, published: 2 });
    expect(claimCallsOf(process)).toEqual([[task?.id], [newcomer?.id]]);
    expect(await entriesIn(world)).toHaveLength(2);
  });

  it('that the index shows only a while after the ring is told a beat after it shows', async () => {
    const world = await makeWorld();
    await world.enqueue({ dueAt: START + 50 * SECOND });
    const process = world.process();
    const run = world.run(process);
    await world.pass(500);
    await world.seat.ring('billing', world.clock.now());
    await world.pass(3 * SECOND);
    await world.enqueue({});
    await world.pass(SECOND);
    expect(toldBy(process)).toHaveLength(1);
    await world.finish(run);
  });

  it('that is rung for between the last beat and the leave keeps the run', async () => {
    const world = await makeWorld();
    await world.enqueue({});
    const process = world.process();
    let newcomer: string | undefined;
    // The last thing before the leave is the writing of what was told.
    process.faults.inject(
      'UpdateItem',
      {
        before: async () => {
          newcomer = (await world.enqueue({}))[0]?.id;
          await world.seat.ring('billing', world.clock.now());
        },
      },
      { when: ({ input }) => String(input.UpdateExpression).includes('#left') },
    );
    expect(await world.finish(world.run(process))).toMatchObject({ published: 2 });
    expect(toldBy(process)[1]).toBe(newcomer);
    expect(await world.seat.read()).toMatchObject({ epoch: 1, left: 1, aliveUntil: 0 });
  });

  it('rung for a moment before the run began is looked for although the lanes showed nothing', async () => {
    const world = await makeWorld();
    await world.quietSeat();
    await world.seat.ring('billing', world.clock.now());
    const process = world.process();
    const run = world.run(process);
    await world.settle();
    await world.enqueue({});
    await world.pass(2 * SECOND);
    expect(toldBy(process)).toHaveLength(1);
    await world.finish(run);
  });

  it.each(['high', 'medium'] as const)('of level %s waits for one round of claims, not for a backlog of Low', async (level) => {
    const world = await makeWorld();
    await world.enqueue(...many(140, { level: 'low' }));
    const process = world.process();
    let newcomer: string | undefined;
    let batches = 0;
    process.faults.inject(
      'BatchExecuteStatement',
      {
        before: async () => {
          newcomer = (await world.enqueue({ level }))[0]?.id;
        },
      },
      { when: () => ++batches === 2 },
    );
    await world.finish(world.run(process));
    const claims = claimCallsOf(process);
    // A round is four batches at once: it came while they were under way.
    expect(claims.findIndex((ids) => ids.includes(newcomer ?? ''))).toBe(4);
    expect(claims[4]?.[0]).toBe(newcomer);
  });
});
