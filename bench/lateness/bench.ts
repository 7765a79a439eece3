import { BEAT_MS } from '../../functions/dispatch/ports.ts';
import { type Bench, type Figure, figure } from '../figure.ts';
import { percentile } from './percentile.ts';
import { LATENCY } from './virtual/machine.ts';
import {
  AHEAD_BOUND_MS,
  alone,
  aMinute,
  COURSES,
  joined,
  NEWCOMER_BOUND_MS,
  newcomers,
  type Outcome,
  WOKEN_BOUND_MS,
  woken,
} from './virtual/scenarios.ts';

const SECOND = 1_000;
/** Newcomers with a run alive, and with none. */
const COUNT = { alive: 300, none: 20 } as const;
/** What 11 would be beyond what is asked. */
const BEYOND_ALIVE_MS = 300;

export const bench: Bench = {
  name: 'lateness',
  about: 'lateness on a virtual clock: the shipped dispatcher, door and ring on an AWS in memory whose calls take a set time',
  isQuick: true,
  async run(progress) {
    const outcomes: Outcome[] = [];
    const figures: Figure[] = [];
    for (const [name, course] of Object.entries(COURSES)) {
      progress(name);
      const outcome = await aMinute(course);
      outcomes.push(outcome);
      figures.push(...figuresOfMinute(name, outcome));
    }
    const lone = joined(await Promise.all(Array.from({ length: 75 }, (_, i) => alone(i * SECOND))));
    figures.push(
      figure(8, 'the same, one task in an idle queue between two such ticks, at worst', worstOf(lone), 'ms', { atMost: AHEAD_BOUND_MS }),
    );
    const random = await aMinute(COURSES['a tick a minute'], true);
    figures.push(figure(8, 'a tick a minute, at random instants: p99', percentile(random.lateMs, 0.99), 'ms'));
    progress('newcomers');
    const [alive, none] = [await newcomers(COUNT.alive), await woken(COUNT.none)];
    const ofNewcomers = { ...alive, lateMs: [...alive.lateMs, ...alive.handoverMs] };
    figures.push(figure(8, 'newcomers, a run alive, at worst', worstOf(ofNewcomers), 'ms', { atMost: NEWCOMER_BOUND_MS }));
    const all = joined([...outcomes, lone, random, alive, none]);
    figures.push(figure(8, 'told early, of all of these', all.early, 'tasks', { atMost: 0 }));
    figures.push(figure(8, 'lost, of all of these', all.lost, 'tasks', { atMost: 0 }));
    figures.push(...figuresOfNewcomers(ofNewcomers.lateMs, none.lateMs));
    return { figures, notes: NOTES };
  },
};

function figuresOfMinute(name: string, { lateMs, handoverMs }: Outcome): Figure[] {
  const bound = { atMost: AHEAD_BOUND_MS };
  return [
    figure(8, `${name}: seen a beat ahead, at worst`, percentile(lateMs, 1), 'ms', bound),
    figure(8, `${name}: due while a run hands over, at worst`, percentile(handoverMs, 1), 'ms', bound),
    figure(8, `${name}: later than that bound, of 1,000`, [...lateMs, ...handoverMs].filter((ms) => ms > AHEAD_BOUND_MS).length, 'tasks'),
  ];
}

const figuresOfNewcomers = (alive: readonly number[], none: readonly number[]): Figure[] => [
  figure(11, 'newcomers, virtual clock, a run alive: p50', percentile(alive, 0.5), 'ms', { atMost: BEAT_MS }),
  figure(11, 'newcomers, virtual clock, a run alive: p99', percentile(alive, 0.99), 'ms', { atMost: BEAT_MS }),
  figure(11, `newcomers, virtual clock, a run alive: over ${BEYOND_ALIVE_MS} ms`, share(alive, BEYOND_ALIVE_MS), '%'),
  figure(11, 'newcomers, virtual clock, none alive (the ring): p50', percentile(none, 0.5), 'ms', { atMost: WOKEN_BOUND_MS }),
  figure(11, 'newcomers, virtual clock, none alive (the ring): p99', percentile(none, 0.99), 'ms', { atMost: WOKEN_BOUND_MS }),
];

const worstOf = ({ lateMs, handoverMs }: Outcome): number => percentile([...lateMs, ...handoverMs], 1);
const share = (values: readonly number[], aboveMs: number): number => (100 * values.filter((ms) => ms > aboveMs).length) / values.length;

const NOTES = [
  `Set: a read takes ${LATENCY.read} ms, a write ${LATENCY.write}, a publish ${LATENCY.publish}; an index is ${LATENCY.index} ms behind; a cold start takes 1 s.`,
  'Lateness: from dueAt, or from the answered enqueue if that is later, until the answer of SNS is there.',
  'At random instants two tasks may fall due within one publish: the second waits for the answer to the first, so it is late by two publishes at most.',
];
