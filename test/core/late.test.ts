import { describe, expect, it } from 'vitest';
import { isLateByClaim } from '../../core/decision.ts';
import { dueKey, waitsSince } from '../../core/lanes.ts';
import { claim, complete, enqueue, extend, fail, given, HOUR, MINUTE, reschedule, SECOND, START, snooze } from './given.ts';

const DEADLINE = { deadlineAt: START + MINUTE };

describe('the claim that bears the mark of a missed deadline', () => {
  it.each([
    ['the first write after the deadline', [enqueue(DEADLINE), MINUTE + 1, claim()], true],
    ['of a task that was enqueued late', [enqueue({ dueAt: START - HOUR, deadlineAt: START - 1 }), claim()], true],
    ['and still bears it after an extend', [enqueue(DEADLINE), MINUTE + 1, claim(), SECOND, extend(HOUR)], true],
    ['at the very deadline: not yet missed', [enqueue(DEADLINE), MINUTE, claim()], false],
    ['at the very deadline, extended after it', [enqueue(DEADLINE), MINUTE, claim(), SECOND, extend(HOUR)], false],
    ['before the deadline, extended after it', [enqueue(DEADLINE), claim(), MINUTE + 1, extend(HOUR)], false],
    ['after a failure that bore it', [enqueue(DEADLINE), claim(), MINUTE + 1, fail(), HOUR, claim()], false],
    ['after a failure before the deadline', [enqueue(DEADLINE), claim(), SECOND, fail(), MINUTE, claim()], true],
    ['after a failure at the very deadline', [enqueue(DEADLINE), claim(), MINUTE, fail(), HOUR, claim()], true],
    ['after a snooze that bore it', [enqueue(DEADLINE), claim(), MINUTE + 1, snooze(START + HOUR), HOUR, claim()], false],
    ['after a new deadline that was missed when it was set', [enqueue(), HOUR, reschedule({ deadlineAt: START + 1 }), claim()], true],
    ['after a new deadline that was missed later', [enqueue(), reschedule(DEADLINE), HOUR, claim()], true],
    ['without a deadline', [enqueue(), HOUR, claim()], false],
  ])('%s', (_, past, expected) => {
    expect(isLateByClaim(given(...past).task())).toBe(expected);
  });

  it('is none once the task is complete: its history has it', () => {
    expect(isLateByClaim(given(enqueue(DEADLINE), HOUR, claim(), complete()).task())).toBe(false);
  });
});

describe('since when a key waits', () => {
  const task = { id: 'billing/A', dueAt: START, arrival: (START - MINUTE) * 1_000 };
  it('is its due instant, and at the front its arrival there', () => {
    expect(waitsSince(dueKey({ ...task, position: 'back' }))).toBe(START);
    expect(waitsSince(dueKey({ ...task, position: 'front' }))).toBe(START - MINUTE);
  });
});
