import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../core/backoff.ts';
import { DEFAULT_POLICY } from '../../core/policy.ts';
import { DAY, HOUR, SECOND } from './given.ts';

describe('backoff', () => {
  const policies = fc.record({ backoffBaseMs: fc.integer({ min: 1, max: DAY }), backoffCapMs: fc.integer({ min: 1, max: 30 * DAY }) });
  const failures = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  it('is a whole number of milliseconds, from 0 to below the ceiling of its turn, and of the cap', () => {
    fc.assert(
      fc.property(policies, failures, random, (policy, count, spread) => {
        const wait = backoffMs(policy, count, spread);
        expect(Number.isSafeInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThan(policy.backoffCapMs);
        if (count < 30) expect(wait).toBeLessThan(policy.backoffBaseMs * 2 ** (count - 1));
      }),
    );
  });

  it('grows with the failures, and with the jitter', () => {
    fc.assert(
      fc.property(policies, failures, random, random, (policy, count, a, b) => {
        expect(backoffMs(policy, count, a)).toBeLessThanOrEqual(backoffMs(policy, count + 1, a));
        expect(backoffMs(policy, count, Math.min(a, b))).toBeLessThanOrEqual(backoffMs(policy, count, Math.max(a, b)));
      }),
    );
  });

  it('by default: within 5 s, 10 s, 20 s … 1 h', () => {
    const ceilings = [1, 2, 3, 4, 9, 10, 11, 1_000_000].map((count) => 2 * backoffMs(DEFAULT_POLICY, count, 0.5));
    expect(ceilings).toEqual([5 * SECOND, 10 * SECOND, 20 * SECOND, 40 * SECOND, 1_280 * SECOND, 2_560 * SECOND, HOUR, HOUR]);
  });
});
