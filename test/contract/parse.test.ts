import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPERATE_ACTIONS } from '../../contract/operate.ts';
import { parseRequest } from '../../contract/parse.ts';
import { REPORT_ACTIONS } from '../../contract/report.ts';
import { SUBMIT_ACTIONS, taskRequest } from '../../contract/submit.ts';
import { ENQUEUE, errorOf, FAIL, ID, operated, RESCHEDULE, report, reported, submit, TASK } from './asked.ts';

describe('requests that are taken as they are', () => {
  it.each<[string, object]>([
    ['the least', ENQUEUE],
    [
      'all fields',
      {
        ...ENQUEUE,
        payload: { a: [1] },
        version: 2,
        dueAt: '2026-12-24T08:00:00Z',
        deadlineAt: { local: '2026-12-24', timeZone: 'UTC', disambiguation: 'reject' },
        priority: 'high',
        maxAttempts: 100,
      },
    ],
    ['the front', { ...ENQUEUE, position: 'front', delayMs: 0 }],
    ['any payload: it is checked apart', { ...ENQUEUE, payload: Number.NaN }],
    ['the longest name and key', { ...ENQUEUE, name: 'n'.repeat(128), idempotencyKey: 'k'.repeat(512) }],
    ['a name as those that objects inherit', { ...ENQUEUE, name: 'constructor' }],
    ['a key of any script, of emoji, of # / |', { ...ENQUEUE, idempotencyKey: 'Ünï #/| ‮שלום 😀 e\u0301' }],
    ['a batch of one, whatever it is', { v: 1, action: 'enqueueBatch', tasks: [null] }],
    ['a batch of 100', { v: 1, action: 'enqueueBatch', tasks: Array.from({ length: 100 }, () => TASK) }],
    ['get', { v: 1, action: 'get', id: ID }],
    ['next', { v: 1, action: 'next' }],
    ['the next 25', { v: 1, action: 'next', count: 25 }],
    ['cancel', { v: 1, action: 'cancel', id: ID }],
    ['no deadline any more', { ...RESCHEDULE, deadlineAt: null }],
  ])('submit: %s', (_, input) => expect(submit(input)).toEqual({ ok: true, value: input }));

  it.each<[string, object]>([
    ['complete', report('complete', { worker: 'w' })],
    ['fail', FAIL],
    ['a stack of any length', report('fail', { error: { name: '', message: '', stack: 'x'.repeat(100_000) } })],
    ['extend', report('extend')],
    ['the shortest and the longest lease', report('extend', { leaseMs: 43_200_000 })],
    ['snooze', report('snooze', { until: '2026-12-24T08:00:00Z' })],
  ])('report: %s', (_, input) => expect(reported(input)).toEqual({ ok: true, value: input }));
});

it('an Error is taken by what it says, though none of it can be enumerated', () => {
  const parsed = reported(report('fail', { error: new RangeError('boom') }));
  expect(parsed).toMatchObject({ ok: true, value: { error: { name: 'RangeError', message: 'boom', stack: expect.any(String) } } });
});

describe('unknown fields are refused by name', () => {
  const unknown = (field: string) => ({
    field,
    got: expect.any(String),
    allowed: 'no such field',
    message: `${field} is not a field that is known here. Take it out, or correct its name.`,
  });

  it.each<[string, unknown, string]>([
    ['a slip', { ...ENQUEUE, paylod: 'secret' }, 'paylod'],
    ['another case', { ...ENQUEUE, dueat: 'x' }, 'dueat'],
    ['a field of another action', { v: 1, action: 'get', id: ID, name: 'a' }, 'name'],
    ['a field of the system’s', { ...ENQUEUE, app: 'another' }, 'app'],
    ['in a date', { ...ENQUEUE, dueAt: { local: 'x', timeZone: 'UTC', offset: 1 } }, 'dueAt.offset'],
    ['in a new deadline', { ...RESCHEDULE, deadlineAt: { local: 'x', timeZone: 'UTC', offset: 1 } }, 'deadlineAt.offset'],
    ['__proto__', JSON.parse(`{"v":1,"action":"get","id":"${ID}","__proto__":{"admin":true}}`), '__proto__'],
    ['constructor', { ...ENQUEUE, constructor: 1 }, 'constructor'],
    ['toString', { ...ENQUEUE, toString: 1 }, 'toString'],
    ['a dot', { ...ENQUEUE, 'a.b': 1 }, 'a.b'],
  ])('submit: %s', (_, input, field) => expect(errorOf(submit(input))).toMatchObject(unknown(field)));

  it('report: in the error', () => {
    expect(errorOf(reported(report('fail', { error: { name: 'E', message: 'm', cause: 'secret' } })))).toMatchObject(
      unknown('error.cause'),
    );
  });

  it('a name of 5 MB does not come back whole', () => {
    expect(JSON.stringify(errorOf(submit({ ...ENQUEUE, ['x'.repeat(5_000_000)]: 1 }))).length).toBeLessThan(1_500);
  });
});

describe('for any input', () => {
  const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true });
  /** Values where the schemas look, so that the walk does not end at the first field. */
  const near = fc.record(
    {
      v: fc.constantFrom(1, 1, 1, 2),
      action: fc.constantFrom(...SUBMIT_ACTIONS, ...REPORT_ACTIONS, ...OPERATE_ACTIONS),
      app: fc.oneof(fc.constant('billing'), anything),
      id: fc.constantFrom(ID, 'x'),
      name: fc.oneof(fc.constant('a'), anything),
      idempotencyKey: fc.oneof(fc.constant('k'), fc.string({ unit: fc.constantFrom('a', ' ', '\n', '\ud800', '\u2028', '😀') }), anything),
      claim: fc.oneof(fc.constant(1), anything),
      error: anything,
      dueAt: fc.oneof(fc.record({ local: anything, timeZone: anything }), anything),
      tasks: anything,
      payload: anything,
    },
    { requiredKeys: ['v', 'action'] },
  );

  it('parseRequest never throws; what it refuses has a name, a value and a rule, each short', () => {
    fc.assert(
      fc.property(fc.oneof(near, anything), (input) => {
        for (const parsed of [submit(input), reported(input), operated(input), parseRequest(taskRequest, input, 'tasks[0]')]) {
          if (parsed.ok) continue;
          const { field, got, allowed, message } = parsed.error;
          expect([typeof field, typeof got, typeof allowed]).toEqual(['string', 'string', 'string']);
          expect([got, allowed, message]).not.toContain('');
          expect(Math.max(field?.length ?? 0, got?.length ?? 0)).toBeLessThanOrEqual(200);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('no error holds anything of a payload', () => {
    // Begins with letters: digits alone stand by chance in a large number that is no part of the payload, and is shown.
    const secret = fc.constantFrom('card-4111-1111', { number: 'card-4111-1111' }, ['card-4111-1111'], { 'card-4111-1111': 1 });
    const task = fc.tuple(near, secret).map(([fields, payload]) => ({ ...fields, payload }));
    fc.assert(
      fc.property(task, (input) => {
        expect(JSON.stringify([submit(input), reported(input), operated(input)].filter((parsed) => !parsed.ok))).not.toContain('card');
      }),
      { numRuns: 1_000 },
    );
  });
});
