import type { TaskRow } from '../../cli/tasks-file.ts';
import { resolveWhen } from '../../core/when.ts';

/** How often a year goes into a minute: the default ratio of the time-lapse. */
export const YEAR_A_MINUTE = 365 * 24 * 60;

/** A row of the file with its dates as instants of the time-lapse (epoch ms), and how its handler is to fail. */
export interface Played {
  readonly row: TaskRow;
  readonly dueAt?: number;
  readonly deadlineAt?: number;
  readonly fails: 'never' | 'once' | 'always';
}

export interface Unplayable {
  readonly line: number;
  readonly field: string;
  readonly reason: string;
}

/**
 * Maps the dates of a file onto a time-lapse: its first date falls on `start`, all others `ratio` times nearer to it than
 * they are. A row without a date is due at once. Rows whose dates cannot be used are reported.
 */
export function timeline(rows: readonly TaskRow[], start: number, ratio: number): { played: Played[]; unplayable: Unplayable[] } {
  const unplayable: Unplayable[] = [];
  const dated = rows.flatMap((row) => {
    const dates = datesOf(row);
    if ('reason' in dates) unplayable.push(dates);
    return 'reason' in dates ? [] : [{ row, ...dates }];
  });
  const first = Math.min(...dated.flatMap(({ due }) => due ?? []));
  const map = (ms: number): number => Math.round(start + (ms - first) / ratio);
  const played = dated.map(({ row, due, deadline, fails }) => ({
    row,
    fails,
    ...(due === undefined ? {} : { dueAt: map(due) }),
    ...(deadline === undefined ? {} : { deadlineAt: Number.isFinite(first) ? map(deadline) : deadline }),
  }));
  return { played, unplayable };
}

function datesOf(row: TaskRow): { due: number | undefined; deadline: number | undefined; fails: Played['fails'] } | Unplayable {
  const { line } = row;
  const fails = row.extra.fails || 'never';
  if (fails !== 'never' && fails !== 'once' && fails !== 'always') {
    return { line, field: 'fails', reason: `must be never, once or always; got ${fails}` };
  }
  const instants: Record<string, number | undefined> = {};
  for (const field of ['dueAt', 'deadlineAt'] as const) {
    const text = row[field];
    if (text === undefined) continue;
    const when = resolveWhen(row.timeZone === undefined ? text : { local: text, timeZone: row.timeZone });
    if (!when.ok)
      return { line, field: when.field === 'timeZone' ? 'timeZone' : field, reason: `must be ${when.allowed}; got ${when.got}` };
    instants[field] = when.ms;
  }
  return { due: instants.dueAt, deadline: instants.deadlineAt, fails };
}
