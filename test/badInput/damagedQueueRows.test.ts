import { expect, it, vi } from 'vitest';
import { entriesText } from '../../core/slots.ts';
import type { Item } from '../../functions/rows.ts';
import { openDoors } from './doors.ts';
import { makeQueue, rowItem, START, taskOf } from './queue.ts';

// The functions log to the console, which is no part of what is tested.
vi.spyOn(console, 'log').mockImplementation(() => {});

/** Calls of one run that are no endless loop. */
const CALLS = 800;

const numbers = (values: Record<string, number>): Item =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { N: String(value) }]));

const waiting = taskOf('waiting');
const other = taskOf('other', { dueAt: START + 3_600_000 });
const entries = entriesText([{ id: other.id, rev: 1, leaseUntil: START + 3_600_000, published: true }]);

/** The rows beside the tasks', as they stand after some runs. */
const ROWS: Readonly<Record<string, Item>> = {
  'billing/slot/0': { ...numbers({ rev: 3, slots: 1 }), entries: { S: entries }, by: { S: 'n' } },
  '~seat': {
    ...numbers({ epoch: 3, left: 3, aliveUntil: 0, sweepAt: START + 1e6, unsureUntil: 0, usedUntil: 0, settings: 1, rings: 2, wokenAt: 5 }),
    takenBy: { S: 'n' },
    'rung/billing': { N: '5' },
  },
  '~settings/billing': { rev: { N: '1' }, valves: { S: '{"names":{}}' } },
};

const VALUES: readonly (Item[string] | undefined)[] = [
  undefined,
  ...['0', '-1', '1.5', '9007199254740993', '5000000000', '1e125', '1'.repeat(38)].map((N) => ({ N })),
  ...['', 'x', '{', '{"app":7,"names":{"send-invoice":[]}}', '{"app":{"perMinute":0,"since":1}}', 'a.b.c d.e!f'].map((S) => ({ S })),
  { BOOL: true },
  { NULL: true },
  { M: {} },
  { L: [] },
  { SS: ['a'] },
];

const CASES = Object.entries(ROWS).flatMap(([id, row]) => Object.keys(row).map((attribute) => [id, attribute] as const));

it.each(CASES)('%s with any value for %s stops neither the dispatcher nor a door', async (id, attribute) => {
  for (const value of VALUES) {
    const doors = await openDoors();
    const queue = makeQueue(doors.table);
    for (const [key, { [attribute]: kept, ...row }] of Object.entries(ROWS)) {
      const found = key === id ? value : kept;
      queue.table.put({ id: { S: key }, ...row, ...(found === undefined ? {} : { [attribute]: found }) });
    }
    for (const task of [waiting, other]) queue.table.put(rowItem(task));
    queue.table.allow(CALLS);
    await queue.tick();
    expect(queue.told.map((body) => JSON.parse(body).id)).toContain(waiting.id);
    for (const request of [{ action: 'next' }, { action: 'list', state: 'leased' }, { action: 'explain', id: other.id }]) {
      expect(await doors.submit({ v: 1, ...request })).toMatchObject({ ok: true });
    }
    const task = { name: 'tick', idempotencyKey: 'k' };
    expect(await doors.submit({ v: 1, action: 'enqueue', ...task })).toMatchObject({ ok: true, created: true });
  }
});
