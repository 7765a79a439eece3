import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capacityOf, slotCount } from '../../core/slots.ts';
import { ALONE, dealOf, dispatcherOf, isIn, ONE_DEAL, type Share, shareOf, sharesOf, WHOLE } from '../../core/split.ts';
import { grantsBetween, valvesOfShare } from '../../core/valves.ts';
import { START, settingsOf } from './given.ts';

const apps = fc.record({
  app: fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/),
  shards: fc.integer({ min: 1, max: 64 }),
  maxInFlight: fc.integer({ min: 1, max: 10_000 }),
});
const counts = fc.integer({ min: 1, max: 16 });

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const sharesOfAll = (app: Parameters<typeof shareOf>[0], of: number) => numbers(of).map((part) => shareOf(app, { part, of }));
const isShare = (share: Share | undefined): share is Share => share !== undefined;

describe('an app among several dispatchers', () => {
  it('has each of its shards served by exactly one of them, the one that is rung for it', () => {
    fc.assert(
      fc.property(apps, counts, (app, of) => {
        const shares = sharesOfAll(app, of);
        for (const shard of numbers(app.shards)) {
          const served = numbers(of).filter((part) => shares[part] && isIn(shares[part], shard));
          expect(served).toEqual([dispatcherOf(app, shard, of)]);
        }
      }),
    );
  });

  it('has each of its slots kept by exactly one of them, so that its limit is the sum of theirs, and each has a full slot', () => {
    fc.assert(
      fc.property(apps, counts, (app, of) => {
        const shares = sharesOfAll(app, of).filter(isShare);
        const places = shares.map((share) =>
          numbers(slotCount(app.maxInFlight))
            .filter((slot) => isIn(share, slot))
            .reduce((sum, slot) => sum + capacityOf(slot, app.maxInFlight), 0),
        );
        expect(places.reduce((sum, count) => sum + count)).toBe(app.maxInFlight);
        expect(Math.min(...places)).toBeGreaterThanOrEqual(Math.min(25, app.maxInFlight));
        // A slot beyond a limit that was lowered is still somebody's.
        for (const slot of numbers(400)) expect(shares.filter((share) => isIn(share, slot))).toHaveLength(1);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    [{ shards: 1, maxInFlight: 500 }, 4, 1],
    [{ shards: 8, maxInFlight: 1 }, 4, 1],
    [{ shards: 8, maxInFlight: 49 }, 4, 1],
    [{ shards: 8, maxInFlight: 50 }, 4, 2],
    [{ shards: 2, maxInFlight: 500 }, 4, 2],
    [{ shards: 8, maxInFlight: 500 }, 4, 4],
    [{ shards: 8, maxInFlight: 500 }, 1, 1],
  ])('%o among %i is dealt out into %i', (app, of, shares) => {
    expect(sharesOf({ app: 'billing', ...app }, of)).toBe(shares);
    expect(sharesOfAll({ app: 'billing', ...app }, of).filter(isShare)).toHaveLength(shares);
  });

  it('of one shard is one dispatcher’s, and a hundred such apps are spread over all of them', () => {
    const loads = new Map<number, number>();
    for (const i of numbers(100)) {
      const part = dispatcherOf({ app: `app-${i}`, shards: 1, maxInFlight: 500 }, 0, 4);
      loads.set(part, (loads.get(part) ?? 0) + 1);
    }
    expect([...loads.keys()].sort()).toEqual([0, 1, 2, 3]);
    expect(Math.max(...loads.values())).toBeLessThanOrEqual(35);
  });
});

describe('the way in which apps are dealt out', () => {
  const [mail, billing] = [settingsOf({ app: 'mail', shards: 4 }), settingsOf({ app: 'billing', shards: 2 })];

  it('is another one with more dispatchers, more shards or another app, and not by the order of the apps', () => {
    const deals = [
      dealOf([mail, billing], 2),
      dealOf([mail, billing], 3),
      dealOf([mail], 3),
      dealOf([mail, { ...billing, shards: 3 }], 3),
      dealOf([mail, billing], 1),
    ];
    expect(new Set(deals).size).toBe(deals.length);
    expect(dealOf([billing, mail], 2)).toBe(deals[0]);
  });

  it('is always the same with one dispatcher, and with more shards than can be dealt out', () => {
    expect(dealOf([mail], 1)).toBe(dealOf([billing, mail], 1));
    expect(dealOf([mail], 2)).toBe(dealOf([{ ...mail, shards: 64 }], 2));
  });

  it('is kept in seats, and so the same in every release', () => {
    expect([ALONE, WHOLE, ONE_DEAL]).toEqual([{ part: 0, of: 1 }, { rank: 0, of: 1 }, '1']);
    expect(dealOf([mail, billing], 1)).toBe('1');
    expect(dealOf([mail, billing], 2)).toBe('2.cpjr9l');
  });
});

describe('the rate of a share', () => {
  it('together with those of the other shares is the rate: each claim that it lets go is let go by one of them, at its instant', () => {
    const rate = fc.record({ perMinute: fc.integer({ min: 1, max: 10_000 }), since: fc.constant(START) });
    fc.assert(
      fc.property(rate, fc.integer({ min: 1, max: 16 }), fc.integer({ min: 0, max: 600_000 }), (whole, of, ms) => {
        const own = numbers(of).map((rank) => valvesOfShare({ app: whole, names: { remind: whole } }, { rank, of }));
        for (const pick of [own.map(({ app }) => app), own.map(({ names }) => names.remind)]) {
          const grants = pick.map((valve) => (typeof valve === 'object' ? grantsBetween(valve, START, START + ms) : 0));
          const sum = grants.reduce((total, count) => total + count);
          // A grant at this very millisecond may be on either side of it by a rounding.
          expect(Math.abs(sum - grantsBetween(whole, START, START + ms))).toBeLessThanOrEqual(1);
          expect(Math.max(...grants) - Math.min(...grants)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('lets the first share have the first claim, the second the second, and so on in turn', () => {
    const shares = numbers(3).map((rank) => valvesOfShare({ app: { perMinute: 60, since: START }, names: {} }, { rank, of: 3 }).app);
    const until = (ms: number) => shares.map((valve) => (typeof valve === 'object' ? grantsBetween(valve, START, START + ms) : undefined));
    expect([until(999), until(1_000), until(2_000), until(3_000), until(4_000)]).toEqual([
      [0, 0, 0],
      [1, 0, 0],
      [1, 1, 0],
      [1, 1, 1],
      [2, 1, 1],
    ]);
  });

  it('leaves a pause and a hold as they are', () => {
    expect(valvesOfShare({ names: { remind: 'paused' } }, { rank: 1, of: 2 })).toEqual({ names: { remind: 'paused' } });
    const valves = { app: 'paused', names: { remind: 'paused' }, held: true } as const;
    expect(valvesOfShare(valves, { rank: 1, of: 3 })).toEqual(valves);
    expect(valvesOfShare(valves, { rank: 0, of: 1 })).toBe(valves);
  });
});
