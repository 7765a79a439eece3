import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { LocalAws } from '../../localstack/localAws.ts';
import { showsProcesses } from '../soak/lambdas.ts';
import { Soak, type Soaked } from '../soak/soak.ts';

const aws = inject('localAws') as Omit<LocalAws, 'stop'>;
/** Lambda processes can be killed where the local AWS runs them on this machine, and the machine shows them. */
const lambda = aws.backend === 'ministack' && showsProcesses ? 1 : 0;

/** `npm run soak` in short: it shares the local AWS of the run, so that is not paused; and no dispatcher is killed, which costs a minute. */
describe.concurrent('enqueuers and workers killed, paused and cut off', () => {
  const told: string[] = [];
  const soak = new Soak({
    seed: 1,
    ms: 14_000,
    leaseMs: 4_000,
    aheadMs: 4_000,
    workers: 2,
    enqueuers: 2,
    faults: {
      'worker killed': 3,
      'worker paused': 3,
      'enqueuer killed': 2,
      'emulator paused': 0,
      'network bad': 3,
      'network gone': 1,
      'dispatcher killed': 0,
      'failure function killed': lambda,
      'door killed': lambda,
    },
    everyMs: { min: 200, max: 1_200 },
    stillMs: 140_000,
    aws,
    log: (line) => told.push(line),
  });
  let soaked: Soaked;

  beforeAll(async () => {
    soaked = await soak.run();
  }, 600_000);

  afterAll(() => soak.end());

  it.sequential('were harmed in each way', () => {
    const { 'worker killed': killed, 'worker paused': paused, 'enqueuer killed': enqueuer, 'network bad': bad } = soaked.faults;
    expect([killed, paused, enqueuer, bad].map((count) => (count ?? 0) > 0)).toEqual([true, true, true, true]);
    expect(soaked.acknowledged).toBeGreaterThan(10);
  });

  it.sequential('have lost nothing, completed nothing twice, told nobody early, and made nothing up', () => {
    expect(soaked.wrongs, told.join('\n')).toEqual([]);
  });

  it.sequential('leave a queue that comes to its end by itself', () => {
    expect(soaked.drainedMs, told.join('\n')).toBeDefined();
  });
});
