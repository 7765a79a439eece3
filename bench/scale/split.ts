import { shardOf } from '../../core/lanes.ts';
import type { AppSettings } from '../../core/policy.ts';
import { SLOT_SIZE } from '../../core/slots.ts';

/** What of an app's settings says how it is dealt out. */
export type Dealt = Pick<AppSettings, 'app' | 'shards' | 'maxInFlight'>;

/** Which partition an id is in, as `core/lanes.ts` has it. */
export type Hash = (id: string, shards: number) => number;

/** Into how many shares an app is dealt out among so many dispatchers: no more than it has shards, or full slots. */
export const sharesOf = ({ shards, maxInFlight }: Dealt, dispatchers: number): number =>
  Math.max(1, Math.min(dispatchers, shards, Math.floor(maxInFlight / SLOT_SIZE)));

/** Which of so many dispatchers serves a shard of an app. */
export const dispatcherOf = (dealt: Dealt, shard: number, dispatchers: number): number =>
  (shardOf(dealt.app, dispatchers) + (shard % sharesOf(dealt, dispatchers))) % dispatchers;
