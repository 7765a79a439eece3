import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grantAt, grantFrom, grantsBetween, isPaused, NO_VALVES, type Rate, type Valves, valvesOn } from '../../core/valves.ts';
import { DAY, MINUTE, SECOND, START } from './given.ts';

const perMinute = fc.oneof(fc.constantFrom(1, 7, 60, 59_999, 60_000, 60_001, 1_000_000), fc.integer({ min: 1, max: 1_000_000 }));
const rate: fc.Arbitrary<Rate> = perMinute.map((claims) => ({ perMinute: claims, since: START }));
const instant = fc.integer({ min: START - MINUTE, max: START + 30 * DAY });
/** How many grants make about 30 days at most, so that numbers stay exact. */
const nth = fc.integer({ min: 1, max: 43_200 });

describe('a rate', () => {
  const sixty: Rate = { perMinute: 60, since: START };

  it('lets claims go evenly, the first one step after it was set', () => {
    expect([1, 2, 60].map((n) => grantAt(sixty, n))).toEqual([START + SECOND, START + 2 * SECOND, START + MINUTE]);
    expect(grantsBetween(sixty, START, START + SECOND - 1)).toBe(0);
    expect(grantsBetween(sixty, START, START + SECOND)).toBe(1);
    expect(grantsBetween(sixty, START + SECOND, START + MINUTE)).toBe(59);
    expect(grantAt({ perMinute: 7, since: START }, 1)).toBe(START + Math.ceil(MINUTE / 7));
  });

  it('lets none go before it was set, nor backwards in time', () => {
    expect(grantsBetween(sixty, START - MINUTE, START)).toBe(0);
    expect(grantsBetween(sixty, START - MINUTE, START + SECOND)).toBe(1);
    expect(grantsBetween(sixty, START + MINUTE, START)).toBe(0);
    expect(grantFrom(sixty, START - MINUTE)).toBe(1);
  });

  it('however time is cut into turns, they add up: no grant is lost between two, and none comes twice', () => {
    fc.assert(
      fc.property(rate, fc.array(instant, { minLength: 2, maxLength: 10 }), (valve, cuts) => {
        const [first = 0, ...turns] = cuts.sort((a, b) => a - b);
        let from = first;
        let sum = 0;
        for (const to of turns) {
          sum += grantsBetween(valve, from, to);
          from = to;
        }
        expect(sum).toBe(grantsBetween(valve, first, from));
      }),
    );
  });

  it('is never above the rate, whole grants reckoned, and never more than one behind it', () => {
    fc.assert(
      fc.property(rate, instant, instant, (valve, a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const most = ((to - Math.max(from, Math.min(to, START))) * valve.perMinute) / MINUTE;
        const grants = grantsBetween(valve, from, to);
        expect(grants).toBeLessThan(most + 1);
        expect(grants).toBeGreaterThan(most - 1);
        if (from <= START) expect(grants).toBeLessThanOrEqual(most);
      }),
    );
  });

  it('says of each grant the very millisecond: one more until then, none more until the millisecond before', () => {
    fc.assert(
      fc.property(rate, nth, (valve, n) => {
        const at = grantAt(valve, n);
        expect(Number.isInteger(at)).toBe(true);
        expect(grantsBetween(valve, START, at)).toBeGreaterThanOrEqual(n);
        expect(grantsBetween(valve, START, at - 1)).toBeLessThan(n);
      }),
    );
  });

  it('the first grant from an instant on is the first that is not before it', () => {
    fc.assert(
      fc.property(rate, instant, (valve, at) => {
        const n = grantFrom(valve, at);
        expect(grantAt(valve, n)).toBeGreaterThanOrEqual(at);
        if (n > 1) expect(grantAt(valve, n - 1)).toBeLessThan(at);
      }),
    );
  });
});

describe('valves', () => {
  const slow: Rate = { perMinute: 1, since: START };
  const valves: Valves = { app: slow, names: { 'send-invoice': 'paused' } };

  it('of an app hold for every name, those of a name for that name too', () => {
    expect(valvesOn(valves, 'send-invoice')).toEqual([slow, 'paused']);
    expect(valvesOn(valves, 'another')).toEqual([slow]);
    expect(valvesOn(NO_VALVES, 'send-invoice')).toEqual([]);
  });

  it('a task is paused by its app or by its name', () => {
    expect(isPaused(valves, 'send-invoice')).toBe(true);
    expect(isPaused(valves, 'another')).toBe(false);
    expect(isPaused({ app: 'paused', names: {} }, 'another')).toBe(true);
  });

  it('names that objects inherit are names like others', () => {
    for (const name of ['constructor', 'toString', '__proto__']) expect(valvesOn(NO_VALVES, name)).toEqual([]);
    expect(isPaused({ names: Object.fromEntries([['constructor', 'paused']]) }, 'constructor')).toBe(true);
  });
});
