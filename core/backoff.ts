import type { Policy } from './policy.ts';

/**
 * Milliseconds to wait before the next attempt: exponential with full jitter, so that what failed together
 * does not come back together. `failures` counts consecutive failures from 1; `random` is in [0, 1).
 */
export function backoffMs(policy: Pick<Policy, 'backoffBaseMs' | 'backoffCapMs'>, failures: number, random: number): number {
  // 2 ** 40 times the smallest base is past any cap: the exponent is bounded so that it stays a finite number.
  const ceiling = Math.min(policy.backoffCapMs, policy.backoffBaseMs * 2 ** Math.min(failures - 1, 40));
  return Math.floor(random * ceiling);
}
