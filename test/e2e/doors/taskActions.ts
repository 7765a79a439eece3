import { expect, it } from 'vitest';
import { type Ask, type Doors, HELD } from './Doors.ts';
import { expectRefused } from './refusals.ts';
import { id as anyId, enqueue, HOUR, instant, told, without } from './requests.ts';

const PAUSED = 'task name held is paused: nothing is notified until it is resumed';
const PAST = '2020-01-01T00:00:00.000Z';
const FUTURE = '2030-01-01T00:00:00.000Z';
const LATE = '2999-01-01T00:00:00.000Z';

/** What can be asked of one task, at the door of its app or at the operator's. */
export function taskActions(doors: Doors, ask: Ask): void {
  it('answers each action on one task with what the contract says, and no more; asked again, with the same', async () => {
    const { task, on, explained } = await given(doors, ask);
    const { id, dueAt, deadlineAt } = task;
    expect(await on('get')).toEqual(task);
    expect(await explained('scheduled')).toBe(`Not due until ${dueAt}; ${PAUSED}.`);

    const timeline = [...task.timeline, ...told('reprioritized from low to high')];
    const high = { ...task, priority: 'high', timeline };
    expect(await on('reprioritize', { priority: 'high' })).toEqual(high);

    timeline.push(...told(`rescheduled from ${dueAt} to ${PAST}`));
    const due = { ...without('deadlineAt', high), dueAt: PAST, next: [{ at: PAST, text: 'due' }] };
    expect(await on('reschedule', { dueAt: PAST, deadlineAt: null })).toEqual(due);
    expect(deadlineAt).toBe(LATE);
    expect(await explained('scheduled')).toBe(`Due since ${PAST}, and next; ${PAUSED}.`);

    timeline.push(...told('moved to front'));
    const front = { ...due, position: 'front' };
    // Each time it is put ahead of what came to the front since.
    expect(await ask({ v: 1, action: 'moveToFront', id })).toEqual({ v: 1, ok: true, task: front });
    expect(await explained('scheduled')).toBe(`Due, at the front, and next; ${PAUSED}.`);

    const cancelled = { ...front, state: 'cancelled', endedAt: instant, timeline: [...timeline, ...told('cancelled')] };
    const ended = await on('cancel');
    expect(ended).toEqual({ ...cancelled, next: told('its history is deleted') });
    const until = ended.next[0].at;
    expect(await explained('cancelled')).toBe(`Cancelled at ${ended.endedAt}; it can be replayed until ${until}: punctual replay ${id}.`);

    timeline.push(...told('replayed'));
    const replayed = { ...due, payload: [1], dueAt: FUTURE, timeline, next: [{ at: FUTURE, text: 'due' }] };
    expect(await on('replay', { payload: [1], dueAt: FUTURE })).toEqual(replayed);
    await on('cancel');
  });

  it('refuses what the state of a task does not allow, saying what it is, and changes nothing', async () => {
    const { task, on } = await given(doors, ask);
    const { id } = task;
    const refused = async (code: string, field: string, request: object, words: { got: string; allowed: string }) => {
      const answer = await ask({ v: 1, id, ...request });
      expectRefused(answer, { code, field });
      expect(answer.error).toMatchObject(words);
    };
    await doors.expectNothingChanged(async () => {
      const early = { got: PAST, allowed: `${task.dueAt} or later` };
      await refused('BadRequest', 'deadlineAt', { action: 'reschedule', deadlineAt: PAST }, early);
      await refused('WrongState', 'id', { action: 'moveToFront' }, { got: task.dueAt, allowed: 'a task that is due' });
      await refused('WrongState', 'id', { action: 'replay' }, { got: 'scheduled', allowed: 'dead or cancelled or completed' });
      const both = { action: 'replay', dueAt: FUTURE, delayMs: 1 };
      await refused('BadRequest', 'delayMs', both, { got: '1', allowed: 'absent where dueAt is given' });
    });
    await on('cancel');
    await doors.expectNothingChanged(async () => {
      const words = { got: 'cancelled', allowed: 'scheduled' };
      await refused('WrongState', 'id', { action: 'reschedule', delayMs: 1 }, words);
      await refused('WrongState', 'id', { action: 'reprioritize', priority: 'high' }, words);
      await refused('WrongState', 'id', { action: 'moveToFront' }, words);
      const large = { action: 'replay', payload: 'x'.repeat(262_144) };
      await refused('PayloadTooLarge', 'payload', large, {
        got: expect.stringMatching(/^\d+ bytes/),
        allowed: expect.any(String),
      } as never);
    });
    expect((await on('get')).state).toBe('cancelled');
  });
}

/** A task that stays where it is whatever its date, and how to act on it: everything twice, with one answer. */
async function given(doors: Doors, ask: Ask) {
  const request = {
    name: HELD,
    payload: { mail: 42 },
    priority: 'low',
    deadlineAt: '2999-01-01T01:00:00+01:00',
    exclusive: true,
    expiresAfterDeadline: true,
    delayMs: HOUR,
  };
  const { id, dueAt } = await doors.mail.submit(enqueue(request));
  const task = {
    id,
    app: 'mail',
    name: HELD,
    version: 1,
    payload: { mail: 42 },
    state: 'scheduled',
    priority: 'low',
    position: 'back',
    dueAt,
    deadlineAt: LATE,
    createdAt: instant,
    claim: 0,
    attempt: 0,
    deliveries: 0,
    attempts: [],
    attemptsDropped: 0,
    exclusive: true,
    expiresAfterDeadline: true,
    timeline: told('enqueued at priority low'),
    next: [
      { at: dueAt, text: 'due' },
      { at: LATE, text: 'its deadline' },
    ],
  };
  expect(id).toEqual(anyId);
  const on = async (action: string, parts: object = {}) => {
    const answer = await ask({ v: 1, action, id, ...parts });
    expect(answer).toEqual({ v: 1, ok: true, task: answer.task });
    expect(await ask({ v: 1, action, id, ...parts })).toEqual(answer);
    return answer.task;
  };
  const explained = async (state: string) => {
    const answer = await ask({ v: 1, action: 'explain', id });
    expect(answer).toEqual({ v: 1, ok: true, id, state, text: answer.text });
    return answer.text;
  };
  return { task, on, explained };
}
