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
  /** By task, and as of which revision of it the slot holds it. */
  readonly #facts = new Map<string, Fact & Pick<SlotEntry, 'rev'>>();
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
      const { freed, leaseUntil = entry.leaseUntil, published = entry.published } = this.#factOf(entry) ?? {};
      return freed || leaseUntil !== entry.leaseUntil || published !== entry.published;
    });
  }

  get held(): readonly Held[] {
    return this.#fold().held;
  }

  learn(entry: SlotEntry, fact: Fact): void {
    const { id, rev } = entry;
    const before = this.#facts.get(id);
    // What comes late of an entry that the slot has held before must not hide what is known of the one that it holds.
    if (before && before.rev > rev) return;
    this.#facts.set(id, before?.rev === rev ? { ...before, ...fact } : { ...fact, rev });
    this.#known = undefined;
  }

  /** The row as it stands now; facts about entries that it no longer holds have served their purpose. */
  seen(row: Slot): void {
    this.#row = row;
    this.#known = undefined;
    if (this.#facts.size === 0) return;
    const revs = new Map<string, number>();
    for (const { id, rev } of row.entries) revs.set(id, rev);
    for (const [id, { rev }] of this.#facts) if (revs.get(id) !== rev) this.#facts.delete(id);
  }

  #fold() {
    if (this.#known) return this.#known;
    const { index, rev } = this.#row;
    const entries: SlotEntry[] = [];
    const held: Held[] = [];
    for (const one of this.#row.entries) {
      const fact = this.#factOf(one);
      if (fact?.freed) continue;
      const entry = fact ? asKnown(one, fact) : one;
      entries.push(entry);
      held.push({ slot: index, entry });
    }
    this.#known = { slot: { index, rev, entries }, held };
    return this.#known;
  }

  #factOf({ id, rev }: SlotEntry): Fact | undefined {
    const fact = this.#facts.get(id);
    return fact?.rev === rev ? fact : undefined;
  }
}

const asKnown = ({ id, rev, leaseUntil, published }: SlotEntry, fact: Fact): SlotEntry => ({
  id,
  rev,
  leaseUntil: fact.leaseUntil ?? leaseUntil,
  published: fact.published ?? published,
});
