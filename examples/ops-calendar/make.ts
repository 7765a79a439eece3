// Makes examples/ops-calendar.csv from dates.csv and the pinned package date-holidays. The same input gives the same
// bytes. With --check it writes nothing and exits 1 if the file is not what would be made.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { holidays } from './holidays.ts';
import { releases } from './releases.ts';
import { type Entry, instantMs, toCsv, toRow } from './row.ts';

/** The calendar's year: every task falls due in it, in UTC. */
const YEAR = 2026;

/** Tasks whose handler fails: not facts, but what the example shows. */
const FAILS: Readonly<Record<string, 'once' | 'always'>> = {
  'node-24.13.0-release': 'once',
  'kubernetes-1.36.0-release': 'once',
  'postgresql-18.4-release': 'once',
  'ubuntu-26.04-release': 'once',
  'de-2026-05-14-ascension-day': 'once',
  'jp-2026-07-20-marine-day': 'once',
  'node-25.6.1-release': 'always',
  'br-2026-04-21-tiradentes-day': 'always',
  'aws-lambda-dotnet8-deprecation': 'always',
};

/**
 * The whole calendar as CSV, in the order of its instants, then of its keys (so that the file says nothing of the
 * order of priorities).
 *
 * @param dates the text of `dates.csv`
 * @throws if a key is used twice, a task falls outside the year, or a failing task does not exist
 */
export function calendar(dates: string): string {
  const entries = [...releases(dates), ...holidays(YEAR)];
  check(entries);
  const dueMs = new Map(entries.map((entry) => [entry.key, instantMs(entry.dueAt, entry.timeZone)]));
  const due = (entry: Entry) => dueMs.get(entry.key) ?? Number.NaN;
  entries.sort((a, b) => due(a) - due(b) || (a.key < b.key ? -1 : 1));
  return toCsv(entries.map((entry) => toRow(entry, FAILS[entry.key] ?? 'never')));
}

function check(entries: readonly Entry[]): void {
  const keys = new Set<string>();
  for (const { key, dueAt, timeZone } of entries) {
    if (keys.has(key)) throw new Error(`${key}: this key is used twice`);
    keys.add(key);
    const year = new Date(instantMs(dueAt, timeZone)).getUTCFullYear();
    // New Year's Day starts in the east while it is still the last year in UTC: a day's grace at that end.
    if (year !== YEAR && !dueAt.startsWith(`${YEAR}-01-01`)) throw new Error(`${key}: ${dueAt} is not in ${YEAR}`);
  }
  const unknown = Object.keys(FAILS).filter((key) => !keys.has(key));
  if (unknown.length > 0) throw new Error(`no such tasks to fail: ${unknown.join(', ')}`);
}

function main(): void {
  const path = fileURLToPath(new URL('../ops-calendar.csv', import.meta.url));
  const made = calendar(readFileSync(new URL('dates.csv', import.meta.url), 'utf8'));
  if (!process.argv.includes('--check')) {
    writeFileSync(path, made);
    console.log(`examples/ops-calendar.csv: ${made.split('\n').length - 2} rows`);
  } else if (readIfThere(path) === made) {
    console.log('examples/ops-calendar.csv is as examples/ops-calendar/make.ts makes it');
  } else {
    console.error('examples/ops-calendar.csv differs: make it again with npx tsx examples/ops-calendar/make.ts');
    process.exitCode = 1;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
