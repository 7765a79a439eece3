import type { LambdaClient } from '@aws-sdk/client-lambda';
import { expect, it } from 'vitest';
import { shardOf } from '../../core/lanes.ts';
import { dispatcherOf, shareOf } from '../../core/split.ts';
import { Ring } from '../../functions/ring.ts';
import { Seat } from '../../functions/seat.ts';
import { SECOND, START, settingsOf } from '../core/given.ts';
import { type MemoryQueue, many, memoryQueue, parts } from './memoryQueue.ts';

const billing = settingsOf({ shards: 4, maxInFlight: 50 });

/** A door’s bell, and whom it has woken. */
function door(queue: MemoryQueue) {
  const woken: number[] = [];
  const send = async ({ input }: { input: { Payload: string } }) => void woken.push(JSON.parse(input.Payload).part ?? 0);
  return { woken, ring: new Ring(queue.seat, { send } as unknown as LambdaClient, 'dispatcher') };
}
const rungIn = (queue: MemoryQueue, part: number) => queue.table.rows.get(part === 0 ? '~seat' : `~seat/${part}`)?.rings?.N;

it('a ring reaches the dispatcher of the task’s shard; a door learns at its first one how many there are', async () => {
  const queue = memoryQueue([billing]);
  for (const run of parts(4).map((place) => queue.run(place))) await queue.finish(run);
  const app = { ...billing, maxInFlight: 500 };
  for (const task of many(12, START, billing)) {
    const { woken, ring } = door(queue);
    queue.clock.set(queue.clock.now() + 10 * SECOND);
    await ring.ifNear(app, [task], queue.clock.now());
    const part = dispatcherOf(app, shardOf(task.id, 4), 4);
    expect(woken).toEqual([part]);
    const seat = await queue.seat.of(part).read();
    expect(seat.rung.get('billing')).toBe(queue.clock.now());
  }
});

it('a ring for several tasks at once is one for each dispatcher, and for all of an app one for each that has a share of it', async () => {
  const queue = memoryQueue([billing]);
  for (const run of parts(3).map((place) => queue.run(place))) await queue.finish(run);
  const { woken, ring } = door(queue);
  await ring.ifNear(billing, many(40, START, billing), queue.clock.now());
  const holders = parts(3)
    .filter((place) => shareOf(billing, place))
    .map(({ part }) => part);
  expect(woken.sort()).toEqual(holders);
  queue.clock.set(queue.clock.now() + 10 * SECOND);
  await ring.ring(billing, queue.clock.now());
  expect(woken.slice(2).sort()).toEqual(holders);
});

it('a ring for a dispatcher that is no longer there wakes it once, which says so; from then on the right one is rung for', async () => {
  const queue = memoryQueue([billing]);
  for (const run of parts(2).map((place) => queue.run(place))) await queue.finish(run);
  const { woken, ring } = door(queue);
  const task = many(12, START, billing).find(({ id }) => dispatcherOf(billing, shardOf(id, 4), 2) === 1);
  await ring.ifNear(billing, [task as never], queue.clock.now());
  expect(woken).toEqual([1]);
  // There is but one now.
  await queue.finish(queue.run());
  await new Seat(queue.table.client, 'table', 1).retire(1);
  queue.clock.set(queue.clock.now() + 10 * SECOND);
  await ring.ifNear(billing, [task as never], queue.clock.now());
  expect(woken).toEqual([1, 0]);
  expect(rungIn(queue, 0)).toBeDefined();
});

it('nobody rings for an app that is told by the minute', async () => {
  const queue = memoryQueue([billing]);
  const { woken, ring } = door(queue);
  await ring.ifNear({ ...billing, precision: 'minute' }, many(1, START, billing), START);
  await ring.ring({ ...billing, precision: 'minute' }, START);
  expect([woken, queue.table.writes]).toEqual([[], 0]);
});
