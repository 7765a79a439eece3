import { dueLanes } from '../../core/lanes.ts';
import { type Bench, figure } from '../figure.ts';
import { CountedQueue, MINUTE, SECOND } from './CountedQueue.ts';
import { type Lived, live } from './lives.ts';

const TASKS = 1_000;
const BEATS = 30;

/** What the runs read that found something to do, but for the beats that they waited. */
export const readsATask = ({ meter, runs, waited, tasks }: Lived): number =>
  (runs.reduce((sum, run) => sum + meter.reads(run), 0) - waited) / tasks;
export const reportReads = ({ meter, tasks }: Lived): number => meter.reads('report') / tasks;

/** What a beat reads while a run waits for one task. */
export async function residentBeat(): Promise<number> {
  const queue = new CountedQueue();
  let units = 0;
  await queue.play(async () => {
    await queue.pass(SECOND);
    await queue.enqueue([{ name: 'send-invoice', dueAt: new Date(queue.tickIn(1) + 60 * SECOND) }]);
    await queue.pass(queue.tickIn(1) + 10 * SECOND - queue.world.timeline.now);
    queue.meter.reset();
    await queue.pass(BEATS * SECOND);
    units = queue.meter.reads('dispatcher');
  });
  return units / BEATS;
}

/** What a minute reads in which nothing is due. */
export async function idleMinute(): Promise<{ queries: number; lanes: number; units: number }> {
  const queue = new CountedQueue();
  await queue.play(async () => {
    await queue.pass(2 * MINUTE + SECOND);
    queue.meter.reset();
    await queue.pass(MINUTE);
  });
  const { app, shards } = queue.settings;
  return { queries: queue.meter.count('dispatcher', 'Query'), lanes: dueLanes(app, shards).length, units: queue.meter.reads() };
}

export const bench: Bench = {
  name: 'reads',
  about: 'read units a task, a resident beat and an idle minute, by the bytes of every answer',
  isQuick: true,
  async run() {
    const lived = await live({ tasks: TASKS });
    const idle = await idleMinute();
    return {
      figures: [
        figure(3, 'read units: the dispatcher', readsATask(lived), 'a task', { atMost: 0.6 }),
        figure(3, 'read units: and the report door', readsATask(lived) + reportReads(lived), 'a task', { atMost: 1.1 }),
        figure(3, 'read units: a resident beat', await residentBeat(), 'a beat', { atMost: 1 }),
        figure(3, 'queries: an idle minute', idle.queries / idle.lanes, 'a lane', { atMost: 1 }),
        figure(3, 'read units: an idle minute of one app', idle.units, 'a minute'),
      ],
      notes: [`of the dispatcher, by call: ${unitsByCall(lived)}`, ABOUT],
    };
  },
};

const unitsByCall = ({ meter, runs }: Lived): string =>
  ['GetItem', 'Query', 'BatchGetItem'].map((call) => `${call} ${runs.reduce((sum, run) => sum + meter.reads(run, call), 0)}`).join(', ');

const ABOUT = `${TASKS} tasks due at one instant, as in figure 2: heads and pages of the lanes, the seat at each beat but those that a run waits, the slots (a unit each), and each
row once to see whether its lease ended with a word. A claim proves itself by its answer, so that nothing is read back. An idle minute of an app is a
query for each of its lanes, and for the whole queue the seat.`;
