import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { readNotification } from '../../client/readNotification.ts';
import { parseSettings } from '../../contract/settings.ts';
import { entriesOf } from '../../core/slots.ts';
import { waitingOf } from '../../functions/lane-query.ts';
import { bodyOf } from '../../functions/notification.ts';
import { type Item, readTask } from '../../functions/rows.ts';
import { Seat } from '../../functions/seat.ts';
import { Store } from '../../functions/store.ts';
import { ValveStore, valvesView } from '../../functions/valves.ts';
import { json, nearly, text } from './anything.ts';
import { rowItem, taskOf } from './queue.ts';
import { MemoryTable } from './table.ts';

// The functions log to the console, which is no part of what is tested.
vi.spyOn(console, 'log').mockImplementation(() => {});

/** Any attribute that DynamoDB could hold. */
const attribute = fc.letrec<{ any: Item[string] }>((tie) => ({
  any: fc.oneof<fc.Arbitrary<Item[string]>[]>(
    text.map((S) => ({ S })),
    fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.maxSafeInteger(), fc.bigInt()).map((N) => ({ N: String(N) })),
    fc.boolean().map((BOOL) => ({ BOOL })),
    fc.constant({ NULL: true as const }),
    fc.array(tie('any'), { maxLength: 3 }).map((L) => ({ L })),
    fc.dictionary(text, tie('any'), { maxKeys: 3 }).map((M) => ({ M })),
    fc.uint8Array({ maxLength: 3 }).map((B) => ({ B })),
    fc.constant({ SS: ['a'] }),
  ),
})).any;
const NAMES = Object.keys(rowItem(taskOf('x', { deadlineAt: 4e12 })));
const damage = fc.dictionary(fc.constantFrom(...NAMES, 'traits', 'moves', 'leaseUntil', 'endedAt'), attribute, { maxKeys: 3 });

describe('what stands in the table, whatever it is,', () => {
  it('is a task that can be shown and told, or none', () => {
    fc.assert(
      fc.property(damage, (parts) => {
        const item = { ...rowItem(taskOf('x', { deadlineAt: 4e12 })), ...parts };
        const waiting = waitingOf(item);
        if (waiting) expect([Number.isSafeInteger(waiting.rev), Number.isNaN(waiting.dueAt)]).toEqual([true, false]);
        const task = readTask(item);
        if (task !== 'unreadable') expect(readNotification(bodyOf({ ...task, claim: 1 }, Date.now())).ok).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('slots, valves and the seat are read as far as they can be', async () => {
    const table = new MemoryTable();
    const store = new Store(table.client, 'table');
    const seat = new Seat(table.client, 'table');
    const valves = new ValveStore(table.client, store, seat);
    await fc.assert(
      fc.asyncProperty(text, json, attribute, async (slot, valve, any) => {
        for (const entry of entriesOf('billing', slot)) expect(entry.id).toMatch(/^billing\/[\w-]+$/);
        for (const written of [
          any,
          { S: slot },
          { S: JSON.stringify(valve) },
          { S: JSON.stringify({ app: valve, names: { a: valve } }) },
        ]) {
          table.put({ id: { S: '~settings/billing' }, rev: any, valves: written });
          const read = (await valves.read(['billing'])).get('billing');
          if (read) JSON.stringify(valvesView('billing', read));
        }
        table.put({ id: { S: '~seat' }, epoch: any, rings: any, aliveUntil: any, 'rung/billing': any });
        expect(typeof (await seat.read()).epoch).toBe('number');
      }),
      { numRuns: 300 },
    );
  });
});

it('a notification, whatever a queue brings, is read or named by its field', () => {
  const good = JSON.parse(bodyOf({ ...taskOf('x'), claim: 1, leaseUntil: 4e12 }, Date.now()));
  const body = fc.oneof(
    text,
    json.map((value) => JSON.stringify(value) ?? ''),
    nearly([good]).map((value) => JSON.stringify(value)),
  );
  const wrapped = body.map((Message) => JSON.stringify({ Type: 'Notification', Message }));
  fc.assert(
    fc.property(fc.oneof(body, wrapped), (message) => {
      const read = readNotification(message);
      if (!read.ok) expect(read.field).toBeTruthy();
    }),
    { numRuns: 1_000 },
  );
});

it('settings, whatever their text, are read whole or refused', () => {
  const good = {
    app: 'billing',
    topicArn: 't',
    policy: { maxAttempts: 3 },
    tasks: { tick: { leaseMs: 5_000 } },
    maxInFlight: 5,
    shards: 2,
  };
  fc.assert(
    fc.property(
      fc.oneof(
        text,
        nearly([good]).map((value) => JSON.stringify(value)),
      ),
      (given) => {
        try {
          const { maxInFlight, shards, policy } = parseSettings(given);
          expect([maxInFlight, shards, policy.leaseMs, policy.maxAttempts].every((value) => Number.isInteger(value) && value > 0)).toBe(
            true,
          );
        } catch (error) {
          expect(['SyntaxError', 'ValiError']).toContain((error as Error).name);
        }
      },
    ),
    { numRuns: 500 },
  );
});
