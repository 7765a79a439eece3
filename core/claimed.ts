import type { Action, Decision } from './actions.ts';
import { backoffMs } from './backoff.ts';
import { changed, ended, moved, placedAt, refused, unchanged } from './decision.ts';
import { demoted } from './order.ts';
import { type AppSettings, policyFor } from './policy.ts';
import {
  type Attempt,
  boundedError,
  HISTORY_LIMIT,
  LEASE_SKEW_MS,
  MAX_DELIVERIES,
  type Outcome,
  type Task,
  type TaskError,
} from './task.ts';

type Of<T extends Action['type']> = Action & { type: T };

/** Whether the row bears this claim, and it has not come to its end. */
const holds = (task: Task, claim: number): boolean => task.state === 'leased' && task.claim === claim;

const leaseLost = (task: Task): Decision => refused({ reason: 'lease lost', state: task.state, claim: task.claim });

/** A report counts while the row bears its claim; the same report again gets the same answer. */
function report(task: Task, claim: number, outcome: Outcome, now: number, apply: () => Task): Decision {
  if (holds(task, claim)) return changed(apply(), now);
  if (task.attempts.some((attempt) => attempt.claim === claim && attempt.outcome === outcome)) return unchanged(task);
  // What no worker need acknowledge may be acknowledged nevertheless.
  if (outcome === 'completed' && task.state === 'completed' && task.claim === claim) return unchanged(task);
  return leaseLost(task);
}

/** The one run of a worker that may do an exclusive task. The same holder may say so again: its answer may have been lost. */
export function start(task: Task, { claim, holder }: Of<'start'>, now: number): Decision {
  if (!holds(task, claim)) return leaseLost(task);
  if (task.holder === undefined) return changed({ ...task, holder }, now);
  return task.holder === holder ? unchanged(task) : refused({ reason: 'held', holder: task.holder });
}

export const complete = (task: Task, action: Of<'complete'>, now: number, settings: AppSettings): Decision =>
  report(task, action.claim, 'completed', now, () => ended(endClaim(task, now, 'completed', action), 'completed', now, settings));

export const snooze = (task: Task, { claim, until }: Of<'snooze'>, now: number): Decision =>
  report(task, claim, 'snoozed', now, () => waiting({ ...endClaim(task, now, 'snoozed'), deliveries: 0 }, until));

export const fail = (task: Task, action: Of<'fail'>, now: number, settings: AppSettings): Decision =>
  report(task, action.claim, 'failed', now, () => failed(task, action, now, settings));

function failed(task: Task, action: Of<'fail'>, now: number, settings: AppSettings): Task {
  const policy = policyFor(settings, task.name);
  const failures = task.consecutiveFailures + 1;
  const after: Task = {
    ...marked(endClaim(task, now, 'failed', action), action.fingerprint),
    attempt: task.attempt + 1,
    consecutiveFailures: failures,
    deliveries: 0,
  };
  if (after.attempt >= (task.maxAttempts ?? policy.maxAttempts)) {
    return ended({ ...after, deathReason: 'attempts exhausted' }, 'dead', now, settings);
  }
  return waiting(failures % policy.demoteAfter === 0 ? demote(after, now) : after, now + backoffMs(policy, failures, action.random));
}

function demote(task: Task, now: number): Task {
  const level = demoted(task.level);
  return level === task.level ? task : moved({ ...task, level }, { at: now, move: 'demoted', from: task.level, to: level });
}

/** A lease that ended without a word: a lost delivery, no attempt of anybody's. */
export function expire(task: Task, { claim, error, fingerprint }: Of<'expire'>, now: number, settings: AppSettings): Decision {
  if (holds(task, claim) && now < (task.leaseUntil ?? 0) + LEASE_SKEW_MS) {
    return refused({ reason: 'not expired', leaseUntil: task.leaseUntil ?? 0 });
  }
  return report(task, claim, 'expired', now, () => {
    const after = marked(endClaim(task, now, 'expired', error ? { error } : {}), fingerprint);
    return redelivered(after, task.dueAt, error ? 'notification refused' : 'no worker answered', now, settings);
  });
}

/** SNS will not take the notification as it is. Of an unacknowledged task too: it is not done before SNS has accepted it. */
export function refuse(task: Task, action: Of<'refuse'>, now: number, settings: AppSettings): Decision {
  // Completed by its claim, an unacknowledged task bears it still.
  const bearsClaim = task.claimedBy !== undefined && task.claim === action.claim;
  const { endedAt: _at, expiresAtSeconds: _expires, listed: _listed, ...open } = task;
  const claimed: Task = bearsClaim ? { ...open, state: 'leased' } : task;
  return report(claimed, action.claim, 'refused', now, () => {
    const after = marked(endClaim(claimed, now, 'refused', action), action.fingerprint);
    const again = now + backoffMs(policyFor(settings, task.name), task.deliveries + 1, action.random);
    return redelivered(after, again, 'notification refused', now, settings);
  });
}

/** To be told again, if that has not been tried too often. */
function redelivered(
  task: Task,
  dueAt: number,
  deathReason: 'no worker answered' | 'notification refused',
  now: number,
  settings: AppSettings,
): Task {
  const after = { ...task, deliveries: task.deliveries + 1 };
  return after.deliveries >= MAX_DELIVERIES ? ended({ ...after, deathReason }, 'dead', now, settings) : waiting(after, dueAt);
}

export function extend(task: Task, action: Of<'extend'>, now: number, settings: AppSettings): Decision {
  if (!holds(task, action.claim)) return leaseLost(task);
  const leaseUntil = now + (action.leaseMs ?? policyFor(settings, task.name).leaseMs);
  // Never shorter: the worker may already rely on what it was granted.
  return leaseUntil <= (task.leaseUntil ?? 0) ? unchanged(task) : changed({ ...task, leaseUntil }, now);
}

/** The claim moves into the history, and the task is nobody's. */
export function endClaim(task: Task, now: number, outcome: Outcome, details: { error?: TaskError; worker?: string } = {}): Task {
  const { claimedBy: _by, claimedAt = now, claimedLevel: _level, leaseUntil: _until, holder: _holder, ...rest } = task;
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

const marked = (task: Task, fingerprint: string | undefined): Task => (fingerprint === undefined ? task : { ...task, fingerprint });

/** Scheduled again. */
const waiting = (task: Task, dueAt: number): Task => ({ ...task, state: 'scheduled', ...placedAt(task, dueAt) });
