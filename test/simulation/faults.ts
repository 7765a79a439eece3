import type { Chance } from './chance.ts';

/** What can go wrong, and how often it does where a history has that kind at all: a probability for each occasion. */
const KINDS = {
  'not sent': 0.02,
  'answer lost': 0.02,
  'answer lost for good': 0.02,
  'refused by throttling': 0.02,
  'slow call': 0.03,
  'late write': 0.01,
  'throttled statement': 0.08,
  'half a batch': 0.15,
  'unprocessed key': 0.05,
  'index lag': 0.3,
  'stale read': 0.3,
  crash: 0.012,
  'notification refused': 0.08,
  'notification refused for good': 0.02,
  'event refused': 0.08,
  'message twice': 0.12,
  'deleted message again': 0.03,
  'message late': 0.1,
  'missing tick': 0.25,
  'tick twice': 0.25,
  'late tick': 0.25,
  'clock skew': 0.5,
  'clock steps back': 0.02,
  'worker hangs': 0.12,
  'worker dies': 0.08,
  'reported twice': 0.15,
  'reported late': 0.1,
} as const satisfies Record<string, number>;

export type FaultKind = keyof typeof KINDS;
export const FAULT_KINDS = Object.keys(KINDS) as FaultKind[];

/** Which faults a history may have. */
export interface FaultLimits {
  /** Only so many, the first ones. @default all */
  readonly faults?: number | undefined;
  /** None of these kinds. */
  readonly without?: readonly FaultKind[] | undefined;
}

/** Decides what goes wrong. Each history has some kinds and not others, so that each is also seen alone. */
export class Faults {
  readonly counts = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  /** Hears of each. */
  listener: (kind: FaultKind) => void = () => {};
  readonly #chance: Chance;
  readonly #left: { count: number };
  readonly #rates: Readonly<Record<FaultKind, number>>;
  #isOver = false;

  constructor(chance: Chance, { faults = Number.POSITIVE_INFINITY, without = [] }: FaultLimits) {
    this.#chance = chance;
    this.#left = { count: faults };
    const rates = FAULT_KINDS.map((kind) => {
      const rate = chance.hits(0.5) ? KINDS[kind] * chance.oneOf([0.5, 1, 2]) : 0;
      return [kind, without.includes(kind) ? 0 : rate] as const;
    });
    this.#rates = Object.fromEntries(rates) as Record<FaultKind, number>;
  }

  /** From now on nothing goes wrong any more. */
  stop(): void {
    this.#isOver = true;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether it happens now; then it is counted. */
  hits(kind: FaultKind): boolean {
    const isHit = this.#chance.next() < this.#rates[kind];
    if (!isHit || this.#isOver || this.#left.count <= 0) return false;
    this.#left.count--;
    this.counts[kind]++;
    this.listener(kind);
    return true;
  }

  int(min: number, max: number): number {
    return this.#chance.int(min, max);
  }

  /** When a process dies that dies at a call: before the request leaves, once it has left, or once it has been carried out. */
  oneOfDeaths = (): 'before' | 'after' | 'meanwhile' => this.#chance.oneOf(['before', 'after', 'meanwhile']);

  /** How far an index is behind. */
  lagMs = (): number => (this.hits('index lag') ? this.int(200, 6_000) : this.int(0, 40));
  staleMs = (): number => (this.hits('stale read') ? this.int(1, 900) : 0);
  deliveryMs = (): number => (this.hits('message late') ? this.int(1_000, 30_000) : this.int(1, 60));
}
