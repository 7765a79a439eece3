// A table with its indexes, after "Core components" and "Global secondary indexes" of DynamoDB's guide.
import type { Timeline } from '../timeline.ts';
import { compared, type Item, validation } from './expressions.ts';

export interface IndexSchema {
  readonly partition: string;
  readonly sort: string;
  readonly projected: readonly string[];
}

/** Who hears of each write once it is committed. */
export type WriteListener = (id: string, before: Item | undefined, after: Item) => void;

/** How long an older version can be read where consistency was not asked for. Milliseconds. */
const STALE_MS = 1_000;

/** Rows by id, and sparse indexes that run behind them. */
export class Table {
  readonly rows = new Map<string, Item>();
  readonly #timeline: Timeline;
  readonly #indexes: ReadonlyMap<string, { schema: IndexSchema; items: Map<string, Item> }>;
  readonly #lagMs: () => number;
  readonly #onWrite: WriteListener;
  readonly #shownUntil = new Map<string, number>();
  readonly #older = new Map<string, { readonly until: number; readonly item: Item | undefined }[]>();

  constructor(timeline: Timeline, indexes: Readonly<Record<string, IndexSchema>>, lagMs: () => number, onWrite: WriteListener) {
    this.#timeline = timeline;
    this.#indexes = new Map(Object.entries(indexes).map(([name, schema]) => [name, { schema, items: new Map() }]));
    this.#lagMs = lagMs;
    this.#onWrite = onWrite;
  }

  write(id: string, after: Item): void {
    const before = this.rows.get(id);
    for (const { schema } of this.#indexes.values()) refuseBadKeys(schema, after);
    const now = this.#timeline.now;
    const older = (this.#older.get(id) ?? []).filter(({ until }) => until + STALE_MS > now);
    this.#older.set(id, [...older, { until: now, item: before }]);
    this.rows.set(id, after);
    this.#onWrite(id, before, after);
    // An item's changes reach an index in their order.
    const shownAt = Math.max(now + this.#lagMs(), this.#shownUntil.get(id) ?? 0);
    this.#shownUntil.set(id, shownAt);
    if (this.#touchesIndex(before) || this.#touchesIndex(after)) this.#timeline.after(shownAt - now, () => this.#show(id, after));
  }

  /** A row as it was up to a second ago. */
  stale(id: string, ageMs: number): Item | undefined {
    const at = this.#timeline.now - ageMs;
    const older = this.#older.get(id)?.find(({ until }) => until > at);
    return older ? older.item : this.rows.get(id);
  }

  /** The rows of an index that match, in the order of its sort key; equal keys in none that could be relied upon. */
  inOrder(index: string, matches: (item: Item) => boolean): { items: Item[]; schema: IndexSchema } {
    const found = this.#indexes.get(index);
    if (!found) throw validation(`The table does not have the specified index: ${index}`);
    const items = [...found.items.values()].filter(matches);
    items.sort((a, b) => compared(a[found.schema.sort], b[found.schema.sort]) ?? 0);
    return { items, schema: found.schema };
  }

  #touchesIndex(item: Item | undefined): boolean {
    return item !== undefined && [...this.#indexes.values()].some(({ schema }) => item[schema.partition] !== undefined);
  }

  #show(id: string, item: Item): void {
    for (const { schema, items } of this.#indexes.values()) {
      if (item[schema.partition] === undefined || item[schema.sort] === undefined) items.delete(id);
      else items.set(id, projection(item, ['id', schema.partition, schema.sort, ...schema.projected]));
    }
  }
}

const projection = (item: Item, names: readonly string[]): Item =>
  Object.fromEntries(names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])));

/** A key of an index is a text that is not empty, or absent. */
function refuseBadKeys({ partition, sort }: IndexSchema, item: Item): void {
  for (const name of [partition, sort]) {
    const value = item[name];
    if (value !== undefined && !value.S) throw validation(`One or more parameter values were invalid: Type mismatch for Index Key ${name}`);
  }
}
