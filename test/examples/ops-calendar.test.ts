import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readTasksFile } from '../../cli/tasks-file.ts';
import { calendar } from '../../examples/ops-calendar/make.ts';
import { timeline, YEAR_A_MINUTE } from '../../examples/ops-calendar/timeline.ts';

const FILE = fileURLToPath(new URL('../../examples/ops-calendar.csv', import.meta.url));
const DATES = new URL('../../examples/ops-calendar/dates.csv', import.meta.url);
const EXTRAS = ['fails', 'source', 'takenOn'];

describe('the operations calendar', () => {
  it('is what its script makes of the collected dates and the pinned package', () => {
    expect(readFileSync(FILE, 'utf8')).toBe(calendar(readFileSync(DATES, 'utf8')));
  });

  it('has at least 150 dated rows of two apps, each with its source and the day it was taken', async () => {
    const { rows, problems } = await readTasksFile(FILE, EXTRAS);
    expect(problems).toEqual([]);
    expect(rows.length).toBeGreaterThanOrEqual(150);
    expect(new Set(rows.map(({ app }) => app))).toEqual(new Set(['platform', 'office']));
    for (const { dueAt, extra } of rows) {
      expect(dueAt).toMatch(/^20\d\d-/);
      expect(extra.source).not.toBe('');
      expect(extra.takenOn).toMatch(/^2026-\d\d-\d\d$/);
    }
    expect(new Set(rows.map(({ extra }) => extra.fails))).toEqual(new Set(['never', 'once', 'always']));
  });

  it('is played in about a minute, in the order of its dates, each deadline after its date', async () => {
    const { rows } = await readTasksFile(FILE, EXTRAS);
    const start = Date.UTC(2026, 10, 24);
    const { played, unplayable } = timeline(rows, start, YEAR_A_MINUTE);
    expect(unplayable).toEqual([]);
    const dates = played.map(({ dueAt }) => dueAt ?? 0);
    expect(dates).toEqual(dates.toSorted((a, b) => a - b));
    expect(dates[0]).toBe(start);
    expect((dates.at(-1) ?? 0) - start).toBeGreaterThan(55_000);
    expect((dates.at(-1) ?? 0) - start).toBeLessThan(61_000);
    for (const { dueAt = 0, deadlineAt } of played) if (deadlineAt !== undefined) expect(deadlineAt).toBeGreaterThanOrEqual(dueAt);
  });

  it('a date that cannot be used is reported by line, field and reason', () => {
    const row = { app: 'web', name: 'x', payload: null, extra: {} };
    const rows = [
      { ...row, line: 2, dueAt: '2026-02-30T00:00:00Z' },
      { ...row, line: 3, dueAt: '2026-02-03T00:00', timeZone: 'Mars/Olympus' },
      { ...row, line: 4, dueAt: '2026-02-03T00:00:00Z', deadlineAt: 'soon' },
      { ...row, line: 5, extra: { fails: 'often' } },
    ];
    expect(timeline(rows, 0, 1).unplayable.map(({ line, field }) => [line, field])).toEqual([
      [2, 'dueAt'],
      [3, 'timeZone'],
      [4, 'deadlineAt'],
      [5, 'fails'],
    ]);
  });
});
