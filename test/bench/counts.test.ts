import { expect, it } from 'vitest';
import { CountedQueue, MINUTE, SECOND } from '../../bench/counts/CountedQueue.ts';
import { callsATask } from '../../bench/counts/calls.ts';
import { enqueueCounted } from '../../bench/counts/enqueue.ts';
import { fewestUnits } from '../../bench/counts/fewest.ts';
import { costBeside } from '../../bench/counts/growth.ts';
import { live, writesATask } from '../../bench/counts/lives.ts';
import { idleMinute, readsATask, reportReads, residentBeat } from '../../bench/counts/reads.ts';
import { completing } from '../../bench/counts/workers.ts';
import { LIVES } from '../../bench/counts/writes.ts';

it.each(LIVES)('of a thousand due at one instant each costs its write units and no more: $name', async ({ atMost, life, moves }) => {
  const lived = await live({ tasks: 1_000, ...life });
  expect(writesATask(lived)).toBeLessThanOrEqual(atMost);
  // No way of writing it is cheaper; what is more is the slots' second and third writing, and the seat's.
  expect(writesATask(lived)).toBeGreaterThanOrEqual(fewestUnits(moves).units);
  expect(fewestUnits(moves).units).toBeGreaterThan(atMost - 0.1);
  expect(lived.meter.largestRow).toBeLessThanOrEqual(1_024);
  // The dispatcher's calls, and what it reads; with the worker's report.
  expect(callsATask(lived)).toBeLessThanOrEqual(0.22);
  expect(readsATask(lived)).toBeLessThanOrEqual(0.6);
  expect(readsATask(lived) + reportReads(lived)).toBeLessThanOrEqual(1.1);
});

it('a claim that wrote a slot alone would cost a unit less, and a cancel and a claim could both win', () => {
  expect(fewestUnits({}).units).toBe(5.04);
  expect(fewestUnits({}, { isDecided: false }).units).toBe(4.04);
});

it('spread over a minute they are claimed together, not one by one', async () => {
  // Sooner than a claim takes: the next is always within reach.
  const lived = await live({ tasks: 300, apartMs: 60 });
  const told = lived.meter.count('dispatcher', 'PublishBatch');
  expect(callsATask(lived) - told / lived.tasks).toBeLessThanOrEqual(0.7);
});

it('a resident beat reads one unit, an idle minute queries each lane once, beside a million tasks for later as beside a thousand', async () => {
  expect(await residentBeat()).toBe(1);
  const { queries, lanes } = await idleMinute();
  expect(queries).toBe(lanes);
  expect(await costBeside(1_000_000)).toEqual(await costBeside(1_000));
});

it('a task enqueued with a hundred others costs a hundredth of a call, a 25th of one of its door, and two write units', async () => {
  expect(await enqueueCounted(500)).toEqual({ calls: 0.01, writes: 2, batches: 0.04 });
});

it('a report reads its task at half a unit; where that reading is behind, it is not believed when it says no', async () => {
  const queue = new CountedQueue();
  await queue.play(async () => {
    queue.worker = completing();
    await queue.enqueue([{ name: 'send-invoice', payload: {}, dueAt: new Date(queue.world.timeline.now + 2 * SECOND) }]);
    // All readings that need not be consistent show a row as it was before its claim.
    queue.world.faults.staleMs = () => 2 * SECOND;
    await queue.pass(MINUTE);
  });
  const [, row] = [...queue.world.cloud.table.rows].find(([id]) => !id.includes('~') && !id.includes('/slot/')) ?? [];
  expect(row?.state?.S).toBe('completed');
  expect(queue.meter.count('report', 'GetItem')).toBe(2);
  expect(queue.meter.reads('report')).toBe(1.5);
});
