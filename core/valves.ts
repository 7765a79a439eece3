import type { Share } from './split.ts';

/** How fast claims may go, from an instant on: `perMinute` of them, evenly spread. */
export interface Rate {
  readonly perMinute: number;
  /** Epoch ms. */
  readonly since: number;
}

/** What an operator has set on the way out of the queue: nothing is claimed, or no faster than a rate. */
export type Valve = 'paused' | Rate;

/** What was set for an app as a whole, and for some of its task names. Both hold for a task of such a name. */
export interface Valves {
  readonly app?: Valve | undefined;
  readonly names: Readonly<Record<string, Valve>>;
  /** Paused since its queue was made on a table that was there before, and not let go yet: what is in the table is left as it is. */
  readonly held?: true;
}

export const NO_VALVES: Valves = { names: {} };

/** The valves that a task name goes through. */
export const valvesOn = ({ app, names }: Valves, name: string): Valve[] =>
  [app, Object.hasOwn(names, name) ? names[name] : undefined].filter((valve) => valve !== undefined);

export const isPaused = (valves: Valves, name: string): boolean => valvesOn(valves, name).includes('paused');

const MINUTE = 60_000;

/** When a rate lets its `n`th claim go, from 1, in whole milliseconds. Whoever asks, and whenever: the instants are the rate's own. */
export const grantAt = ({ perMinute, since }: Rate, n: number): number => since + Math.ceil((n * MINUTE) / perMinute);

/** Which is the first claim that a rate lets go at `at` or later. */
export const grantFrom = (rate: Rate, at: number): number => grantsUntil(rate, at - 1) + 1;

/** How many claims a rate lets go after `from`, until `to` (included). */
export const grantsBetween = (rate: Rate, from: number, to: number): number => Math.max(0, grantsUntil(rate, to) - grantsUntil(rate, from));

/** How many claims a rate has let go until `at` (included). */
const grantsUntil = ({ perMinute, since }: Rate, at: number): number => Math.max(0, Math.floor(((at - since) * perMinute) / MINUTE));

/** The valves of a share of an app: of what its rates let go, every so-manieth claim. */
export function valvesOfShare(valves: Valves, share: Share): Valves {
  if (share.of === 1) return valves;
  const { app, names, ...others } = valves;
  const own = Object.entries(names).map(([name, valve]) => [name, ofShare(valve, share)] as const);
  return { ...others, ...(app === undefined ? {} : { app: ofShare(app, share) }), names: Object.fromEntries(own) };
}

/** Of the claims 1, 2, 3 …, the first share has the first and every `of`th after it, and so on: together they are the rate. */
const ofShare = (valve: Valve, { rank, of }: Share): Valve =>
  valve === 'paused' ? valve : { perMinute: valve.perMinute / of, since: valve.since - ((of - 1 - rank) * MINUTE) / valve.perMinute };
