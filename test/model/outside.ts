import type { Action } from '../../core/actions.ts';
import { hasTrait, type Task } from '../../core/task.ts';
import { ERROR } from '../core/given.ts';
import { crashed, runSteps } from './dispatcher.ts';
import { type FailureRequest, replaced, type State, type Step, toldKey, withOne } from './state.ts';
import { type Acted, instantOf, nameOf, rowOf, type World, withRequest } from './world.ts';

// What others do: workers, the failure function, somebody who changes their mind, and the clock.

const WORKERS = ['worker 1', 'worker 2'] as const;

/** All that may happen next. */
export const stepsFrom = (world: World, state: State): Step[] => [
  ...state.runs.flatMap((_, r) => runSteps(world, state, r)),
  ...state.told.flatMap((key) => workerSteps(world, state, key)),
  ...state.requests.map((request) => failureStep(world, state, request)),
  ...(state.minds > 0 ? mindSteps(world, state) : []),
  ...(state.at + 1 < world.scope.instants ? [clockStep(state)] : []),
];

/**
 * Where all that was running has died (but the first run, if it `isSpared`): workers too, whatever they were told, and the bus has
 * forgotten what it held. That SNS has accepted what is done by being told stays true.
 */
export function afterTheDisaster(world: World, state: State, isSpared: boolean): State {
  const dead = state.runs.reduce((one, run, r) => (run === null || (isSpared && r === 0) ? one : crashed(world, one, r)), state);
  const told = dead.told.filter((key) => dead.rows.some((row) => row.state === 'completed' && key === toldKey(row)));
  return { ...dead, told, requests: [], started: [], minds: 0, refusals: 0 };
}

/** All that waits for a later instant is looked at anew. */
export const clockStep = (state: State): Step => ({
  label: 'time passes: every lease given so far ends',
  next: { ...state, at: state.at + 1, runs: state.runs.map((run) => (run === null ? null : { ...run, aside: [] })) },
  broken: [],
  helps: true,
});

/**
 * A worker that was told at some time says a word under that claim. A word may come at any time after, from either worker, again
 * and again: so that a worker hangs, dies, is told twice or reports late needs no step of its own.
 */
function workerSteps(world: World, state: State, key: string): Step[] {
  const [id = '', number] = key.split(' ');
  const claim = Number(number);
  const row = rowOf(state, id);
  const isExclusive = hasTrait(row, 'exclusive');
  const has = (worker: string) => state.started.some((one) => one.worker === worker && one.id === id && one.claim === claim);
  return WORKERS.slice(0, isExclusive ? 2 : 1).flatMap((worker) => {
    if (isExclusive && !has(worker)) return startStep(world, state, { worker, id, claim });
    const who = isExclusive ? worker : 'a worker';
    return world.scope.reports.map((report) => reportStep(world, state, report, row, claim, who));
  });
}

function startStep(world: World, state: State, started: { worker: string; id: string; claim: number }): Step[] {
  const { worker, id, claim } = started;
  const { decision, next, broken } = world.act(state, id, { type: 'start', claim, holder: worker });
  if (decision.kind === 'refused') return [];
  const after = { ...next, started: withOne(state.started, started, (one) => `${one.id} ${one.claim} ${one.worker}`) };
  return [{ label: `${worker} may start ${nameOf(id)} under claim ${claim}`, next: after, broken, helps: true }];
}

function reportStep(world: World, state: State, report: World['scope']['reports'][number], row: Task, claim: number, who: string): Step {
  const { id } = row;
  const label = `${who} says under claim ${claim} of ${nameOf(id)}: ${report}`;
  if (report === 'fail') return failReport(world, state, row, claim, label);
  const until = instantOf(state.at + 1);
  const action: Action = report === 'snooze' ? { type: 'snooze', claim, until } : { type: report, claim };
  const acted = world.act(state, id, action);
  const step = { label: `${label}${outcomeOf(acted)}`, broken: acted.broken, helps: report === 'complete' };
  return { ...step, next: report === 'complete' && acted.decision.kind !== 'refused' ? withDone(acted.next, id, claim) : acted.next };
}

/** Mirrors the report door's `fail`: refused at once where it is stale, else the failure function's to decide. */
function failReport(world: World, state: State, { id }: Task, claim: number, label: string): Step {
  const { decision, broken } = world.act(state, id, { type: 'fail', claim, error: ERROR, random: 0 });
  const next = decision.kind === 'changed' ? withRequest(state, { type: 'fail', id, claim }) : state;
  return { label, next, broken, helps: false };
}

/** A worker was answered that the task is complete. What was answered before a replay is not counted again. */
function withDone(state: State, id: string, claim: number): State {
  const index = state.rows.findIndex((row) => row.id === id);
  const { since, claims } = state.done[index] ?? { since: 0, claims: [] };
  if (claim <= since || claims.includes(claim)) return state;
  return { ...state, done: replaced(state.done, index, { since, claims: [...claims, claim] }) };
}

/** Mirrors `decideOn` of the failure function. A task that is done by being told, and was not told after all, is not done. */
function failureStep(world: World, state: State, request: FailureRequest): Step {
  const { type, id, claim, unpublished } = request;
  const failure = { error: ERROR, random: 0 };
  const action: Action =
    type === 'miss'
      ? { type }
      : type === 'expire'
        ? { type, claim, ...(unpublished ? { error: ERROR } : {}) }
        : { type, claim, ...failure };
  const acted = world.act(state, id, action);
  const label = `the failure function decides on: ${type} ${nameOf(id)} under claim ${claim}${outcomeOf(acted)}`;
  const index = state.rows.findIndex((row) => row.id === id);
  const isChanged = acted.decision.kind === 'changed';
  const isUndone = isChanged && state.rows[index]?.state === 'completed';
  const isCut = type === 'expire' && isChanged && (state.rows[index]?.leaseUntil ?? 0) > instantOf(state.at);
  const done = isUndone ? replaced(state.done, index, { since: claim, claims: [] }) : state.done;
  return {
    label,
    next: isChanged ? { ...acted.next, done } : state,
    broken: isCut ? ['no lease expires that still runs'] : acted.broken,
    helps: true,
  };
}

function mindSteps(world: World, state: State): Step[] {
  const dueAt = instantOf(state.at + 1);
  return state.rows.flatMap(({ id, claim, arrival }, index) =>
    world.scope.minds.flatMap((type) => {
      const action: Action = type === 'reschedule' ? { type, dueAt } : type === 'replay' ? { type, arrival } : { type };
      const { decision, next, broken } = world.act(state, id, action);
      if (decision.kind !== 'changed') return [];
      const done = type === 'replay' ? replaced(state.done, index, { since: claim, claims: [] }) : state.done;
      return [{ label: `somebody asks to ${type} ${nameOf(id)}`, next: { ...next, done, minds: state.minds - 1 }, broken, helps: false }];
    }),
  );
}

const outcomeOf = ({ decision }: Acted): string =>
  decision.kind === 'changed' ? ` → ${decision.task.state}` : decision.kind === 'unchanged' ? ' (as before)' : ' (refused)';
