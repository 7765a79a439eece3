import { type Bench, type Figure, figure } from '../figure.ts';
import { type Units, unitsCounted, unitsOf } from './counted.ts';
import { linesOf, SPREAD, TOGETHER, type Way } from './model.ts';
import { SCHEDULER, STEP_FUNCTIONS } from './others.ts';
import { SEEN } from './prices.ts';
import { ofMillion, ours, TABLES } from './tables.ts';

const TASKS = 1_000;
/** As the counted run is enqueued. */
const BY_THE_HUNDRED = 100;

/** How far a count may be from the model. */
export const TOLERANCE: Readonly<Record<keyof Units, number>> = { writes: 1.03, reads: 1.1, publishes: 1.05, calls: 1.01 };

/** Figure 4: what a million tasks cost, by list prices and counted calls. */
export const bench: Bench = {
  name: 'cost',
  about: 'the cost of a million tasks by list prices; its counts held against a counted run of the shipped code on an AWS in memory',
  isQuick: true,
  async run(progress) {
    const spread = ofMillion(linesOf(SPREAD));
    const stepFunctions = ofMillion(STEP_FUNCTIONS.lines);
    const figures = [
      figure(4, 'cost: a million tasks due together', ours, '$'),
      figure(4, 'cost: ours ÷ EventBridge Scheduler', ours / ofMillion(SCHEDULER.lines), '×'),
      figure(4, 'cost: ours ÷ Step Functions', ours / stepFunctions, '×', { atMost: 0.1 }),
      figure(4, 'cost: a million tasks, each at an instant of its own', spread, '$'),
      figure(4, 'cost: that ÷ Step Functions', spread / stepFunctions, '×'),
    ];
    progress(`counting ${TASKS} due together`);
    figures.push(...(await heldAgainst(TOGETHER, 0)));
    progress(`counting ${TASKS} spread over a minute`);
    figures.push(...(await heldAgainst(SPREAD, 60)));
    return {
      figures,
      notes: [`List prices of us-east-1, ${SEEN}; formulas in bench/cost/model.ts.`, ...TABLES.map((text) => `\n${text}`)],
    };
  },
};

/** The model's counts beside those of a counted run. Where the model says more, that is no fault. */
async function heldAgainst(way: Way, apartMs: number): Promise<Figure[]> {
  const { staySeconds, ...counted } = await unitsCounted({ tasks: TASKS, apartMs });
  const modelled = unitsOf({ ...way, submitBatch: BY_THE_HUNDRED, staySeconds });
  return (Object.keys(TOLERANCE) as (keyof Units)[]).map((unit) =>
    figure(4, `cost: ${unit} counted ÷ modelled, ${way.name}`, counted[unit] / modelled[unit], '×', { atMost: TOLERANCE[unit] }),
  );
}
