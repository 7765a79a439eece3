import { grantAt, grantsBetween, isPaused, NO_VALVES, type Rate, type Valve, type Valves } from '../../core/valves.ts';
import { BEAT_MS } from './ports.ts';

/** What a rate may let go at once after an idle time: two beats' worth, so that no beat that comes late costs any of it. */
const BURST_MS = 2 * BEAT_MS;

/** What a rate has let go and nobody has used, as of an instant. */
interface Grants {
  readonly rate: Rate;
  readonly left: number;
  readonly until: number;
}

/**
 * An app's valves in one run: what is paused, and how many claims its rates let go. Grants are instants of the rate's own, so
 * a run goes on where the run before has left off.
 */
export class Gate {
  #valves: Valves = NO_VALVES;
  /** By task name; undefined: the app's own. */
  #grants = new Map<string | undefined, Grants>();
  #usedUntil = 0;

  /** Goes on from what the run before has used (see `SeatState.usedUntil`). */
  begin(usedUntil: number): void {
    this.#usedUntil = Math.max(this.#usedUntil, usedUntil);
    this.#grants = new Map();
  }

  /** Until when what the rates let go is used or forgone. Epoch ms. */
  get usedUntil(): number {
    return this.#usedUntil;
  }

  set(valves: Valves): void {
    this.#valves = valves;
  }

  /** When the app, or a task name of it, may be claimed next: −Infinity: at once; Infinity: not while it is paused. Epoch ms. */
  opensAt(now: number, name?: string): number {
    if (this.#valves === NO_VALVES) return Number.NEGATIVE_INFINITY;
    if (name === undefined ? this.#valves.app === 'paused' : isPaused(this.#valves, name)) return Number.POSITIVE_INFINITY;
    const waits = this.#rates(name).map(({ key, rate }) => {
      const { left, until } = this.#granted(key, rate, now);
      return left > 0 ? Number.NEGATIVE_INFINITY : nextGrant(rate, until);
    });
    return Math.max(Number.NEGATIVE_INFINITY, ...waits);
  }

  /** The first `limit` tasks, in their order, that the valves let go together. */
  through<T extends { readonly name: string }>(tasks: readonly T[], limit: number, now: number): T[] {
    if (this.#valves === NO_VALVES) return tasks.slice(0, limit);
    const used = new Map<string | undefined, number>();
    const chosen: T[] = [];
    for (const task of tasks) {
      if (chosen.length === limit) break;
      if (isPaused(this.#valves, task.name)) continue;
      const rates = this.#rates(task.name);
      if (rates.some(({ key, rate }) => this.#granted(key, rate, now).left <= (used.get(key) ?? 0))) continue;
      for (const { key } of rates) used.set(key, (used.get(key) ?? 0) + 1);
      chosen.push(task);
    }
    return chosen;
  }

  /** These are being claimed. */
  use(tasks: readonly { readonly name: string }[], now: number): void {
    if (this.#valves === NO_VALVES) return;
    for (const { key, rate } of tasks.flatMap(({ name }) => this.#rates(name))) {
      const grants = this.#granted(key, rate, now);
      this.#grants.set(key, { ...grants, left: grants.left - 1 });
      this.#usedUntil = Math.max(this.#usedUntil, now);
    }
  }

  #granted(key: string | undefined, rate: Rate, now: number): Grants {
    const before = this.#grants.get(key);
    const { left, until } = before && isSame(before.rate, rate) ? before : { left: 0, until: this.#usedUntil };
    const grants = { rate, left: Math.min(burstOf(rate), left + grantsBetween(rate, until, now)), until: Math.max(until, now) };
    this.#grants.set(key, grants);
    return grants;
  }

  /** The rates that a task name goes through; without a name, the app's own. */
  #rates(name: string | undefined): { key: string | undefined; rate: Rate }[] {
    const { app, names } = this.#valves;
    const own = name !== undefined && Object.hasOwn(names, name) ? names[name] : undefined;
    return [
      { key: undefined, valve: app },
      { key: name, valve: own },
    ].flatMap(({ key, valve }) => (isRate(valve) ? [{ key, rate: valve }] : []));
  }
}

const isRate = (valve: Valve | undefined): valve is Rate => valve !== undefined && valve !== 'paused';
const isSame = (a: Rate, b: Rate): boolean => a.perMinute === b.perMinute && a.since === b.since;
const burstOf = ({ perMinute }: Rate): number => Math.max(1, Math.ceil((perMinute * BURST_MS) / 60_000));

/** The first instant after `at` at which a rate lets one go. */
const nextGrant = (rate: Rate, at: number): number => grantAt(rate, grantsBetween(rate, rate.since, at) + 1);
