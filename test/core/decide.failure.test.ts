import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../core/policy.ts';
import { LEASE_SKEW_MS, lastError, MAX_DELIVERIES } from '../../core/task.ts';
import {
  actionOf,
  again,
  claim,
  decideFrozen,
  ERROR,
  enqueue,
  expire,
  extend,
  fail,
  given,
  HOUR,
  START,
  settingsOf,
  snooze,
} from './given.ts';

const LEASE = DEFAULT_POLICY.leaseMs;
const LEASE_OVER = LEASE + LEASE_SKEW_MS;
const failedClaim = [claim(), fail(), HOUR] as const;
const lostDelivery = [claim(), LEASE_OVER, expire()] as const;

describe('fail → retry', () => {
  it('full jitter: from at once to the ceiling, which doubles up to the cap', () => {
    const retryAfter = (failures: number, random: number) => {
      const past = [enqueue({ maxAttempts: 100 }), ...again(failures - 1, ...failedClaim), claim()];
      return (
        given(...past)
          .when(fail({ random }))
          .task().dueAt -
        (START + (failures - 1) * HOUR)
      );
    };
    const almostOne = 1 - Number.EPSILON;
    for (const failures of [1, 2, 3, 4, 11, 50]) {
      expect(retryAfter(failures, 0)).toBe(0);
      const ceiling = Math.min(DEFAULT_POLICY.backoffCapMs, DEFAULT_POLICY.backoffBaseMs * 2 ** (failures - 1));
      expect(retryAfter(failures, 0.5)).toBe(ceiling / 2);
      expect(retryAfter(failures, almostOne)).toBe(ceiling - 1);
    }
  });

  it('spends an attempt and forgets lost deliveries', () => {
    given(enqueue(), ...lostDelivery, claim())
      .when(fail({ fingerprint: 'f' }))
      .thenChanged({ state: 'scheduled', attempt: 1, consecutiveFailures: 1, deliveries: 0, fingerprint: 'f' });
  });

  it('keeps the fingerprint of the error before, if it has none itself', () => {
    given(enqueue(), claim(), fail({ fingerprint: 'f' }), HOUR, claim())
      .when(fail())
      .thenChanged({ fingerprint: 'f' });
  });

  it('keeps the error, cut to what a history holds', () => {
    const long = 'x'.repeat(10_000);
    const task = given(enqueue(), claim())
      .when(fail({ error: { name: long, message: long, stack: long } }))
      .task();
    expect(lastError(task)).toEqual({ name: 'x'.repeat(100), message: 'x'.repeat(500), stack: 'x'.repeat(600) });
  });

  it('the last error is that of the latest failure', () => {
    const past = [enqueue(), claim(), fail({ error: { name: 'First', message: '' } }), claim(), fail(), ...lostDelivery];
    expect(lastError(given(...past).task())).toEqual(ERROR);
    expect(lastError(given(enqueue()).task())).toBeUndefined();
  });

  it('a retry is no longer at the front: that was for its first time', () => {
    given(enqueue({ position: 'front' }), claim())
      .when(fail({ random: 0.5 }))
      .thenChanged({ position: 'back' });
  });
});

describe('demotion', () => {
  const levelAfter = (failures: number, level: 'high' | 'medium' | 'low') =>
    given(enqueue({ level, maxAttempts: 100 }), ...again(failures, ...failedClaim)).task().level;

  it('falls by one level after every demoteAfter failures in a row, never below low', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 9, 12].map((failures) => levelAfter(failures, 'high'))).toEqual([
      'high',
      'high',
      'high',
      'medium',
      'medium',
      'medium',
      'low',
      'low',
      'low',
      'low',
    ]);
    expect([2, 3, 6].map((failures) => levelAfter(failures, 'low'))).toEqual(['low', 'low', 'low']);
  });

  it('neither a snooze nor a lost delivery counts as a failure, nor interrupts a row of them', () => {
    given(enqueue({ level: 'high' }), ...again(2, ...failedClaim), claim(), snooze(START), ...lostDelivery, claim())
      .when(fail())
      .thenChanged({ level: 'medium', consecutiveFailures: 3 });
  });
});

describe('dead', () => {
  it('after maxAttempts failures, the first included', () => {
    const past = [enqueue(), ...again(DEFAULT_POLICY.maxAttempts - 1, ...failedClaim), claim()];
    given(...past)
      .when(fail())
      .thenChanged({ state: 'dead', attempt: DEFAULT_POLICY.maxAttempts, deathReason: 'attempts exhausted' });
  });

  it('the task may say otherwise, in both directions', () => {
    given(enqueue({ maxAttempts: 1 }), claim())
      .when(fail())
      .thenChanged({ state: 'dead', attempt: 1 });
    const past = [enqueue({ maxAttempts: 12 }), ...again(10, ...failedClaim), claim()];
    given(...past)
      .when(fail())
      .thenChanged({ state: 'scheduled', attempt: 11 });
  });

  it('a limit that was lowered meanwhile holds from the next failure', () => {
    const lowered = settingsOf({ policy: { ...DEFAULT_POLICY, maxAttempts: 2 } });
    const task = given(enqueue(), ...again(3, ...failedClaim), claim()).task();
    expect(decideFrozen(task, actionOf(fail(), task, START), START, lowered)).toMatchObject({ task: { state: 'dead', attempt: 4 } });
  });
});

describe('expire: a lease that ended without a word', () => {
  it('only after its end and the skew that clocks are granted', () => {
    const leaseUntil = START + LEASE;
    given(enqueue(), claim(), LEASE).when(expire()).thenRefused({ reason: 'not expired', leaseUntil });
    given(enqueue(), claim(), LEASE_OVER - 1)
      .when(expire())
      .thenRefused({ reason: 'not expired', leaseUntil });
    given(enqueue(), claim(), LEASE_OVER).when(expire()).thenChanged({ state: 'scheduled', deliveries: 1 });
  });

  it('is measured by the lease as extended', () => {
    given(enqueue(), claim(), extend(HOUR), LEASE_OVER)
      .when(expire())
      .thenRefused({ reason: 'not expired', leaseUntil: START + HOUR });
  });

  it('a crash of ours spends no attempt, is no failure, and is due again at once in its old place', () => {
    given(enqueue({ position: 'front' }), claim(), LEASE_OVER)
      .when(expire())
      .thenChanged({ attempt: 0, consecutiveFailures: 0, level: 'medium', dueAt: START, position: 'front' });
  });

  it('the last delivery that nobody answered is death, with no attempt spent', () => {
    given(enqueue(), ...again(MAX_DELIVERIES - 1, ...lostDelivery), claim(), LEASE_OVER)
      .when(expire())
      .thenChanged({ state: 'dead', deliveries: MAX_DELIVERIES, attempt: 0, deathReason: 'no worker answered' });
  });

  it('a failure or a snooze is a word: deliveries count from there', () => {
    for (const word of [fail({ random: 0 }), snooze(START)]) {
      given(enqueue(), ...again(MAX_DELIVERIES - 1, ...lostDelivery), claim(), word, claim(), LEASE_OVER)
        .when(expire())
        .thenChanged({ state: 'scheduled', deliveries: 1 });
    }
  });

  it('an extension is not enough of a word: a task that kills every worker that takes it is bounded', () => {
    given(enqueue(), ...again(MAX_DELIVERIES - 1, claim(), extend(HOUR), HOUR + LEASE_SKEW_MS, expire()), claim(), LEASE_OVER)
      .when(expire())
      .thenChanged({ state: 'dead' });
  });
});

describe('policies by task name', () => {
  it('an exception overrides only what it names', () => {
    given(enqueue(), claim(), fail(), claim())
      .under({ tasks: { 'send-invoice': { maxAttempts: 2 } } })
      .when(fail())
      .thenChanged({ state: 'dead' });
  });

  it('names that objects inherit are names like others', () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty', '__proto__']) {
      given(enqueue({ name }), claim())
        .when(extend(LEASE + 1))
        .thenChanged({ leaseUntil: START + LEASE + 1 });
      given(enqueue({ name }), claim(), 1)
        .when(extend())
        .thenChanged({ leaseUntil: START + 1 + LEASE });
      given(enqueue({ name }), claim())
        .under({ tasks: Object.fromEntries([[name, { maxAttempts: 1 }]]) })
        .when(fail())
        .thenChanged({ state: 'dead' });
    }
  });
});
