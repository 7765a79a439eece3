import type { Action, Decision } from './actions.ts';
import { endClaim } from './claimed.ts';
import { changed, moved, refused, unchanged, unmarkedLate } from './decision.ts';
import { hasTrait, isTerminal, type Task } from './task.ts';

/**
 * The way back from an end: it waits again with its attempts unspent, and its history says so. Asked again before anybody
 * has done anything with it, it is applied anew where it asks for another date or payload: the answer never says more than is true.
 */
export function replay(task: Task, action: Action & { type: 'replay' }, now: number): Decision {
  if (!isTerminal(task.state)) {
    if (!isJustReplayed(task)) return refused({ reason: 'wrong state', state: task.state, allowed: ['dead', 'cancelled', 'completed'] });
    const { dueAt = task.dueAt, payload = task.payload } = action;
    if (dueAt === task.dueAt && payload === task.payload) return unchanged(task);
  }
  if (hasTrait(task, 'unreplayable')) return refused({ reason: 'not replayable' });
  const dueAt = action.dueAt ?? now;
  const {
    endedAt: _endedAt,
    deathReason: _reason,
    expiresAtSeconds: _expires,
    listed: _listed,
    fingerprint: _fingerprint,
    ...rest
  } = withoutPassedDeadline(withClaimEnded(task, now), Math.max(dueAt, now));
  const again: Task = {
    ...rest,
    state: 'scheduled',
    position: 'back',
    dueAt,
    arrival: action.arrival,
    attempt: 0,
    deliveries: 0,
    consecutiveFailures: 0,
    ...(action.payload === undefined ? {} : { payload: action.payload }),
  };
  return changed(moved(again, { at: now, move: 'replayed' }), now);
}

/** Whether nothing has been done with the task since it was replayed. */
const isJustReplayed = ({ state, moves, attempts }: Task): boolean => {
  const last = moves?.at(-1);
  return state === 'scheduled' && last?.move === 'replayed' && (attempts.at(-1)?.endedAt ?? 0) <= last.at;
};

/** An unacknowledged task has ended with its claim still on it: that moves into the history. */
const withClaimEnded = (task: Task, now: number): Task =>
  task.claimedBy === undefined ? task : endClaim(task, task.endedAt ?? now, 'completed');

/** A deadline that is missed before it can be notified is no deadline for what comes now. */
function withoutPassedDeadline(task: Task, notBefore: number): Task {
  const { deadlineAt, ...rest } = unmarkedLate(task);
  return deadlineAt === undefined || deadlineAt < notBefore ? rest : { ...rest, deadlineAt };
}
