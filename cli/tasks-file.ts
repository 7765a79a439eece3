import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parse } from 'csv-parse/sync';
import { shown } from '../contract/errors.ts';
import { APP_NAME, TASK_NAME } from '../contract/limits.ts';

/** Columns of a file of tasks. All but `app` and `name` may be absent or empty. */
export const COLUMNS = ['app', 'name', 'dueAt', 'timeZone', 'deadlineAt', 'priority', 'position', 'idempotencyKey', 'payload'] as const;

/** A row as it was read: every cell a text, but for the payload. */
export interface TaskRow {
  /** Line of the file on which the row starts (in JSON: its place in the array), from 1. */
  readonly line: number;
  readonly app: string;
  readonly name: string;
  readonly dueAt?: string;
  /** IANA zone that `dueAt` and `deadlineAt` are local to; without it they are RFC 3339 instants. */
  readonly timeZone?: string;
  readonly deadlineAt?: string;
  readonly priority?: string;
  readonly position?: string;
  readonly idempotencyKey?: string;
  readonly payload: unknown;
  /** The cells of the extra columns that were allowed. */
  readonly extra: Readonly<Record<string, string>>;
}

/** A row that cannot be read, and why. */
export interface RowProblem {
  readonly line: number;
  readonly field: string;
  readonly reason: string;
}

export interface TasksFile {
  readonly rows: readonly TaskRow[];
  readonly problems: readonly RowProblem[];
}

/** What a cell must be, as far as it can be told without asking a queue. */
const RULES: Readonly<Record<string, { given: boolean; is: RegExp; allowed: string }>> = {
  app: { given: true, is: APP_NAME, allowed: 'an app name: a-z, then a-z, 0-9 and -, 32 characters at most' },
  name: { given: true, is: TASK_NAME, allowed: 'a task name: letters, digits and . _ : -, 128 characters at most' },
  priority: { given: false, is: /^(high|medium|low)$/, allowed: 'high, medium or low' },
  position: { given: false, is: /^(front|back)$/, allowed: 'front or back' },
};

/** A file that cannot be read as a whole. */
export class TasksFileError extends Error {
  override name = 'TasksFileError';
}

/**
 * Reads a file of tasks: CSV with a header line, a JSON array of objects, or `-` for either on standard input. Rows that
 * cannot be read are reported, the others are returned.
 *
 * @param extras columns that may stand beside {@link COLUMNS}; in JSON they may be numbers and booleans too
 * @param input standard input
 * @throws TasksFileError if there is no such file, or it is neither CSV nor JSON, or has an unknown column
 */
export async function readTasksFile(
  path: string,
  extras: readonly string[] = [],
  input: () => Promise<string> = () => text(process.stdin),
): Promise<TasksFile> {
  const content = await contentOf(path, input);
  return content.trimStart().startsWith('[') ? fromJson(content, extras) : fromCsv(content, extras);
}

async function contentOf(path: string, input: () => Promise<string>): Promise<string> {
  try {
    return path === '-' ? await input() : await readFile(path, 'utf8');
  } catch (error) {
    throw new TasksFileError(
      `${path} cannot be read (${(error as NodeJS.ErrnoException).code}). Give the path of a .csv or .json file, or - for standard input.`,
    );
  }
}

function fromCsv(content: string, extras: readonly string[]): TasksFile {
  const problems: RowProblem[] = [];
  const records: { line: number; cells: Record<string, unknown> }[] = [];
  // Where the record before ended: the header is line 1.
  let end = 1;
  const startOf = (endsAt: number): number => {
    const start = Math.min(end + 1, endsAt);
    end = endsAt;
    return start;
  };
  parse(content, {
    bom: true,
    columns: (header: string[]) => checkColumns(header, extras),
    relax_quotes: true,
    skip_records_with_error: true,
    info: true,
    on_record: ({ record, info }: { record: Record<string, string>; info: { lines: number } }) => {
      records.push({ line: startOf(info.lines), cells: record });
      return null;
    },
    on_skip: (error) => {
      problems.push({
        line: startOf((error as { lines?: number } | undefined)?.lines ?? end + 1),
        field: 'the row',
        reason: error?.message ?? 'is not CSV',
      });
      return undefined;
    },
  });
  return collect(records, problems, extras);
}

function fromJson(content: string, extras: readonly string[]): TasksFile {
  let list: unknown;
  try {
    list = JSON.parse(content);
  } catch (error) {
    throw new TasksFileError(`The file is not JSON: ${(error as Error).message}.`);
  }
  const problems: RowProblem[] = [];
  const records: { line: number; cells: Record<string, unknown> }[] = [];
  for (const [index, cells] of (list as unknown[]).entries()) {
    const line = index + 1;
    if (typeof cells !== 'object' || cells === null || Array.isArray(cells))
      problems.push({ line, field: 'the row', reason: 'must be an object' });
    else records.push({ line, cells: cells as Record<string, unknown> });
  }
  return collect(records, problems, extras);
}

function checkColumns(header: string[], extras: readonly string[]): string[] {
  const known: readonly string[] = [...COLUMNS, ...extras];
  const unknown = header.filter((column) => !known.includes(column));
  if (unknown.length > 0) throw new TasksFileError(`The file has unknown columns: ${unknown.join(', ')}. Allowed are ${known.join(', ')}.`);
  return header;
}

function collect(
  records: readonly { line: number; cells: Record<string, unknown> }[],
  problems: RowProblem[],
  extras: readonly string[],
): TasksFile {
  const rows: TaskRow[] = [];
  for (const { line, cells } of records) {
    const row = rowOf(line, cells, extras);
    if ('reason' in row) problems.push(row);
    else rows.push(row);
  }
  return { rows, problems: problems.sort((a, b) => a.line - b.line) };
}

function rowOf(line: number, cells: Record<string, unknown>, extras: readonly string[]): TaskRow | RowProblem {
  const known: readonly string[] = [...COLUMNS, ...extras];
  for (const [field, value] of Object.entries(cells)) {
    if (!known.includes(field)) return { line, field, reason: `is not a known field; allowed are ${known.join(', ')}` };
    const isText = typeof value === 'string' || (extras.includes(field) && (typeof value === 'number' || typeof value === 'boolean'));
    if (field !== 'payload' && !isText) return { line, field, reason: `must be a text; got ${shown(value)}` };
  }
  const cell = (field: string): string | undefined =>
    Object.hasOwn(cells, field) && cells[field] !== '' ? String(cells[field]) : undefined;
  for (const [field, { given, is, allowed }] of Object.entries(RULES)) {
    const value = cell(field);
    if (value === undefined ? given : !is.test(value)) return { line, field, reason: `must be ${allowed}; got ${shown(value)}` };
  }
  const payload = payloadOf(cells.payload);
  if (!payload.ok) return { line, field: 'payload', reason: `must be JSON: ${payload.reason}` };
  const optional = Object.fromEntries(
    ['dueAt', 'timeZone', 'deadlineAt', 'priority', 'position', 'idempotencyKey'].flatMap((field) =>
      cell(field) === undefined ? [] : [[field, cell(field)]],
    ),
  );
  const extra = Object.fromEntries(extras.map((field) => [field, cell(field) ?? '']));
  return { line, app: cell('app') ?? '', name: cell('name') ?? '', ...optional, payload: payload.value, extra };
}

/** In CSV the payload is JSON text, in JSON it is itself. */
function payloadOf(value: unknown): { ok: true; value: unknown } | { ok: false; reason: string } {
  if (value === undefined || value === '') return { ok: true, value: null };
  if (typeof value !== 'string') return { ok: true, value };
  try {
    return { ok: true, value: JSON.parse(value) };
  } catch (error) {
    return { ok: false, reason: (error as Error).message };
  }
}
