import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, DEFAULT_POLICY } from '../../core/policy.ts';
import { HISTORY_LIMIT, LEASE_SKEW_MS } from '../../core/task.ts';
import { again, cancel, claim, complete, enqueue, expire, fail, given, SECOND, START, snooze } from './given.ts';

const LEASE = DEFAULT_POLICY.leaseMs;
const LEASE_OVER = LEASE + LEASE_SKEW_MS;
const lostDelivery = [claim(), LEASE_OVER, expire()] as const;

describe('history', () => {
  it('holds the latest ended claims, counts the others, and still answers for those it holds', () => {
    const turns = HISTORY_LIMIT + 3;
    const story = given(enqueue(), ...again(turns, claim(), snooze(START)));
    const task = story.task();
    expect(task.attempts.map((attempt) => attempt.claim)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    expect(task.attemptsDropped).toBe(3);
    story.when(snooze(START, 4)).thenUnchanged();
    story.when(snooze(START, 3)).thenRefused({ reason: 'lease lost', state: 'scheduled', claim: turns });
  });
});

describe('retention', () => {
  const RETENTION = DEFAULT_LIMITS.retentionMs;

  it('the terminal write alone sets the time to live, in whole seconds, never too early', () => {
    for (const waiting of [[enqueue()], [enqueue(), claim()], [enqueue(), claim(), fail()], [enqueue(), ...lostDelivery]]) {
      expect(given(...waiting).task()).not.toHaveProperty('expiresAtSeconds');
    }
    const expiresAtSeconds = (START + RETENTION) / SECOND;
    given(enqueue(), claim()).when(complete()).thenChanged({ expiresAtSeconds });
    given(enqueue()).when(cancel).thenChanged({ expiresAtSeconds });
    given(enqueue({ maxAttempts: 1 }), claim())
      .when(fail())
      .thenChanged({ expiresAtSeconds });
    given(enqueue(), 1)
      .when(cancel)
      .thenChanged({ expiresAtSeconds: expiresAtSeconds + 1 });
  });

  it('a row past it is not found, though it may still lie in the table', () => {
    given(enqueue(), cancel, RETENTION - 1)
      .when(cancel)
      .thenUnchanged();
    given(enqueue(), cancel, RETENTION).when(cancel).thenRefused({ reason: 'not found' });
  });
});
