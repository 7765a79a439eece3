import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../core/policy.ts';
import { isTerminal, LEVELS, type Task, type Trait } from '../../core/task.ts';
import {
  type Ask,
  actionOf,
  cancel,
  claim,
  complete,
  decideFrozen,
  enqueue,
  expire,
  extend,
  fail,
  HOUR,
  MINUTE,
  miss,
  moveToFront,
  refuse,
  replay,
  reprioritize,
  reschedule,
  SECOND,
  START,
  settingsOf,
  snooze,
  start,
} from './given.ts';
import { broken } from './guarantees.ts';

const SETTINGS = settingsOf({
  policy: { ...DEFAULT_POLICY, maxAttempts: 4, demoteAfter: 2 },
  tasks: { stubborn: { maxAttempts: 7, demoteAfter: 1, leaseMs: HOUR } },
  retentionMs: 3 * HOUR,
});
const maxAttemptsOf = (task: Task | undefined) => (task?.name === 'stubborn' ? 7 : 4);

/** Reports carry the claim that holds, or one that is `behind` by a few. */
const behind = fc.constantFrom(0, 0, 0, 0, 1, 2, -1);
const instant = fc.constantFrom(START - HOUR, START, START + MINUTE, START + HOUR);
const at =
  (make: (claimed: number) => Ask, by: number): Ask =>
  (task, now) =>
    actionOf(make(task.claim - by), task, now);

const traits = fc.subarray<Trait>(['unacknowledged', 'exclusive', 'expires', 'unreplayable']);
const enqueues = fc
  .record(
    {
      name: fc.constantFrom('send-invoice', 'stubborn'),
      level: fc.constantFrom(...LEVELS),
      position: fc.constantFrom('front' as const, 'back' as const),
      dueAt: instant,
      deadlineAt: instant,
      request: fc.constantFrom('digest-1', 'digest-2'),
      traits: fc.oneof(fc.constant<Trait[]>([]), traits),
    },
    { requiredKeys: ['name', 'level', 'position', 'dueAt', 'request'] },
  )
  .map(enqueue);
const claims = fc.constantFrom(0, 0, 0, 0, 1).map(
  (by): Ask =>
    (task, now) =>
      actionOf(claim({ rev: task.rev - by }), task, now),
);
const completes = behind.map((by) => at(complete, by));
const fails = fc
  .tuple(behind, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }))
  .map(([by, random]) => at((held) => fail({ claim: held, random }), by));
const expires = behind.map((by) => at(expire, by));
const extensions = fc
  .tuple(behind, fc.constantFrom(undefined, SECOND, HOUR))
  .map(([by, leaseMs]) => at((held) => extend(leaseMs, held), by));
const snoozes = fc.tuple(behind, instant).map(([by, until]) => at((held) => snooze(until, held), by));
const reschedules = fc.record({ dueAt: instant, deadlineAt: fc.oneof(instant, fc.constant(null)) }, { requiredKeys: [] }).map(reschedule);
const starts = fc.tuple(behind, fc.constantFrom('run-1', 'run-2')).map(([by, holder]) => at((held) => start(holder, held), by));
const refusals = behind.map((by) => at((held) => refuse({ claim: held }), by));
const replays = fc.record({ dueAt: instant, payload: fc.constantFrom('1', '2') }, { requiredKeys: [] }).map(replay);
const minds = fc.oneof(fc.constantFrom<Ask>(cancel, miss, moveToFront), fc.constantFrom(...LEVELS).map(reprioritize));

const asks: fc.Arbitrary<Ask> = fc.oneof(
  { weight: 2, arbitrary: enqueues },
  { weight: 9, arbitrary: claims },
  { weight: 1, arbitrary: completes },
  { weight: 3, arbitrary: fails },
  { weight: 3, arbitrary: expires },
  { weight: 2, arbitrary: extensions },
  { weight: 2, arbitrary: snoozes },
  { weight: 2, arbitrary: reschedules },
  { weight: 2, arbitrary: starts },
  { weight: 2, arbitrary: refusals },
  { weight: 2, arbitrary: replays },
  { weight: 3, arbitrary: minds },
);

/** Time mostly passes, and sometimes steps back. */
const passing = fc.constantFrom(0, 0, SECOND, MINUTE, 10 * MINUTE, HOUR, -SECOND);

/** Walks over all that can be asked, and walks that go down one road to its end. */
const walkOf = (ask: fc.Arbitrary<Ask>) =>
  fc
    .tuple(enqueues, fc.array(fc.tuple(passing, ask), { maxLength: 60, size: 'max' }))
    .map(([first, steps]): [number, Ask][] => [[0, first], ...steps]);
const walks = fc.oneof(
  { weight: 2, arbitrary: walkOf(asks) },
  { weight: 1, arbitrary: walkOf(fc.oneof(claims, fails, snoozes)) },
  { weight: 1, arbitrary: walkOf(fc.oneof(claims, expires, refusals)) },
  { weight: 1, arbitrary: walkOf(fc.oneof(minds, replays, reschedules)) },
);

describe('over any sequence of actions and times', () => {
  it('every decision keeps every guarantee, and is the same when made again upon the same (frozen) data', () => {
    const met = new Set<string>();
    fc.assert(
      fc.property(walks, (steps) => {
        let task: Task | undefined;
        let now = START;
        for (const [passed, ask] of steps) {
          now += passed;
          const action = actionOf(ask, task, now);
          const decision = decideFrozen(task, action, now, SETTINGS);
          const wrong = broken(task, action, now, decision, maxAttemptsOf(task));
          if (wrong.length > 0) throw new Error(`${action.type} on ${task?.state}: ${wrong.join('; ')}`);
          if (JSON.stringify(decideFrozen(task, action, now, SETTINGS)) !== JSON.stringify(decision)) throw new Error('not pure');
          met.add(
            `${action.type} ${decision.kind === 'refused' ? decision.refusal.reason : `${decision.kind} ${decision.task.deathReason ?? decision.task.state}`}`,
          );
          if (decision.kind === 'changed') task = decision.task;
        }
      }),
      { numRuns: 800 },
    );
    // The walk is worth nothing where it does not go: the rare ends must have been met.
    for (const rare of [
      'fail changed attempts exhausted',
      'expire changed no worker answered',
      'complete not found',
      'fail unchanged scheduled',
      'reschedule deadline before date',
      'extend unchanged leased',
      'start held',
      'refuse changed notification refused',
      'miss changed deadline missed',
      'replay changed scheduled',
      'replay unchanged scheduled',
      'replay not replayable',
      'moveToFront not due',
      'claim changed completed',
    ]) {
      expect(met).toContain(rare);
    }
  });

  it('a terminal task stays as it is, whatever is asked of it but a replay, until its history expires', () => {
    const ends: Ask[][] = [
      [claim(), complete()],
      [cancel],
      [claim(), fail({ random: 0 }), claim(), fail(), claim(), fail(), claim(), fail()],
    ];
    const others = asks.filter((ask) => actionOf(ask, undefined, START).type !== 'replay');
    fc.assert(
      fc.property(fc.constantFrom(...ends), fc.array(fc.tuple(passing, others), { maxLength: 30 }), (end, steps) => {
        const task = [enqueue(), ...end].reduce<Task | undefined>((before, ask) => {
          const decision = decideFrozen(before, actionOf(ask, before, START), START, SETTINGS);
          return decision.kind === 'changed' ? decision.task : before;
        }, undefined);
        expect(task && isTerminal(task.state)).toBe(true);
        const passed = steps.reduce((sum, [ms]) => sum + ms, 0);
        const now = START + Math.min(passed, SETTINGS.retentionMs - 1);
        for (const [, ask] of steps) expect(decideFrozen(task, actionOf(ask, task, now), now, SETTINGS).kind).not.toBe('changed');
      }),
      { numRuns: 200 },
    );
  });
});
