import { describe, expect, it } from 'vitest';
import { LIMITS, NOTIFICATION_BYTES } from '../../../contract/limits.ts';
import type { SUBMIT_ACTIONS } from '../../../contract/submit.ts';
import type { Told } from '../callDoor.ts';
import type { Doors } from './Doors.ts';
import { type Asked, BAD_COUNTS, BAD_LISTS, expectRefused, refusesAll, refusesByField, TASK_REQUESTS } from './refusals.ts';
import { batch, enqueue, HOUR, id, instant, nested, newKey, raw, task } from './requests.ts';
import { REFUSED_SUBMITS, REFUSED_TASKS } from './submitRefusals.ts';
import { taskActions } from './taskActions.ts';

const ACTIONS = 'enqueue, enqueueBatch, next, list, get, explain, cancel, reschedule, reprioritize, moveToFront, replay';

const QUESTIONS = {
  next: { right: { count: 1 }, bad: BAD_COUNTS },
  list: { right: { from: '2030-01-01T00:00:00Z' }, bad: BAD_LISTS },
  ...TASK_REQUESTS,
} as const satisfies Record<Exclude<(typeof SUBMIT_ACTIONS)[number], 'enqueue' | 'enqueueBatch'>, Asked>;

export function submitDoor(doors: Doors): void {
  const { submit } = doors.billing;

  it.each(REFUSED_TASKS.map((refusal) => [refusal.what, refusal] as const))(
    'refuses %s, and stores nothing',
    async (_, { request, ...refusal }) => {
      await doors.expectNothingChanged(async () => expectRefused(await submit(request), refusal));
    },
  );

  refusesAll(doors, submit, 'what is no request of its, and the tasks of others', REFUSED_SUBMITS);
  refusesByField(doors, submit, QUESTIONS);

  it('does nothing to another app’s task, and shows nothing of it', async () => {
    const { id: other } = await doors.mail.submit(enqueue());
    await doors.expectNothingChanged(async () => {
      for (const [action, { right }] of Object.entries(TASK_REQUESTS)) {
        expectRefused(await submit({ v: 1, action, ...right, id: other }), { code: 'NotFound', field: 'id' });
      }
    });
    await doors.mail.submit({ v: 1, action: 'cancel', id: other });
  });

  it('names the field that is not known and the actions that are', async () => {
    expect((await submit(enqueue({ colour: 'red' }))).error.message).toMatch(/^colour is not a field/);
    expect(await submit({ v: 1, action: 'burn' })).toEqual({
      v: 1,
      ok: false,
      error: {
        code: 'BadRequest',
        message: `action must be one of the actions ${ACTIONS}; got "burn".`,
        field: 'action',
        got: '"burn"',
        allowed: `one of the actions ${ACTIONS}`,
        retryable: false,
      },
    });
  });

  it('answers enqueue, next and list with what the contract says, and no more', async () => {
    const made = await submit(enqueue({ name: 'shown', deadlineAt: '2999-01-01T00:00:00+01:00', priority: 'high', version: 3 }));
    const deadlineAt = '2998-12-31T23:00:00.000Z';
    expect(made).toEqual({ v: 1, ok: true, id, created: true, state: 'scheduled', priority: 'high', dueAt: instant, deadlineAt });
    const { dueAt } = made;
    const seen = { id: made.id, name: 'shown', priority: 'high', dueAt, deadlineAt };
    expect(await submit({ v: 1, action: 'next' })).toEqual({ v: 1, ok: true, next: [{ ...seen, predictedAt: dueAt }] });
    const listed = { ...seen, version: 3, state: 'scheduled' };
    const later = await submit(enqueue({ name: 'shown', delayMs: 2 * HOUR }));
    const first = await submit({ v: 1, action: 'list', name: 'shown', limit: 1 });
    expect(first).toEqual({ v: 1, ok: true, tasks: [listed], cursor: expect.any(String) });
    const rest = {
      v: 1,
      ok: true,
      tasks: [{ id: later.id, name: 'shown', version: 1, state: 'scheduled', priority: 'medium', dueAt: later.dueAt }],
    };
    expect(await submit({ v: 1, action: 'list', name: 'shown', limit: 1, cursor: first.cursor })).toEqual(rest);
    expect(await submit({ v: 1, action: 'list', state: 'scheduled', name: 'shown', from: later.dueAt })).toEqual(rest);
    expect(await submit({ v: 1, action: 'list', name: 'shown', to: later.dueAt })).toEqual({ v: 1, ok: true, tasks: [listed] });
    for (const one of [made, later]) await submit({ v: 1, action: 'cancel', id: one.id });
    const { tasks } = await submit({ v: 1, action: 'list', state: 'cancelled', name: 'shown' });
    expect(tasks).toEqual([
      { ...rest.tasks[0], state: 'cancelled', endedAt: instant },
      { ...listed, state: 'cancelled', endedAt: instant },
    ]);
  });

  taskActions(doors, doors.mail.submit);

  it('the same key and request is the same task; with another request it is a conflict, and the task stays as it was', async () => {
    const request = enqueue({ payload: { b: 1, a: [2] } });
    const made = await submit(request);
    await doors.expectNothingChanged(async () => {
      expect(await submit({ ...request, payload: { a: [2], b: 1 } })).toEqual({ ...made, created: false });
      for (const change of [
        { payload: { b: 1, a: [3] } },
        { name: 'other' },
        { delayMs: HOUR + 1 },
        { priority: 'low' },
        { maxAttempts: 1 },
        { exclusive: true },
      ]) {
        expectRefused(await submit({ ...request, ...change }), { code: 'IdempotencyConflict', field: 'idempotencyKey' });
      }
    });
  });

  describe('batches', () => {
    it('a batch of 100 with one bad task in the middle: results in the order asked, all others stored', async () => {
      const before = (await doors.rows()).length;
      const asked = Array.from({ length: LIMITS.batch }, (_, i) => task({ payload: i, ...(i === 50 ? { priority: 'urgent' } : {}) }));
      const answer = await submit(batch(asked));
      expect(answer).toMatchObject({ v: 1, ok: true });
      expect(answer.results).toHaveLength(LIMITS.batch);
      for (const [i, result] of answer.results.entries()) {
        if (i === 50) expectRefused({ v: 1, ...result }, { field: 'tasks[50].priority' });
        else expect(result).toEqual({ ok: true, id, created: true, state: 'scheduled', priority: 'medium', dueAt: instant });
      }
      expect(await doors.rows()).toHaveLength(before + LIMITS.batch - 1);
      for (const i of [0, 49, 51, 99]) expect((await submit({ v: 1, action: 'get', id: answer.results[i].id })).task.payload).toBe(i);
    });

    it('a batch of nothing but bad tasks is answered one by one, and nothing is stored', async () => {
      await doors.expectNothingChanged(async () => {
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
  });

  describe('payloads', () => {
    it('a refusal never shows the payload', async () => {
      const payload = { secret: 'hunter2', deep: nested(LIMITS.payloadDepth) };
      const { id: own } = await submit(enqueue());
      await submit({ v: 1, action: 'cancel', id: own });
      for (const request of [enqueue({ payload }), { v: 1, action: 'replay', id: own, payload }]) {
        const answer = await submit(request);
        expect(answer.ok).toBe(false);
        expect(JSON.stringify(answer)).not.toContain('hunter2');
      }
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
}
