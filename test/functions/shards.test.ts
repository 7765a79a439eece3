import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { listTasks } from '../../functions/doors/list.ts';
import { readingAll, settingsId } from '../../functions/shards.ts';
import { dead } from './lambdas.ts';
import { callsOf } from './runs.ts';
import { MINUTE, makeWorld, SECOND, START, type World } from './world.ts';

const many = (count: number, parts: (i: number) => object = () => ({})) => Array.from({ length: count }, (_, i) => parts(i));
const laneOf = async (world: World, id: string) => (await world.item(id))?.priority?.S;
const shards = (world: World, count: number) => ({ ...world.settings, shards: count });
const onRecord = async (world: World) => (await world.valves.read(['billing'])).get('billing')?.shards ?? 1;

describe('how many shards an app has used', () => {
  it('is on record before the first row is written under a new count, and asked about once', async () => {
    const world = await makeWorld();
    const { store, faults } = world.process();
    const isRecorded: boolean[] = [];
    const before = async () => void isRecorded.push((await onRecord(world)) === 4);
    faults.inject('BatchExecuteStatement', { before }, { times: 10 });
    await store.insert([world.task(), world.task()], 4);
    await store.insert([world.task()], 4);
    expect(isRecorded).toEqual([true, true]);
    expect((await world.seat.read()).settings).toBe(1);
    expect(callsOf({ faults } as never)).toEqual({ GetItem: 1, UpdateItem: 3, BatchExecuteStatement: 2 });
  });

  it('costs nothing where it is one, and one reading where it is on record', async () => {
    const world = await makeWorld();
    const one = world.process();
    await one.store.insert([world.task()], 1);
    expect(callsOf(one)).toEqual({ BatchExecuteStatement: 1 });
    await one.store.insert([world.task()], 3);
    const other = world.process();
    await other.store.insert([world.task()], 3);
    expect(callsOf(other)).toEqual({ GetItem: 1, BatchExecuteStatement: 1 });
    expect((await world.seat.read()).settings).toBe(1);
  });

  it('never falls, whatever order doors of several releases come in, and stands beside what operators set', async () => {
    const world = await makeWorld();
    await Promise.all([2, 5, 3].map((count) => world.process().store.insert([world.task()], count)));
    await world.process().store.insert([world.task()], 2);
    expect(await onRecord(world)).toBe(5);
    await world.valves.set('billing', undefined, 'paused');
    expect((await world.valves.read(['billing'])).get('billing')).toEqual({ app: 'paused', names: {}, shards: 5 });
    await world.valves.set('billing', undefined, undefined);
    expect(await onRecord(world)).toBe(5);
  });

  it('that was recorded by one who died before it told the dispatchers is told by the next', async () => {
    const world = await makeWorld();
    const first = world.process();
    first.faults.inject('UpdateItem', 'not sent', { times: 10, when: ({ input }) => input.Key.id.S === '~seat' });
    await expect(first.store.insert([world.task()], 2)).rejects.toThrow();
    expect((await world.seat.read()).settings).toBe(0);
    await world.process().store.insert([world.task()], 2);
    expect((await world.seat.read()).settings).toBe(1);
  });

  it('that cannot be read overlooks none', async () => {
    const world = await makeWorld();
    await world.replace({ id: { S: settingsId('billing') }, shards: { S: 'many' } });
    expect(await onRecord(world)).toBe(64);
    expect(readingAll(world.settings, 64).shards).toBe(64);
  });
});

describe('a row that was written under another count', () => {
  it('moves as a whole with its next write: its deadline stands in the shard where it waits', async () => {
    const world = await makeWorld();
    const tasks = await world.enqueue(...many(12, () => ({ dueAt: START + MINUTE })));
    for (const { id } of tasks) {
      await world.store.act(id, { type: 'reschedule', deadlineAt: START + 2 * MINUTE }, START, shards(world, 4));
      const item = await world.item(id);
      expect(item?.watch?.S).toBe(item?.priority?.S?.replace('#', '#deadline#'));
    }
    const used = new Set(await Promise.all(tasks.map(({ id }) => laneOf(world, id))));
    expect(used.size).toBeGreaterThan(1);
  });

  it('leaves all its lanes with the deadline, the claim and the end', async () => {
    const world = await makeWorld({ shards: 4 });
    const [task] = await world.enqueue({ dueAt: START, deadlineAt: START + MINUTE });
    const id = task?.id ?? '';
    await world.store.act(id, { type: 'reschedule', deadlineAt: null }, START, shards(world, 1));
    expect(await world.item(id)).toMatchObject({ priority: { S: 'billing#medium#0' } });
    expect(await world.item(id)).not.toHaveProperty('watch');
    await world.store.act(id, { type: 'cancel' }, START, shards(world, 3));
    expect(await world.item(id)).not.toHaveProperty('priority');
  });
});

describe('raising the shards of a live queue', () => {
  it('loses nothing that waits, is out or is dead in old lanes: all of it is claimed, listed and looked after, by one dispatcher and by two', async () => {
    const world = await makeWorld({ maxInFlight: 100, listCompleted: true });
    const waiting = await world.enqueue(...many(20, (i) => ({ dueAt: START + 100 * SECOND + i * 100 })));
    const [out, done] = await world.enqueue({}, {});
    const gone = { ...world.task(), ...dead(START) };
    await world.put(gone);
    await world.finish(world.run(world.process()));
    expect((await world.told()).map(({ id }) => id).sort()).toEqual([out?.id, done?.id].sort());
    await world.store.act(done?.id ?? '', { type: 'complete', claim: 1 }, world.clock.now(), world.settings);

    // The doors know four shards, a run that is alive and the settings that it read know of one.
    world.clock.set(START + 50 * SECOND);
    const alive = world.process();
    const run = world.run(alive);
    await world.pass(2 * SECOND);
    const newcomers = many(20, () => world.task({ dueAt: world.clock.now() + SECOND }));
    await world.process().store.insert(newcomers as never, 4);
    await world.pass(6 * SECOND);
    const told = (await world.told()).map(({ id }) => id);
    expect(told.sort()).toEqual(newcomers.map((task) => (task as { id: string }).id).sort());
    // And so does whoever lists, with the count of before.
    const source = { dynamo: world.admin.dynamo as DynamoDBClient, store: world.store };
    const all = readingAll(world.settings, await onRecord(world));
    const listed = async (state: 'scheduled' | 'leased' | 'completed' | 'dead') =>
      (await listTasks(source, all, { state, limit: 100 }, world.clock.now())).tasks.map(({ id }) => id).sort();
    expect(await listed('scheduled')).toEqual(waiting.map(({ id }) => id).sort());
    expect(await listed('completed')).toEqual([done?.id]);
    expect(await listed('dead')).toEqual([gone.id]);
    expect(await listed('leased')).toEqual([out?.id, ...told].sort());

    // Two dispatchers from the next tick on: what the one has out, both look after.
    world.clock.set(START + MINUTE);
    const two = [0, 1].map((part) => world.run(world.process(), { apps: [shards(world, 4)], place: { part, of: 2 } }));
    for (const each of [run, ...two]) await world.finish(each);
    expect((await world.told()).map(({ id }) => id).sort()).toEqual(waiting.map(({ id }) => id).sort());
    world.clock.set(START + 7 * MINUTE);
    for (const part of [0, 1]) await world.finish(world.run(world.process(), { apps: [shards(world, 4)], place: { part, of: 2 } }));
    const expired = (await world.failures()).filter(({ type }) => type === 'expire').map(({ id }) => id);
    expect([...new Set(expired)].sort()).toEqual([out?.id, ...told, ...waiting.map(({ id }) => id)].sort());
  });

  it('taken back, still finds what waits in the lanes that the settings no longer speak of', async () => {
    const world = await makeWorld();
    const tasks = many(8, () => world.task());
    await world.process().store.insert(tasks as never, 4);
    await world.finish(world.run(world.process()));
    expect(await world.told()).toHaveLength(8);
  });
});
