import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { INDEXES } from '../../core/lanes.ts';
import { queryLane } from '../lane-query.ts';
import type { Item } from '../rows.ts';
import type { Store } from '../store.ts';

/** What doors read with. */
export interface Source {
  readonly dynamo: DynamoDBClient;
  readonly store: Store;
}

/** Which rows of some lanes a page shows, and where it starts. */
export interface MergedPart<T> {
  readonly index: keyof typeof INDEXES;
  readonly lanes: readonly string[];
  /** At most so many rows are shown. */
  readonly limit: number;
  /** The sort key where the page before ended. */
  readonly after: string | undefined;
  /** Sort keys from here on, and up to here, both included. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  /** The last first. @default false */
  readonly backwards?: boolean;
  /** Whether `shown` leaves rows out, so that more must be read than are shown. */
  readonly isFiltered: boolean;
  /** What a row is shown as; undefined: it is left out. */
  readonly shown: (item: Item) => T | undefined;
}

export interface MergedPage<T> {
  readonly rows: readonly T[];
  /** The sort key where the next page starts after; absent: this was the last. */
  readonly end?: string;
}

/** Rows that one page reads, all its lanes together: what a filter wants may be rare, and the work of one call is bounded. */
const READ_LIMIT = 1_000;

/**
 * One page over several lanes of an index as if they were one, by their sort keys. A page ends where the first lane's reading
 * ended, or where it is full; so it can hold fewer rows than asked for, and pages leave out nothing and show nothing twice.
 */
export async function mergedPage<T>({ dynamo, store }: Source, part: MergedPart<T>): Promise<MergedPage<T>> {
  const { index, lanes, limit, after, backwards = false, isFiltered, shown } = part;
  const range = rangeOf(part);
  if (range.from !== undefined && range.until !== undefined && range.from > range.until) return { rows: [] };
  // One more than is wanted shows whether a lane ends there; and the row where the page before ended is read again.
  const each = Math.min(isFiltered ? READ_LIMIT : limit, Math.ceil(READ_LIMIT / lanes.length)) + (after === undefined ? 1 : 2);
  const pages = await Promise.all(lanes.map((lane) => queryLane(dynamo, store.table, index, lane, { ...range, limit: each, backwards })));
  const keyOf = (item: Item | undefined): string => item?.[INDEXES[index].sort]?.S ?? '';
  const isBefore = (a: string, b: string) => (backwards ? a > b : a < b);
  const ends = pages.flatMap(({ items, next }) => (next ? [keyOf(items.at(-1) ?? next)] : []));
  const frontier = ends.reduce<string | undefined>((first, end) => (first === undefined || isBefore(end, first) ? end : first), undefined);
  const items = pages
    .flatMap((page) => page.items)
    .filter((item) => frontier === undefined || !isBefore(frontier, keyOf(item)))
    .sort((a, b) => (isBefore(keyOf(a), keyOf(b)) ? -1 : 1));
  const rows: T[] = [];
  let end = after;
  for (const item of items) {
    // Full, and there is more: that is where the next page starts.
    if (rows.length === limit) return { rows, ...(end === undefined ? {} : { end }) };
    // Where the page before ended; and a row that is just changing lanes may be seen in both.
    if (keyOf(item) === end) continue;
    end = keyOf(item);
    const row = shown(item);
    if (row !== undefined) rows.push(row);
  }
  return frontier === undefined ? { rows } : { rows, end: frontier };
}

/** The range that is read: from where the page before ended. */
function rangeOf<T>({ from, until, after, backwards }: MergedPart<T>): { from?: string | undefined; until?: string | undefined } {
  if (after === undefined) return { from, until };
  return backwards
    ? { from, until: until === undefined || after < until ? after : until }
    : { from: from === undefined || after > from ? after : from, until };
}
