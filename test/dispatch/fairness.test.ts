import { describe, expect, it } from 'vitest';
import { itemOf, rowOf } from '../../functions/rows.ts';
import { MINUTE, SECOND, START, settingsOf } from '../core/given.ts';
import { type Answer, LATENCY_MS, memoryQueue, taskOf } from './memoryQueue.ts';

const FLOOD = 100_000;
const flood = settingsOf({ app: 'flood', maxInFlight: 10_000 });
const mail = settingsOf({ app: 'mail' });

/** The beat of the dispatcher. */
const BEAT_MS = SECOND;
/** Calls from the beat to the app’s ear: the seat, its lanes, its slots (twice), the slot’s number, the slot, the claim, the notification. */
const CALLS = 8;

const keyOf = (i: number) => `flood/${String(i).padStart(22, '0')}`;
const floodTask = (i: number) => ({ ...taskOf(flood, ''), id: keyOf(i), level: 'high' as const, dueAt: START - MINUTE });

/** A hundred thousand tasks that are due: made as they are asked for. */
function flooded() {
  let claimed = 0;
  let batches = 0;
  const answer: Answer = ({ constructor: { name }, input }) => {
    const {
      ExpressionAttributeValues,
      Limit = 0,
      ExclusiveStartKey,
      Statements,
    } = input as {
      ExpressionAttributeValues?: { ':lane'?: { S: string } };
      Limit?: number;
      ExclusiveStartKey?: { id: { S: string } };
      Statements?: { Parameters: { S?: string }[] }[];
    };
    const lane = ExpressionAttributeValues?.[':lane']?.S;
    if (name === 'QueryCommand' && lane?.startsWith('flood#')) {
      if (lane !== 'flood#high#0') return { Items: [] };
      const from = ExclusiveStartKey ? Number(ExclusiveStartKey.id.S.slice('flood/'.length)) + 1 : claimed;
      const Items = Array.from({ length: Math.max(0, Math.min(Limit, FLOOD - from)) }, (_, i) => itemOf(rowOf(floodTask(from + i), 1)));
      return { Items, ...(from + Items.length < FLOOD ? { LastEvaluatedKey: Items.at(-1) } : {}) };
    }
    const ids = Statements?.map(({ Parameters }) => Parameters.at(-3)?.S ?? '') ?? [];
    for (const id of ids.filter((one) => one.startsWith('flood/'))) {
      const i = Number(id.slice('flood/'.length));
      queue.table.put(itemOf(rowOf(floodTask(i), 1)));
      claimed = Math.max(claimed, i + 1);
    }
    if (ids[0]?.startsWith('flood/')) batches++;
    return undefined;
  };
  const queue = memoryQueue([flood, mail], answer);
  return { ...queue, batches: () => batches };
}

describe('an app with 100,000 due tasks', () => {
  it('keeps the single task of another waiting for not one of its beats: both go side by side from the first', async () => {
    const queue = flooded();
    const single = taskOf(mail, 'single', { level: 'high' });
    queue.put(mail, single);
    void queue.run();
    for (let i = 0; i < 200 && !queue.told.some(({ id }) => id === single.id); i++) await queue.pass(LATENCY_MS);
    const before = queue.batches();
    // It takes as many calls as a batch of the flood, and one of those may be ahead.
    expect(before).toBeLessThanOrEqual(2);
    expect(queue.clock.now() - START).toBeLessThanOrEqual((CALLS + 2) * LATENCY_MS);
  });

  it('keeps a newcomer of another waiting for half a beat and no longer, in the midst of it', async () => {
    const queue = flooded();
    void queue.run();
    await queue.pass(300);
    const single = taskOf(mail, 'single', { level: 'high', dueAt: queue.clock.now() });
    queue.put(mail, single);
    await queue.seat.ring('mail', queue.clock.now());
    const [rungAt, from] = [queue.clock.now(), queue.batches()];
    for (let i = 0; i < 200 && !queue.told.some(({ id }) => id === single.id); i++) await queue.pass(LATENCY_MS);
    const tookMs = queue.clock.now() - rungAt;
    expect(tookMs).toBeLessThanOrEqual(BEAT_MS / 2 + CALLS * LATENCY_MS);
    // The flood was going on all the while.
    expect(queue.batches() - from).toBeGreaterThanOrEqual(5);
  });
});
