import type { Task } from './task.ts';

/** A task held in a slot: claimed at this revision, or about to be. */
export interface SlotEntry {
  readonly id: string;
  /** The revision it was nominated at. */
  readonly rev: number;
  /** When to look at the row again: the lease's end as known at the claim, epoch milliseconds. */
  readonly leaseUntil: number;
  /** SNS has accepted its notification, as far as the slot's last writer knew. */
  readonly published: boolean;
}

/** A slot as read: part of an app's lease ledger, in-flight limit and outbox. `rev` 0: not yet written. */
export interface Slot {
  readonly index: number;
  readonly rev: number;
  readonly entries: readonly SlotEntry[];
}

/** Entries a slot can hold: as many as one batch of claims, and a row that stays within 1 KB, one write unit. */
export const SLOT_SIZE = 25;

/** The slots that a limit spreads over. */
export const slotCount = (maxInFlight: number): number => Math.ceil(maxInFlight / SLOT_SIZE);

/** What a slot may hold under a limit: the capacities of an app's slots sum to `maxInFlight`. */
export const capacityOf = (index: number, maxInFlight: number): number => Math.max(0, Math.min(SLOT_SIZE, maxInFlight - index * SLOT_SIZE));

/** Free places in a slot. */
export const roomIn = (slot: Slot, maxInFlight: number): number => Math.max(0, capacityOf(slot.index, maxInFlight) - slot.entries.length);

/**
 * The mark a claim leaves on the row: slot, nominated revision, and a nonce of the run's own. It says whose claim this
 * is (the nonce), and whether a slot's entry is the one the row was claimed under (slot and revision).
 */
export const claimTag = (slot: number, rev: number, nonce: string): string => `${slot}.${rev}.${nonce}`;

/** What a slot's entry has come to, seen from its row. */
export type EntryFate =
  /** Out under this entry: leased, or to be told before it counts as done. */
  | 'out'
  /** Still waiting at the nominated revision: whoever finds it claims it. It is never freed, a claim may be under way. */
  | 'unclaimed'
  /** Moved past, claimed under another slot, or gone: free. True once means true for ever, so a stale read may say it. */
  | 'free';

export function fateOf(entry: SlotEntry, slot: number, row: Pick<Task, 'state' | 'rev' | 'claimedBy'> | undefined): EntryFate {
  if (!row) return 'free';
  // Whatever state a row at or before the nominated revision is in (a stale read), the claim may still come.
  if (row.rev <= entry.rev) return 'unclaimed';
  if (!row.claimedBy?.startsWith(claimTag(slot, entry.rev, ''))) return 'free';
  // An unacknowledged task is completed by its claim: its place is the only word of what SNS has not accepted yet.
  return row.state === 'leased' || (row.state === 'completed' && !entry.published) ? 'out' : 'free';
}

/** An entry as text, without the app's part of the id: `<hash>.<rev>.<leaseUntil>[!]`, numbers in base 36, `!` for published. */
const entryText = ({ id, rev, leaseUntil, published }: SlotEntry): string =>
  `${id.slice(id.indexOf('/') + 1)}.${rev.toString(36)}.${leaseUntil.toString(36)}${published ? '!' : ''}`;

/** The entries of a slot as its row holds them: 25 of them stay within 1 KB, so that writing a slot costs one unit. */
export const entriesText = (entries: readonly SlotEntry[]): string => entries.map(entryText).join(' ');

/** Reads what {@link entriesText} wrote, or a near release with more at an entry's end. What is no entry is left out: a slot must never stop its app. */
export function entriesOf(app: string, text: string): SlotEntry[] {
  return text.split(' ').flatMap((part) => {
    const [, hash, rev, leaseUntil, mark] = /^([\w-]+)\.([0-9a-z]+)\.([0-9a-z]+)(!?)/.exec(part) ?? [];
    if (!hash || !rev || !leaseUntil) return [];
    return [{ id: `${app}/${hash}`, rev: Number.parseInt(rev, 36), leaseUntil: Number.parseInt(leaseUntil, 36), published: mark === '!' }];
  });
}
