// A test file as vitest sees it: runs one of the tests of core/ once for each of some mutants, in one worker, each time with the
// code loaded anew under the mutant, so that what is computed at loading is mutated as well.
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, inject, it, onTestFailed, vi } from 'vitest';

/** What the instrumented code looks at. */
interface Switchboard {
  activeMutant?: string;
  hitCount?: number;
  hitLimit?: number;
  mutantCoverage: { static: Record<string, number>; perTest: object };
}

/** Places that may still be run before the tests count as caught in a loop without an end. */
let fuel = Number.POSITIVE_INFINITY;
const reached: Record<string, number> = {};
const metered = new Proxy(reached, {
  set(counts, id: string, count: number) {
    if (--fuel < 0) throw new Error('a loop without an end');
    counts[id] = count;
    return true;
  },
});
const stryker: Switchboard = { mutantCoverage: { static: metered, perTest: {} } };
Object.assign(globalThis, { __stryker__: stryker });
const { file, switches } = inject('plan');

// One seed, so that a verdict is the same each time; the first failure is enough.
fc.configureGlobal({ seed: 1, endOnFailure: true });

for (const one of switches) {
  describe(one.id, async () => {
    const activate = () => {
      fuel = one.hitLimit;
      Object.assign(stryker, { activeMutant: one.id, hitCount: 0, hitLimit: one.hitLimit });
    };
    let isKilled = false;
    beforeAll(() => {
      activate();
    });
    beforeEach((context) => {
      if (isKilled) context.skip();
      onTestFailed(() => {
        isKilled = true;
      });
    });
    activate();
    vi.resetModules();
    try {
      await import(file);
    } catch (error) {
      it('loads', () => {
        throw error;
      });
    }
  });
}

// biome-ignore lint/correctness/noEmptyPattern: vitest takes what a hook needs from this pattern
afterAll(({}, suite) => {
  suite.meta.reached = reached;
});
