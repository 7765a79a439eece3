import type { Entries } from './entries.ts';
import type { Place } from './ledger.ts';

/** Entries looked at in one sweep of full slots. */
const SWEEP_SIZE = 100;
/** While an app is at its limit: how soon to look again for a free place, doubled each time in vain. */
const SWEEP_MS = { first: 250, last: 8_000 } as const;

/** The search for free places while every slot of an app is full, ever more seldom while there are none. */
export class Sweep {
  readonly #entries: Entries;
  #at = Number.POSITIVE_INFINITY;
  #ms: number = SWEEP_MS.first;
  #from = 0;

  constructor(entries: Entries) {
    this.#entries = entries;
  }

  /** When to look again. Epoch ms; Infinity while there is room. */
  get at(): number {
    return this.#at;
  }

  get isFull(): boolean {
    return this.#at !== Number.POSITIVE_INFINITY;
  }

  /** A turn has begun, which will find out anew. */
  stop(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }

  /** Every slot is full: looks for places that have become free (see `Ledger.places`). */
  async places(wanted: number, now: number): Promise<Place[]> {
    const { ledger, publisher } = this.#entries;
    const held = ledger.held.filter(({ entry }) => entry.published);
    const from = this.#from < held.length ? this.#from : 0;
    this.#from = from + SWEEP_SIZE;
    // Where most are yet to be told, the others were told a moment ago: nobody has done them.
    if (publisher.untried <= held.length) await this.#entries.examine(held.slice(from, from + SWEEP_SIZE), false);
    const places = ledger.places(wanted);
    const isFree = places.length > 0;
    this.#at = isFree ? Number.POSITIVE_INFINITY : now + this.#ms;
    this.#ms = isFree ? SWEEP_MS.first : Math.min(this.#ms * 2, SWEEP_MS.last);
    return places;
  }
}
