import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../core/policy.ts';
import { LEASE_SKEW_MS, MAX_DELIVERIES } from '../../core/task.ts';
import { isWorthless } from '../../core/waiting.ts';
import {
  again,
  cancel,
  claim,
  complete,
  enqueue,
  expire,
  extend,
  fail,
  given,
  HOUR,
  MINUTE,
  miss,
  REFUSED,
  refuse,
  replay,
  reschedule,
  SECOND,
  START,
  settingsOf,
  snooze,
  start,
} from './given.ts';

const LEASE_OVER = DEFAULT_POLICY.leaseMs + LEASE_SKEW_MS;
const DEADLINE = START + MINUTE;
const LATE = MINUTE + 1;

describe('a missed deadline', () => {
  it('is told by the first write after it, once, whichever that is', () => {
    const claimed = [enqueue({ deadlineAt: DEADLINE }), claim()];
    const firsts = [
      [[enqueue({ deadlineAt: DEADLINE })], [claim()]],
      [claimed, [complete(), fail(), snooze(START + HOUR), extend(HOUR), start('run-1'), refuse()]],
      [[...claimed, LEASE_OVER - LATE], [expire()]],
    ] as const;
    for (const [past, asks] of firsts) {
      for (const ask of asks) {
        const told = given(...past, LATE).when(ask);
        expect(told.decision).toMatchObject({ kind: 'changed', missed: true, task: { traits: ['late'] } });
      }
    }
  });

  it('is missed after its very millisecond, not at it', () => {
    expect(given(enqueue({ deadlineAt: DEADLINE }), MINUTE).when(claim()).decision).toMatchObject({ missed: false });
    expect(
      given(enqueue({ deadlineAt: DEADLINE }), MINUTE)
        .when(claim())
        .task(),
    ).not.toHaveProperty('traits');
  });

  it('is told by no second write, and the mark stays beside the other traits', () => {
    const past = [enqueue({ deadlineAt: DEADLINE, traits: ['exclusive'] }), LATE, claim()];
    for (const ask of [complete(), fail(), extend(HOUR), start('run-1')]) {
      expect(given(...past).when(ask).decision).toMatchObject({ kind: 'changed', missed: false, task: { traits: ['exclusive', 'late'] } });
    }
  });

  it('is not told of by enqueue, which is asked again and again, but by the claim', () => {
    const past = [enqueue({ deadlineAt: START - 1, dueAt: START - 1 })];
    expect(given().when(past[0] ?? cancel).decision).toMatchObject({ kind: 'changed', missed: false });
    expect(given(...past).when(claim()).decision).toMatchObject({ missed: true });
  });

  it('a new deadline is one more that can be missed; the mark of the old goes with it', () => {
    const marked = [enqueue({ deadlineAt: DEADLINE, traits: ['exclusive'] }), LATE, claim(), snooze(START + LATE)];
    const moved = given(...marked, reschedule({ deadlineAt: START + HOUR }));
    expect(moved.task().traits).toEqual(['exclusive']);
    expect(given(...marked, reschedule({ deadlineAt: null })).task()).not.toHaveProperty('deadlineAt');
    expect(given(...marked, reschedule({ dueAt: DEADLINE })).task().traits).toEqual(['exclusive', 'late']);
    expect(given(...marked, reschedule({ deadlineAt: START + HOUR }), HOUR).when(claim()).decision).toMatchObject({ missed: true });
  });

  it('is not told of by whoever changes their mind about a task that waits, but by the claim after it', () => {
    for (const [past, ask] of [
      [[enqueue({ deadlineAt: DEADLINE })], cancel],
      [[enqueue({ deadlineAt: DEADLINE })], { type: 'reprioritize', level: 'low' }],
      [[enqueue({ deadlineAt: DEADLINE })], { type: 'moveToFront', arrival: 1 }],
      [[enqueue()], reschedule({ deadlineAt: START + 1 })],
    ] as const) {
      const told = given(...past, LATE).when(ask);
      expect(told.decision).toMatchObject({ kind: 'changed', missed: false });
      expect(told.task()).not.toHaveProperty('traits');
    }
    expect(given(enqueue(), HOUR, reschedule({ deadlineAt: START + 1 })).when(claim()).decision).toMatchObject({ missed: true });
  });
});

describe('a task that is worthless after its deadline', () => {
  const expiring = enqueue({ deadlineAt: DEADLINE, traits: ['expires'] });

  it('is dead instead of notified, and says why; its late mark is told too', () => {
    const told = given(expiring, LATE).when({ type: 'miss', fingerprint: 'f' });
    told.thenChanged({ state: 'dead', deathReason: 'deadline missed', endedAt: START + LATE, fingerprint: 'f', attempt: 0 });
    expect(told.decision).toMatchObject({ missed: true });
    expect(given(expiring, LATE).when(miss).task()).not.toHaveProperty('fingerprint');
    given(expiring, LATE, miss).when(miss).thenUnchanged();
  });

  it('is of use until its deadline, the very millisecond included', () => {
    given(expiring, MINUTE).when(miss).thenRefused({ reason: 'not worthless' });
  });

  it('so is any task of an app that lets the late expire, and none else', () => {
    const past = [enqueue({ deadlineAt: DEADLINE }), LATE] as const;
    given(...past)
      .when(miss)
      .thenRefused({ reason: 'not worthless' });
    given(...past)
      .under({ whenLate: 'expire' })
      .when(miss)
      .thenChanged({ state: 'dead' });
    given(enqueue(), LATE).under({ whenLate: 'expire' }).when(miss).thenRefused({ reason: 'not worthless' });
    expect(isWorthless({ deadlineAt: DEADLINE }, DEADLINE + 1, settingsOf({ whenLate: 'expire' }))).toBe(true);
  });

  it('that is out already is let finish; a retry of it is not', () => {
    given(expiring, claim(), LATE)
      .when(miss)
      .thenRefused({ reason: 'wrong state', state: 'leased', allowed: ['scheduled'] });
    given(expiring, claim(), LATE).when(complete()).thenChanged({ state: 'completed' });
    given(expiring, claim(), LATE, fail()).when(miss).thenChanged({ state: 'dead', attempt: 1 });
  });
});

describe('an exclusive task', () => {
  const claimed = [enqueue({ traits: ['exclusive'] }), claim()];

  it('has one holder a claim: the first that starts; the same may say so again', () => {
    given(...claimed)
      .when(start('run-1'))
      .thenChanged({ state: 'leased', holder: 'run-1' });
    given(...claimed, start('run-1'))
      .when(start('run-1'))
      .thenUnchanged();
    given(...claimed, start('run-1'))
      .when(start('run-2'))
      .thenRefused({ reason: 'held', holder: 'run-1' });
  });

  it('keeps its holder through an extension, and no longer than its claim', () => {
    given(...claimed, start('run-1'))
      .when(extend(HOUR))
      .thenChanged({ holder: 'run-1' });
    for (const end of [complete(), fail(), snooze(START)]) {
      expect(
        given(...claimed, start('run-1'))
          .when(end)
          .task(),
      ).not.toHaveProperty('holder');
    }
    given(...claimed, start('run-1'), LEASE_OVER, expire(), claim())
      .when(start('run-2'))
      .thenChanged({ holder: 'run-2' });
  });

  it('is not started under a claim that has ended', () => {
    given(...claimed, LEASE_OVER, expire(), claim())
      .when(start('run-1', 1))
      .thenRefused({ reason: 'lease lost', state: 'leased', claim: 2 });
  });
});

describe('a task that nobody need acknowledge', () => {
  const unacknowledged = enqueue({ traits: ['unacknowledged'] });

  it('is complete by its claim, which stays on the row until the notification is out', () => {
    given(unacknowledged)
      .when(claim({ by: '0.1.nonce' }))
      .thenChanged({ state: 'completed', claim: 1, claimedBy: '0.1.nonce', claimedAt: START, endedAt: START, attempts: [] });
    given(unacknowledged)
      .under({ listCompleted: true, retentionMs: HOUR })
      .when(claim())
      .thenChanged({ listed: true, expiresAtSeconds: (START + HOUR) / SECOND });
    expect(given(unacknowledged).when(claim()).task()).not.toHaveProperty('listed');
  });

  it('may be acknowledged nevertheless, and fails by nobody’s word', () => {
    given(unacknowledged, claim()).when(complete()).thenUnchanged();
    given(unacknowledged, claim()).when(fail()).thenRefused({ reason: 'lease lost', state: 'completed', claim: 1 });
    given(unacknowledged, claim(), LEASE_OVER).when(expire()).thenRefused({ reason: 'lease lost', state: 'completed', claim: 1 });
  });

  it('comes back if SNS will not take its notification: it was not done', () => {
    const task = given(unacknowledged, claim())
      .under({ listCompleted: true })
      .when(refuse())
      .thenChanged({ state: 'scheduled', deliveries: 1 });
    for (const field of ['endedAt', 'expiresAtSeconds', 'listed', 'claimedBy']) expect(task).not.toHaveProperty(field);
    given(unacknowledged, claim(), refuse())
      .when(refuse({ claim: 1 }))
      .thenUnchanged();
  });

  it('that was replayed since is not brought back by a late refusal of the claim before', () => {
    given(unacknowledged, claim(), MINUTE, replay())
      .when(refuse({ claim: 1 }))
      .thenRefused({ reason: 'lease lost', state: 'scheduled', claim: 1 });
  });
});

describe('a notification that SNS will not take', () => {
  it('is tried again after a backoff of its own, and spends a delivery, no attempt', () => {
    const task = given(enqueue({ position: 'front' }), claim())
      .when(refuse({ fingerprint: 'f' }))
      .thenChanged({ state: 'scheduled', position: 'back', attempt: 0, consecutiveFailures: 0, deliveries: 1, fingerprint: 'f' });
    expect(task.dueAt).toBe(START + DEFAULT_POLICY.backoffBaseMs / 2);
    expect(task.attempts).toStrictEqual([{ claim: 1, claimedAt: START, endedAt: START, outcome: 'refused', error: REFUSED }]);
    given(enqueue(), claim(), refuse(), claim())
      .when(refuse())
      .thenChanged({ dueAt: START + DEFAULT_POLICY.backoffBaseMs });
  });

  it('for the last time is death; so is a lease that ended because SNS did not take it', () => {
    given(enqueue(), ...again(MAX_DELIVERIES - 1, claim(), refuse()), claim())
      .when(refuse())
      .thenChanged({ state: 'dead', deathReason: 'notification refused', deliveries: MAX_DELIVERIES });
    const lost = given(enqueue(), ...again(MAX_DELIVERIES - 1, claim(), refuse()), claim(), LEASE_OVER)
      .when((task) => ({ type: 'expire', claim: task.claim, error: REFUSED, fingerprint: 'f' }))
      .thenChanged({ state: 'dead', deathReason: 'notification refused', fingerprint: 'f' });
    expect(lost.attempts.at(-1)).toMatchObject({ outcome: 'expired', error: REFUSED });
  });
});
