import type { Slot, SlotEntry } from '../../core/slots.ts';

/** An entry and the slot that holds it. */
export interface Held {
  readonly slot: number;
  readonly entry: SlotEntry;
}

/** What a run has learned of an entry since its slot was last written. True for ever, whatever is read later. */
export interface Fact {
  readonly freed?: true;
  readonly published?: true;
  readonly leaseUntil?: number;
}

/** One slot in a run's memory: its row as last seen, and what was learned of its entries since. */
export class SlotMemory {
  #row: Slot;
  readonly #facts = new Map<string, Fact>();
  /** The slot by all that is known, until something is learned: asked for far more often than that. */
  #known: { readonly slot: Slot; readonly held: readonly Held[] } | undefined;

  constructor(index: number) {
    this.#row = { index, rev: 0, entries: [] };
  }

  get row(): Slot {
    return this.#row;
  }

  /** The slot by all that is known. */
  get slot(): Slot {
    return this.#fold().slot;
  }

  /** Whether more is known than stands in the row. */
  get isNews(): boolean {
    return this.#row.entries.some((entry) => {
      const { freed, leaseUntil = entry.leaseUntil, published = entry.published } = this.#facts.get(factKey(entry)) ?? {};
      return freed || leaseUntil !== entry.leaseUntil || published !== entry.published;
    });
  }

  get held(): readonly Held[] {
    return this.#fold().held;
  }

  learn(entry: SlotEntry, fact: Fact): void {
    const key = factKey(entry);
    const before = this.#facts.get(key);
    this.#facts.set(key, before ? { ...before, ...fact } : fact);
    this.#known = undefined;
  }

  /** The row as it stands now; facts about entries that it no longer holds have served their purpose. */
  seen(row: Slot): void {
    this.#row = row;
    this.#known = undefined;
    const keys = new Set(row.entries.map(factKey));
    for (const key of this.#facts.keys()) if (!keys.has(key)) this.#facts.delete(key);
  }

  #fold() {
    if (this.#known) return this.#known;
    const entries = this.#facts.size === 0 ? this.#row.entries : this.#row.entries.flatMap((entry) => this.#asKnown(entry));
    const slot = { ...this.#row, entries };
    this.#known = { slot, held: entries.map((entry) => ({ slot: slot.index, entry })) };
    return this.#known;
  }

  #asKnown(entry: SlotEntry): SlotEntry | [] {
    const fact = this.#facts.get(factKey(entry));
    if (!fact) return entry;
    const { freed, leaseUntil = entry.leaseUntil, published = entry.published } = fact;
    return freed ? [] : { id: entry.id, rev: entry.rev, leaseUntil, published };
  }
}

const factKey = ({ id, rev }: SlotEntry): string => `${id} ${rev}`;
