import { describe, expect, it } from 'vitest';
import { LATENCY } from '../../bench/lateness/virtual/machine.ts';
import {
  AHEAD_BOUND_MS,
  alone,
  aMinute,
  COURSES,
  joined,
  NEWCOMER_BOUND_MS,
  newcomers,
  WOKEN_BOUND_MS,
  woken,
} from '../../bench/lateness/virtual/scenarios.ts';

const SECOND = 1_000;

describe('on a virtual clock, with calls that take a set time, a thousand tasks that fall due within a minute', () => {
  // Overlap holds for the others too: each tick comes while the run before it is there.
  it.each(['runs overlap: a call every 15 s, each tick twice', 'gaps of 75 s, each start takes 3 s'] as const)(
    'are told one publish after their instant, none early, none lost: %s',
    async (name) => {
      const { lateMs, handoverMs, early, lost } = await aMinute(COURSES[name]);
      expect({ early, lost, told: lateMs.length + handoverMs.length }).toEqual({ early: 0, lost: 0, told: 1_000 });
      expect(handoverMs.length).toBeGreaterThan(0);
      const all = [...lateMs, ...handoverMs];
      expect([Math.min(...all), Math.max(...all)]).toEqual([LATENCY.publish, LATENCY.publish]);
    },
  );
});

it('a task alone in an idle queue is told one publish after its instant, wherever that lies between two ticks 75 s apart that take 3 s to start', async () => {
  const outcome = joined(await Promise.all([0, 1, 2, 3, 4, 5, 30, 69, 70, 71, 72, 73, 74].map((s) => alone(s * SECOND))));
  expect({ early: outcome.early, lost: outcome.lost }).toEqual({ early: 0, lost: 0 });
  expect(Math.max(...outcome.lateMs, ...outcome.handoverMs)).toBeLessThanOrEqual(AHEAD_BOUND_MS);
});

describe('a newcomer that is due at once', () => {
  it('is told within half a beat, its claim and a publish where a run is alive', async () => {
    const { lateMs, handoverMs, early, lost } = await newcomers(100);
    expect({ early, lost, told: lateMs.length + handoverMs.length }).toEqual({ early: 0, lost: 0, told: 100 });
    expect(Math.max(...lateMs, ...handoverMs)).toBeLessThanOrEqual(NEWCOMER_BOUND_MS);
  });

  it('is told within a cold start, its claim and a publish where none is: the door rings', async () => {
    const { lateMs, early, lost } = await woken(5);
    expect({ early, lost, told: lateMs.length }).toEqual({ early: 0, lost: 0, told: 5 });
    expect(Math.max(...lateMs)).toBeLessThanOrEqual(WOKEN_BOUND_MS);
  });
});
