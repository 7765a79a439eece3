import { Temporal } from 'temporal-polyfill';

/** The columns of a file of tasks, and the three the example adds (`fails`, `source`, `takenOn`), in their order. */
export const COLUMNS = [
  'app',
  'name',
  'dueAt',
  'timeZone',
  'deadlineAt',
  'priority',
  'position',
  'idempotencyKey',
  'payload',
  'fails',
  'source',
  'takenOn',
] as const;

/** One task of the calendar: every column, as it is written. An empty string is an empty cell. */
export type Row = Readonly<Record<(typeof COLUMNS)[number], string>>;

/**
 * What a rule says of a task; {@link toRow} adds what is the same for all. `dueAt` and `deadlineAt` are local to `timeZone`
 * (`2026-04-30T09:00`), or RFC 3339 instants where `timeZone` is empty.
 */
export interface Entry {
  readonly app: 'platform' | 'office';
  readonly name: string;
  readonly dueAt: string;
  readonly timeZone: string;
  readonly deadlineAt?: string;
  readonly priority: 'high' | 'medium' | 'low';
  readonly position?: 'back';
  readonly key: string;
  readonly payload: Readonly<Record<string, string>>;
  readonly source: string;
  readonly takenOn: string;
}

/**
 * The row of an entry. `fails` says how its handler behaves in the example.
 *
 * @throws if the deadline is before the date, or a date cannot be read
 */
export function toRow(entry: Entry, fails: 'never' | 'once' | 'always'): Row {
  const { key, payload, deadlineAt = '', position = '', ...rest } = entry;
  if (deadlineAt !== '' && instantMs(deadlineAt, entry.timeZone) < instantMs(entry.dueAt, entry.timeZone)) {
    throw new Error(`${key}: the deadline ${deadlineAt} is before the date ${entry.dueAt}`);
  }
  return { ...rest, deadlineAt, position, idempotencyKey: key, payload: JSON.stringify(payload), fails };
}

/** The instant of a date as it stands in a row, in epoch milliseconds. */
export function instantMs(at: string, timeZone: string): number {
  if (timeZone === '') return Temporal.Instant.from(at).epochMilliseconds;
  return Temporal.PlainDateTime.from(at).toZonedDateTime(timeZone).epochMilliseconds;
}

/** The rows as CSV (RFC 4180 quoting, UTF-8, lines end in LF) with a header line. */
export function toCsv(rows: readonly Row[]): string {
  const lines = rows.map((row) => COLUMNS.map((column) => cell(row[column])).join(','));
  return `${[COLUMNS.join(','), ...lines].join('\n')}\n`;
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
