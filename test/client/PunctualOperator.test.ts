import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OperatorOptions, PunctualOperator } from '../../client/index.ts';
import { operateRequest } from '../../contract/operate.ts';
import { parseRequest } from '../../contract/parse.ts';
import { Edge, INVOICE_ID, OPERATE, refusal } from './edge.ts';
import { thrownBy } from './workbench.ts';

let edge: Edge;
const operatorOf = (options: OperatorOptions = {}) => new PunctualOperator({ operateArn: OPERATE, lambda: edge.lambda(), ...options });
beforeEach(async () => {
  edge = await Edge.open();
});
afterEach(() => edge.close());

type Json = Record<string, unknown>;
const sent = () => edge.requests.map(({ request }) => request);
/** The door says these, one after the other. */
const says = (...answers: Json[]) => edge.replies.push(...answers.map((answer) => ({ answer: { v: 1, ok: true, ...answer } })));

const FINGERPRINT = 'f'.repeat(22);
const task = { id: INVOICE_ID, state: 'dead', dueAt: '2026-12-24T08:00:00.000Z' };
const valves = { app: 'billing', valve: { state: 'open' }, names: {} };
const error = { fingerprint: FINGERPRINT, app: 'billing', name: 'send-invoice', count: 3 };
const counts = { high: { count: 1, isMore: false }, medium: { count: 0, isMore: false }, low: { count: 0, isMore: false } };
const stats = { ...valves, waiting: counts, due: counts, inFlight: 2, maxInFlight: 50, dead: { count: 0, isMore: false } };
const nothingDone = { matched: [], replayed: [], refused: [] };

/** A call, what the door is asked, what it says, and what is answered. */
const CALLS: readonly [string, (operator: PunctualOperator) => Promise<unknown>, Json, Json, unknown][] = [
  [
    'describe',
    (o) => o.describe(),
    {},
    { apps: [{ app: 'billing' }], dispatcher: { runs: 7 } },
    { apps: [{ app: 'billing' }], dispatcher: { runs: 7 } },
  ],
  ['stats', (o) => o.stats('billing'), { app: 'billing' }, stats, stats],
  ['next', (o) => o.next('billing', { count: 3 }), { app: 'billing', count: 3 }, { next: [{ id: INVOICE_ID }] }, [{ id: INVOICE_ID }]],
  ['next', (o) => o.next('billing'), { app: 'billing' }, { next: [] }, []],
  ['list', (o) => o.list('billing'), { app: 'billing' }, { tasks: [task], cursor: 'c' }, { tasks: [task], cursor: 'c' }],
  [
    'list',
    (o) =>
      o.list('billing', {
        state: 'dead',
        name: 'remind',
        from: new Date(978_307_200_000),
        to: '2027-01-01T00:00:00Z',
        fingerprint: FINGERPRINT,
        limit: 5,
        cursor: 'c',
      }),
    {
      app: 'billing',
      state: 'dead',
      name: 'remind',
      from: '2001-01-01T00:00:00.000Z',
      to: '2027-01-01T00:00:00Z',
      fingerprint: FINGERPRINT,
      limit: 5,
      cursor: 'c',
    },
    { tasks: [] },
    { tasks: [] },
  ],
  ['get', (o) => o.get(INVOICE_ID), { id: INVOICE_ID }, { task }, task],
  [
    'explain',
    (o) => o.explain(INVOICE_ID),
    { id: INVOICE_ID },
    { id: INVOICE_ID, state: 'dead', text: 'It is dead.' },
    { id: INVOICE_ID, state: 'dead', text: 'It is dead.' },
  ],
  ['cancel', (o) => o.cancel(INVOICE_ID), { id: INVOICE_ID }, { task }, task],
  ['reschedule', (o) => o.reschedule(INVOICE_ID, { delay: '1m' }), { id: INVOICE_ID, delayMs: 60_000 }, { task }, task],
  ['reprioritize', (o) => o.reprioritize(INVOICE_ID, 'high'), { id: INVOICE_ID, priority: 'high' }, { task }, task],
  ['moveToFront', (o) => o.moveToFront(INVOICE_ID), { id: INVOICE_ID }, { task }, task],
  ['replay', (o) => o.replay(INVOICE_ID), { id: INVOICE_ID }, { task }, task],
  [
    'replay',
    (o) => o.replay(INVOICE_ID, { payload: null, delay: '1h' }),
    { id: INVOICE_ID, payload: null, delayMs: 3_600_000 },
    { task },
    task,
  ],
  [
    'replay',
    (o) => o.replay(INVOICE_ID, { payload: { a: [1] }, dueAt: '2027-01-01T00:00:00Z' }),
    { id: INVOICE_ID, payload: { a: [1] }, dueAt: '2027-01-01T00:00:00Z' },
    { task },
    task,
  ],
  ['error', (o) => o.error('billing', FINGERPRINT), { app: 'billing', fingerprint: FINGERPRINT }, { error }, error],
  ['resolveError', (o) => o.resolveError('billing', FINGERPRINT), { app: 'billing', fingerprint: FINGERPRINT }, { error }, error],
  ['pause', (o) => o.pause('billing'), { app: 'billing' }, valves, valves],
  ['pause', (o) => o.pause('billing', { name: 'remind' }), { app: 'billing', name: 'remind' }, valves, valves],
  [
    'resume',
    (o) => o.resume('billing', { name: 'remind', perMinute: 60 }),
    { app: 'billing', name: 'remind', perMinute: 60 },
    valves,
    valves,
  ],
  ['replayAll', (o) => o.replayAll('billing'), { app: 'billing', dryRun: true, limit: 100 }, nothingDone, nothingDone],
  ['versions', (o) => o.versions('billing'), { app: 'billing' }, { versions: [] }, []],
  ['errors', (o) => o.errors('billing'), { app: 'billing' }, { errors: [error] }, [error]],
];

describe('an operator', () => {
  it.each(CALLS)('asks the operate door to %s, in the words of the contract', async (action, call, request, answer, result) => {
    says(answer);
    expect(await call(operatorOf())).toEqual(result);
    expect(edge.requests).toEqual([{ door: 'operate', request: { v: 1, action, ...request } }]);
    expect(parseRequest(operateRequest, sent()[0])).toMatchObject({ ok: true });
  });

  it.each(CALLS)('that asks to %s takes no answer of another shape', async (_action, call) => {
    says({ id: 7 });
    expect(await thrownBy(call(operatorOf()))).toMatchObject({ code: 'Unavailable', message: expect.stringContaining('answer') });
  });

  it.each<[string, (operator: PunctualOperator) => Promise<unknown>, string]>([
    ['an app that is no name', (o) => o.stats('Billing'), 'app'],
    ['a count of 26', (o) => o.next('billing', { count: 26 }), 'count'],
    ['an unknown option of next', (o) => o.next('billing', { limit: 3 } as never), 'options.limit'],
    ['a page of 101', (o) => o.list('billing', { limit: 101 }), 'limit'],
    ['a state that is none', (o) => o.list('billing', { state: 'asleep' as never }), 'state'],
    ['a date that is none', (o) => o.list('billing', { from: 'yesterday' }), 'filter.from'],
    ['an unknown field of a filter', (o) => o.list('billing', { until: 'x' } as never), 'filter.until'],
    ['a rate of 0', (o) => o.resume('billing', { perMinute: 0 }), 'perMinute'],
    ['a rate of a pause', (o) => o.pause('billing', { perMinute: 5 } as never), 'options.perMinute'],
    ['a name that is none', (o) => o.pause('billing', { name: 'a/b' }), 'name'],
    ['a fingerprint that is none', (o) => o.error('billing', 'x'), 'fingerprint'],
    ['a level that is none', (o) => o.reprioritize(INVOICE_ID, 'urgent' as never), 'priority'],
    ['a replay at two dates', (o) => o.replay(INVOICE_ID, { dueAt: new Date(), delay: '1h' }), 'options.delay'],
    ['a replay of what is no JSON', (o) => o.replay(INVOICE_ID, { payload: { at: new Date() } }), 'options.payload.at'],
    ['a replay of an undefined payload', (o) => o.replay(INVOICE_ID, { payload: undefined }), 'options.payload'],
    ['a dry run of yes', (o) => o.replayAll('billing', { dryRun: 'yes' as never }), 'dryRun'],
    ['a listener that is none', (o) => o.replayAll('billing', { onStep: 'log' as never }), 'options.onStep'],
    ['a state of a replay', (o) => o.replayAll('billing', { state: 'dead' } as never), 'options.state'],
  ])('refuses %s before it leaves', async (_what, call, field) => {
    expect(await thrownBy(call(operatorOf()))).toMatchObject({ code: 'BadRequest', field });
    expect(edge.requests).toEqual([]);
  });

  it('refuses a payload that is too large before it leaves', async () => {
    const payload = 'x'.repeat(262_144);
    expect(await thrownBy(operatorOf().replay(INVOICE_ID, { payload }))).toMatchObject({
      code: 'PayloadTooLarge',
      field: 'options.payload',
    });
    expect(edge.requests).toEqual([]);
  });

  it('throws what the door says', async () => {
    edge.replies.push(refusal('NotFound', { field: 'app', allowed: 'billing, shop' }));
    expect(await thrownBy(operatorOf().stats('billng'))).toMatchObject({ name: 'NotFoundError', field: 'app', allowed: 'billing, shop' });
  });

  it('names the grant when IAM says no', async () => {
    edge.replies.push({ status: 403, error: 'AccessDeniedException' });
    expect(await thrownBy(operatorOf().describe())).toMatchObject({
      code: 'AccessDenied',
      message: expect.stringContaining('grantOperate'),
    });
  });
});

describe('its door', () => {
  const VARIABLE = 'PUNCTUAL_OPERATE';
  afterEach(() => {
    delete process.env[VARIABLE];
  });

  it('is that of the environment', async () => {
    process.env[VARIABLE] = OPERATE;
    says({ task });
    await operatorOf({ operateArn: undefined }).get(INVOICE_ID);
    expect(edge.requests).toMatchObject([{ door: 'operate' }]);
  });

  it.each([
    ['none is known', undefined, {}, VARIABLE, 'OperateArn'],
    ['the variable is empty', '', {}, VARIABLE, 'OperateArn'],
    ['the variable is no ARN', 'operate', {}, VARIABLE, 'must be the ARN of an operate door'],
    ['the ARN is none', OPERATE, { operateArn: 'operate' }, 'operateArn', 'must be the ARN of an operate door'],
    ['an option is unknown', OPERATE, { app: 'billing' }, 'options.app', 'operateArn, lambda, region'],
  ])('%s: refused by name', (_what, variable, options, field, part) => {
    if (variable !== undefined) process.env[VARIABLE] = variable;
    const make = () => new PunctualOperator(options as OperatorOptions);
    expect(make).toThrow(expect.objectContaining({ code: 'BadRequest', field }));
    expect(make).toThrow(part);
  });
});
