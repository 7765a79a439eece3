import { describe, expect, it } from 'vitest';
import { explainTask, type Surroundings } from '../../core/explain.ts';
import { DEFAULT_POLICY } from '../../core/policy.ts';
import { LEASE_SKEW_MS, MAX_DELIVERIES } from '../../core/task.ts';
import { NO_VALVES } from '../../core/valves.ts';
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
  miss,
  moveToFront,
  type Past,
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

const LEASE_OVER = DEFAULT_POLICY.leaseMs + LEASE_SKEW_MS;
const ID = 'billing/AAAAAAAAAAAAAAAAAAAAAA';

const AROUND: Surroundings = { settings: settingsOf(), valves: NO_VALVES, inFlight: 0 };

/** The sentence on the task that the past has made, at the end of that past. */
function explained(past: Past, around: Partial<Surroundings> = {}) {
  const passed = past.reduce<number>((sum, step) => sum + (typeof step === 'number' ? step : 0), 0);
  return explainTask(given(...past).task(), START + passed, { ...AROUND, ...around });
}

describe('a task that waits for its date', () => {
  it('is not due until then', () => {
    expect(explained([enqueue({ dueAt: START + HOUR })])).toBe('Not due until 2026-12-24T09:00:00.000Z.');
    expect(explained([enqueue({ dueAt: START + HOUR })], { inFlight: 500, ahead: { count: 3, isMore: false } })).toBe(
      'Not due until 2026-12-24T09:00:00.000Z.',
    );
  });

  it('after a failure: which attempt it was, and by which error', () => {
    const once = [enqueue(), claim(), fail()];
    expect(explained(once)).toBe('Retry at 2026-12-24T08:00:02.500Z, after attempt 1 of 10 failed with SmtpError.');
    const limited = [enqueue({ maxAttempts: 4 }), claim(), fail({ random: 0 }), claim(), fail()];
    expect(explained(limited)).toBe('Retry at 2026-12-24T08:00:05.000Z, after attempt 2 of 4 failed with SmtpError.');
    expect(explained(once, { settings: settingsOf({ tasks: { 'send-invoice': { maxAttempts: 3 } } }) })).toContain('attempt 1 of 3');
  });

  it('never shows an error’s message, which may hold anything', () => {
    const secret = { name: 'E', message: 'card 4111' };
    expect(explained([enqueue(), claim(), fail({ error: secret })])).not.toContain('4111');
    expect(explained([enqueue({ maxAttempts: 1 }), claim(), fail({ error: secret })])).not.toContain('4111');
  });

  it('after a snooze, and after a notification that SNS would not take', () => {
    expect(explained([enqueue(), claim(), snooze(START + DAY)])).toBe('Snoozed until 2026-12-25T08:00:00.000Z by its worker.');
    expect(explained([enqueue(), claim(), refuse()])).toBe(
      'Notified again at 2026-12-24T08:00:02.500Z, after SNS refused its notification with InvalidParameter (1 of 5 times).',
    );
  });

  it('that somebody has given it since: then that is why', () => {
    const rescheduled = [enqueue(), claim(), fail(), SECOND, reschedule({ dueAt: START + HOUR })];
    expect(explained(rescheduled)).toBe('Not due until 2026-12-24T09:00:00.000Z.');
    expect(explained([enqueue(), claim(), fail(), reschedule({ dueAt: START + HOUR })])).toBe('Not due until 2026-12-24T09:00:00.000Z.');
    const replayed = [enqueue({ maxAttempts: 1 }), claim(), fail(), SECOND, replay({ dueAt: START + HOUR })];
    expect(explained(replayed)).toBe('Not due until 2026-12-24T09:00:00.000Z.');
    expect(explained([...rescheduled, claim(), SECOND, snooze(START + DAY)])).toContain('Snoozed until');
    expect(explained([enqueue(), reschedule({ dueAt: START + HOUR })])).toBe('Not due until 2026-12-24T09:00:00.000Z.');
  });

  it('whose level alone has changed since: still as before', () => {
    expect(explained([enqueue(), claim(), fail(), SECOND, reprioritize('high')])).toContain('Retry at 2026-12-24T08:00:02.500Z');
    expect(explained([enqueue(), ...again(3, claim(), fail())])).toContain('after attempt 3 of 10 failed');
  });

  it('under a pause: that too', () => {
    expect(explained([enqueue({ dueAt: START + HOUR })], { valves: { app: 'paused', names: {} } })).toBe(
      'Not due until 2026-12-24T09:00:00.000Z; app billing is paused: nothing is notified until it is resumed.',
    );
    const limited = { app: { perMinute: 60, since: START }, names: {} };
    expect(explained([enqueue({ dueAt: START + HOUR })], { valves: limited })).toBe('Not due until 2026-12-24T09:00:00.000Z.');
  });
});

describe('a task that is due', () => {
  const SINCE = 'Due since 2026-12-24T08:00:00.000Z';

  it('has so many ahead of it, or at least so many, or is next', () => {
    expect(explained([enqueue()], { ahead: { count: 3, isMore: false } })).toBe(`${SINCE}, 3 ahead of it.`);
    expect(explained([enqueue()], { ahead: { count: 100, isMore: true } })).toBe(`${SINCE}, at least 100 ahead of it.`);
    expect(explained([enqueue()], { ahead: { count: 0, isMore: false } })).toBe(`${SINCE}, and next.`);
    expect(explained([enqueue()], { ahead: { count: 0, isMore: true } })).toBe(`${SINCE}.`);
    expect(explained([enqueue()])).toBe(`${SINCE}.`);
    expect(explained([enqueue(), moveToFront])).toBe('Due, at the front.');
    // By a clock that has stepped back, too: the place at the front is for what is due.
    expect(explained([enqueue(), moveToFront, -SECOND])).toBe('Due, at the front.');
  });

  it('counts as high once its deadline is reached', () => {
    const late = [enqueue({ deadlineAt: START + MINUTE }), MINUTE];
    expect(explained(late)).toBe(`${SINCE}, counted as high since its deadline 2026-12-24T08:01:00.000Z.`);
    expect(explained([enqueue({ level: 'high', deadlineAt: START + MINUTE }), MINUTE])).toBe(`${SINCE}.`);
  });

  it('waits while its app is at its in-flight limit, and not one below', () => {
    const settings = settingsOf({ maxInFlight: 50 });
    expect(explained([enqueue()], { settings, inFlight: 50, ahead: { count: 0, isMore: false } })).toBe(
      `${SINCE}, and next; app billing is at its in-flight limit (50 of 50 out).`,
    );
    expect(explained([enqueue()], { settings, inFlight: 49 })).toBe(`${SINCE}.`);
  });

  it('waits behind a pause or a rate of its app, of its name, or of both', () => {
    const slow = { perMinute: 60, since: START };
    expect(explained([enqueue()], { valves: { app: slow, names: { 'send-invoice': 'paused', other: 'paused' } } })).toBe(
      `${SINCE}; app billing is limited to 60 a minute; task name send-invoice is paused: nothing is notified until it is resumed.`,
    );
  });

  it('and worthless will be dead instead', () => {
    const expiring = [enqueue({ deadlineAt: START + MINUTE, traits: ['expires'] }), MINUTE + 1];
    expect(explained(expiring)).toBe(
      'Late since its deadline 2026-12-24T08:01:00.000Z and worthless then: it will be dead (deadline missed) instead of being notified.',
    );
  });
});

describe('a task that is out', () => {
  it('is leased until an instant, by which claim, in which attempt', () => {
    expect(explained([enqueue(), claim(), fail(), claim()])).toBe(
      'Leased by claim 2 until 2026-12-24T08:05:00.000Z (attempt 2 of 10); without a word from its worker by then it will be notified again.',
    );
  });

  it('exclusively: by whom', () => {
    expect(explained([enqueue({ traits: ['exclusive'] }), claim(), start('run-1')])).toContain(
      'Leased by claim 1, exclusively by run-1, until',
    );
  });

  it('whose lease is over will be notified again, or be dead after too many', () => {
    const over = [enqueue(), claim(), LEASE_OVER];
    expect(explained(over)).toBe(
      'The lease of claim 1 ended at 2026-12-24T08:05:00.000Z without a word from its worker (attempt 1 of 10): it will be notified again.',
    );
    expect(explained([enqueue(), claim(), LEASE_OVER - 1])).toContain('Leased by claim 1 until');
    const lost = again(MAX_DELIVERIES - 1, claim(), LEASE_OVER, expire());
    expect(explained([enqueue(), ...lost, claim()])).toContain('it will be dead (no worker answered, 5 times)');
    expect(explained([enqueue(), ...lost.slice(3), claim()])).toContain('it will be notified again');
  });
});

describe('a task that has ended', () => {
  it('completed, and by which claim, or as it was notified', () => {
    expect(explained([enqueue(), claim(), complete()])).toBe('Completed at 2026-12-24T08:00:00.000Z by claim 1.');
    expect(explained([enqueue({ traits: ['unacknowledged'] }), claim()])).toBe(
      'Completed at 2026-12-24T08:00:00.000Z, as it was notified: nobody has to acknowledge it.',
    );
  });

  it('cancelled, and how to bring it back', () => {
    expect(explained([enqueue(), cancel])).toBe(
      `Cancelled at 2026-12-24T08:00:00.000Z; it can be replayed until 2027-01-07T08:00:00.000Z: punctual replay ${ID}.`,
    );
  });

  it('dead, why, and how to replay it, or that it must not be', () => {
    const died = [enqueue({ maxAttempts: 1 }), claim(), fail()];
    expect(explained(died)).toBe(
      `Dead since 2026-12-24T08:00:00.000Z because its attempts are exhausted (1 of 1), the last error was SmtpError; it can be replayed until 2027-01-07T08:00:00.000Z: punctual replay ${ID}.`,
    );
    expect(explained([enqueue({ maxAttempts: 1, traits: ['unreplayable'] }), claim(), fail()])).toMatch(
      /SmtpError; it must not be replayed \(replayable: false\)\.$/,
    );
    expect(explained([enqueue(), ...again(MAX_DELIVERIES, claim(), LEASE_OVER, expire())])).toContain(
      'because no worker answered 5 notifications in a row; it can be replayed',
    );
    expect(explained([enqueue(), ...again(MAX_DELIVERIES, claim(), refuse())])).toContain(
      'because its notification was refused, the last error was InvalidParameter;',
    );
    const missed = [enqueue({ dueAt: START - 1, deadlineAt: START - 1, traits: ['expires'] }), miss];
    expect(explained(missed)).toContain('because its deadline was missed; it can be replayed');
    const failedOnce = [enqueue({ deadlineAt: START + MINUTE, traits: ['expires'] }), claim(), fail(), MINUTE + 1, miss];
    expect(explained(failedOnce)).toContain('because its deadline was missed; it can be replayed');
    const unreadable = { ...given(...missed).task(), deathReason: 'unreadable' } as const;
    expect(explainTask(unreadable, START, AROUND)).toContain('because its row could not be read as a task; it can be replayed');
  });

  it('whose row lacks what it should have still gets a sentence', () => {
    const {
      endedAt: _at,
      deathReason: _reason,
      expiresAtSeconds: _expires,
      ...damaged
    } = given(enqueue({ maxAttempts: 1 }), claim(), fail()).task();
    expect(explainTask(damaged, START, AROUND)).toBe(
      `Dead since an unknown instant because its attempts are exhausted (1 of 1), the last error was SmtpError; it can be replayed: punctual replay ${ID}.`,
    );
    const failed = given(enqueue(), claim(), fail()).task();
    const attempts = failed.attempts.map(({ error: _, ...attempt }) => attempt);
    expect(explainTask({ ...failed, attempts }, START, AROUND)).toBe('Retry at 2026-12-24T08:00:02.500Z, after attempt 1 of 10 failed.');
  });
});
