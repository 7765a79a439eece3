import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What an entrant is told, as its one argument. */
export interface Race {
  /** Where its package is installed. */
  readonly folder: string;
  /** Its server, if it has one. */
  readonly url: string;
  /** When each task is due, in milliseconds from the start. */
  readonly offsets: readonly number[];
  /** Milliseconds from now to the start, once the server and the worker are up. */
  readonly leadMs: number;
  readonly options: Readonly<Record<string, number>>;
}

/** An entrant that is up: its worker waits. */
export interface Entrant {
  /** Has every task stored; the handler of number `i` is to run at `dueAt[i]`, epoch ms. */
  schedule(dueAt: readonly number[]): Promise<void>;
  stop(): Promise<void>;
}

/** How long the last ones may take. */
const GRACE_MS = 60_000;

/** Epoch milliseconds with their fractions. */
const now = (): number => performance.timeOrigin + performance.now();

/** Runs an entrant in this process of its own and prints how late the handler of each task was, ms. */
export async function race(enter: (race: Race, handled: (i: number) => void) => Promise<Entrant>): Promise<void> {
  const told: Race = JSON.parse(process.argv[2] ?? '');
  const startedAt = new Map<number, number>();
  let isAll = () => {};
  const all = new Promise<void>((resolve) => {
    isAll = resolve;
  });
  const entrant = await enter(told, (i) => {
    if (!startedAt.has(i)) startedAt.set(i, now());
    if (startedAt.size === told.offsets.length) isAll();
  });
  const start = Date.now() + told.leadMs;
  const dueAt = told.offsets.map((ms) => start + ms);
  await entrant.schedule(dueAt);
  if (Date.now() > start) throw new Error('the tasks were not stored before the first was due: give it a longer lead');
  const timer = setTimeout(isAll, Math.max(...dueAt) + GRACE_MS - Date.now());
  await all;
  clearTimeout(timer);
  await entrant.stop();
  const lateMs = dueAt.flatMap((at, i) => (startedAt.has(i) ? [(startedAt.get(i) as number) - at] : []));
  process.stdout.write(JSON.stringify({ lateMs, lost: dueAt.length - lateMs.length }), () => process.exit());
}

/** A package of the folder: it is no dependency of this project, so it has no type here. */
export const load = (folder: string, name: string) => import(pathToFileURL(createRequire(join(folder, 'package.json')).resolve(name)).href);
