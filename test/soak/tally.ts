import { type Dossier, dossiersOf, type Records, type Run } from './dossier.ts';

/** What must not be, each of them. */
export const WRONGS = ['lost', 'duplicated', 'unexpected', 'early', 'shared'] as const;
export type Wrong = (typeof WRONGS)[number];

/** What the records come to, counted in tasks. */
export interface Tally extends Record<Wrong, number> {
  /** Their enqueuer has an answer. */
  readonly acknowledged: number;
  /** Asked for, without an answer; and how many of them there are. */
  readonly indeterminate: number;
  readonly indeterminateFound: number;
  readonly completed: number;
  readonly dead: number;
  readonly cancelled: number;
  /** Done to the end more than once, which "at least once" allows. */
  readonly executedTwice: number;
  /** Told again after a claim on which nobody gave word. */
  readonly recovered: number;
  /** Given up after the most deliveries in a row on which nobody gave word. */
  readonly unanswered: number;
  /** A sentence for each wrong. */
  readonly wrongs: readonly string[];
}

/** What is wrong with one task, one sentence each. */
const RULES: Readonly<Record<Wrong, (task: Dossier) => (string | false)[]>> = {
  /** Acknowledged, and not there; or ended without what its end stands for. */
  lost: (task) => [
    task.ids.length > 0 && task.rows.length === 0 && 'it was acknowledged, and has no row',
    ...task.rows.map((row) => !!wrongEnd(task, row) && `it is ${row.state}, ${wrongEnd(task, row)}`),
    task.accepted.length > 0 &&
      task.rows.some(({ state }) => state !== 'completed') &&
      'its completion was accepted, and it is not completed',
  ],
  duplicated: ({ rows, accepted }) => {
    const recorded = rows.flatMap(({ attempts }) => attempts.filter(({ outcome }) => outcome === 'completed').map(({ claim }) => claim));
    const claims = new Set([...recorded, ...accepted]);
    return [
      claims.size > 1 && `it was completed under the claims ${[...claims].join(' and ')}`,
      recorded.length > 1 && `its history has ${recorded.length} completions`,
    ];
  },
  unexpected: (task) => [
    !task.request && 'nobody asked for it',
    task.rows.length > 1 && `its key has ${task.rows.length} rows`,
    task.ids.length > 1 && `its key was answered with ${task.ids.length} ids`,
    task.refusals.length > 0 && `it was refused: ${task.refusals.join(', ')}`,
    task.runs.length > 0 && task.rows.length === 0 && 'a worker was told of it, and it has no row',
    task.runs.some(({ claim }) => task.rows.some((row) => claim > row.claim)) && 'a worker was told of a claim that its row does not know',
    task.changes.some(({ change, isDone }) => change === 'cancel' && isDone) &&
      task.rows.some(({ state }) => state !== 'cancelled') &&
      'its cancellation was accepted, and it is not cancelled',
  ],
  early: (task) => [task.runs.some((run) => run.at < Math.max(run.dueAt, earliest(task))) && 'a worker was told of it before its date'],
  /** A second run of an exclusive task under one claim. A later claim may find the first still at work: that is a lease's end. */
  shared: ({ request, runs }) => [
    request?.exclusive === true && new Set(runs.map(({ claim }) => claim)).size < runs.length && 'it was begun twice under one claim',
  ],
};

/** Judges by all records at once: what one says and another does not is a wrong. */
export function tally(records: Records): Tally {
  const all = dossiersOf(records);
  const found = WRONGS.flatMap((wrong) =>
    all
      .map((task) => ({ wrong, key: task.key, why: RULES[wrong](task).filter((why) => why !== false) }))
      .filter(({ why }) => why.length > 0),
  );
  const count = (is: (task: Dossier) => unknown) => all.filter(is).length;
  const inState = (state: string) => count(({ rows }) => rows.some((row) => row.state === state));
  const isIndeterminate = ({ request, ids, refusals }: Dossier) => request && ids.length === 0 && refusals.length === 0;
  return {
    acknowledged: count(({ ids }) => ids.length > 0),
    indeterminate: count(isIndeterminate),
    indeterminateFound: count((task) => isIndeterminate(task) && task.rows.length > 0),
    completed: inState('completed'),
    dead: inState('dead'),
    cancelled: inState('cancelled'),
    ...(Object.fromEntries(WRONGS.map((wrong) => [wrong, found.filter((one) => one.wrong === wrong).length])) as Record<Wrong, number>),
    executedTwice: count(({ runs }) => runs.filter(isDone).length > 1),
    recovered: count(({ rows }) =>
      rows.some(({ attempts, claim }) => attempts.some((one) => one.outcome === 'expired' && one.claim < claim)),
    ),
    unanswered: count(({ rows }) => rows.some(({ deathReason }) => deathReason === 'no worker answered')),
    wrongs: found.map(({ wrong, key, why }) => `${wrong}: ${key}: ${why.join('; ')}`),
  };
}

/** Whether a task waits, is out, or is done without a worker having been told: nothing is settled before. */
export const isUnsettled = ({ rows, runs }: Dossier): boolean =>
  rows.some(
    ({ state, traits }) => state === 'scheduled' || state === 'leased' || (state === 'completed' && isHint(traits) && runs.length === 0),
  );

const isHint = (traits: readonly string[] = []): boolean => traits.includes('unacknowledged');
const isDone = ({ ended }: Run): boolean => ended === 'done';

/** Why the end of a task is none, by what the others have recorded; undefined: it is as it must be. */
function wrongEnd({ request, runs, changes }: Dossier, row: Dossier['rows'][number]): string | undefined {
  const { state, deathReason, attempts } = row;
  const missing = (is: (run: Run) => boolean, what: string) => (runs.some(is) ? undefined : what);
  if (state === 'cancelled') return changes.some(({ change }) => change === 'cancel') ? undefined : 'and nobody asked for that';
  if (state === 'completed') {
    if (isHint(row.traits)) return missing(() => true, 'and no worker was told of it');
    const under = attempts.find(({ outcome }) => outcome === 'completed')?.claim;
    return missing((run) => run.claim === under && isDone(run), `under claim ${under}, and no worker has done it under that`);
  }
  if (state !== 'dead') return 'long after all faults';
  if (deathReason === 'deadline missed') return request?.expiresAfterDeadline ? undefined : 'and nobody asked for that';
  if (deathReason === 'attempts exhausted')
    return missing(({ ended }) => ended === 'failed', `${deathReason}, and no worker has failed in it`);
  return missing(() => true, `${deathReason}, and no worker was told of it`);
}

/** The date before which nobody may be told: what was asked for, or the change that may have taken its place. */
function earliest({ request, changes }: Dossier): number {
  const asked = Date.parse(request?.dueAt ?? '') || Number.NEGATIVE_INFINITY;
  const change = changes.find(({ dueAt }) => dueAt !== undefined);
  if (change?.dueAt === undefined || change.isDone === false) return asked;
  return change.isDone ? Date.parse(change.dueAt) : Math.min(asked, Date.parse(change.dueAt));
}
