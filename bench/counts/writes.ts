import { type Bench, type Figure, figure } from '../figure.ts';
import { CountedQueue, SECOND } from './CountedQueue.ts';
import { fewestUnits, type Life as Moves } from './fewest.ts';
import { type Life, type Lived, live, writesATask } from './lives.ts';

const TASKS = 1_000;

/** The lives that have a target, in write units a task. */
export const LIVES = [
  { name: 'acknowledged', atMost: 5.1, life: {}, moves: {} },
  { name: 'with a deadline', atMost: 7.1, life: { hasDeadline: true }, moves: { hasDeadline: true } },
  { name: 'in a completed lane', atMost: 6.1, life: { settings: { listCompleted: true } }, moves: { isListed: true } },
  { name: 'acknowledge: false', atMost: 4.1, life: { options: { acknowledge: false } }, moves: { isUnacknowledged: true } },
] as const satisfies readonly { name: string; atMost: number; life: Omit<Life, 'tasks'>; moves: Moves }[];

export const bench: Bench = {
  name: 'writes',
  about: 'write units a task in its whole life, counted at every committed row of the in-memory AWS',
  isQuick: true,
  async run(progress) {
    const figures: Figure[] = [];
    const notes: string[] = [];
    for (const { name, atMost, life, moves } of LIVES) {
      progress(name);
      const lived = await live({ tasks: TASKS, ...life });
      figures.push(figure(1, `write units: ${name}`, writesATask(lived), 'a task', { atMost }));
      notes.push(
        `${name}: ${partsOf(lived)}; the largest row ${lived.meter.largestRow} bytes; no way of writing it with\n  these indexes takes fewer than ${fewestUnits(moves).units}`,
      );
    }
    progress('what else may come');
    figures.push(...(await others()));
    return { figures, notes: [...notes, ABOUT] };
  },
};

const ABOUT = `${TASKS} tasks, enqueued 100 a call, due at one instant, the default settings; told, done after 0.1 s, and the slots empty again: all
that the doors, the dispatcher, the failure function and the worker's reports wrote, slots and seat included. A retry, an extend and a
snooze are what such a life costs more than one without; a snooze's and a retry's second claim included.`;

const partsOf = ({ meter, tasks }: Lived): string =>
  [...meter.parts].flatMap(([part, units]) => (units > 0 ? [`${part} ${units / tasks}`] : [])).join(', ');

/** What is told beside the lives with a target. */
async function others(): Promise<Figure[]> {
  const plain = writesATask(await live({ tasks: TASKS }));
  const trickle = await live({ tasks: 100, apartMs: SECOND });
  // One after the other: each has the clock of this process for itself.
  const retry = writesATask(await live({ tasks: TASKS, word: 'fail' })) - plain;
  const extend = writesATask(await live({ tasks: TASKS, word: 'extend' })) - plain;
  const snooze = writesATask(await live({ tasks: TASKS, word: 'snooze' })) - plain;
  return [
    figure(1, 'write units: one claim a beat', writesATask(trickle), 'a task'),
    figure(1, 'write units: a retry, its second claim included', retry, 'more'),
    figure(1, 'write units: an extend', extend, 'more'),
    figure(1, 'write units: a snooze, its second claim included', snooze, 'more'),
    figure(1, 'write units: a cancel', await cancelUnits(), 'each'),
  ];
}

async function cancelUnits(): Promise<number> {
  const queue = new CountedQueue();
  let units = 0;
  await queue.play(async () => {
    await queue.enqueue([{ name: 'send-invoice', dueAt: new Date(queue.world.timeline.now + 3_600_000), idempotencyKey: 'one' }]);
    const [id = ''] = [...queue.world.cloud.table.rows.keys()].filter((key) => !key.includes('/slot/'));
    queue.meter.reset();
    await queue.ask(queue.doors.change({ v: 1, action: 'cancel', id }));
    units = queue.meter.writes();
  });
  return units;
}
