import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { MAX_IN_FLIGHT } from '../../contract/limits.ts';
import { entriesOf, entriesText, roomIn, type Slot, type SlotEntry, slotCount } from '../../core/slots.ts';
import { isIn, type Share, WHOLE } from '../../core/split.ts';
import { writeIf } from '../conditional.ts';
import type { Item } from '../rows.ts';
import type { Store } from '../store.ts';

/** Slots of the highest limit that an app can have. */
const MOST_SLOTS = slotCount(MAX_IN_FLIGHT);

/** Key of an app's slot. */
export const slotId = (app: string, index: number): string => `${app}/slot/${index}`;

/** An entry and the slot that holds it. */
export interface Held {
  readonly slot: number;
  readonly entry: SlotEntry;
}

/** What a run has learned of an entry since its slot was last written. True for ever, whatever is read later. */
interface Fact {
  readonly freed?: true;
  readonly published?: true;
  readonly leaseUntil?: number;
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
  readonly #rows = new Map<number, Slot>();
  /** How many slots, from the first, were ever in use, as the first slot's row says. */
  #everUsed = 0;
  readonly #facts = new Map<string, Fact>();
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
    for (const index of unused) this.#rows.set(index, { index, rev: 0, entries: [] });
  }

  /** The numbers of the share's slots from one on, up to another that is not included. */
  #own(from: number, to: number): number[] {
    return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i).filter((index) => isIn(this.#share, index));
  }

  async #read(indexes: readonly number[]): Promise<(Item | undefined)[]> {
    const ids = indexes.map((index) => slotId(this.#app, index));
    const items = await this.#store.readItems(ids, true);
    for (const index of indexes) {
      if (isIn(this.#share, index)) this.#rows.set(index, this.#slotOf(index, items.get(slotId(this.#app, index))));
    }
    return ids.map((id) => items.get(id));
  }

  /** The slots as they stand by all that is known. */
  get slots(): Slot[] {
    return [...this.#rows.values()].map((row) => ({ ...row, entries: this.#known(row) }));
  }

  get held(): Held[] {
    return this.slots.flatMap(({ index, entries }) => entries.map((entry) => ({ slot: index, entry })));
  }

  /** How many more tasks may be out. */
  get room(): number {
    return this.slots.reduce((sum, slot) => sum + roomIn(slot, this.#maxInFlight), 0);
  }

  /** Where to put up to `wanted` new entries: the fullest slot that takes them all, so that a trickle fills one; else the emptiest. */
  place(wanted: number): { slot: number; room: number } | undefined {
    const open = this.slots
      .map((slot) => ({ slot: slot.index, room: roomIn(slot, this.#maxInFlight) }))
      .filter(({ room }) => room > 0)
      .sort((a, b) => a.room - b.room);
    return open.find(({ room }) => room >= wanted) ?? open.at(-1);
  }

  /**
   * Writes new entries into a slot. Answers false if another run has written the slot: nothing may be claimed under
   * entries that are not in its row.
   */
  async add(slot: number, entries: readonly SlotEntry[]): Promise<boolean> {
    if (slot >= this.#everUsed) await this.#recordUse(slot + 1);
    return this.#write(slot, entries);
  }

  /** SNS has accepted the entry's notification. */
  published({ slot, entry }: Held): void {
    this.#learn(slot, entry, { published: true });
  }

  /** The entry's row has moved past it. */
  freed({ slot, entry }: Held): void {
    this.#learn(slot, entry, { freed: true });
  }

  /** The entry's lease ends at another time than was known. */
  leased({ slot, entry }: Held, leaseUntil: number): void {
    this.#learn(slot, entry, { leaseUntil });
  }

  /** Writes what has been learned. A slot that another run has written meanwhile is written at the next turn. */
  async flush(): Promise<void> {
    for (const row of this.#rows.values()) {
      if (entriesText(this.#known(row)) !== entriesText(row.entries)) await this.#write(row.index, []);
    }
  }

  #known(row: Slot): SlotEntry[] {
    return row.entries.flatMap((entry) => {
      const { freed, ...fact } = this.#facts.get(factKey(row.index, entry)) ?? {};
      return freed ? [] : [{ ...entry, ...fact }];
    });
  }

  #learn(slot: number, entry: SlotEntry, fact: Fact): void {
    const key = factKey(slot, entry);
    this.#facts.set(key, { ...this.#facts.get(key), ...fact });
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

  async #write(index: number, added: readonly SlotEntry[]): Promise<boolean> {
    const row = this.#rows.get(index) ?? { index, rev: 0, entries: [] };
    const next: Slot = { index, rev: row.rev + 1, entries: [...this.#known(row), ...added] };
    try {
      await this.#dynamo.send(this.#command(row.rev, next));
      this.#seen(next);
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return this.#lost(next, error.Item);
    }
  }

  #command(rev: number, next: Slot): UpdateItemCommand {
    const found = rev === 0 ? this.#noRevision.get(next.index) : { N: String(rev) };
    return new UpdateItemCommand({
      TableName: this.#store.table,
      Key: { id: { S: slotId(this.#app, next.index) } },
      UpdateExpression: 'SET #rev = :next, #entries = :entries, #by = :by',
      ConditionExpression: found === undefined ? 'attribute_not_exists(#rev)' : '#rev = :rev',
      ExpressionAttributeNames: { '#rev': 'rev', '#entries': 'entries', '#by': 'by' },
      ExpressionAttributeValues: {
        ':next': { N: String(next.rev) },
        ':entries': { S: entriesText(next.entries) },
        ':by': { S: this.#by },
        ...(found === undefined ? {} : { ':rev': found }),
      },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
  }

  /** The row is not as it was: written by our own first try, whose answer was lost, or by another run. */
  async #lost(next: Slot, item: Item | undefined): Promise<boolean> {
    const id = slotId(this.#app, next.index);
    const row = item ?? (await this.#store.readItems([id], true)).get(id);
    const found = this.#slotOf(next.index, row);
    this.#seen(found);
    return row?.by?.S === this.#by && found.rev === next.rev && entriesText(found.entries) === entriesText(next.entries);
  }

  /** A slot without a revision is written over whatever stands there: it must never stop its app. */
  #slotOf(index: number, item: Item | undefined): Slot {
    const number = Number(item?.rev?.N);
    const rev = Number.isSafeInteger(number) && number > 0 ? number : 0;
    if (item?.rev && rev === 0) this.#noRevision.set(index, item.rev);
    else this.#noRevision.delete(index);
    return { index, rev, entries: entriesOf(this.#app, item?.entries?.S ?? '') };
  }

  /** The row as it stands now; facts about entries that it no longer holds have served their purpose. */
  #seen(row: Slot): void {
    this.#rows.set(row.index, row);
    const keys = new Set(row.entries.map((entry) => factKey(row.index, entry)));
    for (const key of this.#facts.keys()) if (key.startsWith(`${row.index} `) && !keys.has(key)) this.#facts.delete(key);
  }
}

const factKey = (slot: number, { id, rev }: SlotEntry): string => `${slot} ${id} ${rev}`;

/** How many slots of an app were ever in use, as its first one says. What is no such number overlooks none. */
export function slotsEverUsed(first: Item | undefined): number {
  if (!first?.slots) return 0;
  const count = Number(first.slots.N);
  return Number.isSafeInteger(count) && count >= 0 && count <= MOST_SLOTS ? count : MOST_SLOTS;
}
