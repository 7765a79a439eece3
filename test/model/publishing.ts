import { learned, setAside, withRun } from './memory.ts';
import { type Outgoing, type Run, type State, type Step, toldKey, withOne } from './state.ts';
import { instantOf, nameOf, type World, withRequest } from './world.ts';

/** Mirrors `BEAT_MS` (functions/dispatch/ports.ts). */
const BEAT_MS = 1_000;

/** Mirrors `Publisher`, which works beside the turn: what is due goes out, and SNS's answer is heard, or lost. */
export function publishSteps(world: World, state: State, r: number, run: Run, name: string): Step[] {
  const now = instantOf(state.at);
  return run.outbox.flatMap((outgoing) => {
    if (outgoing.dueAt > now) return [];
    const what = `${nameOf(outgoing.id)} under claim ${outgoing.claim}`;
    const accepted = { ...state, told: withOne(state.told, toldKey(outgoing), (key) => key) };
    const without = { ...run, outbox: run.outbox.filter((one) => one !== outgoing) };
    // Mirrors `hasTime`: once its lease has ended it is the expiry's affair.
    const tried = outgoing.isDone || outgoing.leaseUntil > now + BEAT_MS ? run : without;
    const step = { broken: tooEarly(state, outgoing), helps: false };
    return [
      { ...step, label: `${name} tells of ${what}`, next: withRun(accepted, r, heard(without, outgoing)), helps: true },
      ...(world.scope.faults.includes('answers')
        ? [{ ...step, label: `${name} tells of ${what}, but the answer is lost`, next: withRun(accepted, r, tried) }]
        : []),
      ...(tried === run
        ? []
        : [{ ...step, label: `${name} gives up ${what}: its lease has ended`, next: withRun(state, r, tried), broken: [] }]),
      ...(state.refusals > 0
        ? [{ ...step, label: `SNS refuses ${what} for good`, next: refused(state, r, without, outgoing), broken: [] }]
        : []),
    ];
  });
}

/** Mirrors `Entries.#accepted`. */
function heard(run: Run, { held, isDone }: Outgoing): Run {
  const after = learned(run, held, { published: true });
  return isDone ? learned(after, held, { freed: true }) : after;
}

/** Mirrors `Entries.#refused`. */
function refused(state: State, r: number, run: Run, { held, id, claim }: Outgoing): State {
  const next = withRun({ ...state, refusals: state.refusals - 1 }, r, setAside(run, held, instantOf(state.at)));
  return withRequest(next, { type: 'refuse', id, claim });
}

function tooEarly({ rows, at }: State, { id, claim }: Outgoing): string[] {
  const row = rows.find((one) => one.id === id);
  return row?.claim === claim && row.state === 'leased' && row.dueAt > instantOf(at) ? ['nobody is told before the date'] : [];
}
