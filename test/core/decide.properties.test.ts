import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action, Decision } from '../../core/actions.ts';
import { DEFAULT_POLICY } from '../../core/policy.ts';
import { HISTORY_LIMIT, isTerminal, LEVELS, MAX_DELIVERIES, type State, type Task } from '../../core/task.ts';
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
  reschedule,
  SECOND,
  START,
  settingsOf,
  snooze,
} from './given.ts';

const SETTINGS = settingsOf({
  policy: { ...DEFAULT_POLICY, maxAttempts: 4, demoteAfter: 2 },
  tasks: { stubborn: { maxAttempts: 7, demoteAfter: 1, leaseMs: HOUR } },
  retentionMs: 3 * HOUR,
});

/** Reports carry the claim that holds, or one that is `behind` by a few. */
const behind = fc.constantFrom(0, 0, 0, 0, 1, 2, -1);
const instant = fc.constantFrom(START - HOUR, START, START + MINUTE, START + HOUR);
const at =
  (make: (claimed: number) => Ask, by: number): Ask =>
  (task, now) =>
    actionOf(make(task.claim - by), task, now);

const enqueues = fc
  .record({
    name: fc.constantFrom('send-invoice', 'stubborn'),
    level: fc.constantFrom(...LEVELS),
    position: fc.constantFrom('front' as const, 'back' as const),
    dueAt: instant,
    request: fc.constantFrom('digest-1', 'digest-2'),
  })
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

const asks: fc.Arbitrary<Ask> = fc.oneof(
  { weight: 2, arbitrary: enqueues },
  { weight: 9, arbitrary: claims },
  { weight: 1, arbitrary: completes },
  { weight: 3, arbitrary: fails },
  { weight: 3, arbitrary: expires },
  { weight: 2, arbitrary: extensions },
  { weight: 2, arbitrary: snoozes },
  { weight: 1, arbitrary: fc.constant<Ask>(cancel) },
  { weight: 2, arbitrary: reschedules },
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
  { weight: 1, arbitrary: walkOf(fc.oneof(claims, expires)) },
);

const LEGAL: Record<State, readonly State[]> = {
  scheduled: ['scheduled', 'leased', 'cancelled'],
  leased: ['leased', 'scheduled', 'completed', 'dead'],
  completed: [],
  cancelled: [],
  dead: [],
};

/** What must hold of any decision. Each line is a guarantee; the ones that are broken come back. */
function broken(before: Task | undefined, action: Action, now: number, decision: Decision): string[] {
  if (decision.kind === 'unchanged') return decision.task === before ? [] : ['unchanged gives the very task that was there'];
  if (decision.kind === 'refused') return [];
  const { task } = decision;
  const rules = {
    ...rulesOfTask(task),
    ...(before && action.type !== 'enqueue' ? rulesOfChange(before, action, task) : rulesOfBirth(before, action, task, now)),
  };
  return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [rule]));
}

const rulesOfBirth = (before: Task | undefined, action: Action, task: Task, now: number) => ({
  'only enqueue makes a task': action.type === 'enqueue',
  'only where there is none, or its history has expired': before === undefined || (before.expiresAtSeconds ?? Infinity) * 1_000 <= now,
  'a task is born scheduled, at the next revision, unclaimed':
    task.state === 'scheduled' && task.rev === (before?.rev ?? 0) + 1 && task.claim === (before?.claim ?? 0),
  'a front task is due: its key says so': task.position === 'back' || task.dueAt <= now,
});

const rulesOfChange = (before: Task, action: Action, task: Task) => ({
  'rev grows by exactly 1': task.rev === before.rev + 1,
  'claim grows by 1 at a claim and never else': task.claim === before.claim + (action.type === 'claim' ? 1 : 0),
  'a report changes the task only under the claim that holds':
    !('claim' in action) || (before.state === 'leased' && action.claim === before.claim),
  'a claim is taken only while nobody else holds the task, at its very revision':
    action.type !== 'claim' || (before.state === 'scheduled' && action.rev === before.rev),
  'only legal moves; nothing leaves a terminal state': LEGAL[before.state].includes(task.state),
  'identity stays': (['id', 'app', 'name', 'payload', 'request', 'arrival', 'createdAt'] as const).every(
    (field) => task[field] === before[field],
  ),
  'attempt grows by a failure alone': task.attempt === before.attempt + (action.type === 'fail' ? 1 : 0),
  'level only falls, one at a time, by a failure alone':
    task.level === before.level || (action.type === 'fail' && LEVELS.indexOf(task.level) === LEVELS.indexOf(before.level) + 1),
  'a lease is never shortened': before.state !== 'leased' || task.state !== 'leased' || (task.leaseUntil ?? 0) > (before.leaseUntil ?? 0),
  'history is append-only': isDeepPrefix(before, task),
  'a task comes to the front by nothing': task.position === 'back' || before.position === 'front',
});

const rulesOfTask = (task: Task) => ({
  'attempt ≤ maxAttempts': task.attempt <= (task.name === 'stubborn' ? 7 : 4),
  'deliveries ≤ their bound, reached by death alone':
    task.deliveries <= MAX_DELIVERIES && (task.deliveries < MAX_DELIVERIES || task.state === 'dead'),
  'a holder, its level and its end while leased, and only then': [task.claimedBy, task.claimedAt, task.claimedLevel, task.leaseUntil].every(
    (part) => (part !== undefined) === (task.state === 'leased'),
  ),
  'an end and a time to live when terminal, and only then': [task.endedAt, task.expiresAtSeconds].every(
    (part) => (part !== undefined) === isTerminal(task.state),
  ),
  'a reason when dead, and only then': (task.deathReason !== undefined) === (task.state === 'dead'),
  'history is bounded, and every ended claim is in it or counted':
    task.attempts.length <= HISTORY_LIMIT && task.attempts.length + task.attemptsDropped === task.claim - (task.state === 'leased' ? 1 : 0),
});

function isDeepPrefix(before: Task, after: Task): boolean {
  const dropped = after.attemptsDropped - before.attemptsDropped;
  const kept = before.attempts.slice(dropped);
  return kept.every((attempt, index) => after.attempts[index] === attempt) && after.attempts.length - kept.length <= 1;
}

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
          const wrong = broken(task, action, now, decision);
          if (wrong.length > 0) throw new Error(`${action.type} on ${task?.state}: ${wrong.join('; ')}`);
          if (JSON.stringify(decideFrozen(task, action, now, SETTINGS)) !== JSON.stringify(decision)) throw new Error('not pure');
          met.add(
            `${action.type} ${decision.kind === 'refused' ? decision.refusal.reason : `${decision.kind} ${decision.task.deathReason ?? decision.task.state}`}`,
          );
          if (decision.kind === 'changed') task = decision.task;
        }
      }),
      { numRuns: 600 },
    );
    // The walk is worth nothing where it does not go: the rare ends must have been met.
    for (const rare of [
      'fail changed attempts exhausted',
      'expire changed no worker answered',
      'complete not found',
      'fail unchanged scheduled',
      'reschedule deadline before date',
      'extend unchanged leased',
    ]) {
      expect(met).toContain(rare);
    }
  });

  it('a terminal task stays as it is, whatever is asked of it, until its history expires', () => {
    const ends: Ask[][] = [
      [claim(), complete()],
      [cancel],
      [claim(), fail({ random: 0 }), claim(), fail(), claim(), fail(), claim(), fail()],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...ends), fc.array(fc.tuple(passing, asks), { maxLength: 30 }), (end, steps) => {
        let task: Task | undefined;
        for (const ask of [enqueue(), ...end]) {
          const decision = decideFrozen(task, actionOf(ask, task, START), START, SETTINGS);
          if (decision.kind === 'changed') task = decision.task;
        }
        expect(task && isTerminal(task.state)).toBe(true);
        const passed = steps.reduce((sum, [ms]) => sum + ms, 0);
        const now = START + Math.min(passed, SETTINGS.retentionMs - 1);
        for (const [, ask] of steps) expect(decideFrozen(task, actionOf(ask, task, now), now, SETTINGS).kind).not.toBe('changed');
      }),
      { numRuns: 200 },
    );
  });
});
