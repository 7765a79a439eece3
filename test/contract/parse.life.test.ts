import { describe, expect, it } from 'vitest';
import { OPERATE_ACTIONS, operateRequest } from '../../contract/operate.ts';
import { REPORT_ACTIONS, reportRequest } from '../../contract/report.ts';
import { SUBMIT_ACTIONS, submitRequest } from '../../contract/submit.ts';
import { TASK_ACTIONS } from '../../contract/tasks.ts';
import { type Bad, DELAY, ENQUEUE, errorOf, ID, NAME, operated, RESCHEDULE, report, reported, submit, TASK_ID, WHEN } from './asked.ts';

const INSTANT = '2026-12-24T08:00:00Z';
const FINGERPRINT = 'AAAAAAAAAAAAAAAAAAAAAA';
const about = (action: string, rest: object = {}) => ({ v: 1, action, id: ID, ...rest });
const operate = (action: string, rest: object = {}) => ({ v: 1, action, app: 'billing', ...rest });

const YES_OR_NO = 'true or false';
const PAGE = 'a whole number from 1 to 100';
const APP = 'an app name: a-z, then a-z, 0-9 and -, 32 characters at most';
const HOLDER = 'a text of 1 to 128 characters without control characters or lone surrogates';
const STATE = 'scheduled, leased, completed, cancelled or dead';
const PRINT = 'a fingerprint as errors lists it';
const RATE = 'a whole number from 1 to 1000000';
const CURSOR = 'a cursor as the page before answered it';

/** Asked of one task; its app's submit door and the operate door take the same. */
const OF_A_TASK: [string, object][] = [
  ['get', about('get')],
  ['explain', about('explain')],
  ['cancel', about('cancel')],
  ['reschedule to a date and another deadline', { ...RESCHEDULE, dueAt: INSTANT, deadlineAt: { local: '2026-12-24', timeZone: 'UTC' } }],
  ['reschedule by a delay', { ...RESCHEDULE, delayMs: 0 }],
  ['no deadline any more', { ...RESCHEDULE, deadlineAt: null }],
  ['reprioritize', about('reprioritize', { priority: 'low' })],
  ['moveToFront', about('moveToFront')],
  ['replay', about('replay')],
  ['replay with all fields', about('replay', { payload: null, dueAt: INSTANT, delayMs: 1 })],
];

const LISTS: object[] = [
  {},
  { state: 'dead', name: 'send-invoice', from: INSTANT, to: { local: '2026-12-24', timeZone: 'UTC' }, fingerprint: FINGERPRINT },
  { limit: 1, cursor: '' },
  { limit: 100, cursor: 'x'.repeat(4_000) },
];

describe('requests of a task’s whole life that are taken as they are', () => {
  it.each<[string, object]>(OF_A_TASK)('at both doors: %s', (_, input) => {
    expect(submit(input)).toEqual({ ok: true, value: input });
    expect(operated(input)).toEqual({ ok: true, value: input });
  });

  it.each<[string, object]>([
    ['all traits', { ...ENQUEUE, acknowledge: false, exclusive: true, expiresAfterDeadline: true, replayable: false }],
    ['all traits as usual', { ...ENQUEUE, acknowledge: true, exclusive: false, expiresAfterDeadline: false, replayable: true }],
    ...LISTS.map((fields): [string, object] => ['list', { v: 1, action: 'list', ...fields }]),
  ])('submit: %s', (_, input) => expect(submit(input)).toEqual({ ok: true, value: input }));

  it.each<[string, object]>([
    ['start', report('start', { holder: 'run-1', worker: 'w' })],
    ...(['event loop delay', 'heap', 'load'] as const).map((reason): [string, object] => [
      `overloaded by ${reason}`,
      { v: 1, action: 'overloaded', worker: 'w', reason },
    ]),
  ])('report: %s', (_, input) => expect(reported(input)).toEqual({ ok: true, value: input }));

  it.each<[string, object]>([
    ['describe', { v: 1, action: 'describe' }],
    ['stats', operate('stats')],
    ['next', operate('next')],
    ['the next 25', operate('next', { count: 25 })],
    ...LISTS.map((fields): [string, object] => ['list', operate('list', fields)]),
    ['versions', operate('versions')],
    ['the versions that follow', operate('versions', { cursor: 'c' })],
    ['replayAll', operate('replayAll')],
    [
      'replayAll with all fields',
      operate('replayAll', { name: 'a', from: INSTANT, to: INSTANT, fingerprint: FINGERPRINT, dryRun: false, limit: 100, cursor: 'c' }),
    ],
    ['errors', operate('errors')],
    ['the errors that follow', operate('errors', { cursor: 'c' })],
    ['an error', operate('error', { fingerprint: FINGERPRINT })],
    ['resolveError', operate('resolveError', { fingerprint: FINGERPRINT })],
    ['pause an app', operate('pause')],
    ['pause a name', operate('pause', { name: 'send-invoice' })],
    ['resume', operate('resume')],
    ['resume a name slowly', operate('resume', { name: 'send-invoice', perMinute: 1 })],
    ['resume at the highest rate', operate('resume', { perMinute: 1_000_000 })],
  ])('operate: %s', (_, input) => expect(operated(input)).toEqual({ ok: true, value: input }));
});

describe('what they refuse: each error names the field, what was found and what is allowed', () => {
  const cases =
    (parse: (input: unknown) => Parameters<typeof errorOf>[0]) =>
    (...[, input, field, got, allowed]: Bad) =>
      expect(errorOf(parse(input))).toMatchObject({ code: 'BadRequest', field, got, allowed, retryable: false });

  it.each<Bad>([
    ['yes as text', { ...ENQUEUE, acknowledge: 'false' }, 'acknowledge', '"false"', YES_OR_NO],
    ['yes as a number', { ...ENQUEUE, exclusive: 1 }, 'exclusive', '1', YES_OR_NO],
    ['yes as null', { ...ENQUEUE, expiresAfterDeadline: null }, 'expiresAfterDeadline', 'null', YES_OR_NO],
    ['yes as an object', { ...ENQUEUE, replayable: {} }, 'replayable', 'an object', YES_OR_NO],
    ['no priority', about('reprioritize'), 'priority', 'nothing', 'given'],
    ['an unknown priority', about('reprioritize', { priority: 'urgent' }), 'priority', '"urgent"', 'high, medium or low'],
    ['no id', { v: 1, action: 'explain' }, 'id', 'nothing', 'given'],
    ['the id of a setting', { v: 1, action: 'replay', id: '~settings/billing' }, 'id', '"~settings/billing"', TASK_ID],
    ['a negative delay', about('replay', { delayMs: -1 }), 'delayMs', '-1', DELAY],
    ['a date as a number', about('replay', { dueAt: 5 }), 'dueAt', '5', WHEN],
    ['an unknown state', { v: 1, action: 'list', state: 'Dead' }, 'state', '"Dead"', STATE],
    ['a name with a #', { v: 1, action: 'list', name: 'a#b' }, 'name', '"a#b"', NAME],
    ['a page of 0', { v: 1, action: 'list', limit: 0 }, 'limit', '0', PAGE],
    ['a page of 101', { v: 1, action: 'list', limit: 101 }, 'limit', '101', PAGE],
    ['a cursor of 4,001 characters', { v: 1, action: 'list', cursor: 'x'.repeat(4_001) }, 'cursor', `"${'x'.repeat(198)}…`, CURSOR],
    ['a cursor that is an object', { v: 1, action: 'list', cursor: {} }, 'cursor', 'an object', CURSOR],
    ['a short fingerprint', { v: 1, action: 'list', fingerprint: 'x' }, 'fingerprint', '"x"', PRINT],
    ['a date range of numbers', { v: 1, action: 'list', from: 5 }, 'from', '5', WHEN],
  ])('submit: %s', cases(submit));

  it.each<Bad>([
    ['no holder', report('start'), 'holder', 'nothing', 'given'],
    ['a holder of nothing', report('start', { holder: ' ' }), 'holder', '" "', HOLDER],
    ['a holder of two lines', report('start', { holder: 'a\nb' }), 'holder', '"a\\nb"', HOLDER],
    ['another overload', { v: 1, action: 'overloaded', worker: 'w', reason: 'mood' }, 'reason', '"mood"', 'event loop delay, heap, load'],
    ['an overload of nobody', { v: 1, action: 'overloaded', reason: 'heap' }, 'worker', 'nothing', 'given'],
  ])('report: %s', cases(reported));

  it.each<Bad>([
    ['no app', { v: 1, action: 'stats' }, 'app', 'nothing', 'given'],
    ['an app with a #', operate('stats', { app: 'a#b' }), 'app', '"a#b"', APP],
    ['an app in capitals', operate('pause', { app: 'Billing' }), 'app', '"Billing"', APP],
    ['dryRun as text', operate('replayAll', { dryRun: 'no' }), 'dryRun', '"no"', YES_OR_NO],
    ['a rate of 0', operate('resume', { perMinute: 0 }), 'perMinute', '0', RATE],
    ['half a claim a minute', operate('resume', { perMinute: 0.5 }), 'perMinute', '0.5', RATE],
    ['a rate over the highest', operate('resume', { perMinute: 1_000_001 }), 'perMinute', '1000001', RATE],
    ['no fingerprint', operate('error'), 'fingerprint', 'nothing', 'given'],
    [
      'a fingerprint with a /',
      operate('resolveError', { fingerprint: `${'A'.repeat(21)}/` }),
      'fingerprint',
      `"${'A'.repeat(21)}/"`,
      PRINT,
    ],
    ['enqueue, which is for an app', ENQUEUE, 'action', '"enqueue"', `one of the actions ${OPERATE_ACTIONS.join(', ')}`],
  ])('operate: %s', cases(operated));
});

describe('unknown fields are refused by name', () => {
  const refused = (parsed: Parameters<typeof errorOf>[0], field: string) =>
    expect(errorOf(parsed)).toMatchObject({ code: 'BadRequest', field, allowed: 'no such field' });

  it.each<[string, object]>(OF_A_TASK)('%s', (_, input) => {
    refused(submit({ ...input, force: true }), 'force');
    refused(operated({ ...input, app: 'billing' }), 'app');
  });

  it('where another action has them', () => {
    refused(submit(about('cancel', { dueAt: INSTANT })), 'dueAt');
    refused(submit(about('moveToFront', { priority: 'high' })), 'priority');
    refused(submit({ v: 1, action: 'list', app: 'another' }), 'app');
    refused(submit({ v: 1, action: 'next', app: 'another' }), 'app');
    refused(reported(report('complete', { holder: 'run-1' })), 'holder');
    refused(reported({ ...report('overloaded', { worker: 'w', reason: 'heap' }), claim: undefined }), 'id');
    refused(operated(operate('pause', { perMinute: 5 })), 'perMinute');
    refused(operated(operate('stats', { name: 'a' })), 'name');
    refused(operated(operate('replayAll', { state: 'dead' })), 'state');
    refused(operated({ v: 1, action: 'describe', app: 'billing' }), 'app');
  });
});

it('each door lists just the actions that it takes', () => {
  const literals = (schema: { options: readonly { entries: { action: { literal: string } } }[] }) =>
    schema.options.map(({ entries }) => entries.action.literal);
  expect(literals(submitRequest)).toEqual([...SUBMIT_ACTIONS]);
  expect(literals(reportRequest)).toEqual([...REPORT_ACTIONS]);
  expect(literals(operateRequest)).toEqual([...OPERATE_ACTIONS]);
  expect(TASK_ACTIONS.every((action) => (SUBMIT_ACTIONS as readonly string[]).includes(action))).toBe(true);
});
