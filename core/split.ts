import { shardOf } from './lanes.ts';
import type { AppSettings } from './policy.ts';
import { SLOT_SIZE } from './slots.ts';

/** One of several dispatchers: the `part`th, from 0, `of` so many. */
export interface Place {
  readonly part: number;
  readonly of: number;
}

/** The part of an app that a dispatcher serves: the shards and the slots whose number is `rank`, counted modulo `of`. */
export interface Share {
  readonly rank: number;
  readonly of: number;
}

/** The only dispatcher there is, and all of an app. */
export const ALONE: Place = { part: 0, of: 1 };
export const WHOLE: Share = { rank: 0, of: 1 };

/** What of an app's settings says how it is dealt out. */
export type Dealt = Pick<AppSettings, 'app' | 'shards' | 'maxInFlight'>;

/**
 * Into how many shares an app is dealt out among so many dispatchers: no more than it has shards, or full slots, because each
 * share has lanes of its own and places of its own. An app of one shard, or of fewer than 50 out at once, is one dispatcher's.
 */
export const sharesOf = ({ shards, maxInFlight }: Dealt, dispatchers: number): number =>
  Math.max(1, Math.min(dispatchers, shards, Math.floor(maxInFlight / SLOT_SIZE)));

/** A dispatcher's share of an app; undefined: it has none. Apps begin at different dispatchers, so that small ones spread too. */
export function shareOf(dealt: Dealt, { part, of }: Place): Share | undefined {
  const rank = (part - shardOf(dealt.app, of) + of) % of;
  const shares = sharesOf(dealt, of);
  return rank < shares ? { rank, of: shares } : undefined;
}

/** Which of so many dispatchers serves a shard of an app. */
export const dispatcherOf = (dealt: Dealt, shard: number, dispatchers: number): number =>
  (shardOf(dealt.app, dispatchers) + (shard % sharesOf(dealt, dispatchers))) % dispatchers;

/** Whether a shard, or a slot, is in a share. */
export const isIn = ({ rank, of }: Share, index: number): boolean => index % of === rank;

/** So many texts tell one way to deal apps out from another. */
const DEALS = 2 ** 31;

/** How apps are dealt out, as a short text: another text, and some slot or shard may be another dispatcher's. */
export function dealOf(apps: readonly Dealt[], dispatchers: number): string {
  if (dispatchers === 1) return ONE_DEAL;
  const shares = apps.map((app) => `${app.app}/${sharesOf(app, dispatchers)}`).sort();
  return `${dispatchers}.${shardOf(shares.join(' '), DEALS).toString(36)}`;
}

/** With one dispatcher there is nothing to deal out. */
export const ONE_DEAL = '1';
