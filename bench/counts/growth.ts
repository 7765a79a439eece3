import { type Bench, type Figure, figure } from '../figure.ts';
import { CountedQueue, MINUTE, SECOND } from './CountedQueue.ts';
import { storeForLater } from './stored.ts';

const STORED = [1_000, 100_000, 1_000_000] as const;
const APPS = [1, 10, 100] as const;
const BEATS = 30;
const DAY_MINUTES = 1_440;
/** A sweep of the slots comes once an hour, at the tick that looks past it: so often does an idle queue repeat itself. */
const PERIOD_MINUTES = 59;

/** us-east-1, on demand, November 2026 (docs/cost.md): a read unit, a Lambda call, a GB-s (arm64). SSM's standard parameters are free. */
const PRICES = { read: 0.125e-6, write: 0.625e-6, call: 0.2e-6, gbSecond: 13.3334e-6 } as const;
const MEMORY_GB = 0.25;

/** What a run costs that finds one task due, and a beat while it waits for it, beside `stored` tasks for later. */
export interface Cost {
  readonly calls: number;
  readonly reads: number;
}

export async function costBeside(stored: number): Promise<{ tick: Cost; beat: Cost; task: Cost }> {
  const queue = new CountedQueue();
  const { meter, world } = queue;
  const cost = (): Cost => ({ calls: meter.count('dispatcher'), reads: meter.reads('dispatcher') });
  let [tick, beat, task] = [cost(), cost(), cost()];
  await queue.play(async () => {
    storeForLater(world.cloud, queue.settings.app, stored, world.timeline.now + 30 * 24 * 60 * MINUTE);
    await queue.pass(2 * MINUTE + SECOND);
    meter.reset();
    await queue.pass(MINUTE);
    tick = cost();
    await queue.enqueue([{ name: 'send-invoice', payload: {}, dueAt: new Date(queue.tickIn(1) + 50 * SECOND) }]);
    await queue.pass(queue.tickIn(1) + 10 * SECOND - world.timeline.now);
    meter.reset();
    await queue.pass(BEATS * SECOND);
    beat = { calls: cost().calls / BEATS, reads: cost().reads / BEATS };
    meter.reset();
    await queue.pass(30 * SECOND);
    task = cost();
  });
  return { tick, beat, task };
}

/** What an idle day costs, counted over one period of it. */
export async function idleDay(apps: number): Promise<{ calls: number; dollars: number }> {
  const queue = new CountedQueue({}, apps);
  const { meter } = queue;
  let [calls, reads, writes, invoked, ms] = [0, 0, 0, 0, 0];
  await queue.play(async () => {
    await queue.pass(3 * MINUTE + SECOND);
    meter.reset();
    const [runs, busyMs] = [queue.runs.length, queue.busyMs];
    await queue.pass(PERIOD_MINUTES * MINUTE);
    [calls, reads, writes] = [meter.count(), meter.reads(), meter.writes()];
    [invoked, ms] = [queue.runs.length - runs, queue.busyMs - busyMs];
  });
  const compute = invoked * PRICES.call + (ms / 1_000) * MEMORY_GB * PRICES.gbSecond;
  const periods = DAY_MINUTES / PERIOD_MINUTES;
  return { calls: calls * periods, dollars: (reads * PRICES.read + writes * PRICES.write + compute) * periods };
}

export const bench: Bench = {
  name: 'growth',
  about: 'what a tick and a beat cost beside a thousand and a million tasks for later, and what an idle day costs',
  isQuick: true,
  async run(progress) {
    const costs: Awaited<ReturnType<typeof costBeside>>[] = [];
    for (const stored of STORED) {
      progress(`${stored} stored`);
      costs.push(await costBeside(stored));
    }
    const figures: Figure[] = [];
    for (const what of ['tick', 'beat', 'task'] as const) {
      const most = Math.max(...costs.map((cost) => cost[what].reads + cost[what].calls));
      const least = Math.min(...costs.map((cost) => cost[what].reads + cost[what].calls));
      figures.push(figure(13, `${NAMES[what]}: with 1,000,000 stored ÷ with 1,000`, most / least, '', { atMost: 1 }));
    }
    const notes = STORED.map((stored, i) => `${stored.toLocaleString('en-US')} stored: ${lineOf(costs[i])}`);
    for (const apps of APPS) {
      progress(`an idle day of ${apps} apps`);
      const { calls, dollars } = await idleDay(apps);
      figures.push(figure(13, `an idle day, ${apps} app${apps > 1 ? 's' : ''}`, dollars, '$'));
      notes.push(
        `an idle day, ${apps} app${apps > 1 ? 's' : ''}: ${Math.round(calls)} AWS calls, $${(dollars * 30).toFixed(3)} in 30 days`,
      );
    }
    return { figures, notes: [...notes, ABOUT] };
  },
};

const NAMES = { tick: 'an idle tick', beat: 'a resident beat', task: 'telling one task' } as const;

const lineOf = (cost: Awaited<ReturnType<typeof costBeside>> | undefined): string =>
  cost
    ? Object.entries(cost)
        .map(([what, { calls, reads }]) => `${NAMES[what as keyof typeof NAMES]} ${calls} calls, ${reads} read units`)
        .join('; ')
    : '';

const ABOUT = `Tasks for later stand in the lanes behind what is due; they are made when a query shows them, by DynamoDB's own bound of a page. Idle: every
tick's calls, and once an hour a look at the slots of every app; 256 MB, the time of a run as its calls take it at 21 ms each (an app's lanes at once), list
prices of us-east-1; without alarms and metrics (docs/cost.md).`;
