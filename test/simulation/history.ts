/** What happened in one history, in the order in which it happened, and what of it must not have happened. */
export class History {
  readonly lines: string[] = [];
  readonly violations: string[] = [];
  readonly #beginning: number;
  readonly #now: () => number;

  constructor(beginning: number, now: () => number) {
    this.#beginning = beginning;
    this.#now = now;
  }

  get now(): number {
    return this.#now();
  }

  tell(what: string): void {
    this.lines.push(`${((this.#now() - this.#beginning) / 1_000).toFixed(3).padStart(8)}  ${what}`);
  }

  /** A guarantee is broken unless it holds. */
  must(isKept: boolean, guarantee: string, what: string): void {
    if (isKept) return;
    this.violations.push(`${guarantee}: ${what}`);
    this.tell(`VIOLATION  ${guarantee}: ${what}`);
  }
}
