import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readNotification } from '../../client/readNotification.ts';
import { ERROR_CODES } from '../../contract/errors.ts';
import { bodyOf } from '../../functions/notification.ts';
import { readTask } from '../../functions/rows.ts';
import { json, nearly } from './anything.ts';
import { type Doors, openDoors } from './doors.ts';
import { rowItem, taskOf } from './queue.ts';

const ID = taskOf('known').id;
const REQUESTS: readonly object[] = [
  {
    action: 'enqueue',
    name: 'send-invoice',
    idempotencyKey: 'k',
    payload: { invoice: 42 },
    version: 2,
    dueAt: '2030-01-01T00:00:00Z',
    deadlineAt: { local: '2030-12-24T09:00', timeZone: 'Europe/Paris' },
    priority: 'high',
    maxAttempts: 3,
    acknowledge: true,
    exclusive: true,
    expiresAfterDeadline: true,
    replayable: false,
  },
  { action: 'enqueue', name: 'tick', idempotencyKey: 'l', position: 'front' },
  { action: 'enqueueBatch', tasks: [{ name: 'tick', idempotencyKey: 'm', delayMs: 5 }] },
  { action: 'next', count: 3 },
  {
    action: 'list',
    state: 'dead',
    name: 'tick',
    from: '2030-01-01T00:00:00Z',
    to: '2031-01-01T00:00:00Z',
    fingerprint: 'F'.repeat(22),
    limit: 3,
    cursor: 'x',
  },
  { action: 'list', state: 'leased', limit: 3 },
  ...['get', 'explain', 'cancel', 'moveToFront'].map((action) => ({ action, id: ID })),
  { action: 'reschedule', id: ID, dueAt: '2030-01-01T00:00:00Z', deadlineAt: null },
  { action: 'reprioritize', id: ID, priority: 'low' },
  { action: 'replay', id: ID, payload: [1], delayMs: 5 },
];
const REPORTS: readonly object[] = [
  { action: 'start', holder: 'h' },
  { action: 'complete', worker: 'w' },
  { action: 'fail', error: { name: 'E', message: 'm', stack: 's' } },
  { action: 'extend', leaseMs: 60_000 },
  { action: 'snooze', delayMs: 5 },
  { action: 'snooze', until: '2030-01-01T00:00:00Z' },
].map((one) => ({ id: ID, claim: 1, ...one }));

let doors: Doors;
beforeAll(async () => {
  doors = await openDoors();
});

/** Tasks' rows as they are; the seat may be rung at any time. */
const rowsNow = () => JSON.stringify([...doors.table.rows].filter(([id]) => id !== '~seat'));

/** Asks one known task's door, and holds the answer to what every answer must be. */
async function asks(door: 'submit' | 'report', request: unknown): Promise<void> {
  doors.table.rows.clear();
  const isOut = door === 'report';
  const task = taskOf('known');
  const out = { state: 'leased', claim: 1, rev: 2, claimedBy: '0.1.n', claimedAt: 1, leaseUntil: Date.now() + 3_600_000 } as const;
  doors.table.put(rowItem(isOut ? { ...task, ...out } : task));
  const before = rowsNow();
  const answer = await doors[door](request);
  if (answer.ok && typeof answer.id === 'string' && answer.created) await isShown(answer.id, request);
  if (answer.ok) return;
  const { code, message, field, allowed } = answer.error ?? {};
  expect(ERROR_CODES).toContain(code);
  expect(code).not.toBe('Unavailable');
  expect(message).toBeTruthy();
  if (code === 'BadRequest') expect({ field, allowed }).toEqual({ field: expect.any(String), allowed: expect.any(String) });
  expect(rowsNow()).toBe(before);
}

/** What was taken comes back as it was sent: in its view, and in what its app is told. */
async function isShown(id: string, request: unknown): Promise<void> {
  const { name, payload = null, version = 1, priority = 'medium' } = request as Record<string, unknown>;
  const { task } = await doors.submit({ v: 1, action: 'get', id });
  expect(task).toEqual(expect.objectContaining({ id, name, version, priority }));
  expect(JSON.stringify(task.payload)).toBe(JSON.stringify(payload));
  const row = readTask(doors.table.rows.get(id) ?? {});
  if (row === 'unreadable') throw new Error('a row that the door wrote cannot be read');
  const told = readNotification(bodyOf({ ...row, claim: 1 }, Date.now()));
  expect(told.ok && JSON.stringify(told.told.payload)).toBe(JSON.stringify(payload));
}

describe('a door, whatever it is sent,', () => {
  it.each(['submit', 'report'] as const)('%s: answers in the contract’s words, and changes nothing when it refuses', async (door) => {
    const requests = door === 'submit' ? REQUESTS : REPORTS;
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 9, arbitrary: nearly(requests) }, json), (request) => asks(door, request)),
      { numRuns: 1_000 },
    );
  });

  it('any payload that JSON carries is stored, shown and told as it was sent', async () => {
    await fc.assert(
      fc.asyncProperty(json, (payload) => asks('submit', { v: 1, action: 'enqueue', name: 'tick', idempotencyKey: 'p', payload })),
      { numRuns: 500 },
    );
  });
});
