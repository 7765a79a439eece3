import { describe, expect, it, vi } from 'vitest';
import { readNotification } from '../../client/readNotification.ts';
import { INDEXES } from '../../core/lanes.ts';
import { entriesText } from '../../core/slots.ts';
import type { Item } from '../../functions/rows.ts';
import { readTask } from '../../functions/rows.ts';
import { type Doors, openDoors } from './doors.ts';
import { makeQueue, rowItem, START, taskOf } from './queue.ts';

type Value = Item[string];

const NUMBERS = ['0', '-1', '1.5', '9007199254740991', '9007199254740993', '8640000000000001', '1e125', '-9e124', '1e-130', '1'.repeat(38)];
const TEXTS = ['', 'x', '{', '\u0000', '#/|', 'office', 'office#high#0', 'dead', 'leased', 'high', '1', '-', '2026-12-24T08:00:00.000Z'];
const LISTS: Value[][] = [[], [{ NULL: true }], [{ N: '1' }], [{ S: 'x' }], [{ M: {} }], [{ M: { claim: { N: '1' }, at: { S: 'x' } } }]];
const bytes = new Uint8Array([1]);

/** Nothing, and one of every type that DynamoDB has, with numbers and texts at their ends. */
const VALUES: readonly (Value | undefined)[] = [
  undefined,
  ...NUMBERS.map((N) => ({ N })),
  ...TEXTS.map((S) => ({ S })),
  ...LISTS.map((L) => ({ L })),
  { BOOL: true },
  { NULL: true },
  { M: {} },
  { M: { a: { N: '1' } } },
  { B: bytes },
  { SS: ['a'] },
  { NS: ['1'] },
  { BS: [bytes] },
];

/** DynamoDB itself keeps the keys of its indexes texts. */
const KEYS: readonly string[] = Object.values(INDEXES).flatMap(({ partition, sort }) => [partition, sort]);
const fitting = (attribute: string) => VALUES.filter((value) => !KEYS.includes(attribute) || value === undefined || value.S);

const WAITING = rowItem(taskOf('any', { deadlineAt: START + 3_600_000, maxAttempts: 3, traits: ['exclusive'] }));
const OUT = {
  state: 'leased',
  claim: 1,
  rev: 2,
  claimedBy: '0.1.n',
  claimedAt: START - 9,
  claimedLevel: 'high',
  leaseUntil: START - 60_000,
} as const;
/** Every attribute that a task's row can have, and one of a release to come. */
const ATTRIBUTES = [...Object.keys(WAITING), ...Object.keys(OUT), 'holder', 'moves', 'movesDropped', 'fingerprint', 'listed', 'deathReason']
  .concat('endedAt', 'expiresAtSeconds', 'novelty')
  .filter((name, i, all) => name !== 'id' && all.indexOf(name) === i);

/** One row for each value, all in the same lane or the same slots, each with that value for the attribute. */
const damagedRows = (attribute: string, isOut: boolean): Item[] =>
  fitting(attribute).map((value, i) => {
    const task = taskOf(`${attribute} ${i}`, {
      deadlineAt: START + 3_600_000,
      maxAttempts: 3,
      traits: ['exclusive'],
      dueAt: START - 60_000,
    });
    const { [attribute]: _, ...rest } = rowItem(isOut ? { ...task, ...OUT } : task);
    return value === undefined ? rest : { ...rest, [attribute]: value };
  });

const GOOD = ['a', 'b', 'c'].map((key) => taskOf(key));

/** Some minutes of a queue with these rows and three good ones. Answers the doors to it, and the ids of those that were told of. */
async function liveWith(rows: readonly Item[], isOut: boolean): Promise<Doors & { ids: string[] }> {
  const doors = await openDoors();
  vi.mocked(console.log).mockClear();
  const queue = makeQueue(doors.table);
  for (const item of [...rows, ...GOOD.map(rowItem)]) queue.table.put(item);
  if (isOut) {
    const entries = rows.map(({ id }) => ({ id: id?.S ?? '', rev: 1, leaseUntil: START - 60_000, published: true }));
    const slot = (j: number): Item => ({
      id: { S: `billing/slot/${j}` },
      rev: { N: '1' },
      entries: { S: entriesText(entries.slice(j * 25, j * 25 + 25)) },
    });
    queue.table.put({ ...slot(0), slots: { N: '2' } });
    queue.table.put(slot(1));
  }
  await asksAboutAll(doors.submit);
  for (let minute = 0; minute < 2; minute++) {
    await queue.tick();
    expect(await queue.settle(), 'failures that must come again').toBe(0);
  }
  const told = queue.told.map((body) => readNotification(body));
  expect(told.filter((one) => !one.ok || one.told.app !== 'billing')).toEqual([]);
  return { ...doors, ids: told.flatMap((one) => (one.ok ? one.told.id : [])) };
}

const logged = () => vi.mocked(console.log).mock.calls.join('\n');

it('a task of another app in a lane is not told to this one: it is set aside', async () => {
  const id = `office/${'A'.repeat(22)}`;
  const foreign = { ...rowItem(taskOf('foreign')), id: { S: id }, app: { S: 'office' } };
  const { table, ids } = await liveWith([foreign], false);
  expect(ids.sort()).toEqual(GOOD.map((task) => task.id).sort());
  expect(table.rows.get(id)).toMatchObject({ state: { S: 'dead' }, deathReason: { S: 'unreadable' } });
});

describe.each([
  ['a waiting task', false],
  ['a task that is out', true],
])('%s with any value for', (_, isOut) => {
  it.each(ATTRIBUTES)('%s stops nobody, is told or set aside, and no door fails by it', async (attribute) => {
    const rows = damagedRows(attribute, isOut);
    for (const item of rows) expect(() => readTask(item)).not.toThrow();
    const { table, submit, ids } = await liveWith(rows, isOut);
    expect(logged()).not.toContain('cut short');
    expect(ids).toEqual(expect.arrayContaining(GOOD.map(({ id }) => id)));
    // A row without one of its keys is in no lane: only who asks by its id sees it.
    const left = [...table.rows.values()].filter(({ id, state, priority, dueAt }) => {
      return state?.S === 'scheduled' && priority?.S?.startsWith('billing#') && dueAt !== undefined && !ids.includes(id?.S ?? '');
    });
    expect(left).toEqual([]);
    await asksAbout(rows, submit);
  });
});

/** Whatever is asked of all that there is. */
async function asksAboutAll(submit: Doors['submit']): Promise<void> {
  const lists = ['scheduled', 'leased', 'dead', 'cancelled'].map((state) => ({ action: 'list', state, limit: 100 }));
  for (const request of [{ action: 'next', count: 25 }, { action: 'explain', id: GOOD[0]?.id }, ...lists]) {
    expect(await submit({ v: 1, ...request })).toMatchObject({ ok: true });
  }
}

/** Whatever is asked of the rows, the answer is one that helps. */
async function asksAbout(rows: readonly Item[], submit: Doors['submit']): Promise<void> {
  await asksAboutAll(submit);
  for (const { id } of rows) {
    for (const action of ['get', 'explain', 'cancel', 'moveToFront', 'replay']) {
      const { ok, error } = await submit({ v: 1, action, id: id?.S });
      expect(ok || error?.retryable === false, `${action}: ${JSON.stringify(error)}`).toBe(true);
    }
  }
}
