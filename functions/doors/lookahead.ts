import type { Count } from '../../contract/operate.ts';
import type { NextTask } from '../../contract/tasks.ts';
import { wire } from '../../contract/view.ts';
import { forecast } from '../../core/forecast.ts';
import { deadlineLane, dueKey, dueLane, dueLanes, type INDEXES, instantKey } from '../../core/lanes.ts';
import { compareDue, effectiveLevel, inOrder } from '../../core/order.ts';
import type { AppSettings } from '../../core/policy.ts';
import { LEVELS, type Level, type Task } from '../../core/task.ts';
import { isPaused, type Valves } from '../../core/valves.ts';
import { isWorthless } from '../../core/waiting.ts';
import { LATEST_MS } from '../../core/when.ts';
import { queryLane, type Waiting, waitingOf } from '../lane-query.ts';
import type { Item } from '../rows.ts';
import type { Source } from './merged-lanes.ts';
import { outOf } from './out.ts';

/** Rows of the first page of a lane: as many as one may ask for. And of each further one: what is paused stands before what is not. */
const FIRST_PAGE = 25;
const PAGE = 250;
/** Pages of one lane that one question reads at most. */
const PAGES = 5;

/** What is being asked about: an app at an instant, under its valves. */
export interface Question extends Source {
  readonly settings: AppSettings;
  readonly valves: Valves;
  readonly now: number;
}

/** What of a lane was read. */
interface Reading {
  readonly found: readonly Waiting[];
  /** There may be more. */
  readonly isMore: boolean;
}

/** The tasks that will be notified next, in their order, without those that nothing lets out. Each with the instant predicted for it. */
export async function nextTasks(question: Question, count: number): Promise<NextTask[]> {
  const { settings, valves, now, store } = question;
  if (valves.app === 'paused') return [];
  const [out, ...lanes] = await Promise.all([
    outOf(store, settings, settings.maxInFlight - count + 1),
    ...dueLanes(settings.app, settings.shards).map(({ level, shard }) => candidates(question, level, shard, count)),
  ]);
  // In a lane and in its deadlines it is the same task, and so it is while it changes lanes.
  const waiting = [...new Map(lanes.flat().map((task) => [task.id, task])).values()];
  const next = inOrder(waiting, { ...settings, now }).slice(0, count);
  const instants = forecast(next, now, { ...out, maxInFlight: settings.maxInFlight, valves });
  return next.map((task, i) => nextView(task, now, instants[i]));
}

const nextView = (task: Waiting, now: number, predictedAt: number | undefined): NextTask => ({
  id: task.id,
  name: task.name,
  priority: effectiveLevel(task, predictedAt ?? Math.max(task.dueAt, now)),
  ...(Number.isFinite(task.dueAt) ? { dueAt: wire(task.dueAt) } : {}),
  ...(task.deadlineAt === undefined ? {} : { deadlineAt: wire(task.deadlineAt) }),
  ...(predictedAt === undefined ? {} : { predictedAt: wire(predictedAt) }),
});

/** All tasks of a lane that can be among the next `count` of it: the first by their keys, and those whose deadline takes them there. */
async function candidates(question: Question, level: Level, shard: number, count: number): Promise<Waiting[]> {
  const { settings, now } = question;
  const head = await read(question, 'due', dueLane(settings.app, level, shard), undefined, (found) => found.length >= count);
  if (!head.isMore) return [...head.found];
  // All whose turn comes before this instant have been read; of it there may be more, and a close deadline goes first.
  const at = Math.max(now, head.found.at(-1)?.dueAt ?? now);
  const lane = deadlineLane(settings.app, level, shard);
  const close = await read(question, 'watch', lane, allUntil(at + settings.deadlineLeadMs), (found) => {
    const last = found.filter((task) => Math.max(task.dueAt, now) === at)[count - 1];
    // Those of one deadline are in the order of their ids here, not of their turns: all of them are read.
    return last !== undefined && (found.at(-1)?.deadlineAt ?? 0) > (last.deadlineAt ?? 0);
  });
  return [...head.found, ...close.found];
}

/** How many due tasks will be notified before a due task, as far as a bounded reading shows. */
export async function countAhead(question: Question, task: Task): Promise<Count> {
  const { settings, now } = question;
  const own = { ...task, key: dueKey(task) };
  const lanes = dueLanes(settings.app, settings.shards);
  const readings = await Promise.all(lanes.flatMap(({ level, shard }) => readingsAhead(question, own, level, shard)));
  const isAhead = (one: Waiting) => one.id !== task.id && one.dueAt <= now && compareDue(one, own, { ...settings, now }) < 0;
  const ahead = new Set(readings.flatMap(({ found }) => found.filter(isAhead).map(({ id }) => id)));
  return { count: ahead.size, isMore: readings.some(({ isMore }) => isMore) };
}

/** Of a lane, all that can be ahead of a due task. */
function readingsAhead(question: Question, own: Task & { readonly key: string }, level: Level, shard: number): Promise<Reading>[] {
  const { settings, now } = question;
  const { app, deadlineLeadMs, escalated } = settings;
  const byKey = (until: string) => read(question, 'due', dueLane(app, level, shard), until);
  const byDeadline = (until: number) => read(question, 'watch', deadlineLane(app, level, shard), allUntil(until));
  const counts = effectiveLevel(own, now);
  // What is High by its deadline alone may stand after all that is High by nature.
  const yields = level === counts && own.level !== counts && escalated === 'last';
  // Of a level above all that is due, of one below what has escalated, of its own what goes before it.
  if (yields || LEVELS.indexOf(level) < LEVELS.indexOf(counts)) return [byKey(allUntil(now))];
  if (level !== counts) return [byDeadline(now)];
  const isClose = own.deadlineAt !== undefined && own.deadlineAt - deadlineLeadMs <= now;
  return isClose ? [byDeadline(own.deadlineAt)] : [byKey(own.key), byDeadline(now + deadlineLeadMs)];
}

/** A tilde sorts after the '#' that follows the instant in a key: all of that millisecond is in. */
const allUntil = (ms: number): string => `${instantKey(Math.min(ms, LATEST_MS))}~`;

/** A lane from its head on, until that is enough; without what is paused or worthless by its turn. */
async function read(
  { dynamo, store, settings, valves, now }: Question,
  index: keyof typeof INDEXES,
  lane: string,
  until: string | undefined,
  isEnough: (found: readonly Waiting[]) => boolean = () => false,
): Promise<Reading> {
  const found: Waiting[] = [];
  let start: Item | undefined;
  for (let page = 0; page < PAGES; page++) {
    const { items, next } = await queryLane(dynamo, store.table, index, lane, { limit: page === 0 ? FIRST_PAGE : PAGE, start, until });
    const waiting = items.flatMap((item) => waitingOf(item) ?? []);
    found.push(...waiting.filter((task) => !isPaused(valves, task.name) && !isWorthless(task, Math.max(task.dueAt, now), settings)));
    if (!next) return { found, isMore: false };
    if (isEnough(found)) break;
    start = next;
  }
  return { found, isMore: true };
}
