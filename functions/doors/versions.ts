import type { OperateAnswers, VersionCount } from '../../contract/operate.ts';
import { dueLanes } from '../../core/lanes.ts';
import type { AppSettings } from '../../core/policy.ts';
import { cursorOf, positionIn } from '../cursor.ts';
import { waitingOf } from '../lane-query.ts';
import { mergedPage, type Source } from './merged-lanes.ts';
import { entriesIn, stillOut } from './out.ts';

/** Tasks of one step. */
const STEP = 500;

interface Counted {
  readonly name: string;
  readonly version: number;
}

/**
 * How many tasks of each name and version wait or are out: one step of a walk over the waiting ones by their date, then over
 * those that are out. A task that moves while the walk goes on may be counted twice.
 *
 * @throws Refused if the cursor is not one of this walk
 */
export async function versionsStep(source: Source, settings: AppSettings, cursor: string | undefined): Promise<OperateAnswers['versions']> {
  const walk = `${settings.app}/versions`;
  const position = positionIn(walk, cursor) ?? WAITING;
  const after = position.slice(1) || undefined;
  const { rows, next } = position.startsWith(OUT) ? await outStep(source, settings, after) : await waitingStep(source, settings, after);
  return { versions: grouped(rows), ...(next === undefined ? {} : { cursor: cursorOf(walk, next) }) };
}

/** What a position begins with; the rest is where that part of the walk goes on. */
const WAITING = 'w';
const OUT = 'o';

type Step = { readonly rows: readonly Counted[]; readonly next: string | undefined };

async function waitingStep(source: Source, { app, shards }: AppSettings, after: string | undefined): Promise<Step> {
  const { rows, end } = await mergedPage<Counted>(source, {
    index: 'due',
    lanes: dueLanes(app, shards).map(({ lane }) => lane),
    limit: STEP,
    after,
    isFiltered: false,
    shown: waitingOf,
  });
  // What is out comes last: most tasks that move during the walk go from waiting to out, and are seen there.
  return { rows, next: end === undefined ? OUT : `${WAITING}${end}` };
}

async function outStep({ store }: Source, settings: AppSettings, after: string | undefined): Promise<Step> {
  const rest = (await entriesIn(store, settings)).filter(({ key }) => after === undefined || key > after);
  const read = rest.slice(0, STEP);
  const rows = (await stillOut(store, read)).flatMap(({ task }) => (task?.state === 'leased' ? [task] : []));
  return { rows, next: rest.length > read.length ? `${OUT}${read.at(-1)?.key}` : undefined };
}

function grouped(rows: readonly Counted[]): VersionCount[] {
  const found = new Map<string, VersionCount>();
  for (const { name, version } of rows) {
    const key = `${name} ${version}`;
    found.set(key, { name, version, count: (found.get(key)?.count ?? 0) + 1 });
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version - b.version));
}
