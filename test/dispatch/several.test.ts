import { describe, expect, it } from 'vitest';
import { shardOf } from '../../core/lanes.ts';
import { dispatcherOf, shareOf } from '../../core/split.ts';
import { slotId } from '../../functions/dispatch/ledger.ts';
import { Store } from '../../functions/store.ts';
import { ValveStore } from '../../functions/valves.ts';
import { MINUTE, SECOND, START, settingsOf } from '../core/given.ts';
import { type MemoryQueue, many as manyOf, memoryQueue, parts } from './memoryQueue.ts';

const shop = settingsOf({ app: 'shop', shards: 4, maxInFlight: 50 });
const many = (count: number, dueAt = START, of = shop) => manyOf(count, dueAt, of);
const ids = (tasks: readonly { id: string }[]) => tasks.map(({ id }) => id).sort();
/** Of the dispatchers, the one that has this share of the app. */
const holderOf = (rank: number, of: number) => parts(of).find((place) => shareOf(shop, place)?.rank === rank) ?? { part: 0, of };
const entriesIn = (queue: MemoryQueue, slot: number) =>
  (queue.table.rows.get(slotId('shop', slot))?.entries?.S ?? '').split(' ').filter(Boolean);

describe('two dispatchers', () => {
  it('share an app: each tells what stands in its shards, once, in order, and keeps it in its own slots', async () => {
    const queue = memoryQueue([shop]);
    const tasks = many(40);
    queue.put(shop, ...tasks);
    for (const run of parts(2).map((place) => queue.run(place))) await queue.finish(run);
    expect(ids(queue.told)).toEqual(ids(tasks));
    for (const { part } of parts(2)) {
      const own = tasks.filter(({ id }) => dispatcherOf(shop, shardOf(id, 4), 2) === part).map(({ id }) => id);
      expect(queue.told.filter(({ by }) => by === part).map(({ id }) => id)).toEqual(own);
      expect(entriesIn(queue, shareOf(shop, { part, of: 2 })?.rank ?? 0)).toHaveLength(own.length);
    }
  });

  it('never have more out together than the app may have', async () => {
    const queue = memoryQueue([shop]);
    queue.put(shop, ...many(200));
    const runs = parts(2).map((place) => queue.run(place));
    for (let i = 0; i < 100; i++) {
      await queue.pass(100);
      const out = [...queue.table.rows.values()].filter(({ state }) => state?.S === 'leased').length;
      expect(out).toBeLessThanOrEqual(50);
    }
    expect(queue.told).toHaveLength(50);
    for (const run of runs) await queue.finish(run);
  });

  it('leave an app of one shard to one of them, and the other knows nothing of it', async () => {
    const small = settingsOf();
    const queue = memoryQueue([small]);
    queue.put(small, ...many(5, START, small));
    for (const run of parts(2).map((place) => queue.run(place))) await queue.finish(run);
    expect(new Set(queue.told.map(({ by }) => by)).size).toBe(1);
    expect(queue.told).toHaveLength(5);
    const other = queue.calls.filter(({ by }) => by !== queue.told[0]?.by);
    expect(other.map(({ name }) => name)).not.toContain('Query');
  });

  it('both hear of a pause within a beat, by two readings a beat each', async () => {
    const queue = memoryQueue([shop]);
    queue.put(shop, ...many(20), ...many(20, START + 20 * SECOND));
    const runs = parts(2).map((place) => queue.run(place));
    await queue.pass(8 * SECOND);
    const from = queue.calls.length;
    await queue.pass(4 * SECOND);
    for (const { part } of parts(2)) {
      const asked = queue.calls.slice(from).filter(({ by }) => by === part);
      expect(asked.map(({ name }) => name)).toEqual(Array.from({ length: 8 }, () => (part === 0 ? 'GetItem' : 'BatchGetItem')));
    }
    const store = new Store(queue.table.client, 'table');
    await new ValveStore(queue.table.client, store, queue.seat).set('shop', undefined, 'paused');
    await queue.pass(12 * SECOND);
    expect(queue.told).toHaveLength(20);
    for (const run of runs) await queue.finish(run);
  });

  it('hold an app to its rate together', async () => {
    const queue = memoryQueue([shop]);
    queue.put(shop, ...many(48));
    const store = new Store(queue.table.client, 'table');
    await new ValveStore(queue.table.client, store, queue.seat).set('shop', undefined, { perMinute: 60, since: START });
    for (const place of parts(2)) void queue.run(place);
    await queue.pass(15 * SECOND);
    // One a second, and what each share may have let go at once.
    expect(queue.told.length).toBeLessThanOrEqual(17);
    expect(queue.told.length).toBeGreaterThanOrEqual(11);
  });
});

describe('changing the number of dispatchers of a live queue', () => {
  it('to more of them tells all that waits, once, and looks after what is out', async () => {
    const wide = { ...shop, maxInFlight: 150 };
    const queue = memoryQueue([wide]);
    const [now, later] = [many(20), many(25, START + 90 * SECOND)];
    queue.put(wide, ...now, ...later);
    await queue.finish(queue.run());
    expect(queue.told).toHaveLength(20);
    queue.clock.set(START + MINUTE);
    for (const run of parts(3).map((place) => queue.run(place))) await queue.finish(run);
    expect(ids(queue.told)).toEqual(ids([...now, ...later]));
    queue.clock.set(START + 8 * MINUTE);
    for (const run of parts(3).map((place) => queue.run(place))) await queue.finish(run);
    const expired = queue.events.map(({ Detail }) => JSON.parse(Detail).data.id);
    expect([...new Set(expired)].sort()).toEqual(ids([...now, ...later]));
  });

  it('to fewer finds what the ones that are gone had out, when its lease ends, though nothing else is due', async () => {
    const queue = memoryQueue([shop]);
    const gone = holderOf(1, 2);
    const own = many(12).filter(({ id }) => dispatcherOf(shop, shardOf(id, 4), 2) === gone.part);
    queue.put(shop, ...own);
    for (const run of parts(2).map((place) => queue.run(place))) await queue.finish(run);
    expect(entriesIn(queue, 1)).toHaveLength(own.length);
    // The next tick is of the one that is left. Its seat says that nothing is to be looked at for an hour.
    queue.clock.set(START + 2 * MINUTE);
    expect(await queue.finish(queue.run())).toMatchObject({ stayed: true, expired: 0 });
    queue.clock.set(START + 6 * MINUTE);
    await queue.finish(queue.run());
    const expired = queue.events.map(({ Detail }) => JSON.parse(Detail).data.id);
    expect([...new Set(expired)].sort()).toEqual(ids(own));
  });

  it('while a run of before is still alive looks at its slots again after that, for as long as it may write', async () => {
    const queue = memoryQueue([shop]);
    for (const place of parts(2)) await queue.finish(queue.run(place));
    await queue.finish(queue.run());
    // A run of a dispatcher that is gone writes late, into a slot that is read already.
    const [task] = many(12).filter(({ id }) => dispatcherOf(shop, shardOf(id, 4), 2) === holderOf(1, 2).part);
    queue.put(shop, task as never);
    await queue.finish(queue.run(holderOf(1, 2)));
    expect(entriesIn(queue, 1)).toHaveLength(1);
    for (let minute = 1; minute <= 7; minute++) {
      queue.clock.set(START + minute * MINUTE);
      await queue.finish(queue.run());
    }
    expect(queue.events.map(({ Detail }) => JSON.parse(Detail).data.id)).toContain(task?.id);
  });

  it('changes nothing for a queue that never had another: an idle tick is a read and a query a lane', async () => {
    const queue = memoryQueue([shop]);
    await queue.finish(queue.run());
    const from = queue.calls.length;
    expect(await queue.finish(queue.run())).toMatchObject({ stayed: false });
    const names = queue.calls.slice(from).map(({ name }) => name);
    expect(names.sort()).toEqual(['GetItem', ...Array.from({ length: 12 }, () => 'Query')].sort());
  });
});
