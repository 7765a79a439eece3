import type { RowProblem } from '../tasks-file.ts';
import { plain } from './columns.ts';

/** Why a row of a file was not enqueued. */
export interface Problem extends RowProblem {
  /** A code of the doors or of the client. */
  readonly code: string;
}

/** Problems by line and field; those of lines next to each other that have one reason are told together. */
export function problemsText(problems: readonly Problem[]): string {
  const runs: { first: Problem; last: number; count: number }[] = [];
  for (const problem of problems) {
    const run = runs.at(-1);
    if (run?.first.field === problem.field && run.first.reason === problem.reason) {
      run.last = problem.line;
      run.count++;
    } else {
      runs.push({ first: problem, last: problem.line, count: 1 });
    }
  }
  return runs
    .map(({ first, last, count }) => `${place(first.line, last, count)}, ${plain(first.field)}: ${plain(first.reason)}\n`)
    .join('');
}

const place = (from: number, to: number, count: number): string =>
  count === 1 ? `line ${from}` : `lines ${from} to ${to} (${count.toLocaleString('en')} rows)`;
