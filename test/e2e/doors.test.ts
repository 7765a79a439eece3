import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { Duration } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../contract/errors.ts';
import { LIMITS, NOTIFICATION_BYTES, TASK_ID } from '../../contract/limits.ts';
import { callDoor, type Told } from './callDoor.ts';
import { Deployment } from './deployment.ts';
import { until } from './until.ts';

const HOUR = 3_600_000;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const id = expect.stringMatching(TASK_ID);
const instant = expect.stringMatching(INSTANT);
const NO_TASK = `billing/${'a'.repeat(22)}`;

let count = 0;
const newKey = () => `key-${++count}`;
/** A task that stays where it is. */
const task = (parts: object = {}) => ({ name: 'work', idempotencyKey: newKey(), delayMs: HOUR, ...parts });
const enqueue = (parts: object = {}) => ({ v: 1, action: 'enqueue', ...task(parts) });
const batch = (tasks: unknown) => ({ v: 1, action: 'enqueueBatch', tasks });
const without = (field: string, request: object) => Object.fromEntries(Object.entries(request).filter(([key]) => key !== field));
/** JSON that no JavaScript value becomes, put in the place of "HERE". */
const raw = (request: object, json: string) => JSON.stringify(request).replace('"HERE"', json);
const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

interface Refusal {
  readonly what: string;
  readonly request: unknown;
  readonly code?: string;
  readonly field?: string;
}

const named = (refusals: readonly Refusal[]) => refusals.map((refusal) => [refusal.what, refusal] as const);

/** What no door takes, whatever the action. */
const NO_REQUESTS: readonly Refusal[] = [
  { what: 'null', request: 'null', field: '' },
  { what: 'a text', request: '"enqueue"', field: '' },
  { what: 'an array', request: [enqueue()], field: '' },
  { what: 'an empty object', request: {}, field: 'action' },
  { what: 'an action that is no text', request: { v: 1, action: ['enqueue'] }, field: 'action' },
  { what: 'an action of the language', request: { v: 1, action: 'constructor' }, field: 'action' },
];

const REFUSED_SUBMITS: readonly Refusal[] = [
  ...NO_REQUESTS,
  { what: 'an action of the other door', request: { v: 1, action: 'complete', id: NO_TASK, claim: 1 }, field: 'action' },
  { what: 'no version of the contract', request: without('v', enqueue()), field: 'v' },
  { what: 'a later version of the contract', request: { ...enqueue(), v: 2 }, field: 'v' },
  { what: 'the version as a text', request: { ...enqueue(), v: '1' }, field: 'v' },
  { what: 'a field that is not known', request: enqueue({ colour: 'red' }), field: 'colour' },
  { what: 'a field named __proto__', request: raw(enqueue(), '').replace('{', '{"__proto__":{"v":1},'), field: '__proto__' },
  { what: 'a field named constructor', request: enqueue({ constructor: 1 }), field: 'constructor' },
  {
    what: 'a field that is not known in a date',
    request: enqueue({ delayMs: undefined, dueAt: { local: '2030-01-01T00:00', timeZone: 'UTC', zone: 1 } }),
    field: 'dueAt.zone',
  },
  { what: 'no name', request: without('name', enqueue()), field: 'name' },
  { what: 'a name that is a number', request: enqueue({ name: 1 }), field: 'name' },
  { what: 'a name that is too long', request: enqueue({ name: 'n'.repeat(LIMITS.name + 1) }), field: 'name' },
  { what: 'a priority that is none', request: enqueue({ priority: 'urgent' }), field: 'priority' },
  { what: 'a priority that is a number', request: enqueue({ priority: 1 }), field: 'priority' },
  { what: 'a position together with a date', request: enqueue({ position: 'front' }), field: 'position' },
  { what: 'a date without an offset', request: enqueue({ delayMs: undefined, dueAt: '2030-01-01T00:00:00' }), field: 'dueAt' },
  {
    what: 'a date in no zone',
    request: enqueue({ delayMs: undefined, dueAt: { local: '2030-01-01T00:00', timeZone: 'Mars/Base' } }),
    field: 'dueAt.timeZone',
  },
  { what: 'a delay that is a text', request: enqueue({ delayMs: '1h' }), field: 'delayMs' },
  { what: 'a delay that is negative', request: enqueue({ delayMs: -1 }), field: 'delayMs' },
  { what: 'a deadline before the date', request: enqueue({ deadlineAt: '2020-01-01T00:00:00Z' }), field: 'deadlineAt' },
  { what: 'more attempts than allowed', request: enqueue({ maxAttempts: LIMITS.maxAttempts + 1 }), field: 'maxAttempts' },
  { what: 'half an attempt', request: enqueue({ maxAttempts: 1.5 }), field: 'maxAttempts' },
  { what: 'a version 0 of the payload', request: enqueue({ version: 0 }), field: 'version' },
  { what: 'no key', request: without('idempotencyKey', enqueue()), field: 'idempotencyKey' },
  { what: 'a key that is empty', request: enqueue({ idempotencyKey: '' }), field: 'idempotencyKey' },
  { what: 'a key of blanks', request: enqueue({ idempotencyKey: '   ' }), field: 'idempotencyKey' },
  { what: 'a key that is too long', request: enqueue({ idempotencyKey: 'k'.repeat(LIMITS.idempotencyKey + 1) }), field: 'idempotencyKey' },
  { what: 'a key with a line break', request: enqueue({ idempotencyKey: 'a\nb' }), field: 'idempotencyKey' },
  { what: 'a key with a lone surrogate', request: raw(enqueue({ idempotencyKey: 'HERE' }), '"k\\ud800"'), field: 'idempotencyKey' },
  {
    what: 'a number in the payload that loses digits',
    request: raw(enqueue({ payload: { no: 'HERE' } }), '9007199254740993'),
    field: 'payload.no',
  },
  {
    what: 'a payload of one level too many',
    request: enqueue({ payload: nested(LIMITS.payloadDepth + 1) }),
    field: `payload${'[0]'.repeat(LIMITS.payloadDepth)}`,
  },
  { what: 'a payload too large', request: enqueue({ payload: 'x'.repeat(NOTIFICATION_BYTES) }), code: 'PayloadTooLarge', field: 'payload' },
  {
    what: 'a payload too large in bytes, not in characters',
    request: enqueue({ payload: '€'.repeat(NOTIFICATION_BYTES / 3) }),
    code: 'PayloadTooLarge',
    field: 'payload',
  },
  { what: 'a batch of none', request: batch([]), field: 'tasks' },
  { what: 'a batch of one too many', request: batch(Array.from({ length: LIMITS.batch + 1 }, () => task())), field: 'tasks' },
  { what: 'a batch that is no array', request: batch({ 0: task(), length: 1 }), field: 'tasks' },
  { what: 'a batch with a field that is not known', request: { ...batch([task()]), atomic: true }, field: 'atomic' },
  { what: 'the id of no task', request: { v: 1, action: 'get', id: NO_TASK }, code: 'NotFound', field: 'id' },
  {
    what: 'the id of another app',
    request: { v: 1, action: 'cancel', id: NO_TASK.replace('billing', 'shipping') },
    code: 'NotFound',
    field: 'id',
  },
  { what: 'the id of a row that is no task', request: { v: 1, action: 'get', id: '~seat' }, field: 'id' },
  { what: 'an id that is an object', request: { v: 1, action: 'get', id: { S: NO_TASK } }, field: 'id' },
  { what: 'no id', request: { v: 1, action: 'reschedule', delayMs: 1 }, field: 'id' },
  { what: 'more to look ahead than allowed', request: { v: 1, action: 'next', count: 26 }, field: 'count' },
];

const complete = (parts: object = {}) => ({ v: 1, action: 'complete', id: NO_TASK, claim: 1, ...parts });

const REFUSED_REPORTS: readonly Refusal[] = [
  ...NO_REQUESTS,
  { what: 'an action of the other door', request: enqueue(), field: 'action' },
  { what: 'a later version of the contract', request: complete({ v: 2 }), field: 'v' },
  { what: 'a field that is not known', request: complete({ result: 42 }), field: 'result' },
  { what: 'no claim', request: without('claim', complete()), field: 'claim' },
  { what: 'a claim that is a text', request: complete({ claim: '1' }), field: 'claim' },
  { what: 'a claim of 0', request: complete({ claim: 0 }), field: 'claim' },
  { what: 'a lease too short', request: complete({ action: 'extend', leaseMs: LIMITS.leaseMinMs - 1 }), field: 'leaseMs' },
  { what: 'a failure without its error', request: complete({ action: 'fail' }), field: 'error' },
  { what: 'a failure whose error is a text', request: complete({ action: 'fail', error: 'it broke' }), field: 'error' },
  { what: 'a worker’s name with a line break', request: complete({ worker: 'a\nb' }), field: 'worker' },
  { what: 'the id of no task', request: complete(), code: 'NotFound', field: 'id' },
  { what: 'the id of another app', request: complete({ id: NO_TASK.replace('billing', 'shipping') }), code: 'NotFound', field: 'id' },
];

describe('the doors, called past the client', () => {
  let deployment: Deployment;
  let lambda: LambdaClient;
  let dynamo: DynamoDBClient;

  beforeAll(async () => {
    deployment = await Deployment.of({ apps: { billing: { maxAttempts: 2, lease: Duration.minutes(5) } } });
    lambda = new LambdaClient(await deployment.as());
    dynamo = new DynamoDBClient(await deployment.as());
  });

  afterAll(async () => {
    lambda?.destroy();
    dynamo?.destroy();
    await deployment?.remove();
  });

  const submit = (request: unknown): Promise<Told> => callDoor(lambda, deployment.output('BillingSubmitArn'), request);
  const report = (request: unknown): Promise<Told> => callDoor(lambda, deployment.output('BillingReportArn'), request);

  /** The table as it is, but for the rows that are not tasks. */
  async function tasks(): Promise<unknown[]> {
    const found: Record<string, { S?: string }>[] = [];
    let from: object | undefined;
    do {
      const page = await dynamo.send(
        new ScanCommand({
          TableName: deployment.output('TableName'),
          ConsistentRead: true,
          ...(from ? { ExclusiveStartKey: from as never } : {}),
        }),
      );
      found.push(...((page.Items ?? []) as typeof found));
      from = page.LastEvaluatedKey;
    } while (from);
    return found.filter((item) => TASK_ID.test(item.id?.S ?? '')).sort((a, b) => ((a.id?.S ?? '') < (b.id?.S ?? '') ? -1 : 1));
  }

  async function expectNothingChanged(act: () => Promise<unknown>): Promise<void> {
    const before = await tasks();
    await act();
    expect(await tasks()).toEqual(before);
  }

  /** The contract's form of a refusal, exactly. */
  function expectRefused(answer: Told, { code = 'BadRequest', field }: Pick<Refusal, 'code' | 'field'>): void {
    expect(Object.keys(answer).sort()).toEqual(['error', 'ok', 'v']);
    expect(answer).toMatchObject({ v: 1, ok: false, error: { code, retryable: false, ...(field === undefined ? {} : { field }) } });
    expect(Object.keys(answer.error).filter((key) => !['code', 'message', 'field', 'got', 'allowed', 'retryable'].includes(key))).toEqual(
      [],
    );
    expect(ERROR_CODES).toContain(answer.error.code);
    expect(answer.error.message).toMatch(/\.$/);
    if (code === 'BadRequest') expect(answer.error.allowed).not.toBe('');
    expect(JSON.stringify(answer).length).toBeLessThan(2_000);
  }

  describe('the submit door', () => {
    it.each(named(REFUSED_SUBMITS))('refuses %s, and stores nothing', async (_, { request, ...refusal }) => {
      await expectNothingChanged(async () => expectRefused(await submit(request), refusal));
    });

    it('names the field that is not known and the actions that are', async () => {
      expect((await submit(enqueue({ colour: 'red' }))).error.message).toMatch(/^colour is not a field/);
      expect(await submit({ v: 1, action: 'burn' })).toEqual({
        v: 1,
        ok: false,
        error: {
          code: 'BadRequest',
          message: 'action must be one of the actions enqueue, enqueueBatch, get, next, cancel, reschedule; got "burn".',
          field: 'action',
          got: '"burn"',
          allowed: 'one of the actions enqueue, enqueueBatch, get, next, cancel, reschedule',
          retryable: false,
        },
      });
    });

    it('answers each action with what the contract says, and no more', async () => {
      const made = await submit(enqueue({ payload: { invoice: 42 }, deadlineAt: '2999-01-01T00:00:00+01:00', priority: 'high' }));
      const deadlineAt = '2998-12-31T23:00:00.000Z';
      expect(made).toEqual({ v: 1, ok: true, id, created: true, state: 'scheduled', priority: 'high', dueAt: instant, deadlineAt });
      const shown = {
        id: made.id,
        app: 'billing',
        name: 'work',
        version: 1,
        payload: { invoice: 42 },
        state: 'scheduled',
        priority: 'high',
        position: 'back',
        dueAt: made.dueAt,
        deadlineAt,
        createdAt: instant,
        claim: 0,
        attempt: 0,
        deliveries: 0,
        attempts: [],
        attemptsDropped: 0,
      };
      expect(await submit({ v: 1, action: 'get', id: made.id })).toEqual({ v: 1, ok: true, task: shown });
      expect(await submit({ v: 1, action: 'next' })).toEqual({
        v: 1,
        ok: true,
        next: [{ id: made.id, name: 'work', priority: 'high', dueAt: made.dueAt, deadlineAt }],
      });
      const dueAt = '2030-01-01T00:00:00.000Z';
      expect(await submit({ v: 1, action: 'reschedule', id: made.id, dueAt, deadlineAt: null })).toEqual({
        v: 1,
        ok: true,
        task: { ...without('deadlineAt', shown), dueAt },
      });
      expect(await submit({ v: 1, action: 'cancel', id: made.id })).toEqual({
        v: 1,
        ok: true,
        task: { ...without('deadlineAt', shown), dueAt, state: 'cancelled', endedAt: instant },
      });
      await expectNothingChanged(async () =>
        expectRefused(await submit({ v: 1, action: 'reschedule', id: made.id, delayMs: 1 }), { code: 'WrongState', field: 'id' }),
      );
    });

    it('the same key and request is the same task; with another request it is a conflict, and the task stays as it was', async () => {
      const request = enqueue({ payload: { b: 1, a: [2] } });
      const made = await submit(request);
      await expectNothingChanged(async () => {
        expect(await submit({ ...request, payload: { a: [2], b: 1 } })).toEqual({ ...made, created: false });
        for (const change of [
          { payload: { b: 1, a: [3] } },
          { name: 'other' },
          { delayMs: HOUR + 1 },
          { priority: 'low' },
          { maxAttempts: 1 },
        ]) {
          expectRefused(await submit({ ...request, ...change }), { code: 'IdempotencyConflict', field: 'idempotencyKey' });
        }
      });
    });

    it('a batch of 100 with one bad task in the middle: results in the order asked, all others stored', async () => {
      const before = (await tasks()).length;
      const asked = Array.from({ length: LIMITS.batch }, (_, i) => task({ payload: i, ...(i === 50 ? { priority: 'urgent' } : {}) }));
      const answer = await submit(batch(asked));
      expect(answer).toMatchObject({ v: 1, ok: true });
      expect(answer.results).toHaveLength(LIMITS.batch);
      for (const [i, result] of answer.results.entries()) {
        if (i === 50) expectRefused({ v: 1, ...result }, { field: 'tasks[50].priority' });
        else expect(result).toEqual({ ok: true, id, created: true, state: 'scheduled', priority: 'medium', dueAt: instant });
      }
      expect(await tasks()).toHaveLength(before + LIMITS.batch - 1);
      for (const i of [0, 49, 51, 99]) expect((await submit({ v: 1, action: 'get', id: answer.results[i].id })).task.payload).toBe(i);
    });

    it('a batch of nothing but bad tasks is answered one by one, and nothing is stored', async () => {
      await expectNothingChanged(async () => {
        const answer = await submit(batch([null, 'work', [], { ...task(), v: 1 }, task({ payload: nested(LIMITS.payloadDepth + 1) })]));
        expect(answer.results.map(({ ok, error }: Told) => [ok, error.code, error.field])).toEqual([
          [false, 'BadRequest', 'tasks[0]'],
          [false, 'BadRequest', 'tasks[1]'],
          [false, 'BadRequest', 'tasks[2]'],
          [false, 'BadRequest', 'tasks[3].v'],
          [false, 'BadRequest', `tasks[4].payload${'[0]'.repeat(LIMITS.payloadDepth)}`],
        ]);
      });
    });

    it('a refusal never shows the payload', async () => {
      const answer = await submit(enqueue({ payload: { secret: 'hunter2', deep: nested(LIMITS.payloadDepth) } }));
      expect(answer.ok).toBe(false);
      expect(JSON.stringify(answer)).not.toContain('hunter2');
    });

    it.each([
      ['null', 'null'],
      ['a payload of as many levels as allowed', JSON.stringify(nested(LIMITS.payloadDepth))],
      ['keys of the language', '{"__proto__":{"admin":true},"constructor":{"prototype":1},"toString":"t","hasOwnProperty":0}'],
      ['control characters and line separators', '{"text":"\\u0000\\u001f\\u2028"}'],
      ['the largest exact number', '9007199254740991'],
      ['empty keys and texts', '{"":"","a":[{}]}'],
    ])('stores and shows unchanged: %s', async (_, json) => {
      const made = await submit(raw(enqueue({ payload: 'HERE' }), json));
      expect(made).toMatchObject({ ok: true, created: true });
      const { task: shown } = await submit({ v: 1, action: 'get', id: made.id });
      expect(JSON.stringify(shown.payload)).toBe(JSON.stringify(JSON.parse(json)));
    });

    it('takes a payload of a few bytes less than it refuses', async () => {
      const [key, delayMs] = [newKey(), HOUR];
      const sized = (size: number) => ({ ...enqueue({ payload: 'x'.repeat(size) }), idempotencyKey: key, delayMs });
      const refused = await submit(sized(NOTIFICATION_BYTES));
      const over = Number.parseInt(refused.error.got, 10) - NOTIFICATION_BYTES;
      expectRefused(await submit(sized(NOTIFICATION_BYTES - over + 1)), { code: 'PayloadTooLarge', field: 'payload' });
      expect(await submit(sized(NOTIFICATION_BYTES - over))).toMatchObject({ ok: true, created: true });
    });
  });

  describe('the report door', () => {
    /** A task that the dispatcher has claimed; nobody works on it. */
    async function leased(): Promise<Told> {
      const made = await submit(enqueue({ delayMs: 0 }));
      return until(`the claim of ${made.id}`, async () => {
        const { task: shown } = await submit({ v: 1, action: 'get', id: made.id });
        return shown.state === 'leased' && shown;
      });
    }

    it.each(named(REFUSED_REPORTS))('refuses %s, and changes nothing', async (_, { request, ...refusal }) => {
      await expectNothingChanged(async () => expectRefused(await report(request), refusal));
    });

    const WORDS = [
      { action: 'complete' },
      { action: 'fail', error: { name: 'E', message: 'm' } },
      { action: 'extend' },
      { action: 'snooze', delayMs: 1 },
    ];

    it('every report with a claim that does not hold is LeaseLost, and the task stays as it was', async () => {
      const { id: own, claim } = await leased();
      await expectNothingChanged(async () => {
        for (const word of WORDS) {
          expectRefused(await report({ v: 1, id: own, claim: claim + 1, ...word }), { code: 'LeaseLost', field: 'claim' });
        }
      });
    });

    it('every report on a task that nobody was told of is LeaseLost, and on one that is not there NotFound', async () => {
      const { id: waiting } = await submit(enqueue());
      await expectNothingChanged(async () => {
        for (const word of WORDS) {
          expectRefused(await report({ v: 1, id: waiting, claim: 1, ...word }), { code: 'LeaseLost', field: 'claim' });
          expectRefused(await report({ v: 1, id: NO_TASK, claim: 1, ...word }), { code: 'NotFound', field: 'id' });
        }
      });
    });

    it('answers each report with what the contract says, and no more', async () => {
      const { id: own, claim, leaseUntil } = await leased();
      const extended = await report({ v: 1, action: 'extend', id: own, claim, leaseMs: HOUR });
      expect(extended).toEqual({ v: 1, ok: true, id: own, state: 'leased', leaseUntil: instant });
      expect(Date.parse(extended.leaseUntil)).toBeGreaterThan(Date.parse(leaseUntil));
      const done = { v: 1, action: 'complete', id: own, claim, worker: 'by hand' };
      expect(await report(done)).toEqual({ v: 1, ok: true, id: own, state: 'completed' });
      await expectNothingChanged(async () => expect(await report(done)).toEqual({ v: 1, ok: true, id: own, state: 'completed' }));
      const { task: shown } = await submit({ v: 1, action: 'get', id: own });
      expect(shown.attempts).toEqual([{ claim, claimedAt: instant, endedAt: instant, outcome: 'completed', worker: 'by hand' }]);
    });

    it('a snooze must say until when, once', async () => {
      const { id: own, claim } = await leased();
      const snooze = { v: 1, action: 'snooze', id: own, claim };
      await expectNothingChanged(async () => {
        expectRefused(await report(snooze), { field: 'until' });
        expectRefused(await report({ ...snooze, until: '2030-01-01T00:00:00Z', delayMs: 1 }), { code: 'BadRequest' });
      });
      expect(await report({ ...snooze, delayMs: HOUR })).toEqual({ v: 1, ok: true, id: own, state: 'scheduled' });
    });
  });

  describe('the operate door', () => {
    const refused: readonly Refusal[] = [
      ...NO_REQUESTS,
      { what: 'an action of the other doors', request: enqueue(), field: 'action' },
      { what: 'a later version of the contract', request: { v: 2, action: 'describe' }, field: 'v' },
      { what: 'a field that is not known', request: { v: 1, action: 'describe', app: 'billing' }, field: 'app' },
    ];

    it.each(named(refused))('refuses %s', async (_, { request, ...refusal }) => {
      await expectNothingChanged(async () => expectRefused(await callDoor(lambda, deployment.output('OperateArn'), request), refusal));
    });
  });
});
