import type { Accepted, Change, EnqueuerLine, Request, TaskRow, WorkerLine } from './records.ts';

/** All that was recorded, each part by somebody else. */
export interface Records {
  readonly enqueuers: readonly EnqueuerLine[];
  readonly workers: readonly WorkerLine[];
  readonly accepted: readonly Accepted[];
  readonly rows: readonly TaskRow[];
}

/** A run of a handler; without an end where its process was killed in it. */
export interface Run {
  readonly claim: number;
  readonly at: number;
  /** The date that the worker was told. */
  readonly dueAt: number;
  ended?: 'done' | 'failed' | 'snoozed';
}

/** All that is known of one task, by its key. */
export interface Dossier {
  readonly key: string;
  request?: Request;
  /** What the submit door has answered, without repetitions. */
  readonly ids: string[];
  readonly refusals: string[];
  /** `isDone` is missing where no answer came. */
  readonly changes: { readonly change: Change; readonly dueAt?: string | undefined; isDone?: boolean }[];
  readonly rows: TaskRow[];
  readonly runs: Run[];
  /** Claims under which the report door has accepted a completion, without repetitions. */
  readonly accepted: number[];
}

/** The records, laid together by task. */
export function dossiersOf({ enqueuers, workers, accepted, rows }: Records): Dossier[] {
  const all = new Map<string, Dossier>();
  const keys = new Map<string, string>();
  const of = (key: string): Dossier => {
    const dossier = all.get(key) ?? { key, ids: [], refusals: [], changes: [], rows: [], runs: [], accepted: [] };
    all.set(key, dossier);
    return dossier;
  };
  for (const row of rows) {
    const key = keyOf(row);
    keys.set(row.id, key);
    of(key).rows.push(row);
  }
  for (const line of enqueuers) addEnqueuers(of, line);
  for (const line of workers) addWorkers(of, keys, line);
  for (const { id, claim } of accepted) addOnce(of(keys.get(id) ?? id).accepted, claim);
  return [...all.values()];
}

/** A row that was enqueued by nobody may hold anything. */
function keyOf({ id, payload }: TaskRow): string {
  try {
    return String((JSON.parse(payload) as { key: string }).key);
  } catch {
    return id;
  }
}

function addEnqueuers(of: (key: string) => Dossier, line: EnqueuerLine): void {
  if ('asked' in line) for (const request of line.asked) of(request.payload.key).request = request;
  if ('change' in line) of(line.key).changes.push({ change: line.change, dueAt: line.dueAt });
  if ('changed' in line) {
    const last = of(line.key).changes.at(-1);
    if (last) last.isDone = line.changed;
  }
  if (!('answered' in line)) return;
  for (const answer of line.answered) {
    if ('id' in answer) addOnce(of(answer.key).ids, answer.id);
    else if (answer.isFinal) addOnce(of(answer.key).refusals, answer.refusal);
  }
}

function addWorkers(of: (key: string) => Dossier, keys: Map<string, string>, line: WorkerLine): void {
  if ('begun' in line) {
    keys.set(line.id, line.begun.key);
    of(line.begun.key).runs.push({ claim: line.claim, at: line.at, dueAt: line.begun.dueAt });
    return;
  }
  // Of two runs under one claim either may have ended: it is the same for all that is judged.
  const run = of(keys.get(line.id) ?? line.id).runs.find(({ claim, ended }) => claim === line.claim && ended === undefined);
  if (run) run.ended = line.ended;
}

function addOnce<T>(values: T[], value: T): void {
  if (!values.includes(value)) values.push(value);
}
