import { describe, expect, it } from 'vitest';
import { claimsAtOnce, isAtLeast, lowestToClaim } from '../../functions/dispatch/budget.ts';

describe('claiming stops', () => {
  it.each([
    [100_000, 0.2, 'low'],
    [10_001, 0.699, 'low'],
    [10_000, 0.2, 'medium'],
    [100_000, 0.7, 'medium'],
    [5_001, 0.799, 'medium'],
    [5_000, 0.2, 'high'],
    [100_000, 0.8, 'high'],
    [1, 0.899, 'high'],
    [0, 0.2, undefined],
    [-1, 0.2, undefined],
    [100_000, 0.9, undefined],
    [100_000, 1.5, undefined],
    // The scarcer of the two decides.
    [7_000, 0.85, 'high'],
    [3_000, 0.75, 'high'],
  ] as const)('with %i ms left and %f of the memory used, at %s', (leftMs, memory, lowest) => {
    expect(lowestToClaim(leftMs, memory)).toBe(lowest);
  });

  it('for a level and all below it', () => {
    expect(isAtLeast('high', 'medium')).toBe(true);
    expect(isAtLeast('medium', 'medium')).toBe(true);
    expect(isAtLeast('low', 'medium')).toBe(false);
    expect(isAtLeast('high', undefined)).toBe(false);
  });
});

it('a round of claims is four batches, and one where the memory is scarce: the largest payloads must fit', () => {
  expect([0, 0.599, 0.6, 0.95].map(claimsAtOnce)).toEqual([100, 100, 25, 25]);
});
