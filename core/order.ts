import type { AppSettings } from './policy.ts';
import type { Level, Trait } from './task.ts';

/** What the indexes tell of a waiting task: enough to put it in order and to claim it. */
export interface Nomination {
  readonly id: string;
  readonly name: string;
  readonly rev: number;
  readonly level: Level;
  /** Its sort key in the `due` index: front tasks first, then by due time, arrival and id (see `dueKey`). */
  readonly key: string;
  readonly deadlineAt?: number;
  readonly traits?: readonly Trait[];
}

/** When the order is asked for (epoch ms), how near a deadline counts as close, and where the escalated stand. */
export interface OrderContext extends Pick<AppSettings, 'deadlineLeadMs' | 'escalated'> {
  readonly now: number;
}

const RANK: Record<Level, number> = { high: 0, medium: 1, low: 2 };

/** The level a task counts as at `now`: its own, or High once its deadline is reached. */
export const effectiveLevel = (task: { level: Level; deadlineAt?: number }, now: number): Level =>
  task.deadlineAt !== undefined && task.deadlineAt <= now ? 'high' : task.level;

/**
 * The order of due tasks, total: effective level (the escalated after the High by nature, where an app says so); within it
 * close deadlines first, earliest first; then the sort key, that is front before back, then due time, arrival and id.
 * Negative when `a` goes first.
 */
export const compareDue = (a: Nomination, b: Nomination, context: OrderContext): number =>
  compareStandings(standingOf(a, context, context.now), standingOf(b, context, context.now));

/** Where a task stands among others, worked out once for all comparisons. */
interface Standing<T> {
  readonly task: T;
  readonly at: number;
  readonly rank: number;
  readonly deadline: number;
}

/** As of `at`. */
function standingOf<T extends Nomination>(task: T, context: OrderContext, at: number): Standing<T> {
  const then = at === context.now ? context : { ...context, now: at };
  return { task, at, rank: rank(task, then), deadline: closeDeadline(task, then) };
}

const compareStandings = (a: Standing<Nomination>, b: Standing<Nomination>): number =>
  a.at - b.at || a.rank - b.rank || compareNumbers(a.deadline, b.deadline) || compareText(a.task.key, b.task.key);

const taskAt = <T>({ task }: Standing<T>): T => task;

/** A level's place; between High and Medium for what counts as High by its deadline alone, where the escalated stand last. */
function rank(task: Nomination, { now, escalated }: OrderContext): number {
  const level = effectiveLevel(task, now);
  return escalated === 'last' && level !== task.level ? RANK.high + 0.5 : RANK[level];
}

/**
 * Tasks in the order in which they will be notified, as far as `now` can tell: what is due by the comparator, then what
 * waits for its date by its date. `dueAt` of a front task is −Infinity: it is due.
 */
export function inOrder<T extends Nomination & { readonly dueAt: number }>(tasks: readonly T[], context: OrderContext): T[] {
  const standings: Standing<T>[] = [];
  for (const task of tasks) standings.push(standingOf(task, context, Math.max(task.dueAt, context.now)));
  return standings.sort(compareStandings).map(taskAt);
}

/** The deadline where it is close, else never: so that "close, earliest first" is one comparison. */
function closeDeadline(task: Nomination, { now, deadlineLeadMs }: OrderContext): number {
  const { deadlineAt } = task;
  return deadlineAt !== undefined && deadlineAt - deadlineLeadMs <= now ? deadlineAt : Number.POSITIVE_INFINITY;
}

// Not by subtraction: Infinity − Infinity is not a number.
const compareNumbers = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

// By code unit, as DynamoDB orders ASCII keys; never by locale.
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The level below, or Low. */
export const demoted = (level: Level): Level => (level === 'high' ? 'medium' : 'low');
