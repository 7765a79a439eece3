import { describe, expect, test } from 'vitest';
import { FAULT_KINDS } from './faults.ts';
import { type Played, simulate } from './simulate.ts';

const SEEDS = 300;
/** Some seconds on a machine of its own; many more beside the rest of the suite. */
const TIMEOUT_MS = 240_000;

describe('any history of faults and changes of mind', () => {
  test(
    `keeps every guarantee, and comes to its end: ${SEEDS} of them`,
    async () => {
      const broken: string[] = [];
      const seen = new Set<string>();
      for (let seed = 1; seed <= SEEDS; seed++) {
        const { violations, faults } = await simulate(seed);
        for (const kind of FAULT_KINDS) if (faults[kind] > 0) seen.add(kind);
        broken.push(...violations.map((violation) => `npm run simulate -- --seed ${seed}  (${violation})`));
      }
      expect(broken).toEqual([]);
      // Each kind of fault was there.
      expect([...seen].sort()).toEqual([...FAULT_KINDS].sort());
    },
    TIMEOUT_MS,
  );

  test('is the same whenever its seed is played', async () => {
    const facts = ({ steps, faults, story }: Played) => ({
      steps,
      faults,
      story: story.map((line) => line.replaceAll(/\.[0-9a-z]{8}(!?)/g, '$1')),
    });
    const first = facts(await simulate(17));
    await simulate(4);
    expect(facts(await simulate(17))).toEqual(first);
  });

  test('is all told without any fault, by the metrics too', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { violations, faults } = await simulate(seed, { faults: 0 });
      expect(violations).toEqual([]);
      expect(Object.values(faults).every((count) => count === 0)).toBe(true);
    }
  });
});
