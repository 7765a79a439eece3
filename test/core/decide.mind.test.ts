import { describe, expect, it } from 'vitest';
import { dueKey } from '../../core/lanes.ts';
import { HISTORY_LIMIT } from '../../core/task.ts';
import {
  again,
  claim,
  complete,
  enqueue,
  fail,
  given,
  HOUR,
  MINUTE,
  moveToFront,
  reprioritize,
  reschedule,
  SECOND,
  START,
  snooze,
} from './given.ts';

describe('reprioritize', () => {
  it('changes the level of what waits, and its history says so', () => {
    const task = given(enqueue(), SECOND).when(reprioritize('high')).thenChanged({ level: 'high', rev: 2 });
    expect(task.moves).toEqual([{ at: START + SECOND, move: 'reprioritized', from: 'medium', to: 'high' }]);
  });

  it('to the level that it has changes nothing', () => {
    given(enqueue()).when(reprioritize('medium')).thenUnchanged();
  });

  it('loses against a claim and an end, with the state that it found', () => {
    given(enqueue(), claim())
      .when(reprioritize('low'))
      .thenRefused({ reason: 'wrong state', state: 'leased', allowed: ['scheduled'] });
    given(enqueue(), claim(), complete())
      .when(reprioritize('low'))
      .thenRefused({ reason: 'wrong state', state: 'completed', allowed: ['scheduled'] });
  });

  it('makes a claim of the revision before fail: nobody is notified by a level that no longer holds', () => {
    given(enqueue(), reprioritize('low'))
      .when(claim({ rev: 1 }))
      .thenRefused({ reason: 'moved on', rev: 2 });
  });
});

describe('moveToFront', () => {
  it('goes before all that wait at its level, also before those that are at the front', () => {
    const front = given(enqueue({ position: 'front', arrival: START * 1_000 + 5 })).task();
    const moved = given(enqueue({ dueAt: START - HOUR }), SECOND)
      .when(moveToFront)
      .thenChanged({ position: 'front', dueAt: START - HOUR });
    expect(dueKey(moved) < dueKey(front)).toBe(true);
    expect(moved.moves).toEqual([{ at: START + SECOND, move: 'moved to front' }]);
  });

  it('asked again it goes before those that came to the front meanwhile', () => {
    const first = given(enqueue(), moveToFront);
    const second = given(enqueue(), moveToFront, SECOND).when(moveToFront).thenChanged({ position: 'front' });
    expect(dueKey(second) < dueKey(first.task())).toBe(true);
  });

  it('is refused to a task that waits for its date, which keeps its place by that; at its date it is due', () => {
    const dueAt = START + HOUR;
    given(enqueue({ dueAt })).when(moveToFront).thenRefused({ reason: 'not due', dueAt });
    given(enqueue({ dueAt }), HOUR - 1)
      .when(moveToFront)
      .thenRefused({ reason: 'not due', dueAt });
    given(enqueue({ dueAt }), HOUR).when(moveToFront).thenChanged({ position: 'front' });
    // What is at the front was due when it came there: a clock that has stepped back takes nothing from it.
    given(enqueue(), moveToFront, -SECOND).when(moveToFront).thenChanged({ position: 'front' });
    given(enqueue(), claim(), fail())
      .when(moveToFront)
      .thenRefused({ reason: 'not due', dueAt: START + 2_500 });
    given(enqueue(), claim(), snooze(dueAt)).when(moveToFront).thenRefused({ reason: 'not due', dueAt });
  });

  it('loses against a claim and an end', () => {
    given(enqueue(), claim())
      .when(moveToFront)
      .thenRefused({ reason: 'wrong state', state: 'leased', allowed: ['scheduled'] });
  });
});

describe('reschedule in the history', () => {
  it('says from when to when; of a deadline alone, that it was moved', () => {
    expect(given(enqueue(), reschedule({ dueAt: START + HOUR })).task().moves).toEqual([
      { at: START, move: 'rescheduled', from: START, to: START + HOUR },
    ]);
    expect(given(enqueue(), reschedule({ deadlineAt: START + HOUR })).task().moves).toEqual([{ at: START, move: 'rescheduled' }]);
  });

  it('a date that it has already takes no place at the front away', () => {
    given(enqueue({ position: 'front' }))
      .when(reschedule({ dueAt: START, deadlineAt: START + HOUR }))
      .thenChanged({ position: 'front', deadlineAt: START + HOUR });
  });

  it('after a retry a deadline may lie before the date, which is not the app’s', () => {
    given(enqueue(), claim(), snooze(START + HOUR))
      .when(reschedule({ deadlineAt: START + MINUTE }))
      .thenChanged({ deadlineAt: START + MINUTE, dueAt: START + HOUR });
    given(enqueue(), claim(), snooze(START + HOUR))
      .when(reschedule({ dueAt: START + HOUR + 1, deadlineAt: START + MINUTE }))
      .thenRefused({ reason: 'deadline before date', dueAt: START + HOUR + 1, deadlineAt: START + MINUTE });
  });

  it('leaves attempts, claim and history alone', () => {
    given(enqueue(), claim(), fail(), HOUR)
      .when(reschedule({ dueAt: START + 24 * HOUR }))
      .thenChanged({ attempt: 1, claim: 1, consecutiveFailures: 1 });
  });
});

describe('the history of moves', () => {
  it('holds the latest, and counts the others', () => {
    const turns = HISTORY_LIMIT + 3;
    const task = given(enqueue(), ...again(turns, moveToFront, SECOND)).task();
    expect(task.moves?.map(({ at }) => at)).toEqual(Array.from({ length: HISTORY_LIMIT }, (_, i) => START + (i + 3) * SECOND));
    expect(task.movesDropped).toBe(3);
    expect(given(enqueue(), ...again(HISTORY_LIMIT, moveToFront)).task()).not.toHaveProperty('movesDropped');
  });

  it('has every demotion', () => {
    const failedClaim = [claim(), fail(), HOUR] as const;
    expect(given(enqueue({ level: 'high' }), ...again(3, ...failedClaim)).task().moves).toEqual([
      { at: START + 2 * HOUR, move: 'demoted', from: 'high', to: 'medium' },
    ]);
    expect(given(enqueue({ level: 'low' }), ...again(3, ...failedClaim)).task()).not.toHaveProperty('moves');
  });
});
