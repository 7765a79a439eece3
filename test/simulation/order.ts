import type { Item } from './aws/expressions.ts';
import type { History } from './history.ts';
import type { Process } from './process.ts';
import { number, stateOf, text } from './rules.ts';

const LEVELS = ['high', 'medium', 'low'];
/** What has just been shown may not have been there yet when the batch was made up: calls are slow. Milliseconds. */
const GRACE_MS = 20_000;

interface Shown {
  readonly rev: number;
  readonly level: number;
  readonly at: number;
}

/** Among what the indexes have shown to a run, a higher level is taken before a lower one. */
export class OrderWatch {
  readonly #rows: ReadonlyMap<string, Item>;
  readonly #history: History;
  readonly #shown = new WeakMap<Process, Map<string, Shown>>();

  constructor(rows: ReadonlyMap<string, Item>, history: History) {
    this.#rows = rows;
    this.#history = history;
  }

  /** An answer of an index has reached a process. */
  shown(items: readonly Item[], to: Process, at: number): void {
    const known = this.#shown.get(to) ?? new Map<string, Shown>();
    this.#shown.set(to, known);
    for (const item of items) {
      const id = item.id?.S ?? '';
      const rev = number(item, 'rev');
      if (known.get(id)?.rev !== rev) known.set(id, { rev, at, level: levelOf(item) });
    }
  }

  /** A run has written `taken` into a slot to be claimed; `held` are all that stand in slots now. */
  taken(taken: readonly string[], held: ReadonlySet<string>, by: Process, now: number): void {
    const shown = this.#shown.get(by) ?? new Map<string, Shown>();
    // By its own clock, which may be behind.
    const due = Math.min(now, by.now());
    // As they were shown: a row may have moved on since.
    const lowest = Math.max(...taken.map((id) => shown.get(id)?.level ?? 0));
    for (const [id, { rev, at, level }] of shown) {
      const row = this.#rows.get(id);
      const isWaiting = stateOf(row) === 'scheduled' && number(row, 'rev') === rev && !held.has(id);
      if (!isWaiting || at > now - GRACE_MS || number(row, 'dueAtMs') > due - GRACE_MS || row?.deadlineAt !== undefined) continue;
      this.#history.must(level >= lowest, 'a higher level is taken before a lower', `${id} waits, ${by.name} takes ${taken}`);
    }
  }
}

/** A task with a deadline may count as High. */
const levelOf = (item: Item): number => (item.deadlineAt === undefined ? LEVELS.indexOf(text(item, 'level') ?? '') : 0);
