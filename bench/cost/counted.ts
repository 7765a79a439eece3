import { type Life, live, workingCalls, writesATask } from '../counts/lives.ts';
import { reportReads } from '../counts/reads.ts';
import { READS, type Way, WRITES } from './model.ts';

/** What a task takes of what has a price. */
export interface Units {
  readonly writes: number;
  readonly reads: number;
  readonly publishes: number;
  /** Calls of the doors. */
  readonly calls: number;
}

/** Of the shipped code, counted over the in-memory AWS; and for how long its dispatcher stayed, by its beats: each reads the seat once. */
export async function unitsCounted(life: Life): Promise<Units & { readonly staySeconds: number }> {
  const lived = await live(life);
  const { meter, runs, tasks } = lived;
  const calls = workingCalls(lived);
  return {
    writes: writesATask(lived),
    reads: runs.reduce((sum, run) => sum + meter.reads(run), 0) / tasks + reportReads(lived),
    publishes: (calls.get('PublishBatch') ?? 0) / tasks,
    // A report reads the row it is about.
    calls: (meter.count('client', 'Invoke') + meter.count('report', 'GetItem')) / tasks,
    staySeconds: (calls.get('GetItem') ?? 0) / tasks,
  };
}

/** By the model. */
export const unitsOf = (way: Way): Units => ({
  writes: Object.values(WRITES).reduce((sum, writes) => sum + writes(way), 0),
  reads: READS.dispatcher(way) + READS.report(way),
  publishes: 1 / way.publishBatch,
  calls: 1 / way.submitBatch + (way.isUnacknowledged ? 0 : 1),
});
