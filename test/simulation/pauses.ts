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

  constructor(history: History) {
    this.#history = history;
  }

  /** A door has taken the word of it. `name`: a task name; undefined: the whole app. */
  paused(name: string | undefined): void {
    this.#since.set(name ?? ALL, this.#history.now);
  }

  /** It may be open again. */
  opening(name: string | undefined): void {
    this.#since.delete(name ?? ALL);
  }

  /** A run has written a row's entry into a slot. */
  taken(id: string, row: Item | undefined): void {
    if (this.#since.size === 0) return;
    const since = Math.min(...[ALL, text(row, 'name') ?? ALL].map((key) => this.#since.get(key) ?? Number.POSITIVE_INFINITY));
    this.#history.must(this.#history.now < since + HEARD_MS, 'what is paused is not taken', id);
  }
}
