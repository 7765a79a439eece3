import { reasonOf } from './explained.ts';
import type { Fate } from './judge.ts';
import type { Mutant } from './mutants.ts';

export interface Verdict {
  readonly mutant: Mutant;
  readonly fate: Fate;
}

/** A mutant that no test has noticed, and why it may live; no reason: a gap in the tests. */
export interface Survivor extends Omit<Mutant, 'id'> {
  readonly fate: Fate;
  readonly why?: string;
}

export interface Summary {
  /** Percent of all mutants that were killed: what is explained counts as survived nevertheless. */
  readonly score: number;
  readonly killed: number;
  readonly survived: number;
  readonly notReached: number;
  readonly unexplained: number;
  readonly files: readonly FileRow[];
  readonly survivors: readonly Survivor[];
}

interface FileRow {
  readonly file: string;
  readonly mutants: number;
  readonly killed: number;
  readonly explained: number;
  readonly unexplained: number;
}

export function summaryOf(verdicts: readonly Verdict[]): Summary {
  const survivors = verdicts.filter(({ fate }) => fate !== 'killed').map(survivorOf);
  const count = (fate: Fate) => verdicts.filter((verdict) => verdict.fate === fate).length;
  return {
    score: Math.floor((1_000 * count('killed')) / verdicts.length) / 10,
    killed: count('killed'),
    survived: count('survived'),
    notReached: count('not reached'),
    unexplained: survivors.filter(({ why }) => !why).length,
    files: [...new Set(verdicts.map(({ mutant }) => mutant.file))].map((file) => rowOf(file, verdicts, survivors)),
    survivors,
  };
}

function survivorOf({ mutant: { id: _, ...mutant }, fate }: Verdict): Survivor {
  const why = reasonOf(mutant);
  return { ...mutant, fate, ...(why ? { why } : {}) };
}

function rowOf(file: string, verdicts: readonly Verdict[], survivors: readonly Survivor[]): FileRow {
  const mutants = verdicts.filter(({ mutant }) => mutant.file === file).length;
  const alive = survivors.filter((survivor) => survivor.file === file);
  const explained = alive.filter(({ why }) => why).length;
  return { file, mutants, killed: mutants - alive.length, explained, unexplained: alive.length - explained };
}

/** For people: each unexplained survivor, a table by file, the score. */
export function textOf({ score, killed, survived, notReached, unexplained, files, survivors }: Summary): string {
  const gaps = survivors.filter(({ why }) => !why);
  return [
    ...gaps.map(
      ({ file, line, column, kind, fate, original, replacement }) =>
        `${file}:${line}:${column} ${fate}: ${kind}\n  - ${original}\n  + ${replacement}`,
    ),
    row('file', 'mutants', 'killed', 'explained', 'unexplained'),
    ...files.map((of) => row(of.file, of.mutants, of.killed, of.explained, of.unexplained)),
    `score ${score} % (killed ${killed}, survived ${survived}, not reached ${notReached}; unexplained ${unexplained})`,
  ].join('\n');
}

const row = (file: string, ...numbers: (string | number)[]): string =>
  file.padEnd(20) + numbers.map((number) => String(number).padStart(12)).join('');
