import { readFileSync } from 'node:fs';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Template } from '../../localstack/readAssembly.ts';

/** A row as the code of the first release wrote it. */
export type FixtureRow = Record<string, AttributeValue>;

interface Rows {
  /** When they were read. */
  readonly madeAt: string;
  /** Which task is meant to be what: `waiting`, `leased`, … */
  readonly ids: Readonly<Record<string, string>>;
  readonly rows: FixtureRow[];
}

const read = <T>(file: string): T => JSON.parse(readFileSync(new URL(`fixture/${file}`, import.meta.url), 'utf8')) as T;

/** The first release: its template, and the rows of its table while tasks waited, were out, and had ended. See README.md. */
export const firstRelease = (): Rows & { readonly template: Template } => ({ template: read('template.json'), ...read<Rows>('rows.json') });

/** The rows as if a task's lease had not ended yet: in its own row, and in its slot. */
export function withLeaseUntil(rows: readonly FixtureRow[], id: string, leaseUntil: number): FixtureRow[] {
  const task = rows.find((row) => row.id?.S === id);
  const hash = id.slice(id.indexOf('/') + 1);
  const [before, after] = [Number(task?.leaseUntil?.N), leaseUntil].map((end) => end.toString(36));
  return rows.map((row) => {
    if (row === task) return { ...row, leaseUntil: { N: String(leaseUntil) } };
    const entries = row.entries?.S?.replace(new RegExp(`(${hash}\\.\\d+\\.)${before}`), `$1${after}`);
    return entries === undefined ? row : { ...row, entries: { S: entries } };
  });
}
