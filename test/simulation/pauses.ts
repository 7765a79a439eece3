import type { Item } from './aws/expressions.ts';
import type { History } from './history.ts';
import { text } from './rules.ts';

/** A run hears of a pause at its next beat that can read, and finishes the batch that it has in hand. */
const HEARD_MS = 20_000;
/** Stands for the whole app. */
const ALL = '';

/** What is paused is not taken to be claimed. */
export class PauseWatch {
  readonly #history: History;
  readonly #since = new Map<string, number>();
  /** How often each may have been opened. */
  readonly #openings = new Map<string, number>();

  constructor(history: History) {
    this.#history = history;
  }

  /**
   * A door is asked for a pause; the answer is to be called once it has taken the word of it. `name`: a task name; undefined: the
   * whole app. Where it may have been opened meanwhile, nobody knows which of the two holds.
   */
  asked(name: string | undefined): () => void {
    const key = name ?? ALL;
    const openings = this.#openings.get(key);
    return () => {
      if (this.#openings.get(key) === openings) this.#since.set(key, this.#history.now);
    };
  }

  /** It may be open again: to be said when that is asked for, and when it is answered. */
  opening(name: string | undefined): void {
    const key = name ?? ALL;
    this.#openings.set(key, (this.#openings.get(key) ?? 0) + 1);
    this.#since.delete(key);
  }

  /** A run has written a row's entry into a slot. */
  taken(id: string, row: Item | undefined): void {
    if (this.#since.size === 0) return;
    const since = Math.min(...[ALL, text(row, 'name') ?? ALL].map((key) => this.#since.get(key) ?? Number.POSITIVE_INFINITY));
    this.#history.must(this.#history.now < since + HEARD_MS, 'what is paused is not taken', id);
  }
}
