import { effectiveLevel } from '../../core/order.ts';
import { policyFor } from '../../core/policy.ts';
import { claimTag } from '../../core/slots.ts';
import { LEASE_SKEW_MS, type Task } from '../../core/task.ts';
import { isWorthless } from '../../core/waiting.ts';
import { heldBy, isToBeWritten, learned, loaded, placeFor, setAside, toBeExamined, toldOf, withRun, written } from './memory.ts';
import { publishSteps } from './publishing.ts';
import type { Claim, FailureRequest, Held, Run, State, Step } from './state.ts';
import { instantOf, nameOf, nonceOf, rowOf, type World, withRequest } from './world.ts';

// The steps of a dispatcher's run, each what the shipped one does between two awaits. A crash may come between any two.

const runName = (r: number): string => `dispatcher ${r + 1}`;

export function runSteps(world: World, state: State, r: number): Step[] {
  const run = state.runs[r] ?? null;
  const name = runName(r);
  if (run === null) return [plain(`${name} starts and reads the slots`, withRun(state, r, loaded(state, null)))];
  return [
    { ...plain(`${name} dies`, crashed(world, state, r)), helps: false },
    ...publishSteps(world, state, r, run, name),
    ...(run.doing === null ? turnSteps(world, state, r, run) : claimSteps(world, state, r, run)),
    ...(world.scope.faults.includes('turns')
      ? [{ ...plain(`${name} has a turn cut short, and reads the slots anew`, withRun(state, r, loaded(state, run))), helps: false }]
      : []),
  ];
}

const plain = (label: string, next: State): Step => ({ label, next, broken: [], helps: true });

/** Nobody will ever bear its nonce again: in the rows it becomes that of nobody, so that there is an end of nonces. */
export function crashed(world: World, state: State, r: number): State {
  const tail = `.${nonceOf(r)}`;
  const nameless = (row: Task): Task =>
    row.claimedBy?.endsWith(tail) ? world.intern({ ...row, claimedBy: `${row.claimedBy.slice(0, -tail.length)}.dead` }) : row;
  const next = withRun(state, r, null);
  return { ...next, rows: state.rows.map(nameless), past: state.past.map((rows) => rows.map(nameless)) };
}

/** Between two batches: mirrors `AppDispatch.#lookAtEntries` and `#claimDue`, and the flush of a run that leaves. */
function turnSteps(world: World, state: State, r: number, run: Run): Step[] {
  return [
    ...toBeExamined(run, instantOf(state.at)).map((held) => examineStep(world, state, r, held)),
    ...staleExamineSteps(world, state, r, run),
    ...nominateSteps(world, state, r, run),
    ...state.slots.flatMap((_, slot) =>
      isToBeWritten(run, slot) ? [plain(`${runName(r)} writes what it knows of slot ${slot}`, written(state, r, slot, []).state)] : [],
    ),
  ];
}

/** Mirrors `Entries.examine` by a consistent reading. */
function examineStep(world: World, state: State, r: number, held: Held): Step {
  const { id, rev } = held.entry;
  const row = rowOf(state, id);
  const label = `${runName(r)} looks at its entry of ${nameOf(id)}@${rev}`;
  if (world.rules.fateOf(held.entry, held.slot, row) !== 'unclaimed') return plain(...found(world, state, r, held, row, label));
  const claim = entryFor(world, { ...row, rev }, instantOf(state.at));
  const doing = { slot: held.slot, claims: [claim], unproven: [] };
  return plain(`${label}: unclaimed, it adopts it`, withRun(state, r, { ...(state.runs[r] as Run), doing }));
}

/** Mirrors `Entries.examine` by a reading that may be behind (`consistent` false): the search for free places. */
function staleExamineSteps(world: World, state: State, r: number, run: Run): Step[] {
  return heldBy(run).flatMap((held) => {
    if (!held.entry.published) return [];
    const index = state.rows.findIndex(({ id }) => id === held.entry.id);
    const versions = [state.rows[index] as Task, ...(state.past[index] ?? [])];
    return versions.flatMap((row, age) => {
      const fate = world.rules.fateOf(held.entry, held.slot, row);
      // What is out, or would be adopted, is left as it is.
      if (fate === 'unclaimed' || (age === 0 && fate === 'out')) return [];
      const label = `${runName(r)} reads ${nameOf(row.id)} as of ${age} writes ago`;
      return [{ ...plain(...found(world, state, r, held, row, label)), helps: age === 0 }];
    });
  });
}

/** What an entry's row says, other than that it is unclaimed: free, to be told (again), or expired. */
function found(world: World, state: State, r: number, held: Held, row: Task, label: string): [string, State] {
  const run = state.runs[r] as Run;
  const { entry } = held;
  const now = instantOf(state.at);
  if (world.rules.fateOf(entry, held.slot, row) === 'free')
    return [`${label}: free`, withRun(state, r, learned(run, held, { freed: true }))];
  const isToBeTold = row.state === 'completed' || (row.leaseUntil ?? 0) + LEASE_SKEW_MS > now;
  if (isToBeTold) return [`${label}: out`, withRun(state, r, toldOf(run, held, row))];
  if (entry.published && entry.leaseUntil + LEASE_SKEW_MS > now) return [`${label}: out`, state];
  const { id, claim } = row;
  const request: FailureRequest = { type: 'expire', id, claim, ...(entry.published ? {} : { unpublished: true }) };
  return [`${label}: its lease has ended, it says so`, withRequest(withRun(state, r, setAside(run, held, now)), request)];
}

/** Mirrors `Entries.entryOf`. */
function entryFor(world: World, { id, name, rev, dueAt }: Task, now: number): Claim {
  return { id, rev, leaseUntil: Math.max(dueAt, now) + policyFor(world.settings, name).leaseMs };
}

/** Mirrors `AppDispatch.#claimDue`: nominates by an index that may be behind, and writes the entries into a slot with room. */
function nominateSteps(world: World, state: State, r: number, run: Run): Step[] {
  const now = instantOf(state.at);
  const shown = state.rows.map((row, i) => {
    const versions = [row, ...(state.past[i] ?? [])].map((version, age) => ({ version, isFresh: age === 0 }));
    return versions.filter(({ version }) => version.state === 'scheduled' && version.dueAt <= now);
  });
  const worthless = shown.flat().filter(({ version }) => isWorthless(version, now, world.settings));
  const single = shown.flat().filter(({ version }) => !isWorthless(version, now, world.settings));
  const pairs = single.flatMap((a, i) => single.slice(i + 1).flatMap((b) => (a.version.id === b.version.id ? [] : [[a, b]])));
  return [
    ...worthless.map(({ version: { id, claim }, isFresh }) => ({
      ...plain(`${runName(r)} finds ${nameOf(id)} worthless, and says so`, withRequest(state, { type: 'miss', id, claim })),
      helps: isFresh,
    })),
    ...[...single.map((one) => [one]), ...pairs].flatMap((batch) => {
      const step = addStep(
        world,
        state,
        r,
        run,
        batch.map(({ version }) => version),
      );
      return step ? [{ ...step, helps: batch.every(({ isFresh }) => isFresh) }] : [];
    }),
  ];
}

/** Mirrors `AppDispatch.#nominate` and the rest of `#claimDue` up to `Ledger.add`. */
function addStep(world: World, state: State, r: number, before: Run, nominated: readonly Task[]): Step | undefined {
  const held = new Map(heldBy(before).map((one) => [one.entry.id, one]));
  const isPast = ({ id, rev }: Task) => rev > (held.get(id)?.entry.rev ?? Number.POSITIVE_INFINITY);
  // Waiting again at a later revision: the row has moved past the old entry.
  const run = nominated.filter(isPast).reduce((one, { id }) => learned(one, held.get(id) as Held, { freed: true }), before);
  const targets = nominated.filter((task) => !held.has(task.id) || isPast(task));
  const place = placeFor(run, targets.length, world.scope.maxInFlight);
  if (targets.length < nominated.length || !place || place.room < targets.length) return undefined;
  const claims = targets.map((task) => entryFor(world, task, instantOf(state.at)));
  const what = claims.map(({ id, rev }) => `${nameOf(id)}@${rev}`).join(' and ');
  const added = claims.map((claim) => ({ ...claim, published: false }));
  const { state: after, isOurs } = written(withRun(state, r, run), r, place.slot, added);
  if (!isOurs) return plain(`${runName(r)} nominates ${what}, but slot ${place.slot} was written by another`, after);
  const doing = { slot: place.slot, claims, unproven: [] };
  return plain(`${runName(r)} writes ${what} into slot ${place.slot}`, withRun(after, r, { ...(after.runs[r] as Run), doing }));
}

/** Mirrors `Entries.claim` and `claimBatch`: each statement by itself, proved by its answer or read back. */
function claimSteps(world: World, state: State, r: number, run: Run): Step[] {
  const doing = run.doing as NonNullable<Run['doing']>;
  const [claim, ...rest] = doing.claims;
  const name = runName(r);
  if (claim === undefined) {
    const [first, ...left] = doing.unproven as [Claim, ...Claim[]];
    const after = withDoing(state, r, { ...doing, unproven: left });
    return [plain(`${name} reads ${nameOf(first.id)} back`, claimRead(world, after, r, doing.slot, first))];
  }
  const { id, rev, leaseUntil } = claim;
  const level = effectiveLevel(rowOf(state, id), instantOf(state.at));
  const by = claimTag(doing.slot, rev, nonceOf(r));
  const { decision, next, broken } = world.act(state, id, { type: 'claim', rev, by, level, leaseUntil });
  const unknown = withDoing(next, r, { ...doing, claims: rest, unproven: [...doing.unproven, claim] });
  const label = `${name} claims ${nameOf(id)}@${rev}`;
  if (decision.kind !== 'changed') return [{ ...plain(`${label}: refused`, unknown), broken }];
  const proved = claimRead(world, withDoing(next, r, { ...doing, claims: rest }), r, doing.slot, claim);
  const lost = { ...plain(`${label}, but the answer is lost`, unknown), broken, helps: false };
  return [{ ...plain(label, proved), broken }, ...(world.scope.faults.includes('answers') ? [lost] : [])];
}

function withDoing(state: State, r: number, doing: NonNullable<Run['doing']>): State {
  const isOver = doing.claims.length === 0 && doing.unproven.length === 0;
  return withRun(state, r, { ...(state.runs[r] as Run), doing: isOver ? null : doing });
}

/** What a run makes of a row after its claim: mirrors the end of `Entries.claim`. */
function claimRead(world: World, state: State, r: number, slot: number, { id, rev, leaseUntil }: Claim): State {
  const run = state.runs[r] as Run;
  const row = rowOf(state, id);
  const held: Held = { slot, entry: { id, rev, leaseUntil, published: false } };
  if (world.rules.fateOf(held.entry, slot, row) === 'free') return withRun(state, r, learned(run, held, { freed: true }));
  return row.claimedBy === claimTag(slot, rev, nonceOf(r)) ? withRun(state, r, toldOf(run, held, row)) : state;
}
