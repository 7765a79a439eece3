import type { AppSettings } from '../../core/policy.ts';
import { CountedQueue, MINUTE, SECOND } from './CountedQueue.ts';
import type { Meter } from './Meter.ts';
import { completing, type Word } from './workers.ts';

/** What tasks are made as, and when they fall due after the tick. */
export interface Life {
  readonly tasks: number;
  /** Options of each, beside its name, payload and date. */
  readonly options?: object;
  /** Given a deadline an hour after its date. */
  readonly hasDeadline?: boolean;
  /** From one's date to the next's. @default 0, all at one instant */
  readonly apartMs?: number;
  /** From a tick to the first one's date. @default 22 s: no tick looks further ahead than 80 s, so that the one before leaves it */
  readonly afterTickMs?: number;
  readonly settings?: Partial<AppSettings>;
  readonly word?: Word;
}

/** The calls of a dispatcher that found something to do, by kind. */
export interface Lived {
  readonly meter: Meter;
  readonly tasks: number;
  /** The runs that stayed. */
  readonly runs: readonly string[];
  /** Beats that a run stayed before the first of them was in reach: each one call, the seat's reading, and one read unit. */
  readonly waited: number;
}

/** Enqueues tasks in full batches, has them told and done, and lets their places in the slots become free. */
export async function live({ tasks, options, hasDeadline, apartMs = 0, afterTickMs = 22 * SECOND, settings, word }: Life): Promise<Lived> {
  const queue = new CountedQueue(settings);
  queue.worker = completing(word);
  let waited = 0;
  await queue.play(async () => {
    // A queue's very first run looks at every slot.
    await queue.pass(3 * SECOND);
    queue.meter.reset();
    const from = queue.tickIn(4) + afterTickMs;
    await queue.enqueue(
      Array.from({ length: tasks }, (_, i) => {
        const dueAt = from + i * apartMs;
        const deadline = hasDeadline ? { deadlineAt: new Date(dueAt + 60 * MINUTE) } : {};
        return { name: 'send-invoice', payload: { invoice: i }, dueAt: new Date(dueAt), ...deadline, ...options };
      }),
    );
    await queue.pass(from - SECOND - queue.world.timeline.now);
    // A run reads it once before it begins to beat.
    waited = queue.meter.count('dispatcher', 'GetItem') - (queue.runs.length - 1);
    await queue.drain();
  });
  return { meter: queue.meter, tasks, runs: queue.runs.flatMap(({ name, stayed }) => (stayed ? [name] : [])), waited };
}

/** Calls of the runs that found something to do, by kind, but for the beats that they waited. */
export function workingCalls({ meter, runs, waited }: Lived): Map<string, number> {
  const sum = new Map([['GetItem', -waited]]);
  for (const run of runs) for (const [call, count] of meter.kinds(run)) sum.set(call, (sum.get(call) ?? 0) + count);
  return sum;
}

export const total = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, count) => sum + count, 0);

/** Write units a task, everything included: doors, dispatcher, failure function, slots and seat. */
export const writesATask = ({ meter, tasks }: Lived): number => meter.writes() / tasks;
