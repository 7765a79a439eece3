// What DynamoDB charges for a request, on demand, after its developer guide. Where a rule is from stands above it: the page
// below https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/.
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Item = Readonly<Record<string, AttributeValue>>;

/** A secondary index, as far as its price depends on it. */
export interface IndexSchema {
  readonly partition: string;
  readonly sort: string;
  readonly projected: readonly string[];
}

const WRITE_BYTES = 1_024;
const READ_BYTES = 4_096;

/** CapacityUnitCalculations.html: an item is the sum of its attributes, each its name in UTF-8 and its value. */
export const sizeOf = (item: Item): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueSize(value), 0);

/**
 * CapacityUnitCalculations.html: a text is its UTF-8; a number "(length of attribute name) + (1 byte per two significant digits)
 * + (1 byte)", and one more below zero; null and boolean are 1; a list or map is 3, and 1 more for each of its elements.
 */
function valueSize(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return numberSize(value.N);
  if (value.L !== undefined) return 3 + value.L.reduce((sum, one) => sum + 1 + valueSize(one), 0);
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + sizeOf(value.M);
  if (value.NULL !== undefined || value.BOOL !== undefined) return 1;
  throw new Error(`No row of this project has a value such as ${JSON.stringify(value)}`);
}

function numberSize(number: string): number {
  const digits = number.replace(/^-/, '').replace('.', '').replace(/^0+/, '').replace(/0+$/, '');
  return Math.ceil(digits.length / 2) + 1 + (number.startsWith('-') ? 1 : 0);
}

/** What one write costs: the table's part, and each index's. */
export interface WriteUnits {
  readonly table: number;
  readonly indexes: Readonly<Record<string, number>>;
}

/**
 * read-write-operations.html: a write is paid by the size of the item before or after it, whichever is larger, "even if you update
 * just a subset of the item's attributes". A PartiQL statement is paid as the operation that it stands for.
 */
export const writeUnits = (before: Item | undefined, after: Item, indexes: Readonly<Record<string, IndexSchema>>): WriteUnits => ({
  table: Math.max(unitsOf(before), unitsOf(after)),
  indexes: Object.fromEntries(Object.entries(indexes).map(([name, schema]) => [name, indexUnits(before, after, schema)])),
});

/** read-write-operations.html: a condition that fails still costs the write, by the larger of the two items, and one unit at the least. */
export const failedWriteUnits = (existing: Item | undefined, wanted?: Item): number => Math.max(1, unitsOf(existing), unitsOf(wanted));

const unitsOf = (item: Item | undefined): number => (item ? Math.ceil(sizeOf(item) / WRITE_BYTES) : 0);

/**
 * GSI.html, "Write capacity": an entry that appears or disappears is one write; one whose key changes is two, the old one's
 * deletion and the new one's putting; a projected attribute that changes is one; what leaves the entry as it is costs nothing.
 */
function indexUnits(before: Item | undefined, after: Item, schema: IndexSchema): number {
  const [old, next] = [entryOf(before, schema), entryOf(after, schema)];
  if (!old || !next) return unitsOf(old) + unitsOf(next);
  const isMoved = [schema.partition, schema.sort].some((key) => old[key]?.S !== next[key]?.S);
  if (isMoved) return unitsOf(old) + unitsOf(next);
  return isSame(old, next) ? 0 : Math.max(unitsOf(old), unitsOf(next));
}

/** An item's entry in an index: none without both keys (a sparse index). */
export function entryOf(item: Item | undefined, { partition, sort, projected }: IndexSchema): Item | undefined {
  if (!item?.[partition] || !item[sort]) return undefined;
  const names = ['id', partition, sort, ...projected].filter((name) => item[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, item[name] as AttributeValue]));
}

const isSame = (a: Item, b: Item): boolean =>
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(a).every(([name, value]) => JSON.stringify(value) === JSON.stringify(b[name]));

/**
 * read-write-operations.html: an item, or one key of a batch, is read in units of 4 KB, half as many where consistency is not
 * asked for; an item that is not there is one such unit.
 */
export const readUnits = (item: Item | undefined, isConsistent: boolean): number =>
  Math.max(1, item ? Math.ceil(sizeOf(item) / READ_BYTES) : 0) / (isConsistent ? 1 : 2);

/** Query.html: a query is paid by all that it reads together; on an index, never consistently, by its entries (GSI.html, "Read capacity"). */
export const queryUnits = (entries: readonly Item[]): number =>
  Math.max(1, Math.ceil(entries.reduce((sum, entry) => sum + sizeOf(entry), 0) / READ_BYTES)) / 2;
