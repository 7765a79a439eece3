import type { AppSettings } from '../../core/policy.ts';
import type { Item } from './aws/expressions.ts';
import type { History } from './history.ts';
import type { Process } from './process.ts';
import { hasTrait, number, stateOf, text } from './rules.ts';

const LEVELS = ['high', 'medium', 'low'];
/** What has just been shown may not have been there yet when the batch was made up: calls may be slow, and clocks differ. Milliseconds. */
const GRACE_MS = { inTrouble: 20_000, inPeace: 1_500 } as const;

/** A run claims nothing low in the last ten seconds of its hundred. */
const CLAIMS_ALL_MS = 85_000;

interface Shown {
  readonly rev: number;
  readonly at: number;
}

/** Among what the indexes have shown to a run, what goes first by the order of tasks is taken first. */
export class OrderWatch {
  readonly #rows: ReadonlyMap<string, Item>;
  readonly #settings: AppSettings;
  readonly #history: History;
  readonly #shown = new WeakMap<Process, Map<string, Shown>>();
  readonly #begun = new WeakMap<Process, number>();
  #graceMs: number = GRACE_MS.inTrouble;

  constructor(rows: ReadonlyMap<string, Item>, settings: AppSettings, history: History) {
    this.#rows = rows;
    this.#settings = settings;
    this.#history = history;
  }

  /** From now on nothing goes wrong any more. */
  begin(): void {
    this.#graceMs = GRACE_MS.inPeace;
  }

  /** An answer of an index has reached a process. */
  shown(items: readonly Item[], to: Process, at: number): void {
    const known = this.#shown.get(to) ?? new Map<string, Shown>();
    if (known.size === 0) this.#begun.set(to, at);
    this.#shown.set(to, known);
    for (const item of items) {
      const id = item.id?.S ?? '';
      const rev = number(item, 'rev');
      if (known.get(id)?.rev !== rev) known.set(id, { rev, at });
    }
  }

  /** Until when a run claims of every level. */
  #claimsAllUntil(run: Process): number {
    return (this.#begun.get(run) ?? Number.NEGATIVE_INFINITY) + CLAIMS_ALL_MS;
  }

  /** A run has written `taken` into a slot to be claimed; `held` are all that stand in slots now. */
  taken(taken: readonly { readonly id: string; readonly rev: number }[], held: ReadonlySet<string>, by: Process, now: number): void {
    if (now > this.#claimsAllUntil(by)) return;
    // It decided a while ago, by its own clock.
    const from = Math.min(now, by.now()) - this.#graceMs;
    const until = Math.max(now, by.latest);
    // What has moved on since it was shown stood elsewhere then, and is not claimed.
    const batch = taken.map(({ id, rev }) => [this.#rows.get(id), rev] as const).filter(([row, rev]) => number(row, 'rev') === rev);
    for (const [id, { rev, at }] of this.#shown.get(by) ?? []) {
      const row = this.#rows.get(id);
      if (!row || number(row, 'rev') !== rev || stateOf(row) !== 'scheduled' || held.has(id) || at > now - this.#graceMs) continue;
      if (number(row, 'dueAtMs') > from || this.#mayBeWorthless(row)) continue;
      // Both only rise as time goes on: what goes first then, did so at every instant between.
      const place = this.#placeOf(row, from);
      const first = batch.find(([one]) => isBefore(place, this.#placeOf(one, until)))?.[0];
      this.#history.must(first === undefined, 'what goes first is taken first', `${id} waits, ${by.name} takes ${text(first, 'id')}`);
    }
  }

  #mayBeWorthless(row: Item): boolean {
    return row.deadlineAt !== undefined && (this.#settings.whenLate === 'expire' || hasTrait(row, 'expires'));
  }

  /** The order of the design, said anew: what is due, level, close deadlines, the front, the date, the arrival. */
  #placeOf(row: Item | undefined, now: number): number[] {
    const { escalated, deadlineLeadMs } = this.#settings;
    const deadlineAt = number(row, 'deadlineAt') || Number.POSITIVE_INFINITY;
    const own = LEVELS.indexOf(text(row, 'level') ?? '');
    const level = deadlineAt <= now && own > 0 ? (escalated === 'last' ? 0.5 : 0) : own;
    const isFront = text(row, 'position') === 'front';
    const place = isFront ? [0, -number(row, 'arrival')] : [1, number(row, 'dueAtMs'), number(row, 'arrival')];
    // What is claimed ahead of its date goes behind all that is due.
    const ahead = isFront ? 0 : Math.max(0, number(row, 'dueAtMs') - now);
    return [ahead, level, deadlineAt - deadlineLeadMs <= now ? deadlineAt : Number.POSITIVE_INFINITY, ...place];
  }
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const differs = a.findIndex((part, i) => part !== b[i]);
  return differs >= 0 && (a[differs] ?? 0) < (b[differs] ?? 0);
}
