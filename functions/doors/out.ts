import type { AppSettings } from '../../core/policy.ts';
import { entriesOf, fateOf, type SlotEntry, slotCount } from '../../core/slots.ts';
import type { Task } from '../../core/task.ts';
import { slotId, slotsEverUsed } from '../dispatch/ledger.ts';
import { type Item, readTask } from '../rows.ts';
import type { Store } from '../store.ts';

/** An entry and the slot that holds it. */
export interface OutEntry {
  readonly slot: number;
  readonly entry: SlotEntry;
  /** Its place among all that is out: by the end of its lease as the slot knows it, then by id. */
  readonly key: string;
}

/** What an app has out. */
export interface Out {
  readonly inFlight: number;
  /** When the leases of what is out end, ascending. Epoch ms. */
  readonly freeAt: readonly number[];
}

/** Rows that are read to see what of an app's slots is still out; beyond them entries count as they stand. */
const ROWS_READ = 1_000;

/** All that the slots of an app hold, what ends first first. Some of it may be done: a slot learns that late. */
export async function entriesIn(store: Store, { app, maxInFlight }: AppSettings): Promise<OutEntry[]> {
  const count = slotCount(maxInFlight);
  const items = await slotRows(store, app, 0, count);
  // The limit may have been lowered: the slots beyond it are still looked after.
  const more = await slotRows(store, app, count, slotsEverUsed(items[0]));
  return [...items, ...more]
    .flatMap((item, slot) => entriesOf(app, item?.entries?.S ?? '').map((entry) => ({ slot, entry, key: keyOf(slot, entry) })))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

const keyOf = (slot: number, { id, leaseUntil }: SlotEntry): string => `${String(leaseUntil).padStart(16, '0')}#${id}#${slot}`;

async function slotRows(store: Store, app: string, from: number, to: number): Promise<(Item | undefined)[]> {
  const ids = Array.from({ length: Math.max(0, to - from) }, (_, i) => slotId(app, from + i));
  const items = await store.readItems(ids, false);
  return ids.map((id) => items.get(id));
}

/** What of some entries is still out, by their rows. A row that cannot be read keeps its place. */
export async function stillOut(store: Store, entries: readonly OutEntry[]): Promise<(OutEntry & { readonly task: Task | undefined })[]> {
  const rows = await store.readItems(
    entries.map(({ entry }) => entry.id),
    false,
  );
  return entries.flatMap((one) => {
    const item = rows.get(one.entry.id);
    const task = item && readTask(item);
    if (task === 'unreadable') return [{ ...one, task: undefined }];
    return fateOf(one.entry, one.slot, task) === 'free' ? [] : [{ ...one, task }];
  });
}

/**
 * What an app has out. Rows are read only from `exactFrom` entries on: below that the answer would change nothing for the
 * one who asks.
 */
export async function outOf(store: Store, settings: AppSettings, exactFrom = 1): Promise<Out> {
  const entries = await entriesIn(store, settings);
  if (entries.length < exactFrom) return { inFlight: entries.length, freeAt: entries.map(({ entry }) => entry.leaseUntil) };
  const out = await stillOut(store, entries.slice(0, ROWS_READ));
  const ends = [
    ...out.map(({ entry, task }) => task?.leaseUntil ?? entry.leaseUntil),
    ...entries.slice(ROWS_READ).map(({ entry }) => entry.leaseUntil),
  ];
  return { inFlight: ends.length, freeAt: ends.sort((a, b) => a - b) };
}
