import { expect, it } from 'vitest';
import { NOTIFICATION_BYTES } from '../../contract/limits.ts';
import { LATEST_MS } from '../../core/when.ts';
import { bodyOf, bytesOf, bytesOver } from '../../functions/notification.ts';
import { taskOf } from './queue.ts';

/** As long as each of its fields can be. */
const WIDEST = {
  ...taskOf('widest'),
  id: `${'a'.repeat(32)}/${'i'.repeat(22)}`,
  app: 'a'.repeat(32),
  name: 'n'.repeat(128),
  version: 1_000_000,
  traits: ['unacknowledged', 'exclusive'] as const,
  claim: Number.MAX_SAFE_INTEGER,
  attempt: 100,
  dueAt: LATEST_MS,
  deadlineAt: LATEST_MS,
  leaseUntil: LATEST_MS,
};

/** From nothing to more than fits, and about where the widest characters of all cease to fit. */
const LENGTHS = [...range(0, NOTIFICATION_BYTES, 9_973), ...range(NOTIFICATION_BYTES / 6 - 300, NOTIFICATION_BYTES / 6, 25)];

it.each(['x', 'é', '漢', '🕛', '\uffff'])('a notification full of %j is measured to the byte', (character) => {
  for (const units of LENGTHS) {
    const task = { ...WIDEST, payload: JSON.stringify(character.repeat(units / character.length)) };
    expect(bytesOver(task), `${units} units`).toBe(Math.max(0, bytesOf(bodyOf(task, 0)) - NOTIFICATION_BYTES));
  }
});

function* range(from: number, to: number, step: number): Generator<number> {
  for (let n = from; n < to; n += step) yield n;
}
