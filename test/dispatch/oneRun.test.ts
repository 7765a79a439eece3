import { describe, expect, it } from 'vitest';
import { taskOf as readRow } from '../../functions/rows.ts';
import { MINUTE, SECOND, START, settingsOf } from '../core/given.ts';
import { type MemoryQueue, many, memoryQueue } from './memoryQueue.ts';

it('an app told by the minute is one pass a tick: what is due is told, and nobody stays for what is not', async () => {
  const app = settingsOf({ precision: 'minute' });
  const queue = memoryQueue([app]);
  const [due, soon] = [many(3, START - SECOND, app), many(2, START + 30 * SECOND, app)];
  await queue.finish(queue.run());
  queue.clock.set(START);
  queue.put(app, ...soon);
  expect(await queue.finish(queue.run())).toMatchObject({ stayed: false });
  queue.clock.set(START);
  queue.put(app, ...due);
  expect(await queue.finish(queue.run())).toMatchObject({ stayed: true, published: 3 });
  expect(queue.clock.now() - START).toBeLessThanOrEqual(2 * SECOND);
  queue.clock.set(START + MINUTE);
  expect(await queue.finish(queue.run())).toMatchObject({ stayed: true, published: 2 });
  expect(queue.clock.now() - START - MINUTE).toBeLessThanOrEqual(2 * SECOND);
  queue.clock.set(START + 2 * MINUTE);
  expect(await queue.finish(queue.run())).toMatchObject({ stayed: false });
  const row = queue.table.rows.get(due[0]?.id ?? '');
  expect(row && readRow(row).state).toBe('leased');
});

it('an app told by the minute that is at its limit is not stayed for either', async () => {
  const app = settingsOf({ precision: 'minute', maxInFlight: 2 });
  const queue = memoryQueue([app]);
  queue.put(app, ...many(5, START, app));
  expect(await queue.finish(queue.run())).toMatchObject({ stayed: true, published: 2 });
  expect(queue.clock.now() - START).toBeLessThanOrEqual(2 * SECOND);
});

describe('a run with more due than it can do', () => {
  const goesOn = (queue: MemoryQueue) => queue.events.filter(({ Source }) => Source === 'dispatcher.punctual');

  it('stops before its time ends, tells what it has claimed, and has the next go on at once, which has none go on for it', async () => {
    const app = settingsOf({ maxInFlight: 10_000 });
    const queue = memoryQueue([app]);
    const tasks = many(1_500, START, app);
    queue.put(app, ...tasks);
    const run = await queue.finish(queue.run({ part: 0, of: 1 }, { stayMs: 6 * SECOND }));
    // Medium stops 5 s before the end.
    expect(queue.clock.now() - START).toBeLessThanOrEqual(2 * SECOND + 500);
    expect(run.claimed).toBeGreaterThan(25);
    expect(run.claimed).toBeLessThan(1_500);
    expect(run.published).toBe(run.claimed);
    expect(goesOn(queue).map(({ Detail }) => JSON.parse(Detail))).toEqual([{ part: 0, goesOn: true }]);
    const next = await queue.finish(queue.run({ part: 0, of: 1 }, { stayMs: 6 * SECOND, goesOn: true }));
    expect(next.published).toBeGreaterThan(25);
    expect(goesOn(queue)).toHaveLength(1);
    expect(new Set(queue.told.map(({ id }) => id)).size).toBe(queue.told.length);
  });

  it('whose memory is full does so too; one that is paused, at its limit, or done does not', async () => {
    const app = settingsOf({ maxInFlight: 50 });
    const full = memoryQueue([app]);
    full.put(app, ...many(60, START, app));
    await full.finish(full.run({ part: 0, of: 1 }, { memoryUsed: () => 0.95 }));
    expect(full.told).toHaveLength(25);
    expect(goesOn(full)).toHaveLength(1);
    await full.finish(full.run({ part: 0, of: 1 }, { memoryUsed: () => 0.95 }));
    expect(full.told).toHaveLength(50);
    expect(goesOn(full)).toHaveLength(1);
    const done = memoryQueue([app]);
    done.put(app, ...many(25, START, app));
    await done.finish(done.run({ part: 0, of: 1 }, { memoryUsed: () => 0.95 }));
    const atLimit = memoryQueue([app]);
    atLimit.put(app, ...many(60, START, app));
    await atLimit.finish(atLimit.run({ part: 0, of: 1 }, { stayMs: 15 * SECOND }));
    expect([goesOn(done), goesOn(atLimit)]).toEqual([[], []]);
  });
});
