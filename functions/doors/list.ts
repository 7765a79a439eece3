import type * as v from 'valibot';
import { badField } from '../../contract/errors.ts';
import type { ListedTask, listFields, TaskPage } from '../../contract/tasks.ts';
import { wire } from '../../contract/view.ts';
import { dueAtOfKey, dueLanes, historyLane, instantKey } from '../../core/lanes.ts';
import type { AppSettings } from '../../core/policy.ts';
import { LEVELS, type State, type Task } from '../../core/task.ts';
import { LATEST_MS } from '../../core/when.ts';
import { cursorOf, positionIn } from '../cursor.ts';
import { waitingOf } from '../lane-query.ts';
import type { Item } from '../rows.ts';
import { instantOf } from './dates.ts';
import { Refused } from './door.ts';
import { mergedPage, type Source } from './merged-lanes.ts';
import { entriesIn, stillOut } from './out.ts';

type Fields = typeof listFields;
/** Which tasks are asked for, and which page of them. */
export type ListRequest = { readonly [K in keyof Fields]?: v.InferOutput<Fields[K]> };

/** What a request means, its dates resolved. */
interface Wanted {
  readonly state: State;
  readonly name: string | undefined;
  readonly fingerprint: string | undefined;
  /** Included, and excluded. Epoch ms. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after: string | undefined;
}

/** Tasks of a page unless asked otherwise. */
const PAGE = 25;
/** Entries of slots that one page looks at where a filter leaves some out: two calls. */
const ENTRIES_READ = 200;

/**
 * A page of an app's tasks, from the indexes alone: waiting ones by their date, the front first; those that are out by the
 * end of their lease as their slot knows it; ended ones the latest first.
 *
 * @throws Refused if the request cannot be answered, by the field's name
 */
export async function listTasks(source: Source, settings: AppSettings, request: ListRequest, now: number): Promise<TaskPage> {
  const walk = `${settings.app}/${request.state ?? 'scheduled'}`;
  const wanted = wantedOf(settings, request, positionIn(walk, request.cursor), now);
  const { tasks, end } = await pageOf(source, settings, wanted, now);
  return { tasks, ...(end === undefined ? {} : { cursor: cursorOf(walk, end) }) };
}

function wantedOf(settings: AppSettings, request: ListRequest, after: string | undefined, now: number): Wanted {
  const { state = 'scheduled', name, fingerprint, limit = PAGE } = request;
  if (state === 'completed' && !settings.listCompleted) {
    throw new Refused(
      badField(
        'state',
        state,
        `another state: ${settings.app} does not list completed tasks. Set listCompleted: true in addApp for those to come`,
      ),
    );
  }
  if (fingerprint !== undefined && state !== 'dead') {
    throw new Refused(badField('fingerprint', fingerprint, 'absent unless state is dead'));
  }
  return { state, name, fingerprint, limit, after, ...datesOf(request, now) };
}

/** The dates of a filter. @throws Refused if one cannot be used, or nothing lies between them */
function datesOf(request: Pick<ListRequest, 'from' | 'to'>, now: number): { from: number | undefined; to: number | undefined } {
  const from = instantOf('from', request.from, undefined, now);
  const to = instantOf('to', request.to, undefined, now);
  if (from !== undefined && to !== undefined && to <= from) throw new Refused(badField('to', wire(to), `later than from, ${wire(from)}`));
  return { from, to };
}

type Page = { readonly tasks: readonly ListedTask[]; readonly end?: string | undefined };

function pageOf(source: Source, settings: AppSettings, wanted: Wanted, now: number): Promise<Page> {
  const { state } = wanted;
  if (state === 'scheduled') return waitingPage(source, settings, wanted);
  return state === 'leased' ? leasedPage(source, settings, wanted) : endedPage(source, settings, wanted, state, now);
}

/** Keys of the front carry no date: `from` leaves them out, they are due already. */
async function waitingPage(source: Source, { app, shards }: AppSettings, wanted: Wanted): Promise<Page> {
  const { name, from, to, limit, after } = wanted;
  const { rows, end } = await mergedPage(source, {
    index: 'due',
    lanes: dueLanes(app, shards).map(({ lane }) => lane),
    limit,
    after,
    ...(from === undefined ? {} : { from: instantKey(from) }),
    // An instant alone sorts before all keys of that instant.
    ...(to === undefined ? {} : { until: instantKey(to) }),
    isFiltered: name !== undefined,
    shown: (item) => {
      const task = waitingOf(item);
      return task && (name === undefined || task.name === name) ? listed(item, 'scheduled') : undefined;
    },
  });
  return { tasks: rows, end };
}

/** A page of history, back to the oldest that has not expired. */
async function endedPage(
  source: Source,
  { app, shards, retentionMs }: AppSettings,
  { name, fingerprint, from = 0, to, limit, after }: Wanted,
  state: 'dead' | 'cancelled' | 'completed',
  now: number,
): Promise<Page> {
  const { rows, end } = await mergedPage(source, {
    index: 'watch',
    lanes: Array.from({ length: shards }, (_, shard) => historyLane(app, state, shard)),
    limit,
    after,
    from: instantKey(Math.max(from, now - retentionMs + 1)),
    ...(to === undefined ? {} : { until: instantKey(to) }),
    backwards: true,
    isFiltered: name !== undefined || fingerprint !== undefined,
    shown: (item) => {
      const isWanted = (name === undefined || item.name?.S === name) && (fingerprint === undefined || item.fingerprint?.S === fingerprint);
      return isWanted ? listed(item, state) : undefined;
    },
  });
  return { tasks: rows, end };
}

/** A task as the indexes know it. A damaged row is shown as far as it can be: it is listed to be seen. */
const listed = (item: Item, state: State): ListedTask => ({
  id: item.id?.S ?? '',
  name: item.name?.S ?? '',
  version: Number(item.version?.N ?? 1),
  state,
  priority: LEVELS.find((level) => level === item.level?.S) ?? 'medium',
  ...shownDates({
    dueAt: dueAtOfKey(item.dueAt?.S ?? ''),
    deadlineAt: Number(item.deadlineAt?.N),
    ...(state === 'scheduled' ? {} : { endedAt: dueAtOfKey(item.watchAt?.S ?? '') }),
  }),
  ...(item.fingerprint?.S === undefined ? {} : { fingerprint: item.fingerprint.S }),
});

type Dates = 'dueAt' | 'deadlineAt' | 'endedAt' | 'leaseUntil';

/** The dates that can be shown: a task at the front has none, and in a damaged row may stand what is none. */
const shownDates = (dates: { readonly [D in Dates]?: number | undefined }): Pick<ListedTask, Dates> =>
  Object.fromEntries(
    Object.entries(dates).flatMap(([name, ms]) => (ms !== undefined && Math.abs(ms) <= LATEST_MS ? [[name, wire(ms)]] : [])),
  );

async function leasedPage({ store }: Source, settings: AppSettings, wanted: Wanted): Promise<Page> {
  const { name, from, to, limit, after } = wanted;
  const isFiltered = name !== undefined || from !== undefined || to !== undefined;
  const rest = (await entriesIn(store, settings)).filter(({ key }) => after === undefined || key > after);
  const read = rest.slice(0, isFiltered ? ENTRIES_READ : limit);
  const found = (await stillOut(store, read)).flatMap(({ key, task }) => (task && isWantedLease(task, wanted) ? [{ key, task }] : []));
  const shown = found.slice(0, limit);
  const end = found.length > limit ? shown.at(-1)?.key : read.at(-1)?.key;
  return { tasks: shown.map(({ task }) => leased(task)), end: end === rest.at(-1)?.key ? undefined : end };
}

const isWantedLease = (task: Task, { name, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: Wanted): boolean =>
  task.state === 'leased' && (name === undefined || task.name === name) && task.dueAt >= from && task.dueAt < to;

const leased = ({ id, name, version, level, dueAt, deadlineAt, leaseUntil }: Task): ListedTask => ({
  id,
  name,
  version,
  state: 'leased',
  priority: level,
  ...shownDates({ dueAt, deadlineAt, leaseUntil }),
});
