/** A measured figure, as `npm run bench -- --json` prints it. */
export interface Figure {
  /** The number of the row in docs/performance.md. Several figures may share one. */
  readonly id: number;
  readonly name: string;
  readonly value: number;
  /** What it is to keep; null: told for what it is worth. */
  readonly target: number | null;
  readonly unit: string;
  /** Whether the target is kept. */
  readonly ok: boolean;
  /** How the target bounds it. */
  readonly bound?: 'at most' | 'at least';
}

/** A figure's target: one of the two, or none. */
export type Target = { readonly atMost: number } | { readonly atLeast: number } | undefined;

export function figure(id: number, name: string, value: number, unit: string, target?: Target): Figure {
  if (!target) return { id, name, value, target: null, unit, ok: Number.isFinite(value) };
  if ('atMost' in target) return { id, name, value, target: target.atMost, unit, ok: value <= target.atMost, bound: 'at most' };
  return { id, name, value, target: target.atLeast, unit, ok: value >= target.atLeast, bound: 'at least' };
}

/** A measurement that can be asked for by its name. */
export interface Bench {
  readonly name: string;
  /** One line: what is measured, and upon what. */
  readonly about: string;
  /** Whether it runs when no name is given: all of these together stay under three minutes. */
  readonly isQuick: boolean;
  /** `progress` tells whoever waits; it never goes to standard output. */
  run(progress: (line: string) => void): Promise<Measured>;
}

export interface Measured {
  readonly figures: readonly Figure[];
  /** What a reader must know beside the figures: tables of their own, formulas, what was not run and how to make it run. */
  readonly notes?: readonly string[];
}

/** Something that a bench needs is not on this machine. */
export class Missing extends Error {
  constructor(what: string, command: string) {
    super(`${what} is not here; install it with: ${command}`);
    this.name = 'Missing';
  }
}
