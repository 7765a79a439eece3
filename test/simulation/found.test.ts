import { afterEach, describe, expect, test, vi } from 'vitest';
import type * as Decide from '../../core/decide.ts';
import type * as Slots from '../../core/slots.ts';
import type * as Stores from '../../functions/store.ts';

/** A fault that is looked for longer is not found. */
const SEEDS = 60;
const TIMEOUT_MS = 120_000;

/** The first seed that breaks a guarantee, whatever else is broken before. */
async function seedThatBreaks(guarantee: string): Promise<number | undefined> {
  vi.resetModules();
  const { simulate } = await import('./simulate.ts');
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violations } = await simulate(seed);
    if (violations.some((violation) => violation.startsWith(guarantee))) return seed;
  }
  return undefined;
}

afterEach(() => {
  for (const path of ['../../core/decide.ts', '../../core/slots.ts', '../../functions/store.ts']) vi.doUnmock(path);
});

describe('the simulation finds', () => {
  test('that reports are not fenced by their claim', { timeout: TIMEOUT_MS }, async () => {
    vi.doMock('../../core/decide.ts', async (original) => {
      const { decide } = await original<typeof Decide>();
      const unfenced: typeof decide = (task, action, ...rest) =>
        decide(task, 'claim' in action && task ? { ...action, claim: task.claim } : action, ...rest);
      return { decide: unfenced };
    });
    expect(await seedThatBreaks('a report counts under the current claim alone')).toBeDefined();
  });

  test('that a claim has no condition on the revision', { timeout: TIMEOUT_MS }, async () => {
    vi.doMock('../../functions/store.ts', async (original) => {
      const actual = await original<typeof Stores>();
      class Careless extends actual.Store {
        override execute(statements: readonly Stores.Statement[]) {
          const careless = statements.map((one) =>
            one.Statement.startsWith('UPDATE')
              ? { ...one, Statement: one.Statement.replace(' AND "rev"=?', ''), Parameters: one.Parameters.toSpliced(-2, 1) }
              : one,
          );
          return super.execute(careless);
        }
      }
      return { ...actual, Store: Careless };
    });
    expect(await seedThatBreaks('rev grows by 1')).toBeDefined();
  });

  const withFate = (fateOf: (...args: Parameters<typeof Slots.fateOf>) => Slots.EntryFate | undefined) =>
    vi.doMock('../../core/slots.ts', async (original) => {
      const actual = await original<typeof Slots>();
      return { ...actual, fateOf: (...args: Parameters<typeof Slots.fateOf>) => fateOf(...args) ?? actual.fateOf(...args) };
    });

  test('that an entry is freed whose task is not yet claimed', { timeout: TIMEOUT_MS }, async () => {
    withFate((entry, _slot, row) => (row && row.rev <= entry.rev ? 'free' : undefined));
    expect(await seedThatBreaks('an unclaimed entry is never freed')).toBeDefined();
  });

  test('that an unacknowledged task is let go before SNS has accepted it', { timeout: TIMEOUT_MS }, async () => {
    withFate((_entry, _slot, row) => (row?.state === 'completed' ? 'free' : undefined));
    expect(await seedThatBreaks('an unacknowledged entry stays until SNS has accepted')).toBeDefined();
  });
});
