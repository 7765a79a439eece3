import type { Bench } from './figure.ts';

/** All measurements, in the order of their figures. Each is loaded when it is run. */
export const BENCHES: readonly (() => Promise<{ bench: Bench }>)[] = [() => import('./bundles/bench.ts')];
