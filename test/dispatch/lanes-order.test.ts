import type { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueAtOfKey, INDEXES, laneKeys } from '../../core/lanes.ts';
import { inOrder } from '../../core/order.ts';
import { LEVELS, type Task } from '../../core/task.ts';
import { type Holds, Lanes } from '../../functions/dispatch/lanes.ts';
import type { Waiting } from '../../functions/lane-query.ts';
import { type Item, itemOf, rowOf } from '../../functions/rows.ts';
import { enqueue, given, HOUR, MINUTE, SECOND, START, settingsOf } from '../core/given.ts';

const SHARDS = 2;

/** Both indexes over some tasks, as a query shows them: without those that have been taken. */
function indexOf(tasks: readonly Task[], taken: readonly string[], shards = SHARDS): DynamoDBClient {
  const items: Item[] = tasks.map((task) => itemOf(rowOf(task, shards)));
  const send = async ({ input }: QueryCommand) => {
    const { partition, sort } = INDEXES[input.IndexName as keyof typeof INDEXES];
    const { ':lane': lane, ':until': until } = input.ExpressionAttributeValues as Record<string, { S: string } | undefined>;
    const keyOf = (item: Item) => item[sort]?.S ?? '';
    const start = input.ExclusiveStartKey as Item | undefined;
    const rows = items
      .filter(({ id }) => !taken.includes(id?.S ?? ''))
      .filter((item) => item[partition]?.S === lane?.S && (until === undefined || keyOf(item) <= until.S))
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
      .filter((item) => start === undefined || keyOf(item) > keyOf(start));
    const Items = rows.slice(0, input.Limit);
    return { Items, ...(rows.length > Items.length ? { LastEvaluatedKey: Items.at(-1) } : {}) };
  };
  return { send } as unknown as DynamoDBClient;
}

const tasks = fc
  .array(
    fc.record({
      level: fc.constantFrom(...LEVELS, 'low' as const, 'low' as const),
      name: fc.constantFrom('mail', 'mail', 'invoice'),
      position: fc.constantFrom('front' as const, 'back' as const, 'back' as const, 'back' as const),
      dueAt: fc.constantFrom(START - HOUR, START - SECOND, START, START, START, START + 500, START + HOUR),
      deadlineAt: fc.constantFrom(undefined, undefined, undefined, START - SECOND, START, START + 400, START + MINUTE, START + HOUR),
    }),
    { maxLength: 300, size: 'max' },
  )
  .map((all) =>
    all.map(({ deadlineAt, ...parts }, i) =>
      given(
        enqueue({
          ...parts,
          id: `billing/${String(i).padStart(22, '0')}`,
          arrival: START * 1_000 + (i % 5),
          ...(deadlineAt === undefined ? {} : { deadlineAt }),
        }),
      ).task(),
    ),
  );

const waitingOf = (task: Task): Waiting => {
  const key = laneKeys(task, SHARDS).dueAt;
  return { ...task, key, dueAt: dueAtOfKey(key) };
};

/** Takes batch after batch out of the lanes, as a run does, until there is nothing left. */
async function drained(all: readonly Task[], escalated: 'first' | 'last', holds?: Holds): Promise<string[]> {
  const settings = settingsOf({ shards: SHARDS, escalated });
  const taken: string[] = [];
  const lanes = new Lanes(indexOf(all, taken), 'table', settings, holds);
  await lanes.rewind();
  for (let looks = 0; looks < 1_000; looks++) {
    const batch = inOrder(await lanes.nominate(START + SECOND), { ...settings, now: START }).slice(0, 25);
    if (batch.length === 0 && lanes.nextDueAt > START + SECOND) return taken;
    taken.push(...batch.map(({ id }) => id));
    lanes.remove(new Set(batch.map(({ id }) => id)));
  }
  throw new Error('it never ends');
}

describe('what the lanes nominate, batch after batch', () => {
  it('is the comparator’s order of all that is due, however long a lane is and wherever its deadlines stand', async () => {
    await fc.assert(
      fc.asyncProperty(tasks, fc.constantFrom('first' as const, 'last' as const), async (all, escalated) => {
        const due = all.map(waitingOf).filter(({ dueAt }) => dueAt <= START + SECOND);
        const expected = inOrder(due, { ...settingsOf(), escalated, now: START }).map(({ id }) => id);
        expect(await drained(all, escalated)).toEqual(expected);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  it('is that order without a name that is held back', async () => {
    await fc.assert(
      fc.asyncProperty(tasks, async (all) => {
        const holds: Holds = {
          opensAt: ({ name }) => (name === 'mail' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY),
          laneOpensAt: () => Number.NEGATIVE_INFINITY,
          sift: (read) => [...read],
          unreadable: () => expect.unreachable(),
        };
        const due = all.map(waitingOf).filter(({ dueAt, name }) => dueAt <= START + SECOND && name === 'invoice');
        const expected = inOrder(due, { ...settingsOf(), now: START }).map(({ id }) => id);
        expect(await drained(all, 'first', holds)).toEqual(expected);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  it('is all of a name that was passed over, in its order, once it is let go', async () => {
    const mail = (count: number, from: number) =>
      Array.from({ length: count }, (_, i) =>
        given(enqueue({ id: `billing/${String(from + i).padStart(22, '0')}`, name: 'mail', arrival: START * 1_000 + from + i })).task(),
      );
    const all = [
      ...mail(330, 0),
      given(enqueue({ id: `billing/${'x'.repeat(22)}`, name: 'invoice', arrival: START * 1_000 + 400 })).task(),
    ];
    const taken: string[] = [];
    let isShut = true;
    const holds: Holds = {
      opensAt: ({ name }) => (name === 'mail' && isShut ? START + MINUTE : Number.NEGATIVE_INFINITY),
      laneOpensAt: () => Number.NEGATIVE_INFINITY,
      sift: (read) => [...read],
      unreadable: () => expect.unreachable(),
    };
    const lanes = new Lanes(indexOf(all, taken, 1), 'table', settingsOf({ shards: 1 }), holds);
    const take = async () => {
      const batch = inOrder(await lanes.nominate(START), { ...settingsOf(), now: START }).slice(0, 25);
      taken.push(...batch.map(({ id }) => id));
      lanes.remove(new Set(batch.map(({ id }) => id)));
      return batch.length;
    };
    await lanes.rewind();
    expect(await take()).toBe(1);
    expect(lanes.nextDueAt).toBe(START + MINUTE);
    // Nothing is read again while it is held back.
    expect(await take()).toBe(0);
    isShut = false;
    while ((await take()) > 0) expect(taken.length).toBeLessThanOrEqual(all.length);
    expect(taken.slice(1)).toEqual(all.slice(0, 330).map(({ id }) => id));
  });

  it('is not, by a close deadline behind all that was read, a task of a name that is held back', async () => {
    const one = (id: string, name: string, parts: object = {}) => given(enqueue({ id: `billing/${id}`, name, ...parts })).task();
    const all = Array.from({ length: 60 }, (_, i) => one(`a${i}`, 'invoice'));
    const [held, close] = [one('x', 'mail', { deadlineAt: START + 1 }), one('y', 'invoice', { deadlineAt: START + 1 })];
    const holds: Holds = {
      opensAt: ({ name }) => (name === 'mail' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY),
      laneOpensAt: () => Number.NEGATIVE_INFINITY,
      sift: (read) => [...read],
      unreadable: () => expect.unreachable(),
    };
    const lanes = new Lanes(indexOf([...all, held, close], [], 1), 'table', settingsOf({ shards: 1 }), holds);
    await lanes.rewind();
    const found = (await lanes.nominate(START)).map(({ id }) => id);
    expect(found).toContain(close.id);
    expect(found).not.toContain(held.id);
  });
});
