// npm run soak -- --minutes 5 [--seed N] [--json]: real processes against a local AWS of its own, killed, paused and cut off; then
// all is drained, and the last line says what was lost, duplicated, unexpected or early. Exit code 1 unless that is nothing.
import { parseArgs } from 'node:util';
import { startMiniStack } from '../../localstack/ministack.ts';
import { PUNCTUAL_FOLDER } from '../../localstack/startLocalAws.ts';
import { Soak, type Soaked } from './soak.ts';
import { WRONGS } from './tally.ts';

const MAX_SEED = 1_000_000;
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * MAX_SEED)) },
    json: { type: 'boolean', default: false },
  },
});
const minutes = positive('minutes');
const seed = positive('seed');
const log = (line: string) => process.stderr.write(`${line}\n`);
// The template's own rules are checked elsewhere.
process.env.CDK_VALIDATION ??= 'false';

const aws = await startMiniStack({ port: 'free', folder: PUNCTUAL_FOLDER, attended: true, log });
const soak = new Soak({
  seed,
  ms: minutes * 60_000,
  leaseMs: 12_000,
  aheadMs: 15_000,
  workers: 3,
  enqueuers: 2,
  faults: {
    'worker killed': 5,
    'worker paused': 4,
    'enqueuer killed': 3,
    'emulator paused': 2,
    'network bad': 4,
    'network gone': 1,
    // Each costs all tasks up to a minute, until the next tick.
    'dispatcher killed': 0.5,
    'failure function killed': 1,
    'door killed': 2,
  },
  everyMs: { min: 500, max: 4_000 },
  // More than two ticks, by which all that is left must have moved.
  stillMs: 180_000,
  aws,
  log,
});
let left: Promise<void> | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => (left ? process.exit(130) : void leave(130)));
log(`seed ${seed}`);
try {
  const soaked = await soak.run();
  console.log(values.json ? JSON.stringify(soaked) : textOf(soaked));
  await leave(WRONGS.some((wrong) => soaked[wrong] > 0) ? 1 : 0);
} catch (error) {
  // Of one that was told to leave the records are gone: what it says then means nothing.
  if (!left) log((error as Error).stack ?? String(error));
  await leave(1);
}

/** Once, whoever asks first: nothing that was started here is left. The emulator takes its stack and its Lambda processes with it. */
function leave(code: number): Promise<void> {
  left ??= soak
    .end()
    .finally(() => aws.stop())
    .finally(() => process.exit(code));
  return left;
}

function positive(name: 'minutes' | 'seed'): number {
  const number = Number(values[name]);
  if (number > 0 && number < MAX_SEED * 1_000) return number;
  console.error(`--${name} must be a number above 0; got "${values[name]}".`);
  process.exit(1);
}

function textOf(soaked: Soaked): string {
  const { acknowledged, indeterminate, indeterminateFound, completed, dead, cancelled, executedTwice, recovered, unanswered } = soaked;
  const faults = Object.entries(soaked.faults).map(([kind, count]) => `${kind} ${count}`);
  const drained = soaked.drainedMs === undefined ? 'never drained' : `drained in ${Math.round(soaked.drainedMs / 1_000)} s`;
  return [
    ...soaked.wrongs,
    `faults: ${faults.join(', ')}`,
    `seed ${soaked.seed}, ${minutes} min, ${drained}: ${acknowledged} acknowledged, ${indeterminate} indeterminate (${indeterminateFound} exist), ` +
      `${completed} completed, ${dead} dead (${unanswered} unanswered), ${cancelled} cancelled, ${executedTwice} executed twice, ` +
      `${recovered} recovered, ${WRONGS.map((wrong) => `${soaked[wrong]} ${wrong}`).join(', ')}`,
  ].join('\n');
}
