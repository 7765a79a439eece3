import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TOLERANCE } from '../../bench/cost/cost.ts';
import { type Units, unitsCounted, unitsOf } from '../../bench/cost/counted.ts';
import { linesOf, SPREAD, TOGETHER, type Way } from '../../bench/cost/model.ts';
import { STEP_FUNCTIONS } from '../../bench/cost/others.ts';
import { ofMillion, ours, TABLES } from '../../bench/cost/tables.ts';
import { type Life, live, workingCalls } from '../../bench/counts/lives.ts';

/** As a counted run is enqueued. */
const batched: Way = { ...TOGETHER, submitBatch: 100 };

const CASES: readonly [string, Omit<Life, 'tasks'>, Way][] = [
  ['due together', {}, batched],
  ['with a deadline', { hasDeadline: true }, { ...batched, hasDeadline: true }],
  ['listed when they are complete', { settings: { listCompleted: true } }, { ...batched, isListed: true }],
  ['without acknowledgement', { options: { acknowledge: false } }, { ...batched, isUnacknowledged: true }],
];

/** A hundredth of a thousand tasks makes a run's own writes and readings, ten or so, weigh ten times as much. */
const FEW = { tasks: 200, writes: 0.1, reads: 0.5 } as const;

describe('what the cost model says of a task', () => {
  it.each(CASES)('is what the shipped code was counted to do: %s', async (_, life, way) => {
    const { staySeconds, ...counted } = await unitsCounted({ ...life, tasks: FEW.tasks });
    const modelled = unitsOf({ ...way, staySeconds });
    expect(Math.abs(counted.writes - modelled.writes)).toBeLessThan(FEW.writes);
    expect(Math.abs(counted.reads - modelled.reads)).toBeLessThan(FEW.reads);
    for (const unit of ['publishes', 'calls'] as const satisfies (keyof Units)[]) {
      expect(counted[unit] / modelled[unit], unit).toBeLessThan(TOLERANCE[unit] + 0.02);
      expect(counted[unit] / modelled[unit], unit).toBeGreaterThan(0.95);
    }
  });

  it('is a tenth of Step Functions at most, where tasks are due together', () => {
    expect(ours / ofMillion(STEP_FUNCTIONS.lines)).toBeLessThanOrEqual(0.1);
  });

  it('rests on claims by the half beat: tasks that fall due one after the other are not claimed one by one, however slow the calls', async () => {
    const tasks = 200;
    const calls = workingCalls(await live({ tasks, apartMs: 60 }));
    expect(calls.get('BatchExecuteStatement')).toBeLessThanOrEqual(Math.ceil((1.2 * tasks) / SPREAD.claimBatch));
  });
});

it('the page on cost has the tables as they are computed', () => {
  const page = readFileSync(new URL('../../docs/cost.md', import.meta.url), 'utf8');
  expect(ofMillion(linesOf(TOGETHER))).toBe(ours);
  for (const table of TABLES) expect(page).toContain(table);
});
