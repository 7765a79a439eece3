import type { Enqueued, NextTask } from '../contract/submit.ts';
import type { TaskView } from '../contract/view.ts';
import { STATES } from '../core/task.ts';
import type { Fields } from './check.ts';
import { unexpected } from './Door.ts';

/** An answer, or one result of it, as the task it tells of: what every caller relies on is checked, the rest is passed on. */
export function enqueuedOf(answer: Fields): Enqueued {
  if (!isTask(answer) || typeof answer.created !== 'boolean') throw unexpected('an enqueued task (id, created, state, dueAt)');
  const { v: _version, ok: _ok, ...enqueued } = answer;
  return enqueued as unknown as Enqueued;
}

/** The task of an answer. */
export function taskOf({ task }: Fields): TaskView {
  if (typeof task !== 'object' || task === null || !isTask(task as Fields)) throw unexpected('a task (id, state, dueAt)');
  return task as TaskView;
}

/** The tasks that an answer shows as next. */
export function nextOf({ next }: Fields): readonly NextTask[] {
  if (!Array.isArray(next) || !next.every((task) => typeof task?.id === 'string')) throw unexpected('the next tasks');
  return next;
}

const isTask = ({ id, state, dueAt }: Fields): boolean =>
  typeof id === 'string' && typeof dueAt === 'string' && (STATES as readonly unknown[]).includes(state);
