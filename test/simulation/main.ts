// npm run simulate -- --seeds 10000 [--first N] [--seed N] [--json]: plays histories; the last line says what was seen.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { FAULT_KINDS, type FaultKind } from './faults.ts';
import { shortest } from './shortest.ts';
import { type Limits, type Played, simulate } from './simulate.ts';

/** Failing seeds whose shortest history is looked for. */
const SHORTENED = 3;
/** Seeds that are worth a process of their own. */
const SEEDS_PER_PROCESS = 200;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
    // Which part of a seed's history: as a failing one says it.
    tasks: { type: 'string' },
    faults: { type: 'string' },
    without: { type: 'string' },
    first: { type: 'string', default: '1' },
    // Between processes: only every so-manieth seed.
    every: { type: 'string', default: '1' },
  },
});

interface Failed {
  readonly seed: number;
  readonly broken: readonly string[];
  readonly replay: string;
  readonly story: readonly string[];
}
interface Outcome {
  seeds: number;
  steps: number;
  faults: Record<string, number>;
  violations: number;
  failed: Failed[];
}

function whole(name: 'seeds' | 'seed' | 'tasks' | 'faults' | 'first' | 'every'): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} must be a whole number; got "${values[name]}".`);
  process.exit(1);
}

/** One seed, or the part of it that is asked for, told in full. */
async function playOne(seed: number): Promise<Outcome> {
  const limits = limitsAsked();
  const played = await simulate(seed, limits);
  if (!values.json) console.log(played.story.join('\n'));
  return added(empty(), played, []);
}

async function playMany(seeds: number): Promise<Outcome> {
  const processes = Math.min(availableParallelism(), Math.floor(seeds / SEEDS_PER_PROCESS));
  if (values.every === '1' && processes > 1) return playApart(seeds, processes);
  const total = empty();
  const [first, every] = [whole('first'), Math.max(1, whole('every'))];
  for (let seed = first; seed < first + seeds * every; seed += every) {
    const played = await simulate(seed);
    const isShortened = played.violations.length > 0 && total.failed.length < SHORTENED;
    added(total, played, isShortened ? [await failedOf(played)] : []);
  }
  return total;
}

/** The seeds dealt out to processes, one a core. */
async function playApart(seeds: number, processes: number): Promise<Outcome> {
  const parts = await Promise.all(
    Array.from({ length: processes }, (_, i) => playPart(Math.ceil((seeds - i) / processes), whole('first') + i, processes)),
  );
  const total = empty();
  for (const part of parts) {
    total.seeds += part.seeds;
    total.steps += part.steps;
    total.violations += part.violations;
    total.failed.push(...part.failed);
    for (const kind of FAULT_KINDS) total.faults[kind] = (total.faults[kind] ?? 0) + (part.faults[kind] ?? 0);
  }
  return total;
}

function playPart(seeds: number, first: number, every: number): Promise<Outcome> {
  const options = ['--seeds', seeds, '--first', first, '--every', every, '--json'].map(String);
  const child = spawn(process.execPath, ['localstack/run.mjs', 'test/simulation/main.ts', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => output.push(part));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      try {
        resolve(JSON.parse(Buffer.concat(output).toString()));
      } catch {
        reject(new Error('a process of the simulation gave no answer'));
      }
    });
  });
}

function limitsAsked(): Limits {
  const without = values.without?.split(',').map((kind) => kind.trim()) as FaultKind[] | undefined;
  return {
    ...(values.tasks === undefined ? {} : { tasks: whole('tasks') }),
    ...(values.faults === undefined ? {} : { faults: whole('faults') }),
    ...(without === undefined ? {} : { without }),
  };
}

const empty = (): Outcome => ({
  seeds: 0,
  steps: 0,
  faults: Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])),
  violations: 0,
  failed: [],
});

function added(total: Outcome, { steps, faults, violations }: Played, failed: Failed[]): Outcome {
  total.seeds++;
  total.steps += steps;
  total.violations += violations.length;
  total.failed.push(...failed);
  for (const kind of FAULT_KINDS) total.faults[kind] = (total.faults[kind] ?? 0) + faults[kind];
  return total;
}

async function failedOf(played: Played): Promise<Failed> {
  const { limits, played: least } = await shortest(played);
  const part = [
    limits.tasks === undefined ? '' : ` --tasks ${limits.tasks}`,
    limits.faults === undefined ? '' : ` --faults ${limits.faults}`,
    limits.without?.length ? ` --without "${limits.without.join(',')}"` : '',
  ];
  return {
    seed: played.seed,
    broken: played.violations,
    replay: `npm run simulate -- --seed ${played.seed}${part.join('')}`,
    story: least.story,
  };
}

function report({ seeds, steps, faults, violations, failed }: Outcome, took: number): void {
  if (values.json) {
    console.log(JSON.stringify({ seeds, steps, faults, violations, failed }));
    return;
  }
  for (const { seed, broken, replay, story } of failed) {
    console.log(`seed ${seed} breaks ${broken.join('; ')}\n\nIts shortest history:\n${story.join('\n')}\n\nPlay it again: ${replay}\n`);
  }
  const kinds = Object.entries(faults).map(([kind, count]) => `${kind} ${count}`);
  const sum = Object.values(faults).reduce((total, count) => total + count, 0);
  console.log(`${(seeds / took).toFixed(0)} seeds/s`);
  console.log(`${seeds} seeds, ${steps} steps, ${sum} faults (${kinds.join(', ')}), ${violations} violations`);
}

const started = performance.now();
const outcome = values.seed === undefined ? await playMany(whole('seeds')) : await playOne(whole('seed'));
report(outcome, (performance.now() - started) / 1_000);
if (outcome.violations > 0) process.exitCode = 1;
