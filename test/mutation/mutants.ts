import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Instrumenter } from '@stryker-mutator/instrumenter';

/** One small fault that can be switched on in the instrumented code. */
export interface Mutant {
  readonly id: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** The line it is in. */
  readonly text: string;
  /** The kind of fault, in Stryker's words. */
  readonly kind: string;
  readonly original: string;
  readonly replacement: string;
}

/** A folder's code with every mutant of it built in, each behind a switch; by file, as `core/task.ts`. */
export interface Instrumented {
  readonly code: ReadonlyMap<string, string>;
  readonly mutants: readonly Mutant[];
}

const silent = () => {};
const not = () => false;
const LOG = {
  isTraceEnabled: not,
  isDebugEnabled: not,
  isInfoEnabled: not,
  isWarnEnabled: not,
  isErrorEnabled: not,
  isFatalEnabled: not,
  trace: silent,
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  fatal: silent,
};

/** Stryker's mutants of a folder: all of its kinds, none left out. */
export async function instrument(folder: string): Promise<Instrumented> {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ name: join(folder, name), content: readFileSync(join(folder, name), 'utf8'), mutate: true as const }));
  const done = await new Instrumenter(LOG).instrument(files, { plugins: null, ignorers: [], excludedMutations: [] });
  const linesOf = new Map(files.map(({ name, content }) => [name, content.split('\n')]));
  return {
    code: new Map(done.files.map(({ name, content }) => [name, content])),
    mutants: done.mutants.map(({ id, fileName, location: { start, end }, mutatorName, replacement }) => ({
      id,
      file: fileName,
      line: start.line + 1,
      column: start.column + 1,
      text: linesOf.get(fileName)?.[start.line] ?? '',
      kind: mutatorName,
      original: cut(linesOf.get(fileName) ?? [], start, end),
      replacement,
    })),
  };
}

interface Place {
  readonly line: number;
  readonly column: number;
}

/** The text of `lines` from `start` to `end`; its places are counted from 0. */
function cut(lines: readonly string[], start: Place, end: Place): string {
  return lines
    .slice(start.line, end.line + 1)
    .map((line, i, all) => line.slice(i === 0 ? start.column : 0, i === all.length - 1 ? end.column : undefined))
    .join('\n');
}
