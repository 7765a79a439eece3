import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../core/policy.ts';
import { LEASE_SKEW_MS } from '../../core/task.ts';
import {
  again,
  cancel,
  claim,
  complete,
  DAY,
  enqueue,
  expire,
  extend,
  fail,
  given,
  HOUR,
  MINUTE,
  reschedule,
  SECOND,
  START,
  snooze,
} from './given.ts';

const LEASE = DEFAULT_POLICY.leaseMs;
const LEASE_OVER = LEASE + LEASE_SKEW_MS;
const failedClaim = [claim(), fail(), HOUR] as const;
const lostDelivery = [claim(), LEASE_OVER, expire()] as const;

describe('enqueue', () => {
  it('makes a scheduled task with all its counts at 0, at revision 1', () => {
    given()
      .when(enqueue({ deadlineAt: START + HOUR, maxAttempts: 4 }))
      .thenChanged({ state: 'scheduled', rev: 1, claim: 0, attempt: 0, deliveries: 0, consecutiveFailures: 0, createdAt: START });
  });

  it('the same request again is the same task, whatever has become of it', () => {
    given(enqueue(), claim(), complete()).when(enqueue()).thenUnchanged();
  });

  it('the same key with another request is a conflict', () => {
    given(enqueue())
      .when(enqueue({ request: 'digest-2' }))
      .thenRefused({ reason: 'idempotency conflict' });
  });

  it('a place at the front is for a task that is due: a date to come wins', () => {
    given()
      .when(enqueue({ position: 'front', dueAt: START }))
      .thenChanged({ position: 'front' });
    given()
      .when(enqueue({ position: 'front', dueAt: START + 1 }))
      .thenChanged({ position: 'back' });
  });
});

describe('claim', () => {
  it('leases the task to its claimer, as the level it was claimed as', () => {
    given(enqueue(), SECOND)
      .when(claim({ by: '3.1.nonce', level: 'high', leaseUntil: START + LEASE }))
      .thenChanged({
        state: 'leased',
        claim: 1,
        claimedAt: START + SECOND,
        claimedBy: '3.1.nonce',
        claimedLevel: 'high',
        level: 'medium',
        leaseUntil: START + LEASE,
      });
  });

  it('counts on from the claim before', () => {
    given(enqueue(), ...again(3, ...failedClaim))
      .when(claim())
      .thenChanged({ claim: 4 });
  });

  it('is refused on a revision that has moved on, and says which one holds', () => {
    given(enqueue(), reschedule({ dueAt: START + HOUR }))
      .when(claim({ rev: 1 }))
      .thenRefused({ reason: 'moved on', rev: 2 });
  });

  it('is refused while the task is leased: at most one live lease', () => {
    given(enqueue(), claim())
      .when(claim())
      .thenRefused({ reason: 'wrong state', state: 'leased', allowed: ['scheduled'] });
  });
});

describe('fencing: a report counts only under the claim that holds', () => {
  const secondClaim = [enqueue(), ...lostDelivery, claim()];

  it('a stale report is refused, and told the state and the claim', () => {
    for (const stale of [complete(1), fail({ claim: 1 }), extend(HOUR, 1), snooze(START + DAY, 1)]) {
      given(...secondClaim)
        .when(stale)
        .thenRefused({ reason: 'lease lost', state: 'leased', claim: 2 });
    }
  });

  it('the same report twice is taken once', () => {
    given(enqueue(), claim(), complete()).when(complete(1)).thenUnchanged();
    given(enqueue(), claim(), fail())
      .when(fail({ claim: 1 }))
      .thenUnchanged();
    given(enqueue(), claim(), snooze(START + HOUR))
      .when(snooze(START + HOUR, 1))
      .thenUnchanged();
    given(enqueue(), ...lostDelivery)
      .when(expire(1))
      .thenUnchanged();
  });

  it('the same report comes late, after the task was claimed again: still taken once', () => {
    given(enqueue(), claim(), fail(), claim())
      .when(fail({ claim: 1 }))
      .thenUnchanged();
  });

  it('another report under an ended claim is refused', () => {
    given(enqueue(), claim(), fail()).when(complete(1)).thenRefused({ reason: 'lease lost', state: 'scheduled', claim: 1 });
  });

  it('a report after the lease has ended counts, as long as nobody has claimed the task since', () => {
    given(enqueue(), claim(), DAY).when(complete()).thenChanged({ state: 'completed' });
  });
});

describe('complete', () => {
  it('ends the task and writes the claim into its history', () => {
    const task = given(enqueue(), claim(), MINUTE)
      .when(complete())
      .thenChanged({ state: 'completed', endedAt: START + MINUTE, attempt: 0 });
    expect(task.attempts).toEqual([{ claim: 1, claimedAt: START, endedAt: START + MINUTE, outcome: 'completed', worker: 'worker-1' }]);
  });

  it('leaves nothing of the lease on the row', () => {
    const task = given(enqueue(), claim()).when(complete()).task();
    for (const field of ['claimedBy', 'claimedAt', 'claimedLevel', 'leaseUntil']) expect(task).not.toHaveProperty(field);
  });
});

describe('extend', () => {
  it('grants the lease asked for, or the policy lease, from now', () => {
    given(enqueue(), claim(), MINUTE)
      .when(extend(HOUR))
      .thenChanged({ leaseUntil: START + MINUTE + HOUR, claim: 1 });
    given(enqueue(), claim(), MINUTE)
      .when(extend())
      .thenChanged({ leaseUntil: START + MINUTE + LEASE });
  });

  it('never shortens', () => {
    given(enqueue(), claim()).when(extend(SECOND)).thenUnchanged();
    given(enqueue(), claim()).when(extend(LEASE)).thenUnchanged();
    given(enqueue(), claim())
      .when(extend(LEASE + 1))
      .thenChanged({ leaseUntil: START + LEASE + 1 });
  });

  it('is by the exception of its name, where there is one', () => {
    given(enqueue(), claim())
      .under({ tasks: { 'send-invoice': { leaseMs: HOUR } } })
      .when(extend())
      .thenChanged({ leaseUntil: START + HOUR });
  });
});

describe('snooze', () => {
  it('comes back at the instant asked for, and spends no attempt', () => {
    given(enqueue({ position: 'front' }), ...lostDelivery, claim())
      .when(snooze(START + DAY))
      .thenChanged({ state: 'scheduled', dueAt: START + DAY, position: 'back', attempt: 0, deliveries: 0, consecutiveFailures: 0 });
  });
});

describe('cancel: wins or is refused with the state it found', () => {
  it('wins over a task that waits, also for its retry', () => {
    given(enqueue()).when(cancel).thenChanged({ state: 'cancelled', endedAt: START });
    given(enqueue(), ...failedClaim)
      .when(cancel)
      .thenChanged({ state: 'cancelled' });
    given(enqueue(), cancel).when(cancel).thenUnchanged();
  });

  it('a cancelled task is never claimed', () => {
    given(enqueue(), cancel)
      .when(claim())
      .thenRefused({ reason: 'wrong state', state: 'cancelled', allowed: ['scheduled'] });
  });

  it('loses against a claim and an end', () => {
    given(enqueue(), claim())
      .when(cancel)
      .thenRefused({ reason: 'wrong state', state: 'leased', allowed: ['scheduled'] });
    given(enqueue(), claim(), complete())
      .when(cancel)
      .thenRefused({ reason: 'wrong state', state: 'completed', allowed: ['scheduled'] });
  });
});

describe('reschedule', () => {
  it('changes the date, the deadline, or both', () => {
    const deadlineAt = START + DAY;
    given(enqueue())
      .when(reschedule({ dueAt: START + HOUR }))
      .thenChanged({ dueAt: START + HOUR, rev: 2 });
    given(enqueue()).when(reschedule({ deadlineAt })).thenChanged({ dueAt: START, deadlineAt });
    given(enqueue({ deadlineAt }))
      .when(reschedule({ dueAt: START + HOUR }))
      .thenChanged({ dueAt: START + HOUR, deadlineAt });
  });

  it('null takes the deadline away', () => {
    expect(
      given(enqueue({ deadlineAt: START + DAY }))
        .when(reschedule({ deadlineAt: null }))
        .task(),
    ).not.toHaveProperty('deadlineAt');
    given(enqueue())
      .when(reschedule({ deadlineAt: null }))
      .thenUnchanged();
  });

  it('refuses a deadline before the date, also where only one of them is new', () => {
    const refusal = { reason: 'deadline before date', dueAt: START + 2, deadlineAt: START + 1 } as const;
    given(enqueue({ dueAt: START + 2 }))
      .when(reschedule({ deadlineAt: START + 1 }))
      .thenRefused(refusal);
    given(enqueue({ deadlineAt: START + 1 }))
      .when(reschedule({ dueAt: START + 2 }))
      .thenRefused(refusal);
    given(enqueue())
      .when(reschedule({ dueAt: START + 1, deadlineAt: START + 1 }))
      .thenChanged({ deadlineAt: START + 1 });
  });

  it('a new date gives up the place at the front, a new deadline does not', () => {
    given(enqueue({ position: 'front' }))
      .when(reschedule({ dueAt: START + HOUR }))
      .thenChanged({ position: 'back' });
    given(enqueue({ position: 'front' }))
      .when(reschedule({ deadlineAt: START + HOUR }))
      .thenChanged({ position: 'front' });
  });
});
