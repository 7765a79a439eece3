import { describe, expect, it } from 'vitest';
import type { FailureRequest } from '../../functions/bus.ts';
import { callsOf, entriesIn, nextTick, readyWorld, toldBy } from './runs.ts';
import { MINUTE, makeWorld, SECOND, START, type World } from './world.ts';

const LEASE = 5 * MINUTE;
const many = (count: number, parts: object) => Array.from({ length: count }, () => parts);
const kinds = (requests: readonly FailureRequest[]) => requests.map(({ type, id }) => `${type} ${id}`).sort();

/** What the failure function makes of a row that nobody can read. */
async function quarantine(world: World, id: string) {
  const { priority: _lane, watch: _watch, watchAt: _watchAt, ...item } = (await world.item(id)) ?? {};
  await world.replace({ ...item, state: { S: 'dead' } });
}

describe('a row that cannot be read', () => {
  it('is handed to the failure function and stops nobody; its place is free once it is set aside', async () => {
    const world = await readyWorld({ maxInFlight: 3 });
    const [a, bad, b, asleep] = [world.task(), world.task(), world.task(), world.task()];
    await world.put(a);
    await world.put(bad, { payload: { NULL: true } });
    await world.put(b);
    await world.put(asleep, { level: { S: 'urgent' } });
    const process = world.process();
    const run = world.run(process);
    await world.pass(30 * SECOND);
    expect(toldBy(process)).toEqual([a.id, b.id]);
    // Once, though the run has looked at it for half a minute.
    expect(kinds(await world.failures())).toEqual([`quarantine ${bad.id}`, `quarantine ${asleep.id}`].sort());
    expect(await entriesIn(world)).toHaveLength(3);
    await quarantine(world, bad.id);
    await world.pass(MINUTE);
    await world.finish(run);
    expect((await entriesIn(world)).map(({ id }) => id)).toEqual([a.id, b.id]);
    expect(kinds(await world.failures())).not.toContain(`quarantine ${bad.id}`);
  });

  it('comes up once a minute in one container, also on ticks that do not stay', async () => {
    const world = await readyWorld();
    const bad = world.task({ dueAt: START - MINUTE });
    await world.put(bad, { name: { NULL: true } });
    const process = world.process();
    for (const second of [0, 20, 59, 60, 61]) {
      world.clock.set(START + second * SECOND);
      expect(await world.finish(world.run(process))).toMatchObject({ stayed: false });
    }
    expect(await world.failures()).toMatchObject([
      { type: 'quarantine', id: bad.id },
      { type: 'quarantine', id: bad.id },
    ]);
    // The bus would not take it: the next tick tries again.
    world.clock.set(START + 10 * MINUTE);
    process.faults.inject('PutEvents', 'not sent');
    await world.finish(world.run(process));
    expect(await world.failures()).toEqual([]);
    await world.finish(world.run(process));
    expect(await world.failures()).toHaveLength(1);
  });

  it('that is completed and unacknowledged is not taken for told', async () => {
    const world = await readyWorld();
    const task = world.task({ traits: ['unacknowledged'] });
    await world.put(task, { payload: { NULL: true } });
    await nextTick(world);
    // Another release can read it.
    await world.replace({ ...((await world.item(task.id)) ?? {}), payload: { S: '42' } });
    await nextTick(world);
    expect(await world.told()).toMatchObject([{ id: task.id, claim: 1 }]);
  });
});

describe('a task that is worthless since its deadline', () => {
  it.each([['as it says itself', { traits: ['expires'] } as const, 'run'] as const, ['as its app says', {}, 'expire'] as const])(
    '%s is never claimed, and handed over once a minute',
    async (_, parts, whenLate) => {
      const world = await readyWorld({ whenLate });
      const [late, intime] = await world.enqueue(
        { ...parts, dueAt: START - MINUTE, deadlineAt: START - 1 },
        { ...parts, dueAt: START - MINUTE, deadlineAt: START },
      );
      const process = world.process();
      const run = world.run(process);
      await world.pass(30 * SECOND);
      expect(toldBy(process)).toEqual([intime?.id]);
      expect(await world.failures()).toEqual([{ type: 'miss', id: late?.id }]);
      expect(await world.read(late?.id ?? '')).toMatchObject({ state: 'scheduled', claim: 0, rev: 1 });
      await world.finish(run);
    },
  );

  it('in hundreds at a lane’s head holds nobody up', async () => {
    const world = await makeWorld({ whenLate: 'expire' });
    const worthless = await world.enqueue(...many(330, { level: 'high', dueAt: START - MINUTE, deadlineAt: START - 1 }));
    const [behind, urgent] = await world.enqueue({ level: 'high' }, { level: 'high', deadlineAt: START + MINUTE });
    const process = world.process();
    const run = world.run(process);
    await world.pass(SECOND);
    expect(toldBy(process)).toEqual([urgent?.id, behind?.id]);
    await world.finish(run);
    expect(new Set(kinds(await world.failures()))).toEqual(new Set(worthless.map(({ id }) => `miss ${id}`)));
    expect(process.faults.count('PutEvents')).toBe(33);
  });

  it('that becomes so while it waits for its date is not claimed ahead of it', async () => {
    const world = await readyWorld({ whenLate: 'expire' });
    // As a retry may stand: its date is ours, behind the deadline.
    const [task, soon] = await world.enqueue(
      { dueAt: START + 10 * SECOND, deadlineAt: START + 5 * SECOND },
      { dueAt: START + 900, deadlineAt: START + 500 },
    );
    await world.enqueue({ dueAt: START + 20 * SECOND });
    const process = world.process();
    const run = world.run(process);
    await world.pass(5 * SECOND);
    expect(await world.failures()).toEqual([{ type: 'miss', id: soon?.id }]);
    await world.pass(SECOND);
    expect(await world.failures()).toEqual([{ type: 'miss', id: task?.id }]);
    await world.finish(run);
    expect(toldBy(process)).toHaveLength(1);
  });
});

describe('a missed deadline', () => {
  it('is told of by the run whose claim was the first write after it, once, and the row bears the mark', async () => {
    const world = await readyWorld();
    const parts = { dueAt: START - MINUTE };
    // Its report came after the deadline, and told of it.
    const failed = { claim: 1, claimedAt: START - MINUTE, endedAt: START - 1, outcome: 'failed' as const };
    const [late, intime, marked] = [
      world.task({ ...parts, deadlineAt: START - 1 }),
      world.task({ ...parts, deadlineAt: START }),
      { ...world.task({ ...parts, deadlineAt: START - 2, traits: ['late'] }), attempts: [failed], claim: 1 },
    ];
    for (const task of [late, intime, marked]) await world.put(task);
    const { summary } = await nextTick(world);
    expect(summary).toMatchObject({ published: 3 });
    expect(await world.failures()).toEqual([{ type: 'late', id: late.id, name: 'send-invoice', deadlineAt: START - 1 }]);
    expect((await world.read(late.id)).traits).toEqual(['late']);
    expect((await world.read(intime.id)).traits).toBeUndefined();
  });

  it('is told of by the next run where the one that claimed has died', async () => {
    const world = await readyWorld();
    const [task] = await world.enqueue({ dueAt: START - MINUTE, deadlineAt: START - 1 });
    const dying = world.process();
    dying.faults.inject('PublishBatch', 'hangs');
    dying.faults.inject('PutEvents', 'hangs');
    void world.run(dying);
    await world.pass(SECOND);
    dying.crash();
    await world.pass(MINUTE);
    await nextTick(world);
    expect(await world.failures()).toMatchObject([{ type: 'late', id: task?.id }]);
  });
});

describe('a notification that SNS does not take', () => {
  it('because of what it is goes to the failure function at once, and is not tried again by this run', async () => {
    const world = await readyWorld();
    const tasks = await world.enqueue({}, {}, {});
    const process = world.process();
    const Failed = [
      { Id: '1', Code: 'InvalidParameter', Message: 'no', SenderFault: true },
      { Id: '2', Code: 'InternalError', Message: 'later', SenderFault: false },
    ];
    process.faults.inject('PublishBatch', { answer: (output) => Object.assign(output, { Failed }) });
    const run = world.run(process);
    await world.pass(10 * SECOND);
    const ids = tasks.map(({ id }) => id);
    expect(toldBy(process)).toEqual([...ids, ids[2]]);
    expect(await world.failures()).toMatchObject([{ type: 'refuse', id: ids[1], claim: 1, error: { name: 'NotificationRefused' } }]);
    // It waits again: its old place is free, and it is told.
    const error = { name: 'E', message: 'm' };
    await world.store.act(ids[1] ?? '', { type: 'refuse', claim: 1, error, random: 0 }, world.clock.now(), world.settings);
    await world.seat.ring('billing', world.clock.now());
    await world.pass(3 * SECOND);
    expect(toldBy(process).slice(4)).toEqual([ids[1]]);
    await world.finish(run);
    expect((await entriesIn(world)).map(({ id, rev }) => `${id} ${rev}`).sort()).toEqual(
      [`${ids[0]} 1`, `${ids[1]} 3`, `${ids[2]} 1`].sort(),
    );
  });

  it('until its lease ends says so in the expiry, which is put once a minute', async () => {
    const world = await readyWorld({ policy: { ...(await makeWorld()).settings.policy, leaseMs: 5 * SECOND } });
    const [task] = await world.enqueue({});
    const process = world.process();
    process.faults.inject('PublishBatch', Object.assign(new Error('no such topic'), { name: 'NotFoundException' }), { times: 1_000 });
    const run = world.run(process, { stayMs: 40 * SECOND });
    await world.pass(30 * SECOND);
    expect(await world.failures()).toEqual([
      {
        type: 'expire',
        id: task?.id,
        claim: 1,
        error: {
          name: 'NotPublished',
          message: 'SNS is not known to have accepted the notification before its lease ended; it answered NotFoundException.',
        },
      },
    ]);
    await world.finish(run);
    expect(callsOf(process).PutEvents).toBe(1);
  });

  it('nor the next run is told of as lost by anybody but SNS: what was accepted expires without an error', async () => {
    const world = await readyWorld();
    const [task] = await world.enqueue({});
    await nextTick(world);
    world.clock.set(START + LEASE + 2 * SECOND);
    await nextTick(world);
    expect((await world.failures())[0]).toEqual({ type: 'expire', id: task?.id, claim: 1 });
  });
});
