import type { ListedTask, NextTask } from '../../contract/tasks.ts';
import type { TaskView, TimelineView } from '../../contract/view.ts';
import type { Moments } from '../moments.ts';
import { columns, pairs, plain } from './columns.ts';

/** A task with its life so far, and what happens next. */
export function taskText(task: TaskView, explanation: string, moments: Moments): string {
  const traits = [
    task.acknowledge === false ? 'not acknowledged' : '',
    task.exclusive ? 'exclusive' : '',
    task.expiresAfterDeadline ? 'expires after its deadline' : '',
    task.replayable === false ? 'not replayable' : '',
  ].filter((trait) => trait !== '');
  const facts = pairs([
    ['state', task.state + (task.deathReason === undefined ? '' : `: ${task.deathReason}`)],
    ['due', moments.show(task.dueAt)],
    ['deadline', task.deadlineAt && moments.show(task.deadlineAt)],
    ['priority', `${task.priority}${task.position === 'front' ? ', at the front' : ''}`],
    ['attempts', `${task.attempt} spent, claim ${task.claim}`],
    ['leased until', task.leaseUntil && moments.show(task.leaseUntil)],
    ['ended', task.endedAt && moments.show(task.endedAt)],
    ['made as', traits.length > 0 ? traits.join(', ') : undefined],
    ['error', task.fingerprint && `${task.fingerprint} (punctual errors show --app ${task.app} ${task.fingerprint})`],
    ['payload', JSON.stringify(task.payload)],
    ['now', moments.within(explanation)],
  ]);
  const line = ({ at }: TimelineView, text: string) => `    ${moments.clock(at).padEnd('2026-12-24 09:00:00'.length)}  ${plain(text)}\n`;
  const life = task.timeline.map((one) => line(one, moments.within(one.text))).join('');
  const next = task.next.map((one) => line(one, `${one.text} (${moments.away(one.at)})`)).join('');
  return `${task.id}  ${plain(task.name)}, version ${task.version}\n${facts}  timeline\n${life}${next && `  next\n${next}`}`;
}

/** A page of tasks; only the first has headings. */
export function listText(tasks: readonly ListedTask[], moments: Moments, isFirst = true): string {
  if (tasks.length === 0) return 'No task.\n';
  const rows = tasks.map((task) => [
    task.id,
    task.name,
    String(task.version),
    task.state,
    task.priority,
    task.dueAt === undefined ? 'due, at the front' : moments.show(task.dueAt),
    endOf(task, moments),
  ]);
  return columns(isFirst ? ['id', 'name', 'version', 'state', 'priority', 'due', ''] : [], rows);
}

function endOf({ endedAt, leaseUntil, deadlineAt }: ListedTask, moments: Moments): string {
  if (endedAt !== undefined) return `ended ${moments.show(endedAt)}`;
  if (leaseUntil !== undefined) return `leased until ${moments.show(leaseUntil)}`;
  return deadlineAt === undefined ? '' : `deadline ${moments.show(deadlineAt)}`;
}

/** What is next, in order. */
export function nextText(tasks: readonly NextTask[], moments: Moments): string {
  if (tasks.length === 0) return 'Nothing waits.\n';
  const rows = tasks.map((task, index) => [
    String(index + 1),
    task.predictedAt === undefined ? 'when a task in flight ends' : moments.show(task.predictedAt),
    task.priority,
    task.name,
    task.id,
    task.deadlineAt === undefined ? '' : `deadline ${moments.show(task.deadlineAt)}`,
  ]);
  return columns(['', 'notified', 'priority', 'name', 'id', ''], rows);
}
