import { describe, expect, it } from 'vitest';
import { entriesOf } from '../../core/slots.ts';
import { Ledger } from '../../functions/dispatch/ledger.ts';
import { SEAT_ID } from '../../functions/seat.ts';
import { claimCallsOf, toldBy } from './runs.ts';
import { MINUTE, makeWorld, newId, SECOND, START, type World } from './world.ts';

const many = (count: number, parts: (i: number) => object = () => ({})) => Array.from({ length: count }, (_, i) => parts(i));

/** Rows that are out, and entries in slots. */
async function out(world: World) {
  const rows = await world.rows();
  const leased = rows.filter(({ state }) => state?.S === 'leased').map(({ id }) => id?.S ?? '');
  const entries = rows.filter(({ id }) => id?.S?.includes('/slot/')).flatMap(({ entries }) => entriesOf('billing', entries?.S ?? ''));
  return { leased, entries };
}

/** A process that never learns of another run: every reading of the seat shows its own epoch. */
function deaf(world: World) {
  const process = world.process();
  process.faults.inject(
    'GetItem',
    {
      answer: (output) => {
        if (output.Item?.epoch) output.Item = { ...output.Item, epoch: { N: '1' }, left: { N: '0' } };
      },
    },
    { times: 10_000, when: ({ input }) => input.Key.id.S === SEAT_ID && process.faults.count('UpdateItem') > 0 },
  );
  return process;
}

describe('the limit', () => {
  it('is never passed by two runs at once that both believe to have the seat, and is free again after reports', async () => {
    const world = await makeWorld({ maxInFlight: 30 });
    const tasks = await world.enqueue(...many(90, (i) => ({ dueAt: START + (i % 10) * 50 })));
    const first = deaf(world);
    const runs = [world.run(first)];
    await world.settle();
    runs.push(world.run(world.process()));
    const completed = new Set<string>();
    for (let step = 0; step < 200 && completed.size < tasks.length; step++) {
      await world.pass(250);
      const { leased, entries } = await out(world);
      expect(leased.length).toBeLessThanOrEqual(30);
      expect(entries.length).toBeLessThanOrEqual(30);
      expect(entries.map(({ id }) => id)).toEqual(expect.arrayContaining(leased));
      for (const { id, claim } of await world.told()) {
        expect(claim).toBe(1);
        if (completed.has(id)) continue;
        await world.complete({ ...(tasks[0] as (typeof tasks)[0]), id });
        completed.add(id);
      }
    }
    expect(completed.size).toBe(90);
    // It would wait for ever for a leave that is its own.
    first.crash();
    expect(claimCallsOf(first).length).toBeGreaterThan(0);
    expect(await world.finish(runs[1] as (typeof runs)[0])).toMatchObject({ expired: 0 });
  });

  it('is never passed by runs that die one after another, and every task is told', async () => {
    const world = await makeWorld({ maxInFlight: 10 });
    const tasks = await world.enqueue(...many(40));
    const completed = new Set<string>();
    // Each dies at another of its calls, with another answer on its way.
    for (let tick = 0; completed.size < tasks.length && tick < 30; tick++) {
      const process = world.process();
      let calls = 0;
      for (const name of ['UpdateItem', 'BatchExecuteStatement', 'BatchGetItem', 'PublishBatch']) {
        process.faults.inject(name, tick % 2 === 0 ? 'hangs' : 'answer hangs', { when: () => ++calls === 3 + tick });
      }
      void world.run(process);
      await world.pass(5 * SECOND);
      process.crash();
      const { leased, entries } = await out(world);
      expect(entries.length).toBeLessThanOrEqual(10);
      expect(entries.map(({ id }) => id)).toEqual(expect.arrayContaining(leased));
      for (const { id, claim } of await world.told()) {
        expect(claim).toBe(1);
        if (!completed.has(id)) await world.complete({ ...(tasks[0] as (typeof tasks)[0]), id });
        completed.add(id);
      }
      await world.pass(MINUTE - 5 * SECOND);
    }
    expect(completed.size).toBe(40);
  });

  it('is used to the full by a trickle: one task a second of five minutes each has 50 out of 50, not a slot for each', async () => {
    const world = await makeWorld({ maxInFlight: 50 });
    const tasks = await world.enqueue(...many(70, (i) => ({ dueAt: START + i * SECOND })));
    for (let tick = 0; tick < 2; tick++) {
      void world.run(world.process());
      await world.pass(MINUTE);
    }
    const { leased, entries } = await out(world);
    expect(leased.sort()).toEqual(
      tasks
        .slice(0, 50)
        .map(({ id }) => id)
        .sort(),
    );
    expect(entries).toHaveLength(50);
    expect((await world.told()).map(({ id }) => id)).toEqual(tasks.slice(0, 50).map(({ id }) => id));
  });

  it('holds the rest back, and lets them go within a moment of a report', async () => {
    const world = await makeWorld({ maxInFlight: 2 });
    const tasks = await world.enqueue({}, {}, {});
    const process = world.process();
    const run = world.run(process);
    await world.pass(10 * SECOND);
    expect(toldBy(process)).toEqual(tasks.slice(0, 2).map(({ id }) => id));
    await world.complete(tasks[1] as (typeof tasks)[0]);
    await world.pass(8 * SECOND);
    expect(toldBy(process)).toEqual(tasks.map(({ id }) => id));
    process.crash();
    run.catch(() => {});
  });

  it('is looked at ever more seldom while nothing is reported', async () => {
    const world = await makeWorld({ maxInFlight: 1 });
    await world.enqueue({}, {});
    const process = world.process();
    void world.run(process);
    await world.pass(2 * SECOND);
    const early = process.faults.count('BatchGetItem');
    await world.pass(20 * SECOND);
    const before = process.faults.count('BatchGetItem');
    await world.pass(16 * SECOND);
    expect(early).toBeGreaterThanOrEqual(3);
    expect(process.faults.count('BatchGetItem') - before).toBeLessThanOrEqual(20);
    process.crash();
  });

  it('is not looked at by readings that are behind so that a task is told twice', async () => {
    const world = await makeWorld({ maxInFlight: 1 });
    const [task] = await world.enqueue({}, {});
    const process = world.process();
    const stale = await world.item(task?.id ?? '');
    // A replica that has not seen the claim yet.
    process.faults.inject(
      'BatchGetItem',
      { answer: (output) => Object.assign(output.Responses, { [world.table]: [stale] }) },
      { times: 3, when: ({ input }) => input.RequestItems[world.table].ConsistentRead === false },
    );
    void world.run(process);
    await world.pass(10 * SECOND);
    expect(toldBy(process)).toEqual([task?.id]);
    process.crash();
  });
});

describe('a slot that another run wrote first', () => {
  it('is not claimed under: the task is claimed once its entry is there', async () => {
    const world = await makeWorld();
    const [task] = await world.enqueue({});
    const process = world.process();
    const ghost = { id: newId('billing'), rev: 1, leaseUntil: START + MINUTE, published: false };
    const other = new Ledger(world.admin.dynamo, world.store, 'billing', world.settings.maxInFlight, 'other');
    const isSlot = ({ input }: { input: { UpdateExpression: string } }) => input.UpdateExpression.includes('#entries');
    const writeFirst = async () => {
      await other.load();
      await other.add(0, [ghost]);
    };
    process.faults.inject('UpdateItem', { before: writeFirst }, { when: isSlot });
    const claimedUnder: string[][] = [];
    const before = async () => claimedUnder.push((await out(world)).entries.map(({ id }) => id));
    process.faults.inject('BatchExecuteStatement', { before }, { times: 100 });
    await world.finish(world.run(process));
    expect(claimCallsOf(process)).toEqual([[task?.id]]);
    expect(claimedUnder).toEqual([expect.arrayContaining([task?.id])]);
    // There is no such task: its place is free again.
    expect((await out(world)).entries.map(({ id }) => id)).toEqual([task?.id]);
  });
});

describe('a run that is superseded', () => {
  it('stops claiming within a beat and hands over, and no task is told twice or late', async () => {
    const world = await makeWorld();
    const tasks = await world.enqueue(...many(30, (i) => ({ dueAt: START + i * 300 })));
    const [old, young] = [world.process(), world.process()];
    const first = world.run(old);
    await world.pass(3_100);
    const second = world.run(young);
    let isOldDone = false;
    void first.then(() => {
      isOldDone = true;
    });
    await world.pass(900);
    const claims = claimCallsOf(old).length;
    await world.pass(1_100);
    expect(claimCallsOf(old)).toHaveLength(claims);
    expect(isOldDone).toBe(true);
    expect(old.timers).toBe(0);
    // The word that it has left is heard before the three beats for which one that is dead is waited for.
    expect(claimCallsOf(young).length).toBeGreaterThan(0);
    const summaries = [await world.finish(first), await world.finish(second)];
    expect(summaries.map(({ claimed }) => claimed).reduce((a, b) => a + b)).toBe(30);
    expect([...toldBy(old), ...toldBy(young)]).toEqual(tasks.map(({ id }) => id));
    expect((await world.told()).every(({ claim }) => claim === 1)).toBe(true);
    // The one tells what it has claimed, while the other claims what falls due after that.
    expect(Math.max(...summaries.map(({ latestMs }) => latestMs))).toBeLessThanOrEqual(1);
    expect(await world.seat.read()).toMatchObject({ epoch: 2, left: 2, aliveUntil: 0 });
  });

  it('in the midst of a backlog leaves the rest to its successor', async () => {
    const world = await makeWorld();
    const tasks = await world.enqueue(...many(170));
    const [old, young] = [world.process(), world.process()];
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    // A batch of its first round waits until it has heard of the other.
    let batches = 0;
    old.faults.inject('BatchExecuteStatement', { before: () => gate }, { when: () => ++batches === 2 });
    const first = world.run(old);
    await world.pass(100);
    const second = world.run(young);
    await world.pass(1_200);
    open();
    await world.pass(SECOND);
    expect(claimCallsOf(old)).toHaveLength(4);
    const summaries = [await world.finish(first), await world.finish(second)];
    expect(summaries.map(({ claimed }) => claimed)).toEqual([100, 70]);
    expect((await world.told()).map(({ id }) => id).sort()).toEqual(tasks.map(({ id }) => id).sort());
  });

  it('at the same moment as it takes the seat lets one of two have it first', async () => {
    const world = await makeWorld();
    await world.enqueue(...many(30));
    const runs = [world.process(), world.process()].map((process) => world.run(process));
    const summaries = [];
    for (const run of runs) summaries.push(await world.finish(run));
    expect(summaries.map(({ epoch }) => epoch).sort()).toEqual([1, 2]);
    expect(summaries.map(({ claimed }) => claimed).reduce((a, b) => a + b)).toBe(30);
    expect(await world.told()).toHaveLength(30);
    expect(await world.seat.read()).toMatchObject({ epoch: 2, left: 2 });
  });
});
