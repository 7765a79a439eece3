import type { Action, Decision } from './actions.ts';
import { changed, edited, ended, moved, placedAt, refused, unchanged, unmarkedLate } from './decision.ts';
import type { AppSettings } from './policy.ts';
import { hasTrait, type Task } from './task.ts';

type Of<T extends Action['type']> = Action & { type: T };

const notWaiting = (task: Task): Decision => refused({ reason: 'wrong state', state: task.state, allowed: ['scheduled'] });

/** Mirrored by the dispatcher's batched statement, which writes without reading; a test holds the two equal. */
export function claim(task: Task, action: Of<'claim'>, now: number, settings: AppSettings): Decision {
  if (task.state !== 'scheduled') return notWaiting(task);
  if (task.rev !== action.rev) return refused({ reason: 'moved on', rev: task.rev });
  const claimed: Task = {
    ...task,
    state: 'leased',
    claim: task.claim + 1,
    claimedBy: action.by,
    claimedAt: now,
    claimedLevel: action.level,
    leaseUntil: action.leaseUntil,
  };
  return changed(hasTrait(task, 'unacknowledged') ? ended(claimed, 'completed', now, settings) : claimed, now);
}

/** Whether a waiting task is worthless now: its deadline has passed, and it or its app says that it is of no use then. */
export const isWorthless = (task: Pick<Task, 'deadlineAt' | 'traits'>, now: number, settings: Pick<AppSettings, 'whenLate'>): boolean =>
  task.deadlineAt !== undefined && task.deadlineAt < now && (settings.whenLate === 'expire' || hasTrait(task, 'expires'));

export function miss(task: Task, { fingerprint }: Of<'miss'>, now: number, settings: AppSettings): Decision {
  if (task.deathReason === 'deadline missed') return unchanged(task);
  if (task.state !== 'scheduled') return notWaiting(task);
  if (!isWorthless(task, now, settings)) return refused({ reason: 'not worthless' });
  const marked: Task = fingerprint === undefined ? task : { ...task, fingerprint };
  return changed(ended({ ...marked, deathReason: 'deadline missed' }, 'dead', now, settings), now);
}

export function cancel(task: Task, now: number, settings: AppSettings): Decision {
  if (task.state === 'cancelled') return unchanged(task);
  if (task.state !== 'scheduled') return notWaiting(task);
  return edited(ended(task, 'cancelled', now, settings));
}

export function reschedule(task: Task, action: Of<'reschedule'>, now: number): Decision {
  if (task.state !== 'scheduled') return notWaiting(task);
  const dueAt = action.dueAt ?? task.dueAt;
  const deadlineAt = action.deadlineAt === undefined ? task.deadlineAt : (action.deadlineAt ?? undefined);
  if (dueAt === task.dueAt && deadlineAt === task.deadlineAt) return unchanged(task);
  // A deadline that is taken back before its miss was told is not told of: it is the app that changed its mind.
  // After a retry or a snooze the date is ours, not the app's: a deadline may well lie before it.
  const isAsked = action.dueAt !== undefined || task.attempts.length === 0;
  if (isAsked && deadlineAt !== undefined && deadlineAt < dueAt) return refused({ reason: 'deadline before date', dueAt, deadlineAt });
  const { deadlineAt: _, ...rest } = deadlineAt === task.deadlineAt ? task : unmarkedLate(task);
  const after: Task = { ...rest, ...placedAt(task, dueAt), ...(deadlineAt === undefined ? {} : { deadlineAt }) };
  return edited(moved(after, { at: now, move: 'rescheduled', ...(dueAt === task.dueAt ? {} : { from: task.dueAt, to: dueAt }) }));
}

export function reprioritize(task: Task, { level }: Of<'reprioritize'>, now: number): Decision {
  if (task.state !== 'scheduled') return notWaiting(task);
  if (task.level === level) return unchanged(task);
  return edited(moved({ ...task, level }, { at: now, move: 'reprioritized', from: task.level, to: level }));
}

/** Ahead of all that wait at its level, those at the front included. Only what is due has a place to leave. */
export function moveToFront(task: Task, { arrival }: Of<'moveToFront'>, now: number): Decision {
  if (task.state !== 'scheduled') return notWaiting(task);
  if (task.position === 'back' && task.dueAt > now) return refused({ reason: 'not due', dueAt: task.dueAt });
  return edited(moved({ ...task, position: 'front', arrival }, { at: now, move: 'moved to front' }));
}
