import { type Bench, figure } from '../figure.ts';
import { instantsOfAMinute } from './instants.ts';
import { percentile } from './percentile.ts';
import { raceOurs } from './wall/ours.ts';

const TASKS = 1_000;

export const bench: Bench = {
  name: 'wall',
  about:
    'lateness on the wall clock: 1,000 tasks due at random within a minute, the dispatcher on DynamoDB Local, a stub for SNS (2 minutes)',
  isQuick: false,
  async run(progress) {
    progress('storing 1,000 tasks, then a minute of waiting …');
    const { lateMs, early, lost } = await raceOurs(instantsOfAMinute(TASKS), progress);
    const figures = [
      figure(9, 'lateness on DynamoDB Local and a publish stub: p50', percentile(lateMs, 0.5), 'ms', { atMost: 10 }),
      figure(9, 'lateness on DynamoDB Local and a publish stub: p99', percentile(lateMs, 0.99), 'ms', { atMost: 100 }),
      figure(9, 'lateness on DynamoDB Local and a publish stub: worst', percentile(lateMs, 1), 'ms'),
      figure(9, 'told early', early, 'tasks', { atMost: 0 }),
      figure(9, 'lost', lost, 'tasks', { atMost: 0 }),
    ];
    return { figures, notes: NOTES };
  },
};

const NOTES = [
  'From dueAt until the stub has taken the notification: in this process, the dispatcher in one of its own. The way through SNS to a worker is not in it.',
];
