import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forecast, type Way } from '../../core/forecast.ts';
import type { Nomination } from '../../core/order.ts';
import { NO_VALVES, type Rate } from '../../core/valves.ts';
import { HOUR, MINUTE, SECOND, START } from './given.ts';

type Waiting = Nomination & { readonly dueAt: number };
const task = (dueAt: number, changes: Partial<Waiting> = {}): Waiting => ({
  id: 'billing/A',
  name: 'send-invoice',
  rev: 1,
  level: 'medium',
  key: '',
  dueAt,
  ...changes,
});
const due = task(START - HOUR);
const front = task(Number.NEGATIVE_INFINITY);

const way = (changes: Partial<Way> = {}): Way => ({ maxInFlight: 10, valves: NO_VALVES, inFlight: 0, freeAt: [], ...changes });
const told = (tasks: readonly Waiting[], changes: Partial<Way> = {}) =>
  forecast(tasks, START, way(changes)).map((at) => (at === undefined ? undefined : at - START));

const everySecond: Rate = { perMinute: 60, since: START };
const everyMinute: Rate = { perMinute: 1, since: START };

describe('the predicted instant', () => {
  it('is now for what is due, the date for what waits', () => {
    expect(told([front, due, task(START), task(START + 1), task(START + HOUR)])).toEqual([0, 0, 0, 1, HOUR]);
    expect(told([])).toEqual([]);
  });

  it('at the in-flight limit is when leases end, one place a lease', () => {
    const freeAt = [START + MINUTE, START + 2 * MINUTE];
    expect(told([due, due], { maxInFlight: 2, inFlight: 2, freeAt })).toEqual([MINUTE, 2 * MINUTE]);
    expect(told([due, due, due], { maxInFlight: 3, inFlight: 2, freeAt })).toEqual([0, MINUTE, 2 * MINUTE]);
  });

  it('is not before the date, nor before now, though a place be free earlier', () => {
    const freeAt = [START - MINUTE, START + MINUTE];
    expect(told([due, task(START + HOUR)], { maxInFlight: 2, inFlight: 2, freeAt })).toEqual([0, HOUR]);
  });

  it('is unknown where there are more tasks than leases that end', () => {
    expect(told([due, due, due], { maxInFlight: 1, inFlight: 1, freeAt: [START + MINUTE] })).toEqual([MINUTE, undefined, undefined]);
    expect(told([due], { maxInFlight: 1, inFlight: 1 })).toEqual([undefined]);
  });

  it('waits for as many leases as were out above a limit that was lowered', () => {
    const freeAt = [1, 2, 3].map((n) => START + n * MINUTE);
    expect(told([due], { maxInFlight: 1, inFlight: 3, freeAt })).toEqual([3 * MINUTE]);
  });

  it('what nobody need acknowledge takes no place for long', () => {
    const unacknowledged = task(START, { traits: ['unacknowledged'] });
    const freeAt = [START + MINUTE];
    expect(told([unacknowledged, unacknowledged, due], { maxInFlight: 1, inFlight: 1, freeAt })).toEqual([MINUTE, MINUTE, MINUTE]);
  });
});

describe('the predicted instant under a rate', () => {
  it('is one grant a task, in their order', () => {
    expect(told([due, due, due], { valves: { app: everySecond, names: {} } })).toEqual([SECOND, 2 * SECOND, 3 * SECOND]);
  });

  it('is the first grant from the date on', () => {
    const valves = { app: everySecond, names: {} };
    expect(told([due, task(START + HOUR), task(START + HOUR + 1)], { valves })).toEqual([SECOND, HOUR, HOUR + SECOND]);
  });

  it('of a name does not hold up the others, and those of app and name both hold', () => {
    const valves = { app: everySecond, names: { slow: everyMinute } };
    const slow = task(START, { name: 'slow' });
    expect(told([slow, slow, due], { valves })).toEqual([MINUTE, 2 * MINUTE, 3 * SECOND]);
    expect(told([slow, due], { valves: { names: { slow: everyMinute } } })).toEqual([MINUTE, 0]);
  });

  it('comes after the place: both hold', () => {
    const valves = { app: everyMinute, names: {} };
    const freeAt = [START + SECOND, START + 61 * SECOND];
    expect(told([due, due], { maxInFlight: 2, inFlight: 2, freeAt, valves })).toEqual([MINUTE, 2 * MINUTE]);
  });

  it('of one long set is no grant that has gone by', () => {
    expect(told([due], { valves: { app: { perMinute: 1, since: START - 90 * SECOND }, names: {} } })).toEqual([30 * SECOND]);
  });

  it('a pause, which the caller leaves out, changes nothing', () => {
    expect(told([due], { valves: { app: 'paused', names: {} } })).toEqual([0]);
  });
});

describe('for any tasks and any way', () => {
  const offset = fc.integer({ min: -MINUTE, max: HOUR });
  const tasks = fc.array(
    fc.record({ at: offset, name: fc.constantFrom('a', 'b') }).map(({ at, name }) => task(START + at, { name })),
    { maxLength: 25 },
  );
  const ways = fc.record({
    maxInFlight: fc.integer({ min: 1, max: 12 }),
    inFlight: fc.integer({ min: 0, max: 15 }),
    freeAt: fc.array(offset, { maxLength: 15 }).map((ends) => ends.map((at) => START + at).sort((a, b) => a - b)),
    valves: fc.constantFrom(NO_VALVES, { app: everySecond, names: { a: everyMinute } }),
  });

  it('never before now or the date; what is unknown stays unknown behind it; no two by one grant', () => {
    fc.assert(
      fc.property(tasks, ways, (waiting, changes) => {
        const instants = forecast(waiting, START, changes);
        expect(instants).toHaveLength(waiting.length);
        const known = instants.flatMap((at) => (at === undefined ? [] : [at]));
        expect(instants.slice(0, known.length)).toEqual(known);
        for (const [i, at] of known.entries()) expect(at).toBeGreaterThanOrEqual(Math.max(START, waiting[i]?.dueAt ?? Infinity));
        const slow = instants.filter((at, i) => at !== undefined && waiting[i]?.name === 'a');
        if (changes.valves !== NO_VALVES) expect(new Set(slow).size).toBe(slow.length);
      }),
      { numRuns: 500 },
    );
  });
});
