// npm start: a year of dates in about a minute, through the real system on a local AWS.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { readTasksFile, TasksFileError } from '../../cli/tasks-file.ts';
import type { PunctualClient, TaskInput } from '../../client/index.ts';
import { deployLocally } from '../../localstack/deployLocally.ts';
import { LocalAwsError } from '../../localstack/localAws.ts';
import { startLocalAws } from '../../localstack/startLocalAws.ts';
import { Operator, outageOf } from './operator.ts';
import { enqueuer, startWorker, type Working } from './people.ts';
import { Score } from './score.ts';
import { Screen } from './screen.ts';
import { STACK, synthesize } from './stack.ts';
import { type Played, timeline, YEAR_A_MINUTE } from './timeline.ts';
import type { Heard } from './worker.ts';

/** Columns that the example adds to those of every file of tasks. */
const EXTRAS = ['fails', 'source', 'takenOn'];
/** From here the first date is played: time to enqueue what comes first. */
const LEAD_MS = 3_000;
/** How long after the last date everything must have ended: retries, and at the worst a lost delivery. */
const PATIENCE_MS = 150_000;
/** How long replayed tasks are given to complete: a run of the dispatcher that has left, and a tick. */
const REPLAY_MS = 90_000;
/** How long the first report of a task that has died is waited for. */
const REPORT_MS = 30_000;
const BATCH = 100;
interface Options {
  readonly file: string;
  readonly ratio: number;
}

const options = new Command('npm start --')
  .description('Plays a file of dated tasks in time-lapse, through a queue deployed to a local AWS.')
  .option('--file <path>', 'a .csv or .json file of tasks, or - for standard input', 'examples/ops-calendar.csv')
  .option('--ratio <n>', 'how many times faster than real time', positive, YEAR_A_MINUTE)
  .parse()
  .opts<Options>();

function positive(text: string): number {
  const ratio = Number(text);
  if (!(ratio > 0 && Number.isFinite(ratio)))
    throw new InvalidArgumentError('It must be a number above 0, such as 525600 (a year a minute) or 1.');
  return ratio;
}

/** What keeps the play from going on. */
let failure: string | undefined;

function fail(reason: string): void {
  if (!isStopping) failure ??= reason;
}

/** Whatever was started, to be ended in the reverse order. */
const started: (() => Promise<void>)[][] = [];
let isStopping = false;

async function stopAll(): Promise<void> {
  isStopping = true;
  // In the reverse order; what was started together ends together.
  for (const stops of started.splice(0).reverse())
    await Promise.all(stops.map((stop) => stop().catch((error) => console.error(String(error)))));
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    console.log('\nStopping …');
    void stopAll().then(() => process.exit(code));
  });
}

try {
  process.exitCode = (await play(options)) ? 0 : 1;
} catch (error) {
  // Interrupted, what was under way fails; the signal's own code is the answer.
  if (!isStopping) {
    console.error(error instanceof TasksFileError || error instanceof LocalAwsError ? error.message : error);
    process.exitCode = 1;
  }
} finally {
  if (!isStopping) await stopAll();
}

async function play({ file, ratio }: Options): Promise<boolean> {
  const screen = new Screen();
  const { rows, problems } = await readTasksFile(file, EXTRAS);
  for (const { line, field, reason } of problems) screen.problem(line, field, reason);
  const apps = [...new Set(rows.map(({ app }) => app))];
  if (apps.length === 0) throw new TasksFileError(`${file} has no row that can be read.`);
  screen.say(`${rows.length} tasks of ${apps.length} apps from ${file}, ${ratio.toLocaleString('en')} times faster than real time`);

  const { aws, outputs } = await localQueue(apps, ratio, screen);
  const score = new Score();
  const clients = new Map<string, PunctualClient>();
  for (const app of apps) clients.set(app, await enqueuer(aws, outputs, app));
  const ending = new Set<string>();
  const workers: Working[] = [];
  started.push([() => Promise.all(workers.map(({ stop }) => stop())).then(() => {})]);
  for (const app of apps) {
    const names = [...new Set(rows.filter((row) => row.app === app).map(({ name }) => name))];
    const heard = (one: Heard) => {
      screen.heard(one);
      if (score.heard(one)) ending.add(one.id);
    };
    const worker = await startWorker(aws, outputs, app, names, heard);
    void worker.died.then((how) => fail(`The worker of ${app} ended (${how}); what it printed is above.`));
    workers.push(worker);
  }
  const operator = await Operator.of(aws, outputs);
  const start = Date.now() + LEAD_MS;
  const { played, unplayable } = timeline(rows, start, ratio);
  for (const { line, field, reason } of unplayable) screen.problem(line, field, reason);
  const failed = await enqueueAll(clients, played, score, screen);
  const last = Math.max(start, ...played.map(({ dueAt }) => dueAt ?? start));
  const outage = { app: apps[0] ?? '', ...outageOf(start, last) };
  void operator.outage(outage.app, outage.from, outage.until, (text) => screen.say(text)).catch((error) => fail(String(error)));
  await watch(clients, score, ending, last + PATIENCE_MS, screen, operator);
  if (score.dead > 0) for (const report of await operator.lateReports(Date.now() + REPORT_MS)) screen.report(report);
  screen.table(score, await nextOf(clients), outage);
  for (const { mend } of workers) mend();
  const replayed = await replayDead(clients, operator, score, screen);
  const leftOut = problems.length + rows.length - score.size;
  if (leftOut > 0) screen.say(`${leftOut} rows were left out, each with its reason above`);
  for (const fault of score.faults) screen.say(`✗ ${fault}`);
  return score.size > 0 && score.faults.length === 0 && failed === 0 && replayed;
}

/** Starts a local AWS and deploys the example's stack to it: the template that goes to AWS. */
async function localQueue(apps: readonly string[], ratio: number, screen: Screen) {
  const outdir = await mkdtemp(join(tmpdir(), 'punctual-ops-'));
  started.push([() => rm(outdir, { recursive: true, force: true })]);
  const aws = await startLocalAws({ log: (line) => screen.say(line) });
  started.push([() => aws.stop()]);
  synthesize(outdir, apps, ratio);
  const { [STACK]: outputs = {} } = await deployLocally({ aws, templateDir: outdir, log: (line) => screen.say(line) });
  return { aws, outputs };
}

/** Enqueues in batches. Rows that the queue refuses are reported and left out; answers how many it could not take for another reason. */
async function enqueueAll(
  clients: ReadonlyMap<string, PunctualClient>,
  played: readonly Played[],
  score: Score,
  screen: Screen,
): Promise<number> {
  let failed = 0;
  for (const [app, client] of clients) {
    const own = played.filter(({ row }) => row.app === app);
    for (let from = 0; from < own.length; from += BATCH) {
      const batch = own.slice(from, from + BATCH);
      const results = await client.enqueueBatch(batch.map(taskOf));
      results.forEach((result, i) => {
        const one = batch[i] as Played;
        if (result.ok) score.enqueued(result.id, one);
        else {
          if (result.error.retryable) failed++;
          const { field = 'the row', message } = result.error;
          screen.problem(one.row.line, withoutPlace(field), withoutPlace(message));
        }
      });
    }
    screen.say(`Enqueued ${score.sizeOf(app)} tasks of ${app}`);
  }
  return failed;
}

/** A row is told by its line, not by its place in a batch. */
function withoutPlace(text: string): string {
  return text.replaceAll(/tasks\[\d+\]\./g, '');
}

function taskOf({ row, dueAt, deadlineAt, fails }: Played): TaskInput {
  const key = row.idempotencyKey ?? `line-${row.line}`;
  return {
    name: row.name,
    payload: { key, fails, played: row.payload ?? {} },
    idempotencyKey: key,
    ...(dueAt === undefined ? {} : { dueAt: new Date(dueAt) }),
    ...(deadlineAt === undefined ? {} : { deadlineAt: new Date(deadlineAt) }),
    ...(row.priority === undefined ? {} : { priority: row.priority as 'high' | 'medium' | 'low' }),
    ...(row.position === undefined || dueAt !== undefined ? {} : { position: row.position as 'front' | 'back' }),
  };
}

/** Asks the queue, not the worker, how tasks ended; one after the other, so that many at once start no storm of cold doors. */
async function askEnds(clients: ReadonlyMap<string, PunctualClient>, score: Score, ending: Set<string>): Promise<void> {
  for (const id of ending) {
    const view = await clients.get(id.slice(0, id.indexOf('/')))?.get(id);
    if (view?.state !== 'completed' && view?.state !== 'dead') continue;
    score.ended(view);
    ending.delete(id);
  }
}

/** What was broken is mended: the dead tasks of all apps are replayed, and must complete. */
async function replayDead(
  clients: ReadonlyMap<string, PunctualClient>,
  operator: Operator,
  score: Score,
  screen: Screen,
): Promise<boolean> {
  const dead: string[] = [];
  for (const app of clients.keys()) dead.push(...(await operator.replayDead(app, (text) => screen.say(text))));
  const until = Date.now() + REPLAY_MS;
  let waiting = dead;
  while (waiting.length > 0 && Date.now() < until && !isStopping && !failure) {
    await sleep(250);
    const views = await Promise.all(waiting.map((id) => clients.get(id.slice(0, id.indexOf('/')))?.get(id)));
    waiting = waiting.filter((_, i) => views[i]?.state !== 'completed');
  }
  screen.say(`replayed ${dead.length}, completed ${dead.length - waiting.length}`);
  return waiting.length === 0 && dead.length === score.dead;
}

async function watch(
  clients: ReadonlyMap<string, PunctualClient>,
  score: Score,
  ending: Set<string>,
  until: number,
  screen: Screen,
  operator: Operator,
): Promise<void> {
  for (let turn = 1; score.done < score.size && Date.now() < until && !isStopping && !failure; turn++) {
    await sleep(250);
    await askEnds(clients, score, ending);
    if (turn % 20 === 0) {
      screen.progress(score, await nextOf(clients));
      for (const report of await operator.reports()) screen.report(report);
    }
  }
  if (failure) throw new LocalAwsError(failure);
}

/** What each app's queue would notify next. */
async function nextOf(clients: ReadonlyMap<string, PunctualClient>): Promise<string> {
  const next = await Promise.all([...clients].map(async ([app, client]) => ({ app, task: (await client.next())[0] })));
  const waiting = next.flatMap(({ app, task }) => (task ? [`${app}: ${task.priority} ${task.name}${whenOf(task.dueAt)}`] : []));
  return waiting.length > 0 ? waiting.join(', ') : 'nothing waits';
}

function whenOf(dueAt: string | undefined): string {
  const ms = dueAt === undefined ? 0 : Date.parse(dueAt) - Date.now();
  return ms > 0 ? ` in ${(ms / 1000).toFixed(1)} s` : ' now';
}
