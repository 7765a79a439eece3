import type { Decision, Refusal } from './actions.ts';
import type { AppSettings } from './policy.ts';
import { HISTORY_LIMIT, hasTrait, type Move, type Task } from './task.ts';

export const unchanged = (task: Task): Decision => ({ kind: 'unchanged', task });
export const refused = (refusal: Refusal): Decision => ({ kind: 'refused', refusal });

/** A task to be written: its revision raised, and marked as late by the first write after its deadline. */
export function changed(task: Task, now: number): Decision {
  const missed = isNewlyLate(task, now);
  return { kind: 'changed', missed, task: { ...(missed ? markedLate(task) : task), rev: task.rev + 1 } };
}

/**
 * A waiting task that somebody has changed their mind about. Not a word of its deadline: whether that is missed is told when
 * the task is claimed, or dies of it, so that none but the system's own writers need tell.
 */
export const edited = (task: Task): Decision => ({ kind: 'changed', missed: false, task: { ...task, rev: task.rev + 1 } });

/** Whether the deadline has passed and no write has said so yet. */
export const isNewlyLate = (task: Pick<Task, 'deadlineAt' | 'traits'>, now: number): boolean =>
  task.deadlineAt !== undefined && task.deadlineAt < now && !hasTrait(task, 'late');

/** Whether the claim that the task bears was the first write after its deadline: then whoever tells of the one tells of the other. */
export function isLateByClaim(task: Task): boolean {
  const { deadlineAt = Number.POSITIVE_INFINITY, claimedAt = 0, attempts } = task;
  return hasTrait(task, 'late') && deadlineAt < claimedAt && (attempts.at(-1)?.endedAt ?? 0) <= deadlineAt;
}

export const markedLate = <T extends Pick<Task, 'traits'>>(task: T): T => ({ ...task, traits: [...(task.traits ?? []), 'late'] });

/** Without the mark of a missed deadline: the task has another one, or none. */
export function unmarkedLate({ traits, ...task }: Task): Task {
  const rest = (traits ?? []).filter((trait) => trait !== 'late');
  return rest.length > 0 ? { ...task, traits: rest } : task;
}

/** Where a task stands by a date: a place at the front was for a task without one, so a new date takes it away. */
export const placedAt = (task: Task, dueAt: number): Pick<Task, 'dueAt' | 'position'> => ({
  dueAt,
  position: dueAt === task.dueAt ? task.position : 'back',
});

/** A move into the history, which is bounded. */
export function moved(task: Task, move: Move): Task {
  const moves = [...(task.moves ?? []), move];
  const dropped = Math.max(0, moves.length - HISTORY_LIMIT);
  return { ...task, moves: moves.slice(dropped), ...(dropped > 0 ? { movesDropped: (task.movesDropped ?? 0) + dropped } : {}) };
}

/** What a terminal state says of a task; the history stays for the retention from here. */
export const ending = (
  state: 'completed' | 'cancelled' | 'dead',
  now: number,
  settings: AppSettings,
): Pick<Task, 'state' | 'endedAt' | 'expiresAtSeconds' | 'listed'> => ({
  state,
  endedAt: now,
  expiresAtSeconds: Math.ceil((now + settings.retentionMs) / 1_000),
  ...(state === 'completed' && settings.listCompleted ? { listed: true } : {}),
});

export const ended = (task: Task, state: 'completed' | 'cancelled' | 'dead', now: number, settings: AppSettings): Task => ({
  ...task,
  ...ending(state, now, settings),
});
