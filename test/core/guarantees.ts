import type { Action, Decision } from '../../core/actions.ts';
import { HISTORY_LIMIT, hasTrait, isTerminal, LEVELS, MAX_DELIVERIES, type State, type Task } from '../../core/task.ts';

const LEGAL: Record<State, readonly State[]> = {
  // Straight to its end: cancelled, missed, or claimed where nobody need acknowledge.
  scheduled: ['scheduled', 'leased', 'cancelled', 'dead', 'completed'],
  leased: ['leased', 'scheduled', 'completed', 'dead'],
  completed: [],
  cancelled: [],
  dead: [],
};

/** What must hold of any decision. Each line is a guarantee; the ones that are broken come back. */
export function broken(before: Task | undefined, action: Action, now: number, decision: Decision, maxAttempts: number): string[] {
  if (decision.kind === 'unchanged') return decision.task === before ? [] : ['unchanged gives the very task that was there'];
  if (decision.kind === 'refused') return [];
  const { task } = decision;
  const rules = {
    ...rulesOfTask(task, maxAttempts),
    ...(before && action.type !== 'enqueue'
      ? { ...rulesOfChange(before, action, task), ...rulesOfPlace(before, action, task), ...rulesOfMark(before, action, now, decision) }
      : rulesOfBirth(before, action, task, now)),
  };
  return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [rule]));
}

const rulesOfBirth = (before: Task | undefined, action: Action, task: Task, now: number) => ({
  'only enqueue makes a task': action.type === 'enqueue',
  'only where there is none, or its history has expired': before === undefined || (before.expiresAtSeconds ?? Infinity) * 1_000 <= now,
  'a task is born scheduled, at the next revision, unclaimed':
    task.state === 'scheduled' && task.rev === (before?.rev ?? 0) + 1 && task.claim === (before?.claim ?? 0),
  'a front task is due: its key says so': task.position === 'back' || task.dueAt <= now,
});

/** Refused by SNS, a task that nobody need acknowledge was not done after all. */
const isUndone = (before: Task, action: Action) => action.type === 'refuse' && before.claimedBy !== undefined && isUnacknowledged(before);
const isUnacknowledged = (task: Task) => hasTrait(task, 'unacknowledged');

const rulesOfChange = (before: Task, action: Action, task: Task) => ({
  'rev grows by exactly 1': task.rev === before.rev + 1,
  'claim grows by 1 at a claim and never else': task.claim === before.claim + (action.type === 'claim' ? 1 : 0),
  'a report changes the task only under the claim that holds':
    !('claim' in action) || (action.claim === before.claim && (before.state === 'leased' || isUndone(before, action))),
  'a claim is taken only while nobody else holds the task, at its very revision':
    action.type !== 'claim' || (before.state === 'scheduled' && action.rev === before.rev),
  'only legal moves; a terminal state is left by replay alone, or where SNS never took the notification':
    LEGAL[before.state].includes(task.state) ||
    (task.state === 'scheduled' && action.type === 'replay') ||
    (task.state !== 'leased' && isUndone(before, action)),
  'waiting tasks die of nothing but a missed deadline, and are completed by nothing but such a claim':
    before.state !== 'scheduled' ||
    ((task.state !== 'dead' || action.type === 'miss') &&
      (task.state !== 'completed' || (action.type === 'claim' && isUnacknowledged(task)))),
  'identity stays': (['id', 'app', 'name', 'request', 'createdAt'] as const).every((field) => task[field] === before[field]),
  'a payload is changed by a replay alone': task.payload === before.payload || action.type === 'replay',
  'attempt grows by a failure alone, and starts anew by a replay alone':
    task.attempt === (action.type === 'replay' ? 0 : before.attempt + (action.type === 'fail' ? 1 : 0)),
  'what must not happen twice is never replayed': action.type !== 'replay' || !hasTrait(before, 'unreplayable'),
  'a lease is never shortened': before.state !== 'leased' || task.state !== 'leased' || (task.leaseUntil ?? 0) >= (before.leaseUntil ?? 0),
  'a holder is never changed under its claim':
    task.claim !== before.claim || before.holder === undefined || task.state !== 'leased' || task.holder === before.holder,
  'history is append-only': isDeepPrefix(before, task),
  'a replay says that it was one, a change of mind too':
    !['replay', 'reschedule', 'reprioritize', 'moveToFront'].includes(action.type) || task.moves?.length !== undefined,
});

const rulesOfPlace = (before: Task, action: Action, task: Task) => ({
  'its stamp changes by a replay and a move to the front alone':
    task.arrival === before.arrival || action.type === 'replay' || action.type === 'moveToFront',
  'level only falls, one at a time, by a failure alone; or as somebody asked':
    task.level === before.level ||
    (action.type === 'fail' && LEVELS.indexOf(task.level) === LEVELS.indexOf(before.level) + 1) ||
    (action.type === 'reprioritize' && task.level === action.level),
  'a task comes to the front by a move alone, and only one that is due':
    task.position === 'back' || before.position === 'front' || action.type === 'moveToFront',
});

const rulesOfMark = (before: Task, action: Action, now: number, decision: Decision & { kind: 'changed' }) => {
  const { task, missed } = decision;
  const isNew = task.deadlineAt !== before.deadlineAt || action.type === 'replay';
  return {
    'a missed deadline is told by the first write after it that is the system’s or a worker’s, once':
      missed === (isLate(task, now) && (isNew || !hasTrait(before, 'late')) && !MINDS.includes(action.type)),
    'the mark is there once it is told, and not before': hasTrait(task, 'late') === (missed || (hasTrait(before, 'late') && !isNew)),
    'no trait is there twice, and none but the mark comes or goes':
      new Set(task.traits).size === (task.traits?.length ?? 0) && String(withoutMark(task)) === String(withoutMark(before)),
  };
};

/** What somebody asks of a task that waits. */
const MINDS: readonly Action['type'][] = ['cancel', 'reschedule', 'reprioritize', 'moveToFront'];

const isLate = (task: Task, now: number) => task.deadlineAt !== undefined && task.deadlineAt < now;
const withoutMark = ({ traits = [] }: Task) => traits.filter((trait) => trait !== 'late');

const rulesOfTask = (task: Task, maxAttempts: number) => ({
  'attempt ≤ maxAttempts': task.attempt <= maxAttempts,
  'deliveries ≤ their bound, reached by death alone':
    task.deliveries <= MAX_DELIVERIES && (task.deliveries < MAX_DELIVERIES || task.state === 'dead'),
  'a claimer, its level and its end while leased, or done by its claim, and only then': [
    task.claimedBy,
    task.claimedAt,
    task.claimedLevel,
    task.leaseUntil,
  ].every((part) => (part !== undefined) === (isUnacknowledged(task) ? task.state === 'completed' : task.state === 'leased')),
  'a holder only while leased': task.holder === undefined || task.state === 'leased',
  'an end and a time to live when terminal, and only then': [task.endedAt, task.expiresAtSeconds].every(
    (part) => (part !== undefined) === isTerminal(task.state),
  ),
  'a reason when dead, and only then': (task.deathReason !== undefined) === (task.state === 'dead'),
  'claims are bounded, and every ended one is in the history or counted':
    task.attempts.length <= HISTORY_LIMIT &&
    task.attempts.length + task.attemptsDropped === task.claim - (task.claimedBy === undefined ? 0 : 1),
  'moves are bounded': (task.moves?.length ?? 0) <= HISTORY_LIMIT,
});

function isDeepPrefix(before: Task, after: Task): boolean {
  return (
    isAppended(before.attempts, after.attempts, after.attemptsDropped - before.attemptsDropped) &&
    isAppended(before.moves ?? [], after.moves ?? [], (after.movesDropped ?? 0) - (before.movesDropped ?? 0))
  );
}

function isAppended(before: readonly unknown[], after: readonly unknown[], dropped: number): boolean {
  const kept = before.slice(dropped);
  return dropped >= 0 && kept.every((entry, index) => after[index] === entry) && after.length - kept.length <= 1;
}
