import type { Bench } from './figure.ts';

/** All measurements, in the order of their figures. Each is loaded when it is run. */
export const BENCHES: readonly (() => Promise<{ bench: Bench }>)[] = [
  () => import('./counts/writes.ts'),
  () => import('./counts/calls.ts'),
  () => import('./counts/reads.ts'),
  () => import('./cost/cost.ts'),
  () => import('./counts/growth.ts'),
  () => import('./counts/meterCheck.ts'),
  () => import('./counts/enqueue.ts'),
  () => import('./cpu/cpu.ts'),
  () => import('./cpu/drain.ts'),
  () => import('./lateness/bench.ts'),
  () => import('./lateness/wall.ts'),
  () => import('./lateness/rivals.ts'),
  () => import('./lateness/newcomers.ts'),
  () => import('./scale/scale.ts'),
  () => import('./bundles/bench.ts'),
  () => import('./cpu/memory.ts'),
  () => import('./cpu/million.ts'),
];
