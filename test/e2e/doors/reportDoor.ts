import { expect, it } from 'vitest';
import { LIMITS } from '../../../contract/limits.ts';
import type { REPORT_ACTIONS } from '../../../contract/report.ts';
import type { Doors } from './Doors.ts';
import { type Asked, expectRefused, NO_REQUESTS, type Refusal, refusesAll, refusesByField } from './refusals.ts';
import { enqueue, HOUR, instant, NO_TASK, told, without } from './requests.ts';

const NO_LINES = ['a\nb'];
const ERROR = { name: 'E', message: 'm' };
const HEAD = { id: NO_TASK, claim: 1 };
const BAD_HEAD = { id: ['~seat'], claim: [0] };

const REPORTS = {
  start: { right: { ...HEAD, holder: 'run' }, bad: { ...BAD_HEAD, holder: [undefined, ...NO_LINES] } },
  complete: { right: HEAD, bad: { id: [undefined, { S: NO_TASK }], claim: [undefined, '1'], worker: NO_LINES, holder: ['run'] } },
  fail: {
    right: { ...HEAD, error: ERROR },
    bad: {
      ...BAD_HEAD,
      error: [undefined, 'it broke'],
      'error.message': [without('message', ERROR)],
      'error.stack': [{ ...ERROR, stack: ['at'] }],
      'error.code': [{ ...ERROR, code: 1 }],
    },
  },
  extend: { right: HEAD, bad: { ...BAD_HEAD, leaseMs: [LIMITS.leaseMinMs - 1, LIMITS.leaseMs + 1] } },
  snooze: { right: { ...HEAD, delayMs: 1 }, bad: { ...BAD_HEAD, delayMs: [-1, LIMITS.delayMs + 1] } },
  overloaded: {
    right: { worker: 'w', reason: 'heap' },
    bad: { worker: [undefined, ...NO_LINES], reason: [undefined, 'mood'], id: [NO_TASK] },
  },
} as const satisfies Record<(typeof REPORT_ACTIONS)[number], Asked>;

const complete = (parts: object = {}) => ({ v: 1, action: 'complete', ...HEAD, ...parts });

const REFUSED: readonly Refusal[] = [
  ...NO_REQUESTS,
  { what: 'an action of the submit door', request: enqueue(), field: 'action' },
  { what: 'an action of the operate door', request: { v: 1, action: 'resume', app: 'billing' }, field: 'action' },
  { what: 'a later version of the contract', request: complete({ v: 2 }), field: 'v' },
  { what: 'the id of no task', request: complete(), code: 'NotFound', field: 'id' },
];

/** Every word on a task. */
const WORDS = [
  { action: 'start', holder: 'run' },
  { action: 'complete' },
  { action: 'fail', error: ERROR },
  { action: 'extend' },
  { action: 'snooze', delayMs: 1 },
];

export function reportDoor(doors: Doors): void {
  const { submit, report } = doors.billing;

  refusesAll(doors, report, 'what is no report, or of no task of its app', REFUSED);
  refusesByField(doors, report, REPORTS);

  it('every report with a claim that does not hold is LeaseLost, and the task stays as it was', async () => {
    const { id: own, claim } = await doors.leased(doors.billing);
    await doors.expectNothingChanged(async () => {
      for (const word of WORDS) {
        expectRefused(await report({ v: 1, id: own, claim: claim + 1, ...word }), { code: 'LeaseLost', field: 'claim' });
      }
    });
  });

  it('does nothing to another app’s task, though the claim holds', async () => {
    const { id: other, claim } = await doors.leased(doors.mail);
    await doors.expectNothingChanged(async () => {
      for (const word of WORDS) expectRefused(await report({ v: 1, id: other, claim, ...word }), { code: 'NotFound', field: 'id' });
    });
    await doors.mail.report({ v: 1, action: 'complete', id: other, claim });
  });

  it('every report on a task that nobody was told of is LeaseLost, and on one that is not there NotFound', async () => {
    const { id: waiting } = await submit(enqueue());
    await doors.expectNothingChanged(async () => {
      for (const word of WORDS) {
        expectRefused(await report({ v: 1, id: waiting, claim: 1, ...word }), { code: 'LeaseLost', field: 'claim' });
        expectRefused(await report({ v: 1, id: NO_TASK, claim: 1, ...word }), { code: 'NotFound', field: 'id' });
      }
    });
  });

  it('answers start, extend and complete with what the contract says, and no more; of two holders the first has it', async () => {
    const { id: own, claim, leaseUntil } = await doors.leased(doors.billing, { exclusive: true });
    const head = { v: 1, id: own, claim };
    const start = { ...head, action: 'start', holder: 'run 1' };
    expect(await report(start)).toEqual({ v: 1, ok: true, id: own, state: 'leased', leaseUntil });
    await doors.expectNothingChanged(async () => {
      expect(await report({ ...start, worker: 'w' })).toEqual({ v: 1, ok: true, id: own, state: 'leased', leaseUntil });
      expectRefused(await report({ ...start, holder: 'run 2' }), { code: 'Held', field: 'holder' });
    });
    const extended = await report({ ...head, action: 'extend', leaseMs: HOUR });
    expect(extended).toEqual({ v: 1, ok: true, id: own, state: 'leased', leaseUntil: instant });
    expect(Date.parse(extended.leaseUntil)).toBeGreaterThan(Date.parse(leaseUntil));
    const done = { ...head, action: 'complete', worker: 'by hand' };
    expect(await report(done)).toEqual({ v: 1, ok: true, id: own, state: 'completed' });
    await doors.expectNothingChanged(async () => expect(await report(done)).toEqual({ v: 1, ok: true, id: own, state: 'completed' }));
    const { task: shown } = await submit({ v: 1, action: 'get', id: own });
    expect(shown.attempts).toEqual([{ claim, claimedAt: instant, endedAt: instant, outcome: 'completed', worker: 'by hand' }]);
    expect(shown.timeline).toEqual(told('enqueued at priority medium', `claimed, number ${claim}`, 'completed by by hand'));
    expect(await submit({ v: 1, action: 'explain', id: own })).toEqual({
      v: 1,
      ok: true,
      id: own,
      state: 'completed',
      text: `Completed at ${shown.endedAt} by claim ${claim}.`,
    });
  });

  it('a failure is taken, and its end is in the task: the error as it was told, and what can be done', async () => {
    const { id: own, claim, leaseUntil } = await doors.leased(doors.billing, { maxAttempts: 1 });
    const error = { name: 'TypeError', message: 'no paper in 3', stack: 'TypeError: no paper\n  at print' };
    const failed = await report({ v: 1, action: 'fail', id: own, claim, error, worker: 'w' });
    expect(failed).toEqual({ v: 1, ok: true, id: own, state: 'leased', leaseUntil });
    const shown = await doors.shown(doors.billing, own, 'dead');
    const fate = 'failed by w: TypeError: no paper in 3';
    expect(shown).toMatchObject({
      attempt: 1,
      deathReason: 'attempts exhausted',
      fingerprint: expect.stringMatching(/^[\w-]{22}$/),
      attempts: [{ claim, claimedAt: instant, endedAt: instant, outcome: 'failed', error, worker: 'w' }],
      timeline: told('enqueued at priority medium', `claimed, number ${claim}`, fate, 'dead: attempts exhausted'),
      next: told('its history is deleted'),
    });
    const { text } = await submit({ v: 1, action: 'explain', id: own });
    expect(text).toMatch(
      /^Dead since \S+ because its attempts are exhausted \(1 of 1\), the last error was TypeError; it can be replayed /,
    );
    await doors.errorsTold('billing', 1);
  });

  it('an overloaded worker says so, and no task is touched', async () => {
    await doors.expectNothingChanged(async () => {
      for (const reason of ['event loop delay', 'heap', 'load']) {
        expect(await report({ v: 1, action: 'overloaded', worker: 'w', reason })).toEqual({ v: 1, ok: true });
      }
    });
  });

  it('a snooze must say until when, once', async () => {
    const { id: own, claim } = await doors.leased(doors.billing);
    const snooze = { v: 1, action: 'snooze', id: own, claim };
    await doors.expectNothingChanged(async () => {
      expectRefused(await report(snooze), { field: 'until' });
      expectRefused(await report({ ...snooze, until: '2030-01-01T00:00:00Z', delayMs: 1 }), { field: 'delayMs' });
      expectRefused(await report({ ...snooze, until: '2030-01-01T00:00:00' }), { field: 'until' });
    });
    expect(await report({ ...snooze, delayMs: HOUR })).toEqual({ v: 1, ok: true, id: own, state: 'scheduled' });
    const { text } = await submit({ v: 1, action: 'explain', id: own });
    expect(text).toMatch(/^Snoozed until \S+ by its worker\.$/);
  });
}
