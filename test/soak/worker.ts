// A worker in a process of its own: `worker.ts JOURNAL`. It writes a line as it begins a task and one as it ends, before its report.
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClaimedTask, snooze, Worker } from '../../client/index.ts';
import { Journal } from './journal.ts';
import { tasks, type Work, type WorkerLine } from './records.ts';

const journal = new Journal<WorkerLine>(process.argv[2] ?? '');
const KILLABLE_MS = 150;
let running = 0;

async function handle({ id, claim, attempt, dueAt, payload }: ClaimedTask<Work>) {
  journal.write({ at: Date.now(), id, claim, begun: { key: payload.key, dueAt: dueAt.getTime(), pid: process.pid } });
  // What is over in no time cannot be killed in the midst of it.
  const weight = payload.ms >= KILLABLE_MS ? 1 : 0;
  running += weight;
  process.send?.({ isBusy: running > 0 });
  await sleep(payload.ms);
  running -= weight;
  process.send?.({ isBusy: running > 0 });
  const ended = endOf(payload, attempt, claim);
  journal.write({ at: Date.now(), id, claim, ended });
  if (ended === 'failed') throw new TypeError(`asked to ${payload.do}`);
  return ended === 'snoozed' ? snooze('1s') : undefined;
}

function endOf(work: Work, attempt: number, claim: number): 'done' | 'failed' | 'snoozed' {
  if (work.do === 'fail' || (work.do === 'fail once' && attempt === 0)) return 'failed';
  return work.do === 'snooze once' && claim === 1 ? 'snoozed' : 'done';
}

const worker = new Worker(
  tasks,
  { work: handle, hint: handle, single: handle },
  // The network is bad on purpose, and the machine is busy with much else. A short poll: one that a dead worker left open takes messages.
  { concurrency: 6, waitSeconds: 2, limits: { load: Number.POSITIVE_INFINITY }, onError: () => {} },
).start();
process.once('message', () => void worker.close({ graceMs: 0 }).finally(() => process.disconnect()));
process.once('disconnect', () => process.exit());
