import type { Case } from './entries.ts';

/** The same by JavaScript and by JSON. */
const both = (parts: object) => ({ client: parts, door: parts });
const payload = (value: unknown) => ({ payload: { invoice: value } });
const local = (text: string) => ({ dueAt: { local: text, timeZone: 'Europe/Paris' } });

/** What looks odd and is right. */
export const GOOD: readonly Case[] = [
  { entry: 'NUL and control characters', ...both(payload('a\0b\u001f\u0085\u2028\ufffe\uffff')) },
  { entry: 'RTL', ...both({ ...payload('שלום \u202e'), idempotencyKey: 'שלום' }) },
  { entry: 'emoji', ...both({ ...payload('👩‍🚀'), idempotencyKey: '👩‍🚀' }), cli: ['--idempotency-key', '🚀'] },
  { entry: 'NFC and NFD twins', ...both({ idempotencyKey: 'caf\u00e9' }) },
  { entry: 'NFC and NFD twins', ...both({ idempotencyKey: 'cafe\u0301' }) },
  { entry: '# / | in a key', ...both({ idempotencyKey: '#/|~seat billing/slot/0' }), cli: ['--idempotency-key', '#/|'] },
  { entry: '__proto__', client: { payload: JSON.parse('{"__proto__":{"a":1}}') }, door: '"payload":{"__proto__":{"a":1}}' },
  { entry: 'constructor', ...both({ name: 'constructor', payload: { constructor: { prototype: 1 } } }) },
  { entry: 'the past', ...both({ dueAt: '2001-01-01T00:00:00Z' }), cli: ['--due-at', '2h ago'] },
  { entry: 'now', ...both({ dueAt: new Date() }), cli: ['--due-at', 'now'] },
  { entry: '+100 years', client: { delay: '36525d' }, door: { delayMs: 3_155_760_000_000 }, cli: ['--delay', '36525d'] },
  { entry: 'year 9999', ...both({ dueAt: '9999-12-31T23:59:59.999Z' }) },
  { entry: '29 February', ...both({ dueAt: '2028-02-29T00:00:00Z' }) },
  { entry: 'a gap', ...both(local('2026-03-29T02:30')) },
  { entry: 'a fold', ...both(local('2026-10-25T02:30')) },
  { entry: 'maxAttempts 1', ...both({ maxAttempts: 1 }), cli: ['--max-attempts', '1'] },
];
