import type { Action, Decision, NewTask, Refusal } from './actions.ts';
import { backoffMs } from './backoff.ts';
import { demoted } from './order.ts';
import { type AppSettings, policyFor } from './policy.ts';
import {
  type Attempt,
  boundedError,
  HISTORY_LIMIT,
  isExpired,
  LEASE_SKEW_MS,
  MAX_DELIVERIES,
  type Outcome,
  type Task,
  type TaskError,
} from './task.ts';

/**
 * The one place where a task changes: what comes of `action` on `task` (undefined: there is none) at `now`.
 * Pure. The caller writes a changed task on the condition that its `rev` is still the one decided upon.
 */
export function decide(task: Task | undefined, action: Action, now: number, settings: AppSettings): Decision {
  if (action.type === 'enqueue') return enqueue(task, action.task, now);
  if (!task || isExpired(task, now)) return refused({ reason: 'not found' });
  switch (action.type) {
    case 'claim':
      return claim(task, action, now);
    case 'complete':
      return report(task, action.claim, 'completed', () => ended(endClaim(task, now, 'completed', action), 'completed', now, settings));
    case 'fail':
      return report(task, action.claim, 'failed', () => fail(task, action, now, settings));
    case 'expire':
      return expire(task, action.claim, now, settings);
    case 'extend':
      return extend(task, action, now, settings);
    case 'snooze':
      return report(task, action.claim, 'snoozed', () => waiting({ ...endClaim(task, now, 'snoozed'), deliveries: 0 }, action.until));
    case 'cancel':
      return cancel(task, now, settings);
    case 'reschedule':
      return reschedule(task, action);
    default:
      return action satisfies never;
  }
}

const changed = (task: Task): Decision => ({ kind: 'changed', task: { ...task, rev: task.rev + 1 } });
const unchanged = (task: Task): Decision => ({ kind: 'unchanged', task });
const refused = (refusal: Refusal): Decision => ({ kind: 'refused', refusal });

function enqueue(existing: Task | undefined, request: NewTask, now: number): Decision {
  // A key is held until the history behind it has expired, whether or not TTL has deleted the row yet.
  const held = existing && !isExpired(existing, now);
  if (held) return existing.request === request.request ? unchanged(existing) : refused({ reason: 'idempotency conflict' });
  return changed({
    ...request,
    // The front's key carries no instant and counts as due: a date to come wins over the place, or it would be notified early.
    position: request.dueAt > now ? 'back' : request.position,
    createdAt: now,
    state: 'scheduled',
    // Over an expired row they go on: neither may ever fall.
    rev: existing?.rev ?? 0,
    claim: existing?.claim ?? 0,
    attempt: 0,
    deliveries: 0,
    consecutiveFailures: 0,
    attempts: [],
    attemptsDropped: existing?.claim ?? 0,
  });
}

/** Mirrored by the store's batched statement, which writes without reading; a test holds the two equal. */
function claim(task: Task, action: Action & { type: 'claim' }, now: number): Decision {
  if (task.state !== 'scheduled') return refused({ reason: 'wrong state', state: task.state, allowed: ['scheduled'] });
  if (task.rev !== action.rev) return refused({ reason: 'moved on', rev: task.rev });
  return changed({
    ...task,
    state: 'leased',
    claim: task.claim + 1,
    claimedBy: action.by,
    claimedAt: now,
    claimedLevel: action.level,
    leaseUntil: action.leaseUntil,
  });
}

/** A report counts while the row bears its claim; the same report again gets the same answer. */
function report(task: Task, claim: number, outcome: Outcome, apply: () => Task): Decision {
  if (task.state === 'leased' && task.claim === claim) return changed(apply());
  if (task.attempts.some((attempt) => attempt.claim === claim && attempt.outcome === outcome)) return unchanged(task);
  return refused({ reason: 'lease lost', state: task.state, claim: task.claim });
}

function fail(task: Task, { error, worker, random }: Action & { type: 'fail' }, now: number, settings: AppSettings): Task {
  const policy = policyFor(settings, task.name);
  const failures = task.consecutiveFailures + 1;
  const after: Task = {
    ...endClaim(task, now, 'failed', { error, ...(worker === undefined ? {} : { worker }) }),
    attempt: task.attempt + 1,
    consecutiveFailures: failures,
    deliveries: 0,
  };
  if (after.attempt >= (task.maxAttempts ?? policy.maxAttempts)) {
    return ended({ ...after, deathReason: 'attempts exhausted' }, 'dead', now, settings);
  }
  const level = failures % policy.demoteAfter === 0 ? demoted(task.level) : task.level;
  return waiting({ ...after, level }, now + backoffMs(policy, failures, random));
}

function expire(task: Task, claim: number, now: number, settings: AppSettings): Decision {
  if (task.state === 'leased' && task.claim === claim && now < (task.leaseUntil ?? 0) + LEASE_SKEW_MS) {
    return refused({ reason: 'not expired', leaseUntil: task.leaseUntil ?? 0 });
  }
  return report(task, claim, 'expired', () => {
    const after = { ...endClaim(task, now, 'expired'), deliveries: task.deliveries + 1 };
    return after.deliveries >= MAX_DELIVERIES
      ? ended({ ...after, deathReason: 'no worker answered' }, 'dead', now, settings)
      : waiting(after, task.dueAt);
  });
}

function extend(task: Task, action: Action & { type: 'extend' }, now: number, settings: AppSettings): Decision {
  if (task.state !== 'leased' || task.claim !== action.claim)
    return refused({ reason: 'lease lost', state: task.state, claim: task.claim });
  const leaseUntil = now + (action.leaseMs ?? policyFor(settings, task.name).leaseMs);
  // Never shorter: the worker may already rely on what it was granted.
  return leaseUntil <= (task.leaseUntil ?? 0) ? unchanged(task) : changed({ ...task, leaseUntil });
}

function cancel(task: Task, now: number, settings: AppSettings): Decision {
  if (task.state === 'cancelled') return unchanged(task);
  if (task.state !== 'scheduled') return refused({ reason: 'wrong state', state: task.state, allowed: ['scheduled'] });
  return changed(ended(task, 'cancelled', now, settings));
}

function reschedule(task: Task, action: Action & { type: 'reschedule' }): Decision {
  if (task.state !== 'scheduled') return refused({ reason: 'wrong state', state: task.state, allowed: ['scheduled'] });
  const dueAt = action.dueAt ?? task.dueAt;
  const deadlineAt = action.deadlineAt === undefined ? task.deadlineAt : (action.deadlineAt ?? undefined);
  if (dueAt === task.dueAt && deadlineAt === task.deadlineAt) return unchanged(task);
  // After a retry or a snooze the date is ours, not the app's: a deadline may well lie before it.
  const isAsked = action.dueAt !== undefined || task.attempts.length === 0;
  if (isAsked && deadlineAt !== undefined && deadlineAt < dueAt) return refused({ reason: 'deadline before date', dueAt, deadlineAt });
  const { deadlineAt: _, ...rest } = task;
  // A task with a new date waits for it: its place at the front was for a task without one.
  const position = action.dueAt === undefined ? task.position : 'back';
  return changed({ ...rest, dueAt, position, ...(deadlineAt === undefined ? {} : { deadlineAt }) });
}

/** The claim moves into the history, and the task is nobody's. */
function endClaim(task: Task, now: number, outcome: Outcome, details: { error?: TaskError; worker?: string } = {}): Task {
  const { claimedBy: _by, claimedAt = now, claimedLevel: _level, leaseUntil: _until, ...rest } = task;
  const attempt: Attempt = {
    claim: task.claim,
    claimedAt,
    endedAt: now,
    outcome,
    ...(details.error ? { error: boundedError(details.error) } : {}),
    ...(details.worker === undefined ? {} : { worker: details.worker }),
  };
  const attempts = [...task.attempts, attempt];
  const dropped = Math.max(0, attempts.length - HISTORY_LIMIT);
  return { ...rest, attempts: attempts.slice(dropped), attemptsDropped: task.attemptsDropped + dropped };
}

/** Scheduled again, in its place by date: being at the front was for its first time only if it has a new date. */
const waiting = (task: Task, dueAt: number): Task => ({
  ...task,
  state: 'scheduled',
  dueAt,
  position: dueAt === task.dueAt ? task.position : 'back',
});

/** A terminal state; the history stays for the retention from here. */
const ended = (task: Task, state: 'completed' | 'cancelled' | 'dead', now: number, settings: AppSettings): Task => ({
  ...task,
  state,
  endedAt: now,
  expiresAtSeconds: Math.ceil((now + settings.retentionMs) / 1_000),
});
