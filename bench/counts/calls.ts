import { type Bench, figure } from '../figure.ts';
import { type Life, type Lived, live, total, workingCalls } from './lives.ts';

const TASKS = 1_000;

/** All calls of the runs that had something to do, but for the beats that they waited, a task. */
export const callsATask = (lived: Lived): number => total(workingCalls(lived)) / lived.tasks;

const atOneInstant = (changes: Partial<Life> = {}): Promise<Lived> => live({ tasks: TASKS, ...changes });

export const bench: Bench = {
  name: 'calls',
  about: 'AWS calls of the dispatcher a task: every call of every run that had something to do for it',
  isQuick: true,
  async run(progress) {
    progress(`${TASKS} at one instant`);
    const medium = await atOneInstant();
    const high = await atOneInstant({ options: { priority: 'high' } });
    const low = await atOneInstant({ options: { priority: 'low' } });
    const wide = await atOneInstant({ settings: { maxInFlight: TASKS } });
    progress(`${TASKS} spread over a minute`);
    const spread = await live({ tasks: TASKS, apartMs: 60 });
    const name = `dispatcher's calls: ${TASKS} due at one instant`;
    return {
      figures: [
        figure(2, name, callsATask(medium), 'a task', { atMost: 0.22 }),
        figure(2, `${name}, all High`, callsATask(high), 'a task'),
        figure(2, `${name}, all Low`, callsATask(low), 'a task'),
        figure(2, `${name}, maxInFlight ${TASKS}`, callsATask(wide), 'a task'),
        figure(2, `${name}, the beats waited for it included`, callsATask(medium) + medium.waited / TASKS, 'a task'),
        figure(2, `dispatcher's calls: ${TASKS} spread over 60 s`, callsATask(spread), 'a task'),
      ],
      notes: [`at one instant: ${kindsOf(medium)}`, `spread over 60 s: ${kindsOf(spread)}`, ABOUT],
    };
  },
};

const kindsOf = (lived: Lived): string =>
  [...workingCalls(lived)]
    .sort(([, a], [, b]) => b - a)
    .map(([call, count]) => `${call} ${count}`)
    .join(', ');

const ABOUT = `From the tick that stays for them to the leave that finds their places free: the reading of the settings, every lane's head, the slots, the
metrics. The beats that a run waits for the instant (one seat read each; up to 80) are the same for one task and for a thousand, and figure 3's. One app
with the default settings: Medium, 500 out at once, done after 0.1 s; each call takes 21 ms. Spread, each task is told at its own millisecond: a publish
each. Idle ticks are figure 13's.`;
