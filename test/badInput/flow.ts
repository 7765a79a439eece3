import { expect } from 'vitest';
import { boundedError } from '../../core/task.ts';
import { taskIdOf } from '../../functions/identity.ts';
import { itemOf, taskOf as readRow, rowOf } from '../../functions/rows.ts';
import type { Doors } from './doors.ts';
import { rowItem, taskOf } from './queue.ts';

type Story = (doors: Doors) => Promise<void>;
const HOUR = 3_600_000;

const enqueue = (key: string, parts: object = {}) => ({ v: 1, action: 'enqueue', name: 'send-invoice', idempotencyKey: key, ...parts });

/** A task that is out, its lease ending so much from now. */
function lease({ table }: Doors, key: string, leaseMs: number): string {
  const task = taskOf(key);
  const out = {
    state: 'leased',
    rev: 2,
    claim: 1,
    claimedBy: '0.1.n',
    claimedAt: Date.now() - HOUR,
    leaseUntil: Date.now() + leaseMs,
  } as const;
  const { priority: _, ...item } = rowItem({ ...task, ...out });
  table.put(item);
  return task.id;
}

const report = (id: string, action: string, rest: object = {}) => ({ v: 1, action, id, claim: 1, ...rest });

const refusesLease =
  (leaseMs: number): Story =>
  async (doors) => {
    const id = lease(doors, `lease ${leaseMs}`, HOUR);
    const before = doors.table.writes;
    const { error } = await doors.report(report(id, 'extend', { leaseMs }));
    expect(error).toMatchObject({
      code: 'BadRequest',
      field: 'leaseMs',
      got: String(leaseMs),
      allowed: 'a whole number from 1000 to 43200000',
    });
    expect(doors.table.writes).toBe(before);
  };

/** What is bad by when it comes. */
export const FLOW: Readonly<Record<string, Story>> = {
  'a lease of 0': refusesLease(0),
  'a negative lease': refusesLease(-60_000),
  'a huge lease': refusesLease(1e11),
  'the same key 50 times at once': async (doors) => {
    const before = doors.table.rows.size;
    const answers = await Promise.all(Array.from({ length: 50 }, () => doors.submit(enqueue('fifty', { delayMs: HOUR }))));
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(answers.map(({ id }) => id))).toEqual(new Set([taskIdOf('billing', 'fifty')]));
    const batch = { v: 1, action: 'enqueueBatch', tasks: Array.from({ length: 50 }, () => ({ name: 'x', idempotencyKey: 'fifty' })) };
    for (const { error } of (await doors.submit(batch)).results) expect(error).toMatchObject({ code: 'IdempotencyConflict' });
    expect(doors.table.rows.size).toBe(before + 1);
  },
  'complete twice': async (doors) => {
    const id = lease(doors, 'twice', HOUR);
    const first = await doors.report(report(id, 'complete'));
    const writes = doors.table.writes;
    expect(await doors.report(report(id, 'complete'))).toEqual(first);
    expect(first).toMatchObject({ ok: true, state: 'completed' });
    expect(doors.table.writes).toBe(writes);
  },
  'a report after expiry': async (doors) => {
    const id = lease(doors, 'after expiry', -HOUR);
    // Nobody else has it: what was done counts. Once it has been claimed anew it does not.
    const task = readRow(doors.table.rows.get(id) ?? {});
    doors.table.put(itemOf(rowOf({ ...task, claim: 2, rev: 4 }, 1)));
    const writes = doors.table.writes;
    for (const action of ['complete', 'extend', 'snooze', 'fail']) {
      const parts = action === 'snooze' ? { delayMs: 1 } : action === 'fail' ? { error: boundedError({ name: 'E', message: 'm' }) } : {};
      const { error } = await doors.report(report(id, action, parts));
      expect(error).toMatchObject({ code: 'LeaseLost', field: 'claim', retryable: false });
    }
    expect(doors.table.writes).toBe(writes);
  },
  'cancel during a claim': async (doors) => {
    const id = lease(doors, 'cancel', HOUR);
    const writes = doors.table.writes;
    const { error } = await doors.submit({ v: 1, action: 'cancel', id });
    expect(error).toMatchObject({ code: 'WrongState', field: 'id', got: 'leased', allowed: 'scheduled' });
    expect(doors.table.writes).toBe(writes);
  },
  'replay of a waiting task': async (doors) => {
    const { id } = await doors.submit(enqueue('waiting', { delayMs: HOUR }));
    const writes = doors.table.writes;
    const { error } = await doors.submit({ v: 1, action: 'replay', id });
    expect(error).toMatchObject({ code: 'WrongState', field: 'id', got: 'scheduled', allowed: 'dead or cancelled or completed' });
    expect(doors.table.writes).toBe(writes);
  },
};
