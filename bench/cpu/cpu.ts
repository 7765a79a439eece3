import { type Bench, figure } from '../figure.ts';
import { medianOf } from '../median.ts';
import { drains } from './drains.ts';
import { COUNT } from './ground.ts';

/** Figures 5 and 6. */
export const bench: Bench = {
  name: 'cpu',
  about: `CPU of the shipped dispatcher, ${COUNT.ours.toLocaleString('en-US')} tasks due at once, on DynamoDB Local and a stub of SNS in processes of their own`,
  isQuick: true,
  async run(progress) {
    const rounds = await drains(progress);
    const toBare = medianOf(rounds.map(({ ours, bare }) => ours.cpuMs / bare.cpuMs));
    const toNaive = medianOf(rounds.map(({ ours, oneByOne }) => oneByOne.cpuMs / COUNT.oneByOne / (ours.cpuMs / COUNT.ours)));
    const calls = medianOf(rounds.map(({ ours }) => ours.calls));
    return {
      figures: [
        figure(5, "dispatcher's CPU ÷ CPU of the AWS calls that it had to make", toBare, '', { atMost: 1.15 }),
        figure(6, 'CPU a task, one by one ÷ ours', toNaive, '', { atLeast: 6 }),
        figure(5, 'CPU a task, on this machine', (1_000 * medianOf(rounds.map(({ ours }) => ours.cpuMs))) / COUNT.ours, 'µs'),
      ],
      notes: [
        `Medians of ${rounds.length} interleaved rounds. The calls: ${calls} a round, recorded once and repeated by the SDK’s clients with the same timeouts`,
        'and the SDK’s own protocol and middleware, as many under way at once, each service for itself. One by one: a query for 100 due tasks, then UpdateItem (claim, answers the row), Publish and UpdateItem',
        '(noted as told) for each. Plain HTTP: what TLS costs, a call pays on both sides, and one by one pays it many times as often.',
      ],
    };
  },
};
