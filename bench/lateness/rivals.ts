import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Bench, type Figure, figure, Missing, type Target } from '../figure.ts';
import { instantsOfAMinute } from './instants.ts';
import { percentile } from './percentile.ts';
import { install, type Stable, VERSIONS } from './rivals/install.ts';
import { startPostgres, startRedis } from './rivals/servers.ts';
import { type Raced, raceOurs } from './wall/ours.ts';

const TASKS = 1_000;
const LEAD_MS = 10_000;

interface Rival {
  readonly name: string;
  readonly script: 'bullmq' | 'graphile-worker' | 'pg-boss' | 'node-schedule';
  readonly needs?: 'redis' | 'postgres';
  /** What its worker is told, as its documentation has it. */
  readonly options: Readonly<Record<string, number>>;
  readonly targets?: { readonly p50?: number; readonly p99?: number };
}

/** Ten handlers at once where a worker has a number of them; pg-boss takes them in batches, large enough for all that is due. */
const TEN = { concurrency: 10 } as const;
const BATCH = { batchSize: 100 } as const;

const RIVALS: readonly Rival[] = [
  { name: 'BullMQ', script: 'bullmq', needs: 'redis', options: TEN, targets: { p50: 5, p99: 2 } },
  {
    name: 'graphile-worker, poll 100 ms',
    script: 'graphile-worker',
    needs: 'postgres',
    options: { ...TEN, pollInterval: 100 },
    targets: { p99: 2 },
  },
  { name: 'graphile-worker, default poll', script: 'graphile-worker', needs: 'postgres', options: TEN },
  { name: 'pg-boss, poll 0.5 s', script: 'pg-boss', needs: 'postgres', options: { ...BATCH, pollingIntervalSeconds: 0.5 } },
  { name: 'pg-boss, default poll', script: 'pg-boss', needs: 'postgres', options: BATCH, targets: { p50: 100 } },
  { name: 'node-schedule', script: 'node-schedule', options: {} },
];

export const bench: Bench = {
  name: 'rivals',
  about: `the same minute side by side with ${[...new Set(RIVALS.map(({ script }) => script))].join(', ')}; one after the other (12 minutes)`,
  isQuick: false,
  async run(progress) {
    const offsets = instantsOfAMinute(TASKS);
    const stable = install(progress);
    const notRun: string[] = [];
    // Ours at both ends and in the middle: the machine may be busier at one time than at another.
    const ours = [await oursNow(offsets, progress)];
    const raced: { rival: Rival; lateMs: readonly number[] }[] = [];
    for (const [i, rival] of RIVALS.entries()) {
      try {
        progress(`${rival.name}: a minute …`);
        raced.push({ rival, lateMs: await raceOne(rival, stable, offsets) });
      } catch (error) {
        if (!(error instanceof Missing)) throw error;
        notRun.push(`${rival.name} was not run: ${error.message}`);
      }
      if (i === 2 || i === RIVALS.length - 1) ours.push(await oursNow(offsets, progress));
    }
    const lateMs = ours.flatMap((one) => one.lateMs);
    return { figures: figuresOf(lateMs, raced), notes: [...notesOf(ours), ...notRun] };
  },
};

function oursNow(offsets: readonly number[], progress: (line: string) => void): Promise<Raced> {
  progress('ours: a minute …');
  return raceOurs(offsets, progress);
}

/** Answers how late each handler was, ms. */
async function raceOne({ name, script, needs, options }: Rival, { folder, node }: Stable, offsets: readonly number[]): Promise<number[]> {
  const server = needs === 'redis' ? await startRedis() : needs === 'postgres' ? await startPostgres() : undefined;
  try {
    const file = fileURLToPath(new URL(`rivals/${script}.ts`, import.meta.url));
    const race = JSON.stringify({ folder, url: server?.url ?? '', offsets, leadMs: LEAD_MS, options });
    const child = spawn(node, [file, race], { stdio: ['ignore', 'pipe', 'inherit'] });
    const answer = await text(child.stdout);
    if (answer === '') throw new Error(`${name} gave no answer; what it said is above`);
    const { lateMs, lost } = JSON.parse(answer);
    if (lost > 0) throw new Error(`${name} has not handled ${lost} of ${offsets.length}`);
    return lateMs;
  } finally {
    await server?.stop();
  }
}

function figuresOf(ours: readonly number[], raced: readonly { rival: Rival; lateMs: readonly number[] }[]): Figure[] {
  const [p50, p99] = [percentile(ours, 0.5), percentile(ours, 0.99)];
  return [
    figure(10, 'ours: p50', p50, 'ms'),
    figure(10, 'ours: p99', p99, 'ms'),
    ...raced.flatMap(({ rival: { name, targets }, lateMs }) => {
      const theirs = { p50: percentile(lateMs, 0.5), p99: percentile(lateMs, 0.99) };
      return [
        figure(10, `${name}: p50`, theirs.p50, 'ms'),
        figure(10, `${name}: p99`, theirs.p99, 'ms'),
        figure(10, `${name} ÷ ours: p50`, theirs.p50 / p50, '×', atLeast(targets?.p50)),
        figure(10, `${name} ÷ ours: p99`, theirs.p99 / p99, '×', atLeast(targets?.p99)),
      ];
    }),
  ];
}

const atLeast = (ratio: number | undefined): Target => (ratio === undefined ? undefined : { atLeast: ratio });

const notesOf = (ours: readonly Raced[]): string[] => [
  `Versions: ${Object.entries(VERSIONS)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}. Redis writes nothing to the disk; PostgreSQL is as initdb makes it.`,
  'Theirs: from the due instant to the start of the handler, in the process that also stored the tasks. Ten handlers at once (BullMQ, graphile-worker), batches of 100 (pg-boss).',
  'Ours: from the due instant until a stub in the place of SNS has taken the notification, up to ten at once; the way through SNS and SQS to a handler is not in it. On DynamoDB Local.',
  'node-schedule keeps timers in one process: nothing is stored, nothing is retried.',
  ...ours.map(({ lateMs, early, lost }, i) => {
    const [p50, p99] = [percentile(lateMs, 0.5), percentile(lateMs, 0.99)].map((ms) => ms.toFixed(1));
    return `Ours, minute ${i + 1}: p50 ${p50} ms, p99 ${p99} ms, early ${early}, lost ${lost}.`;
  }),
];
