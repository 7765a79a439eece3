import { type Bench, figure } from '../figure.ts';
import { medianOf } from '../median.ts';
import { drains } from './drains.ts';
import { COUNT } from './ground.ts';

/** Figure 7. */
export const bench: Bench = {
  name: 'drain',
  about: `how fast the shipped dispatcher drains ${COUNT.ours.toLocaleString('en-US')} tasks due at once, beside the bare loop of the same calls, on DynamoDB Local`,
  isQuick: true,
  async run(progress) {
    const rounds = await drains(progress);
    const ratio = medianOf(rounds.map(({ ours, bare }) => bare.drainedMs / ours.drainedMs));
    const rate = (1_000 * COUNT.ours) / medianOf(rounds.map(({ ours }) => ours.drainedMs));
    return {
      figures: [
        figure(7, 'drain rate ÷ that of the bare loop of the same calls', ratio, '', { atLeast: 0.8 }),
        figure(7, 'drain rate, on this machine', rate, 'tasks/s'),
      ],
      notes: [
        `Medians of ${rounds.length} interleaved rounds, from the start to the last claim and notification answered. The bare loop has as many calls under way`,
        'at once as the dispatcher had, but its publishing need not wait for its claims.',
      ],
    };
  },
};
