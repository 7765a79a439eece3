import { describe, expect, it } from 'vitest';
import { parseRequest } from '../../contract/parse.ts';
import { taskRequest } from '../../contract/submit.ts';
import { type Bad, DELAY, ENQUEUE, errorOf, ID, KEY, NAME, RESCHEDULE, report, reported, submit, TASK, TASK_ID, WHEN } from './asked.ts';

const ATTEMPTS = 'a whole number from 1 to 100';
const CLAIM = 'a whole number from 1 to 9007199254740991';
const LEASE = 'a whole number from 1000 to 43200000';
const ACTIONS = 'one of the actions enqueue, enqueueBatch, next, list, get, explain, cancel, reschedule, reprioritize, moveToFront, replay';

describe('the bad-input corpus: each error names the field, what was found and what is allowed', () => {
  const cases =
    (parse: (input: unknown) => Parameters<typeof errorOf>[0]) =>
    (...[, input, field, got, allowed]: Bad) => {
      const error = errorOf(parse(input));
      expect(error).toMatchObject({ code: 'BadRequest', field, got, allowed, retryable: false });
      expect(error.message).toBe(`${field || 'The request'} must be ${allowed}; got ${got}.`);
    };
  const key = (idempotencyKey: unknown) => ({ ...ENQUEUE, idempotencyKey });
  const named = (name: unknown) => ({ ...ENQUEUE, name });

  it.each<Bad>([
    ['null', null, '', 'null', 'an object'],
    ['nothing', undefined, '', 'nothing', 'an object'],
    ['a number', 5, '', '5', 'an object'],
    ['a text', 'enqueue', '', '"enqueue"', 'an object'],
    ['an array', [ENQUEUE], '', 'an array of 1', 'an object'],
    ['a function', () => ENQUEUE, '', 'a function', 'an object'],
    ['no action', {}, 'action', 'nothing', ACTIONS],
    ['an unknown action', { ...ENQUEUE, action: 'Enqueue' }, 'action', '"Enqueue"', ACTIONS],
    ['a report at the wrong door', report('complete'), 'action', '"complete"', ACTIONS],
    ['no version of the contract', { ...ENQUEUE, v: undefined }, 'v', 'nothing', '1, the version of this contract'],
    ['version of the contract absent', { action: 'get', id: ID }, 'v', 'nothing', 'given'],
    ['another version of the contract', { ...ENQUEUE, v: 2 }, 'v', '2', '1, the version of this contract'],
    ['a name absent', { v: 1, action: 'enqueue' }, 'name', 'nothing', 'given'],
    ['a name of nothing', named(''), 'name', '""', NAME],
    ['a name of spaces', named('   '), 'name', '"   "', NAME],
    ['a # in a name', named('a#b'), 'name', '"a#b"', NAME],
    ['a / in a name', named('a/b'), 'name', '"a/b"', NAME],
    ['a | in a name', named('a|b'), 'name', '"a|b"', NAME],
    ['__proto__ as a name', named('__proto__'), 'name', '"__proto__"', NAME],
    ['a line break in a name', named('a\n'), 'name', '"a\\n"', NAME],
    ['NUL in a name', named('a\u0000'), 'name', '"a\\u0000"', NAME],
    ['another script in a name', named('faktúra'), 'name', '"faktúra"', NAME],
    ['right-to-left marks in a name', named('a\u202eb'), 'name', '"a\u202eb"', NAME],
    ['129 characters of name', named('n'.repeat(129)), 'name', `"${'n'.repeat(129)}"`, NAME],
    ['10 MB of name', named('n'.repeat(10_000_000)), 'name', `"${'n'.repeat(198)}…`, NAME],
    ['a name in an array', named(['a']), 'name', 'an array of 1', NAME],
    ['a key of nothing', key(''), 'idempotencyKey', '""', KEY],
    ['a key of spaces', key(' \u00a0'), 'idempotencyKey', '" \u00a0"', KEY],
    ['a key with a control character', key('a\u0007'), 'idempotencyKey', '"a\\u0007"', KEY],
    ['a key with a C1 control character', key('a\u0085b'), 'idempotencyKey', '"a\u0085b"', KEY],
    ['a key with a line separator', key('a\u2028b'), 'idempotencyKey', '"a\u2028b"', KEY],
    ['a key with a lone surrogate', key('a\ud800'), 'idempotencyKey', '"a\\ud800"', KEY],
    ['513 characters of key', key('k'.repeat(513)), 'idempotencyKey', `"${'k'.repeat(198)}…`, KEY],
    ['a key that is a number', key(42), 'idempotencyKey', '42', KEY],
    ['an unknown priority', { ...ENQUEUE, priority: 'urgent' }, 'priority', '"urgent"', 'high, medium or low'],
    ['a priority in capitals', { ...ENQUEUE, priority: 'HIGH' }, 'priority', '"HIGH"', 'high, medium or low'],
    ['a priority that objects inherit', { ...ENQUEUE, priority: 'constructor' }, 'priority', '"constructor"', 'high, medium or low'],
    ['an unknown position', { ...ENQUEUE, position: 'middle' }, 'position', '"middle"', 'front or back'],
    ['maxAttempts 0', { ...ENQUEUE, maxAttempts: 0 }, 'maxAttempts', '0', ATTEMPTS],
    ['maxAttempts 1e9', { ...ENQUEUE, maxAttempts: 1e9 }, 'maxAttempts', '1000000000', ATTEMPTS],
    ['maxAttempts as text', { ...ENQUEUE, maxAttempts: '3' }, 'maxAttempts', '"3"', ATTEMPTS],
    ['half an attempt', { ...ENQUEUE, maxAttempts: 1.5 }, 'maxAttempts', '1.5', ATTEMPTS],
    ['version 0', { ...ENQUEUE, version: 0 }, 'version', '0', 'a whole number from 1 to 1000000'],
    ['a BigInt', { ...ENQUEUE, version: 1n }, 'version', '1n', 'a whole number from 1 to 1000000'],
    ['a delay of NaN', { ...ENQUEUE, delayMs: Number.NaN }, 'delayMs', 'NaN', DELAY],
    ['an endless delay', { ...ENQUEUE, delayMs: Number.POSITIVE_INFINITY }, 'delayMs', 'Infinity', DELAY],
    ['a negative delay', { ...ENQUEUE, delayMs: -1 }, 'delayMs', '-1', DELAY],
    ['a delay over 100 years', { ...ENQUEUE, delayMs: 3_155_760_000_001 }, 'delayMs', '3155760000001', DELAY],
    ['a date as a number', { ...ENQUEUE, dueAt: 1_798_099_200_000 }, 'dueAt', '1798099200000', WHEN],
    ['a date of null', { ...ENQUEUE, dueAt: null }, 'dueAt', 'null', WHEN],
    ['a date in an array', { ...ENQUEUE, dueAt: ['2026-12-24T08:00:00Z'] }, 'dueAt', 'an array of 1', WHEN],
    ['a deadline of true', { ...ENQUEUE, deadlineAt: true }, 'deadlineAt', 'true', WHEN],
    ['a Date', { ...ENQUEUE, dueAt: new Date(0) }, 'dueAt.local', 'nothing', 'given'],
    ['a local date without zone', { ...ENQUEUE, dueAt: { local: '2026-12-24' } }, 'dueAt.timeZone', 'nothing', 'given'],
    [
      'a zone that is a number',
      { ...ENQUEUE, dueAt: { local: '2026-12-24', timeZone: 2 } },
      'dueAt.timeZone',
      '2',
      'an IANA time zone, such as Europe/Paris',
    ],
    [
      'an unknown disambiguation',
      { ...ENQUEUE, dueAt: { local: 'x', timeZone: 'UTC', disambiguation: 'late' } },
      'dueAt.disambiguation',
      '"late"',
      'compatible, earlier, later or reject',
    ],
    ['a new deadline that is a number', { ...RESCHEDULE, deadlineAt: 5 }, 'deadlineAt', '5', WHEN],
    ['the next 0', { v: 1, action: 'next', count: 0 }, 'count', '0', 'a whole number from 1 to 25'],
    ['the next 26', { v: 1, action: 'next', count: 26 }, 'count', '26', 'a whole number from 1 to 25'],
    ['no batch', { v: 1, action: 'enqueueBatch', tasks: TASK }, 'tasks', 'an object', 'an array of 1 to 100 tasks'],
    ['a batch of 0', { v: 1, action: 'enqueueBatch', tasks: [] }, 'tasks', 'an array of 0', '1 to 100 tasks'],
    ['a batch of 101', { v: 1, action: 'enqueueBatch', tasks: new Array(101).fill(TASK) }, 'tasks', 'an array of 101', '1 to 100 tasks'],
    [
      'a batch of 10,000',
      { v: 1, action: 'enqueueBatch', tasks: new Array(10_000).fill(TASK) },
      'tasks',
      'an array of 10000',
      '1 to 100 tasks',
    ],
    ['the id of a slot', { v: 1, action: 'get', id: 'billing/slot/0' }, 'id', '"billing/slot/0"', TASK_ID],
    ['the id of the seat', { v: 1, action: 'get', id: '~seat' }, 'id', '"~seat"', TASK_ID],
    ['an id that goes on', { v: 1, action: 'cancel', id: `${ID}\n` }, 'id', `"${ID}\\n"`, TASK_ID],
  ])('submit: %s', cases(submit));

  it.each<Bad>([
    ['null', null, '', 'null', 'an object'],
    ['no action', { v: 1 }, 'action', 'nothing', 'one of the actions start, complete, fail, extend, snooze, overloaded'],
    ['no claim', { v: 1, action: 'complete', id: ID }, 'claim', 'nothing', 'given'],
    ['claim 0', report('complete', { claim: 0 }), 'claim', '0', CLAIM],
    ['claim −0', report('complete', { claim: -0 }), 'claim', '-0', CLAIM],
    ['claim 2^53', report('complete', { claim: 2 ** 53 }), 'claim', '9007199254740992', CLAIM],
    ['claim as text', report('complete', { claim: '1' }), 'claim', '"1"', CLAIM],
    ['a worker of two lines', report('complete', { worker: 'a\nb' }), 'worker', '"a\\nb"', KEY.replace('512', '128')],
    ['no error', report('fail'), 'error', 'nothing', 'given'],
    ['an error of null', report('fail', { error: null }), 'error', 'null', 'an object'],
    ['an error that is text', report('fail', { error: 'boom' }), 'error', '"boom"', 'an object'],
    ['an error without a message', report('fail', { error: { name: 'E' } }), 'error.message', 'nothing', 'given'],
    ['an error’s name that is a number', report('fail', { error: { name: 5, message: 'm' } }), 'error.name', '5', 'a text'],
    ['no lease', report('extend', { leaseMs: 0 }), 'leaseMs', '0', LEASE],
    ['a negative lease', report('extend', { leaseMs: -1 }), 'leaseMs', '-1', LEASE],
    ['a lease of years', report('extend', { leaseMs: 1e11 }), 'leaseMs', '100000000000', LEASE],
    ['a snooze until a number', report('snooze', { until: 5 }), 'until', '5', WHEN],
  ])('report: %s', cases(reported));

  it('a task of a batch is named by its place', () => {
    const error = errorOf(parseRequest(taskRequest, { ...TASK, dueAt: { local: 'x', timeZone: 5 } }, 'tasks[3]'));
    expect(error.field).toBe('tasks[3].dueAt.timeZone');
    for (const task of [null, 5, 'x', [], undefined]) {
      expect(errorOf(parseRequest(taskRequest, task, 'tasks[3]'))).toMatchObject({ field: 'tasks[3]', allowed: 'an object' });
    }
  });
});
