import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadRequestError, PayloadTooLargeError, PunctualClient } from '../../client/index.ts';
import { shortened } from '../../contract/errors.ts';
import { Edge, INVOICE_ID, SUBMIT } from './edge.ts';
import { tasks } from './tasks.ts';

let edge: Edge;
let client: PunctualClient;
beforeAll(async () => {
  edge = await Edge.open();
  // As JavaScript would call it: the types refuse most of what follows.
  client = new PunctualClient({ tasks, submitArn: SUBMIT, lambda: edge.lambda() }) as unknown as PunctualClient;
});
afterAll(() => edge.close());

const good = { name: 'send-invoice', payload: { invoice: 42 } };
const paying = (invoice: unknown) => ({ ...good, payload: { invoice } });
const noted = (note: unknown) => ({ ...good, payload: { invoice: 1, note } });
const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;
const throwing = {
  get invoice(): number {
    throw new Error('getter');
  },
};
let asked = 0;
const twoFaced = {
  get invoice(): number {
    if (asked++ % 2 === 1) throw new Error('the second time');
    return 1;
  },
};
const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
const local = (text: string, timeZone = 'Europe/Paris', more: object = {}) => ({ ...good, dueAt: { local: text, timeZone, ...more } });

/** What is wrong, the input, the field that must be named, and a part of `got`. */
const CORPUS: readonly [string, unknown, string, string?][] = [
  ['no task', undefined, '', 'nothing'],
  ['null', null, '', 'null'],
  ['an array', [good], '', 'an array of 1'],
  ['a text', 'send-invoice', '', 'send-invoice'],
  ['an unknown field', { ...good, dueat: 'now' }, 'dueat'],
  ['the wire word', { ...good, delayMs: 5 }, 'delayMs'],
  ['a field of the prototype', JSON.parse('{"name":"tick","__proto__":1}'), '__proto__'],
  [
    'a getter that throws',
    {
      name: 'tick',
      get dueAt() {
        throw new Error('no');
      },
    },
    'dueAt',
    'getter',
  ],
  ['expiry without a deadline', { ...good, expiresAfterDeadline: true }, 'expiresAfterDeadline', 'true'],
  ['exclusive without a report', { ...good, exclusive: true, acknowledge: false }, 'exclusive', 'true'],
  ['exclusive as a text', { ...good, exclusive: 'yes' }, 'exclusive', 'yes'],
  ['replayable of null', { ...good, replayable: null }, 'replayable', 'null'],
  ['acknowledge of 0', { ...good, acknowledge: 0 }, 'acknowledge', '0'],
  ['no name', { payload: {} }, 'name', 'nothing'],
  ['an empty name', { ...good, name: '' }, 'name', '""'],
  ['a name of spaces', { ...good, name: '  ' }, 'name'],
  ['a name with a slash', { ...good, name: 'a/b' }, 'name', 'a/b'],
  ['a name with a hash', { ...good, name: 'a#b' }, 'name'],
  ['a name too long', { ...good, name: 'a'.repeat(129) }, 'name'],
  ['a number for a name', { ...good, name: 7 }, 'name', '7'],
  ['an unknown task', { ...good, name: 'send-invoces' }, 'name', 'send-invoces'],
  ['a name of Object', { ...good, name: 'constructor' }, 'name', 'constructor'],
  ['a misspelt case', { ...good, name: 'Send-Invoice' }, 'name'],
  ['NaN', paying(Number.NaN), 'payload.invoice', 'NaN'],
  ['Infinity', paying(Number.POSITIVE_INFINITY), 'payload.invoice', 'Infinity'],
  ['−0', paying(-0), 'payload.invoice', '-0'],
  ['2^53', paying(2 ** 53), 'payload.invoice', '9007199254740992'],
  ['38 digits', paying(Number('12345678901234567890123456789012345678')), 'payload.invoice'],
  ['a BigInt', paying(1n), 'payload.invoice', 'bigint'],
  ['undefined inside', paying(undefined), 'payload.invoice', 'undefined'],
  ['undefined', { name: 'tick', payload: undefined }, 'payload', 'undefined'],
  ['a function', paying(() => 1), 'payload.invoice', 'function'],
  ['a symbol', paying(Symbol('s')), 'payload.invoice', 'symbol'],
  ['a Date', paying(new Date()), 'payload.invoice', 'Date'],
  ['a Map', paying(new Map()), 'payload.invoice', 'Map'],
  ['a Buffer', paying(Buffer.from('x')), 'payload.invoice', 'Buffer'],
  ['a cycle', { ...good, payload: cyclic }, `payload${'.self'.repeat(32)}`],
  ['33 levels', { ...good, payload: nested(33) }, `payload${'[0]'.repeat(32)}`],
  ['a throwing getter inside', { ...good, payload: throwing }, 'payload.invoice', 'getter'],
  ['a getter that throws the second time', { ...good, payload: twoFaced }, 'payload'],
  ['toJSON', { ...good, payload: { invoice: 1, toJSON: () => 2 } }, 'payload.toJSON', 'toJSON'],
  [
    'a proxy that throws',
    {
      ...good,
      payload: new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('no');
          },
        },
      ),
    },
    'payload',
  ],
  ['what the schema refuses', paying('forty-two'), 'payload.invoice', 'a string'],
  ['what the schema misses', { ...good, payload: {} }, 'payload.invoice', 'nothing'],
  ['no payload where one is due', { name: 'send-invoice' }, 'payload', 'null'],
  ['what an asynchronous schema refuses', { name: 'audit', payload: { ledger: 'closed' } }, 'payload.ledger', 'a string'],
  ['Invalid Date', { ...good, dueAt: new Date(Number.NaN) }, 'dueAt', 'Invalid Date'],
  ['epoch milliseconds', { ...good, dueAt: Date.now() }, 'dueAt'],
  ['seconds for milliseconds', { ...good, dueAt: new Date(1_766_563_200) }, 'dueAt', '1970'],
  ['year 0', { ...good, dueAt: '0000-01-01T00:00:00Z' }, 'dueAt'],
  ['year 10000', { ...good, dueAt: '+010000-01-01T00:00:00Z' }, 'dueAt'],
  ['year 10000 as a Date', { ...good, dueAt: new Date(Date.UTC(10_000, 0, 1)) }, 'dueAt'],
  ['no offset', { ...good, dueAt: '2026-12-24T09:00:00' }, 'dueAt', '2026-12-24T09:00:00'],
  ['24:00', { ...good, dueAt: '2026-12-24T24:00:00Z' }, 'dueAt'],
  ['second 60', { ...good, dueAt: '2016-12-31T23:59:60Z' }, 'dueAt'],
  ['29 February', { ...good, dueAt: '2027-02-29T00:00:00Z' }, 'dueAt', '2027-02-29'],
  ['null for a date', { ...good, dueAt: null }, 'dueAt', 'null'],
  ['an array for a date', { ...good, dueAt: [] }, 'dueAt'],
  ['a local date without zone', { ...good, dueAt: { local: '2026-12-24T09:00' } }, 'dueAt.timeZone', 'nothing'],
  ['an unknown zone', local('2026-12-24T09:00', 'Europe/Pariss'), 'dueAt.timeZone', 'Europe/Pariss'],
  ['an offset for a zone', local('2026-12-24T09:00', '+02:00'), 'dueAt.timeZone'],
  ['an unknown part of a date', local('2026-12-24T09:00', 'Europe/Paris', { zone: 1 }), 'dueAt.zone'],
  ['an unknown disambiguation', local('2026-12-24T09:00', 'Europe/Paris', { disambiguation: 'soon' }), 'dueAt.disambiguation', 'soon'],
  ['a gap, refused', local('2026-03-29T02:30', 'Europe/Paris', { disambiguation: 'reject' }), 'dueAt.disambiguation'],
  ['a fold, refused', local('2026-10-25T02:30', 'Europe/Paris', { disambiguation: 'reject' }), 'dueAt.disambiguation'],
  ['a local date with offset', local('2026-12-24T09:00Z'), 'dueAt.local'],
  ['a local 29 February', local('2027-02-29T09:00'), 'dueAt.local'],
  ['deadline before date', { ...good, dueAt: '2026-12-24T09:00:00Z', deadlineAt: '2026-12-24T08:00:00Z' }, 'deadlineAt', '08:00'],
  ['null for a deadline', { ...good, deadlineAt: null }, 'deadlineAt', 'null'],
  ['date and delay', { ...good, dueAt: new Date(), delay: '2h' }, 'delay', '2h'],
  ['a delay without unit', { ...good, delay: 5_000 }, 'delay', '5000'],
  ['a delay of digits', { ...good, delay: '5000' }, 'delay', '5000'],
  ['an empty delay', { ...good, delay: '' }, 'delay', '""'],
  ['a negative delay', { ...good, delay: '-5s' }, 'delay', '-5s'],
  ['a fraction of an hour', { ...good, delay: '1.5h' }, 'delay'],
  ['units out of order', { ...good, delay: '30m1h' }, 'delay'],
  ['an unknown unit', { ...good, delay: '2w' }, 'delay'],
  ['an ISO duration', { ...good, delay: 'PT2H' }, 'delay'],
  ['a delay with spaces', { ...good, delay: '2 h' }, 'delay'],
  ['over 100 years', { ...good, delay: '40000d' }, 'delay', '40000d'],
  ['an unknown priority', { ...good, priority: 'urgent' }, 'priority', 'urgent'],
  ['a priority in capitals', { ...good, priority: 'High' }, 'priority', 'High'],
  ['an unknown position', { ...good, position: 'first' }, 'position', 'first'],
  ['a field of 10 MB', { ...good, ['x'.repeat(10_000_000)]: 1 }, `${'x'.repeat(199)}…`],
  ['the front with a date', { ...good, position: 'front', dueAt: new Date() }, 'position', 'front'],
  ['the back with a delay', { ...good, position: 'back', delay: '1h' }, 'position', 'back'],
  ['an empty key', { ...good, idempotencyKey: '' }, 'idempotencyKey'],
  ['a key of spaces', { ...good, idempotencyKey: '   ' }, 'idempotencyKey'],
  ['a key with NUL', { ...good, idempotencyKey: 'a\0b' }, 'idempotencyKey'],
  ['a key with a lone surrogate', { ...good, idempotencyKey: '\ud800' }, 'idempotencyKey'],
  ['a key too long', { ...good, idempotencyKey: 'k'.repeat(513) }, 'idempotencyKey'],
  ['null for a key', { ...good, idempotencyKey: null }, 'idempotencyKey', 'null'],
  ['no attempts', { ...good, maxAttempts: 0 }, 'maxAttempts', '0'],
  ['a billion attempts', { ...good, maxAttempts: 1e9 }, 'maxAttempts', '1000000000'],
  ['half an attempt', { ...good, maxAttempts: 1.5 }, 'maxAttempts', '1.5'],
  ['version 0', { ...good, version: 0 }, 'version', '0'],
  ['null for a version', { ...good, version: null }, 'version', 'null'],
];

describe('bad input is refused by name, and nothing is sent', () => {
  it.each(CORPUS)('%s', async (_what, task, field, got) => {
    const before = edge.requests.length;
    const error = await client.enqueue(task as never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ code: 'BadRequest', retryable: false });
    const { field: named, got: found, allowed } = error as BadRequestError;
    expect(named ?? '').toBe(field);
    expect(found).toBeTruthy();
    expect(allowed).toBeTruthy();
    if (got) expect(found).toContain(got);
    expect(edge.requests.length).toBe(before);
  });

  it('the same in a batch, numbered, without holding up the others', async () => {
    const before = edge.requests.length;
    edge.submit = ({ tasks: sent }) => ({
      answer: {
        v: 1,
        ok: true,
        results: (sent as unknown[]).map(() => ({
          ok: true,
          id: INVOICE_ID,
          created: true,
          state: 'scheduled',
          priority: 'medium',
          dueAt: 'x',
        })),
      },
    });
    const bad = CORPUS.slice(0, 98).map(([, task]) => task);
    const results = await client.enqueueBatch([good, ...bad, good] as never);
    expect(results.map(({ ok }) => ok)).toEqual([true, ...bad.map(() => false), true]);
    for (const [index, [, , field]] of CORPUS.slice(0, 98).entries()) {
      const result = results[index + 1];
      expect(result?.ok === false && result.error.field).toBe(shortened(`tasks[${index + 1}]${field && `.${field}`}`));
    }
    expect(edge.requests.slice(before).map(({ request }) => (request.tasks as unknown[]).length)).toEqual([2]);
  });

  it.each([
    ['256 KiB in bytes', 'x'.repeat(262_144)],
    ['256 KiB in bytes, not in characters', '€'.repeat(90_000)],
    ['10 MB', 'x'.repeat(10_000_000)],
  ])('a payload of %s', async (_what, note) => {
    const before = edge.requests.length;
    const error = await client.enqueue(noted(note) as never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PayloadTooLargeError);
    expect(error).toMatchObject({ code: 'PayloadTooLarge', field: 'payload', got: expect.stringContaining('bytes') });
    expect((error as Error).message.length).toBeLessThan(300);
    expect(edge.requests.length).toBe(before);
  });

  it('never shows a payload: not in the message, not printed, not serialized', async () => {
    const { inspect } = await import('node:util');
    const error = (await client.enqueue(paying('hunter2') as never).catch((thrown: unknown) => thrown)) as BadRequestError;
    expect(`${error.message} ${inspect(error, { depth: 9 })} ${JSON.stringify(error)}`).not.toContain('hunter2');
    expect(error.issues).toHaveLength(1);
  });

  it('lists the known names', async () => {
    const error = (await client.enqueue({ name: 'nope' }).catch((thrown: unknown) => thrown)) as BadRequestError;
    expect(error.allowed).toContain('send-invoice, remind, audit, tick, anything');
  });
});

describe('what looks odd and is right is taken', () => {
  it.each([
    ['RTL and emoji in a payload', noted('שלום 👩‍🚀 é é')],
    ['control characters in a payload', noted('a\0b')],
    ['emoji in a key', { ...good, idempotencyKey: 'invoice/42#é|👩‍🚀' }],
    ['an own __proto__ in a payload', { ...good, payload: JSON.parse('{"invoice":1,"__proto__":{"a":1}}') }],
    ['32 levels', { name: 'anything', payload: nested(32), version: 1, maxAttempts: 100 }],
    ['the past', { ...good, dueAt: '2001-01-01T00:00:00Z' }],
    ['a gap', local('2026-03-29T02:30')],
    ['year 9999', { ...good, dueAt: '9999-12-31T23:59:59.999Z' }],
    ['a delay of nothing', { ...good, delay: '0s' }],
    ['a deadline at its date', { ...good, dueAt: '2026-12-24T08:00:00Z', deadlineAt: '2026-12-24T08:00:00Z' }],
    ['the front with a deadline', { ...good, position: 'front', deadlineAt: '2099-01-01T00:00:00Z' }],
    ['undefined for absent', { ...good, dueAt: undefined, priority: undefined, idempotencyKey: undefined }],
  ])('%s', async (_what, task) => {
    edge.submit = () => ({ answer: { v: 1, ok: true, id: INVOICE_ID, created: true, state: 'scheduled', priority: 'medium', dueAt: 'x' } });
    await expect(client.enqueue(task as never)).resolves.toMatchObject({ created: true });
  });
});
