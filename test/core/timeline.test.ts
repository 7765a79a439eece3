import { describe, expect, it } from 'vitest';
import { HISTORY_LIMIT } from '../../core/task.ts';
import { nextOf, timelineOf } from '../../core/timeline.ts';
import {
  again,
  cancel,
  claim,
  complete,
  DAY,
  enqueue,
  expire,
  fail,
  given,
  HOUR,
  MINUTE,
  moveToFront,
  type Past,
  refuse,
  replay,
  reprioritize,
  reschedule,
  SECOND,
  START,
  snooze,
} from './given.ts';

/** Each entry as minutes since the start, and its text. */
const timeline = (...past: Past) => timelineOf(given(...past).task()).map(({ at, text }) => [(at - START) / MINUTE, text]);
const next = (...past: Past) => nextOf(given(...past).task()).map(({ at, text }) => [(at - START) / MINUTE, text]);

describe('the timeline of a task', () => {
  it('tells its whole life, oldest first', () => {
    expect(
      timeline(
        enqueue({ level: 'high', maxAttempts: 2 }),
        MINUTE,
        reprioritize('medium'),
        reschedule({ dueAt: START + 2 * MINUTE }),
        MINUTE,
        claim(),
        MINUTE,
        fail({ random: 0 }),
        claim(),
        MINUTE,
        fail(),
        MINUTE,
        replay(),
        MINUTE,
        claim(),
        MINUTE,
        complete(),
      ),
    ).toEqual([
      [0, 'enqueued at priority high'],
      [1, 'reprioritized from high to medium'],
      [1, 'rescheduled from 2026-12-24T08:00:00.000Z to 2026-12-24T08:02:00.000Z'],
      [2, 'claimed, number 1'],
      [3, 'failed by worker-1: SmtpError: no route to host'],
      [3, 'claimed, number 2'],
      [4, 'failed by worker-1: SmtpError: no route to host'],
      [5, 'replayed'],
      [6, 'claimed, number 3'],
      [7, 'completed by worker-1'],
    ]);
  });

  it('how a claim ended, each in its words', () => {
    expect(timeline(enqueue(), claim(), refuse(), claim(), HOUR, expire(), claim(), snooze(START + DAY)).map(([, text]) => text)).toEqual([
      'enqueued at priority medium',
      'claimed, number 1',
      'its notification was refused: InvalidParameter: the message is too long',
      'claimed, number 2',
      'its lease ended without a word',
      'claimed, number 3',
      'snoozed',
    ]);
  });

  it('how it ended: a cancellation, a death and why, completed as notified', () => {
    expect(timeline(enqueue(), MINUTE, cancel).at(-1)).toEqual([1, 'cancelled']);
    expect(timeline(enqueue({ maxAttempts: 1 }), claim(), MINUTE, fail()).slice(-2)).toEqual([
      [1, 'failed by worker-1: SmtpError: no route to host'],
      [1, 'dead: attempts exhausted'],
    ]);
    const notified = [enqueue({ traits: ['unacknowledged'] }), MINUTE, claim()] as const;
    expect(timeline(...notified).slice(1)).toEqual([
      [1, 'claimed, number 1'],
      [1, 'completed'],
    ]);
    expect(timeline(...notified, MINUTE, replay(), MINUTE, claim()).slice(-2)).toEqual([
      [3, 'claimed, number 2'],
      [3, 'completed'],
    ]);
  });

  it('that it is out now, that its deadline passed, that it came to the front, that a deadline was changed', () => {
    expect(timeline(enqueue({ deadlineAt: START + MINUTE }), MINUTE, moveToFront, MINUTE, claim())).toEqual([
      [0, 'enqueued at priority medium'],
      [1, 'moved to front'],
      [1, 'its deadline passed'],
      [2, 'claimed, number 1'],
    ]);
    expect(timeline(enqueue({ deadlineAt: START + MINUTE }), reschedule({ deadlineAt: null })).at(-1)).toEqual([
      0,
      'its deadline was changed',
    ]);
    expect(timeline(enqueue({ deadlineAt: START + MINUTE }), MINUTE, claim())).not.toContainEqual([1, 'its deadline passed']);
    const damaged = given(enqueue({ traits: ['late'] })).task();
    expect(timelineOf(damaged)).toHaveLength(1);
  });

  it('the level that it had at first, whatever was made of it since', () => {
    const failedClaim = [claim(), fail(), HOUR] as const;
    expect(timeline(enqueue({ level: 'high' }), ...again(3, ...failedClaim))).toContainEqual([0, 'enqueued at priority high']);
    expect(timeline(enqueue({ level: 'high' }), ...again(3, ...failedClaim))).toContainEqual([120, 'demoted from high to medium']);
    const dated = [enqueue({ level: 'high' }), reschedule({ dueAt: START + HOUR })] as const;
    expect(timeline(...dated)).toContainEqual([0, 'enqueued at priority high']);
    expect(timeline(...dated, reprioritize('low'))).toContainEqual([0, 'enqueued at priority high']);
  });

  it('how much is no longer kept, where that was', () => {
    const entries = timeline(
      enqueue(),
      ...again(HISTORY_LIMIT + 2, MINUTE, claim(), snooze(START)),
      ...again(HISTORY_LIMIT + 1, moveToFront),
    );
    expect(entries.slice(0, 3)).toEqual([
      [0, 'enqueued at priority medium'],
      [3, '3 earlier entries are no longer kept'],
      [3, 'claimed, number 3'],
    ]);
    // What came over an expired row, whose claims count on.
    expect(timelineOf({ ...given(enqueue()).task(), attemptsDropped: 2 })).toEqual([
      { at: START, text: 'enqueued at priority medium' },
      { at: START, text: '2 earlier entries are no longer kept' },
    ]);
  });
});

describe('what comes next', () => {
  it('for a waiting task: its date and its deadline, the nearest first', () => {
    expect(next(enqueue({ dueAt: START + HOUR }))).toEqual([[60, 'due']]);
    expect(next(enqueue({ dueAt: START + HOUR, deadlineAt: START + DAY }))).toEqual([
      [60, 'due'],
      [1_440, 'its deadline'],
    ]);
    expect(next(enqueue({ deadlineAt: START + MINUTE }), claim(), snooze(START + HOUR))).toEqual([
      [1, 'its deadline'],
      [60, 'due'],
    ]);
  });

  it('a deadline that was missed is past', () => {
    expect(next(enqueue({ deadlineAt: START }), SECOND, claim(), snooze(START + HOUR))).toEqual([[60, 'due']]);
  });

  it('for a leased one, the end of its lease; for an ended one, the end of its history', () => {
    expect(next(enqueue({ deadlineAt: START + DAY }), claim())).toEqual([
      [5, 'its lease ends: it is notified again, unless its worker has reported'],
    ]);
    expect(next(enqueue(), cancel)).toEqual([[14 * 1_440, 'its history is deleted']]);
    expect(next(enqueue({ traits: ['unacknowledged'] }), claim())).toEqual([[14 * 1_440, 'its history is deleted']]);
  });
});
