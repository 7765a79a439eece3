import { describe, expect, it } from 'vitest';
import { MAX_DELIVERIES, type Task } from '../../core/task.ts';
import {
  actionOf,
  again,
  cancel,
  claim,
  complete,
  DAY,
  decideFrozen,
  ERROR,
  enqueue,
  expire,
  fail,
  given,
  HOUR,
  MINUTE,
  replay,
  reschedule,
  SECOND,
  START,
  settingsOf,
  snooze,
} from './given.ts';

const died = [enqueue({ maxAttempts: 2 }), claim(), fail({ fingerprint: 'f' }), claim(), fail({ fingerprint: 'f' })] as const;

describe('replay', () => {
  it('a dead task waits again, due now, with its attempts unspent', () => {
    const task = given(...died, HOUR)
      .when(replay())
      .thenChanged({ state: 'scheduled', dueAt: START + HOUR, attempt: 0, deliveries: 0, consecutiveFailures: 0, position: 'back' });
    for (const field of ['endedAt', 'deathReason', 'expiresAtSeconds', 'fingerprint', 'deadlineAt']) expect(task).not.toHaveProperty(field);
  });

  it('counts lost deliveries anew, and is listed as completed no longer', () => {
    const lost = again(MAX_DELIVERIES, claim(), HOUR, expire());
    given(enqueue(), ...lost)
      .when(replay())
      .thenChanged({ state: 'scheduled', deliveries: 0 });
    const listed = given(enqueue(), claim(), complete(), replay()).under({ listCompleted: true }).task;
    expect(listed()).not.toHaveProperty('listed');
  });

  it('keeps its history and says that it was replayed; its claims count on', () => {
    const task = given(...died, HOUR)
      .when(replay())
      .task();
    expect(task.attempts.map(({ claim, error }) => [claim, error])).toEqual([
      [1, ERROR],
      [2, ERROR],
    ]);
    expect(task.moves).toEqual([{ at: START + HOUR, move: 'replayed' }]);
    given(...died, HOUR, replay())
      .when(claim())
      .thenChanged({ claim: 3 });
  });

  it('dies again only after as many attempts as a new task', () => {
    given(...died, replay(), claim())
      .when(fail())
      .thenChanged({ state: 'scheduled', attempt: 1 });
    given(...died, replay(), claim(), fail(), claim())
      .when(fail())
      .thenChanged({ state: 'dead', attempt: 2 });
  });

  it('brings back what was cancelled or completed, too, to the date asked for', () => {
    given(enqueue({ position: 'front' }), cancel)
      .when(replay({ dueAt: START + DAY }))
      .thenChanged({ state: 'scheduled', dueAt: START + DAY, position: 'back' });
    given(enqueue(), claim(), complete()).when(replay()).thenChanged({ state: 'scheduled' });
  });

  it('stands behind what waits already: its arrival is now', () => {
    given(...died, HOUR)
      .when(replay())
      .thenChanged({ arrival: (START + HOUR) * 1_000 });
  });

  it('another payload takes the place of its own', () => {
    given(...died)
      .when(replay({ payload: '{"invoice":43}' }))
      .thenChanged({ payload: '{"invoice":43}' });
    given(...died)
      .when(replay())
      .thenChanged({ payload: '{"invoice":42}' });
  });

  it('is refused to what must not happen twice, and to what has not ended', () => {
    given(enqueue({ traits: ['unreplayable'] }), claim(), complete())
      .when(replay())
      .thenRefused({ reason: 'not replayable' });
    const refusal = { reason: 'wrong state', allowed: ['dead', 'cancelled', 'completed'] } as const;
    given(enqueue())
      .when(replay())
      .thenRefused({ ...refusal, state: 'scheduled' });
    given(enqueue(), claim())
      .when(replay())
      .thenRefused({ ...refusal, state: 'leased' });
  });

  it('a claim that nobody had to acknowledge moves into the history', () => {
    const past = [enqueue({ traits: ['unacknowledged'] }), claim(), MINUTE] as const;
    const task = given(...past)
      .when(replay())
      .thenChanged({ state: 'scheduled', traits: ['unacknowledged'] });
    expect(task.attempts).toEqual([{ claim: 1, claimedAt: START, endedAt: START, outcome: 'completed' }]);
    expect(task).not.toHaveProperty('claimedBy');
  });
});

describe('replay and the deadline', () => {
  const missed = [enqueue({ deadlineAt: START + MINUTE }), claim(), HOUR, complete()] as const;

  it('that was missed is none for what comes now, and its mark goes with it', () => {
    const told = given(...missed).when(replay());
    expect(told.task()).not.toHaveProperty('deadlineAt');
    expect(told.task()).not.toHaveProperty('traits');
    expect(told.decision).toMatchObject({ missed: false });
  });

  it('to come still holds', () => {
    given(enqueue({ deadlineAt: START + HOUR }), cancel)
      .when(replay())
      .thenChanged({ deadlineAt: START + HOUR });
    given(enqueue({ deadlineAt: START + HOUR }), cancel)
      .when(replay({ dueAt: START + HOUR }))
      .thenChanged({ deadlineAt: START + HOUR });
  });

  it('that would come before the new date goes: the task would be late before it is due', () => {
    const task = given(enqueue({ deadlineAt: START + HOUR }), cancel)
      .when(replay({ dueAt: START + HOUR + 1 }))
      .task();
    expect(task).not.toHaveProperty('deadlineAt');
  });
});

describe('the same replay again, because its answer was lost', () => {
  it('changes nothing, as long as nothing has happened since', () => {
    given(...died, replay(), SECOND)
      .when(replay())
      .thenUnchanged();
    given(...died, replay({ payload: '1', dueAt: START + DAY }))
      .when(replay({ payload: '1', dueAt: START + DAY }))
      .thenUnchanged();
  });

  it('is applied anew where it asks for something else: no answer says more than is true', () => {
    given(...died, replay({ payload: '1' }))
      .when(replay({ payload: '2' }))
      .thenChanged({ state: 'scheduled', payload: '2' });
    given(...died, replay({ dueAt: START + DAY }))
      .when(replay({ dueAt: START + HOUR }))
      .thenChanged({ dueAt: START + HOUR });
  });

  it('is refused once somebody has done something with the task', () => {
    const refused = { reason: 'wrong state', state: 'scheduled', allowed: ['dead', 'cancelled', 'completed'] } as const;
    for (const since of [[SECOND, claim(), snooze(START + DAY)], [SECOND, claim(), SECOND, fail()], [reschedule({ dueAt: START + DAY })]]) {
      given(...died, replay(), ...since)
        .when(replay({ payload: '2' }))
        .thenRefused(refused);
    }
    given(...died, replay(), claim())
      .when(replay())
      .thenRefused({ ...refused, state: 'leased' });
  });
});

describe('a row of the release before', () => {
  /** It knew no traits, no moves, no fingerprint. */
  const old = given(enqueue()).task();
  const oldKeys = ['traits', 'moves', 'movesDropped', 'holder', 'fingerprint', 'listed'];

  it('has none of what is new, and goes through its whole life under every action', () => {
    for (const key of oldKeys) expect(old).not.toHaveProperty(key);
    let task: Task = old;
    for (const ask of [claim(), fail(), reschedule({ dueAt: START }), claim(), complete(), replay(), claim(), snooze(START), cancel]) {
      const decision = decideFrozen(task, actionOf(ask, task, START), START, settingsOf());
      if (decision.kind !== 'changed') throw new Error(JSON.stringify(decision));
      task = decision.task;
    }
    expect(task).toMatchObject({ state: 'cancelled', claim: 3, rev: 10 });
    expect(task.moves?.map(({ move }) => move)).toEqual(['rescheduled', 'replayed']);
  });
});
