import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { MAX_IN_FLIGHT } from '../../contract/limits.ts';
import { entriesOf, entriesText, roomIn, SLOT_SIZE, type Slot, type SlotEntry, slotCount } from '../../core/slots.ts';
import { isIn, type Share, WHOLE } from '../../core/split.ts';
import { writeIf } from '../conditional.ts';
import type { Item } from '../rows.ts';
import { STATEMENTS_PER_BATCH, type Store } from '../store.ts';
import { type Held, SlotMemory } from './slot-memory.ts';
import { type SlotWriter, slotCommand, slotStatement } from './slot-writes.ts';

/** Slots of the highest limit that an app can have. */
const MOST_SLOTS = slotCount(MAX_IN_FLIGHT);

/** Two runs may write a slot in turn while one hands over to the other. */
const FLUSH_TRIES = 5;

/** Key of an app's slot. */
export const slotId = (app: string, index: number): string => `${app}/slot/${index}`;

/** A slot with room. */
export interface Place {
  readonly slot: number;
  readonly room: number;
}

/** New entries for a slot. */
interface Addition {
  readonly slot: number;
  readonly entries: readonly SlotEntry[];
}

/**
 * An app's slots, or those of a share of it: lease ledger, in-flight limit and outbox in one. In memory: the rows as last seen, and what this run has
 * learned since, which the next write of a slot carries. One write at a time: the app's turn does them.
 */
export class Ledger {
  readonly #dynamo: DynamoDBClient;
  readonly #store: Store;
  readonly #app: string;
  readonly #maxInFlight: number;
  readonly #by: string;
  readonly #share: Share;
  readonly #slots = new Map<number, SlotMemory>();
  /** Which slot was last seen to hold a task. */
  readonly #slotsById = new Map<string, number>();
  /** How many slots, from the first, were ever in use, as the first slot's row says. */
  #everUsed = 0;
  /** What was read in the place of slots' revisions, where it was none. */
  readonly #noRevision = new Map<number, Item[string]>();

  /** `by`: a nonce of the run's own, by which it knows its own writes again. */
  constructor(dynamo: DynamoDBClient, store: Store, app: string, maxInFlight: number, by: string, share = WHOLE) {
    this.#dynamo = dynamo;
    this.#store = store;
    this.#app = app;
    this.#maxInFlight = maxInFlight;
    this.#by = by;
    this.#share = share;
  }

  /** Reads every slot anew that was ever in use, even beyond a limit that was lowered. Consistent: an entry written before must be seen. */
  async load(): Promise<void> {
    // The first says how many there are, whoever's it is.
    const [first] = await this.#read([0]);
    this.#everUsed = slotsEverUsed(first);
    await this.#read(this.#own(1, this.#everUsed));
    // If another run has just used one of the others first, the condition of the first writing says so.
    const unused = this.#own(Math.max(1, this.#everUsed), slotCount(this.#maxInFlight));
    for (const index of unused) this.#slots.set(index, new SlotMemory(index));
  }

  /** The numbers of the share's slots from one on, up to another that is not included. */
  #own(from: number, to: number): number[] {
    return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i).filter((index) => isIn(this.#share, index));
  }

  async #read(indexes: readonly number[]): Promise<(Item | undefined)[]> {
    const ids = indexes.map((index) => slotId(this.#app, index));
    const items = await this.#store.readItems(ids, true);
    for (const index of indexes) if (isIn(this.#share, index)) this.#seen(this.#rowOf(index, items.get(slotId(this.#app, index))));
    return ids.map((id) => items.get(id));
  }

  /** What the slots hold by all that is known. */
  get held(): Held[] {
    const all: Held[] = [];
    for (const { held } of this.#slots.values()) all.push(...held);
    return all;
  }

  /** The entry of a task, if some slot holds one. */
  heldOf(id: string): Held | undefined {
    const slot = this.#slotsById.get(id);
    return slot === undefined ? undefined : this.#slot(slot).held.find(({ entry }) => entry.id === id);
  }

  /** How many more tasks may be out. */
  get room(): number {
    return [...this.#slots.values()].reduce((sum, { slot }) => sum + roomIn(slot, this.#maxInFlight), 0);
  }

  /** Where to put up to `wanted` new entries: no more slots than one call writes, none if all are full. */
  places(wanted: number): Place[] {
    const places: Place[] = [];
    for (let left = wanted; left > 0 && places.length < STATEMENTS_PER_BATCH; left -= places.at(-1)?.room ?? 0) {
      const place = this.place(Math.min(left, SLOT_SIZE), places);
      if (!place) break;
      places.push(place);
    }
    return places;
  }

  /** The fullest slot that takes all `wanted`, so that a trickle fills one; else the emptiest. None of those `taken`. */
  place(wanted: number, taken: readonly Place[] = []): Place | undefined {
    let fullest = { slot: -1, room: Number.POSITIVE_INFINITY };
    let emptiest = { slot: -1, room: 0 };
    for (const { slot } of this.#slots.values()) {
      const room = roomIn(slot, this.#maxInFlight);
      if (room === 0 || taken.some((place) => place.slot === slot.index)) continue;
      if (room >= wanted && room < fullest.room) fullest = { slot: slot.index, room };
      if (room > emptiest.room) emptiest = { slot: slot.index, room };
    }
    return [fullest, emptiest].find(({ slot }) => slot >= 0);
  }

  /**
   * Writes new entries into a slot. Answers false if another run has written the slot: nothing may be claimed under
   * entries that are not in its row.
   */
  async add(slot: number, entries: readonly SlotEntry[]): Promise<boolean> {
    return (await this.addAll(entries.map((entry) => ({ slot, entry })))).has(slot);
  }

  /** The same for up to 25 slots at once, each on its own. Answers those that are written. */
  async addAll(added: readonly Held[]): Promise<ReadonlySet<number>> {
    const bySlot = new Map<number, SlotEntry[]>();
    for (const { slot, entry } of added) {
      const entries = bySlot.get(slot);
      if (entries) entries.push(entry);
      else bySlot.set(slot, [entry]);
    }
    const used = Math.max(0, ...[...bySlot.keys()].map((slot) => slot + 1));
    if (used > this.#everUsed) await this.#recordUse(used);
    const written = await this.#writeAll([...bySlot].map(([slot, entries]) => ({ slot, entries })));
    return new Set([...bySlot.keys()].filter((_, i) => written[i]));
  }

  /** SNS has accepted the entry's notification. */
  published({ slot, entry }: Held): void {
    this.#slot(slot).learn(entry, { published: true });
  }

  /** The entry's row has moved past it. */
  freed({ slot, entry }: Held): void {
    this.#slot(slot).learn(entry, { freed: true });
  }

  /** The entry's lease ends at another time than was known. */
  leased({ slot, entry }: Held, leaseUntil: number): void {
    this.#slot(slot).learn(entry, { leaseUntil });
  }

  /** Writes what has been learned; again where another run has written the slot meanwhile. */
  async flush(): Promise<void> {
    for (let tries = 0; tries < FLUSH_TRIES; tries++) {
      const known = [...this.#slots.values()].filter(({ isNews }) => isNews);
      if (known.length === 0) return;
      for (let from = 0; from < known.length; from += STATEMENTS_PER_BATCH) {
        const batch = known.slice(from, from + STATEMENTS_PER_BATCH);
        await this.#writeAll(batch.map(({ row }) => ({ slot: row.index, entries: [] })));
      }
    }
  }

  #slot(index: number): SlotMemory {
    const known = this.#slots.get(index) ?? new SlotMemory(index);
    this.#slots.set(index, known);
    return known;
  }

  #seen(row: Slot): void {
    const slot = this.#slot(row.index);
    for (const { id } of slot.row.entries) if (this.#slotsById.get(id) === row.index) this.#slotsById.delete(id);
    for (const { id } of row.entries) this.#slotsById.set(id, row.index);
    slot.seen(row);
  }

  /** Says how many slots are in use before another one is: the next run must find it, under a lower limit too. */
  async #recordUse(count: number): Promise<void> {
    const command = new UpdateItemCommand({
      TableName: this.#store.table,
      Key: { id: { S: slotId(this.#app, 0) } },
      UpdateExpression: 'SET #slots = :count',
      ConditionExpression: 'attribute_not_exists(#slots) OR #slots < :count',
      ExpressionAttributeNames: { '#slots': 'slots' },
      ExpressionAttributeValues: { ':count': { N: String(count) } },
    });
    // False: another run has said so, or our own first try, whose answer was lost.
    await writeIf(this.#dynamo, command);
    this.#everUsed = count;
  }

  /** Several slots in one call. What is not known to be written is written, or found out, on its own. */
  async #writeAll(additions: readonly Addition[]): Promise<boolean[]> {
    const nexts = additions.map(({ slot, entries }) => this.#next(slot, entries));
    // A statement writes no row that is not there yet.
    const isTogether = additions.length > 1 && nexts.every(({ rev }) => rev > 1);
    const answers = isTogether ? await this.#store.execute(nexts.map((next) => slotStatement(this.#writer(next.index), next))) : [];
    const written: boolean[] = [];
    for (const [i, { slot, entries }] of additions.entries()) {
      const [next, answer] = [nexts[i] as Slot, answers[i]];
      const isLost = answer?.Error?.Code === 'ConditionalCheckFailed';
      if (answer && !answer.Error) this.#seen(next);
      written.push(answer && !answer.Error ? true : isLost ? await this.#lost(next, answer.Error?.Item) : await this.#write(slot, entries));
    }
    return written;
  }

  #next(index: number, added: readonly SlotEntry[]): Slot {
    const { row, slot } = this.#slot(index);
    return { index, rev: row.rev + 1, entries: [...slot.entries, ...added] };
  }

  async #write(index: number, added: readonly SlotEntry[]): Promise<boolean> {
    const next = this.#next(index, added);
    const found = next.rev === 1 ? this.#noRevision.get(index) : { N: String(next.rev - 1) };
    try {
      await this.#dynamo.send(slotCommand(this.#writer(index), next, found));
      this.#seen(next);
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return this.#lost(next, error.Item);
    }
  }

  #writer(index: number): SlotWriter {
    return { table: this.#store.table, id: slotId(this.#app, index), by: this.#by };
  }

  /** The row is not as it was: written by our own first try, whose answer was lost, or by another run. */
  async #lost(next: Slot, item: Item | undefined): Promise<boolean> {
    const id = slotId(this.#app, next.index);
    const row = item ?? (await this.#store.readItems([id], true)).get(id);
    const found = this.#rowOf(next.index, row);
    this.#seen(found);
    return row?.by?.S === this.#by && found.rev === next.rev && entriesText(found.entries) === entriesText(next.entries);
  }

  /** A slot without a revision is written over whatever stands there: it must never stop its app. */
  #rowOf(index: number, item: Item | undefined): Slot {
    const number = Number(item?.rev?.N);
    const rev = Number.isSafeInteger(number) && number > 0 ? number : 0;
    if (item?.rev && rev === 0) this.#noRevision.set(index, item.rev);
    else this.#noRevision.delete(index);
    return { index, rev, entries: entriesOf(this.#app, item?.entries?.S ?? '') };
  }
}

/** How many slots of an app were ever in use, as its first one says. What is no such number overlooks none. */
export function slotsEverUsed(first: Item | undefined): number {
  if (!first?.slots) return 0;
  const count = Number(first.slots.N);
  return Number.isSafeInteger(count) && count >= 0 && count <= MOST_SLOTS ? count : MOST_SLOTS;
}
