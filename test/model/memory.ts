import { entriesOf, entriesText, roomIn, type Slot, type SlotEntry } from '../../core/slots.ts';
import { LEASE_SKEW_MS, type Task } from '../../core/task.ts';
import { type Fact, type Held, type Run, replaced, type State, withOne } from './state.ts';
import { APP } from './world.ts';

/** Mirrors `SET_ASIDE_MS` (functions/dispatch/aside.ts). */
const SET_ASIDE_MS = 60_000;

// A run's memory of the slots: mirrors `Ledger` (functions/dispatch/ledger.ts), and what `Entries` keeps beside it.

export const factKey = ({ slot, entry: { id, rev } }: Held): string => `${slot} ${id} ${rev}`;

/** Mirrors `Ledger.#known`: a slot as it stands by all that the run has learned. */
function known({ slots, facts }: Run, slot: number): SlotEntry[] {
  return (slots[slot]?.entries ?? []).flatMap((entry) => {
    const { freed, ...fact } = facts[factKey({ slot, entry })] ?? {};
    return freed ? [] : [{ ...entry, ...fact }];
  });
}

const slotsOf = (run: Run): Slot[] => run.slots.map((_, index) => ({ index, rev: 0, entries: known(run, index) }));

/** Mirrors `Ledger.held`. */
export const heldBy = (run: Run): Held[] => slotsOf(run).flatMap(({ index, entries }) => entries.map((entry) => ({ slot: index, entry })));

/** Mirrors `Ledger.place`. */
export function placeFor(run: Run, wanted: number, maxInFlight: number): { slot: number; room: number } | undefined {
  const open = slotsOf(run)
    .map((slot) => ({ slot: slot.index, room: roomIn(slot, maxInFlight) }))
    .filter(({ room }) => room > 0)
    .sort((a, b) => a.room - b.room);
  return open.find(({ room }) => room >= wanted) ?? open.at(-1);
}

/** Mirrors `Ledger.#learn`. Of what is freed nothing else counts any more. */
export function learned(run: Run, held: Held, fact: Fact): Run {
  const key = factKey(held);
  const { freed, published, leaseUntil } = { ...run.facts[key], ...fact };
  const all: Fact = freed ? { freed } : { ...(published ? { published } : {}), ...(leaseUntil === undefined ? {} : { leaseUntil }) };
  const facts = Object.entries({ ...run.facts, [key]: all });
  return { ...run, facts: Object.fromEntries(facts.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** Mirrors `Ledger.#seen`: facts about entries that the row no longer holds have served their purpose. */
function seen(run: Run, slot: number, entries: readonly SlotEntry[]): Run {
  const keys = new Set(entries.map((entry) => factKey({ slot, entry })));
  const facts = Object.entries(run.facts).filter(([key]) => !key.startsWith(`${slot} `) || keys.has(key));
  return { ...run, slots: replaced(run.slots, slot, { entries, isCurrent: true }), facts: Object.fromEntries(facts) };
}

export const withRun = (state: State, r: number, run: Run | null): State => ({ ...state, runs: replaced(state.runs, r, run) });

/** Mirrors `Ledger.#write`: by compare-and-set on the row's revision; the loser learns the row as it is. */
export function written(state: State, r: number, slot: number, added: readonly SlotEntry[]): { state: State; isOurs: boolean } {
  const run = state.runs[r] as Run;
  if (!run.slots[slot]?.isCurrent) return { state: withRun(state, r, seen(run, slot, state.slots[slot] ?? [])), isOurs: false };
  const entries = entriesOf(APP, entriesText([...known(run, slot), ...added]));
  const others = state.runs.map((one) => {
    const memory = one?.slots[slot];
    return one && memory?.isCurrent ? { ...one, slots: replaced(one.slots, slot, { ...memory, isCurrent: false }) } : one;
  });
  const next = { ...state, slots: replaced(state.slots, slot, entries), runs: others };
  return { state: withRun(next, r, seen(run, slot, entries)), isOurs: true };
}

/** Mirrors `Ledger.flush`: whether a slot is to be written. */
export const isToBeWritten = (run: Run, slot: number): boolean =>
  entriesText(known(run, slot)) !== entriesText(run.slots[slot]?.entries ?? []);

/** Mirrors `Ledger.load`, at a run's start or after a turn that was cut short. What was learned is kept, where there was something. */
export const loaded = (state: State, run: Run | null): Run => ({
  ...(run ?? { facts: {}, outbox: [], aside: [] }),
  slots: state.slots.map((entries) => ({ entries, isCurrent: true })),
  doing: null,
});

/** Mirrors `Entries.unsure` and `Entries.endingBy`: the entries that a turn looks at. */
export function toBeExamined(run: Run, now: number): Held[] {
  return heldBy(run).filter((held) => {
    const { id, published, leaseUntil } = held.entry;
    if (published) return leaseUntil + LEASE_SKEW_MS <= now;
    return !run.outbox.some((one) => one.id === id) && !run.aside.includes(factKey(held));
  });
}

/** Mirrors `Entries.#tell`. */
export function toldOf(run: Run, held: Held, task: Task): Run {
  const { id, claim, dueAt, state, leaseUntil = 0 } = task;
  const after = learned(run, held, { leaseUntil });
  if (held.entry.published || run.outbox.some((one) => one.id === id)) return after;
  return { ...after, outbox: withOne(run.outbox, { id, claim, dueAt, leaseUntil, isDone: state === 'completed', held }, (one) => one.id) };
}

/** Mirrors `Entries.#setAside`. */
export function setAside(run: Run, held: Held, now: number): Run {
  const after = { ...run, aside: [...new Set([...run.aside, factKey(held)])].sort() };
  return held.entry.published ? learned(after, held, { leaseUntil: now + SET_ASIDE_MS }) : after;
}
