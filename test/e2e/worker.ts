// A worker in a process of its own, for the tests: `worker.ts NAME…`. Tells of each notification in a line of JSON. What it
// does with a task is in the payload: `{ do: 'complete' | 'fail' | 'fail once' | 'hang' | 'snooze once' | 'take', ms? }`; its
// parent may say by message which names are broken: their handlers fail, whatever the payload says.
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { type ClaimedTask, defineTasks, snooze, Worker } from '../../client/index.ts';

const Payload = v.nullish(v.looseObject({ do: v.optional(v.string()), ms: v.optional(v.number()) }), {});
const names = process.argv.slice(2);
let broken: readonly string[] = [];
process.on('message', (message: { broken: readonly string[] }) => {
  broken = message.broken;
});

async function handle(task: ClaimedTask<v.InferOutput<typeof Payload>>) {
  const { id, name, payload, claim, attempt, priority, dueAt, leaseUntil } = task;
  const told = {
    id,
    name,
    payload,
    claim,
    attempt,
    priority,
    dueAt: dueAt.getTime(),
    leaseUntil: leaseUntil.getTime(),
    heardAt: Date.now(),
    pid: process.pid,
  };
  process.stdout.write(`${JSON.stringify(told)}\n`);
  if (broken.includes(name)) throw new TypeError(`the printer has no paper for task ${id}`);
  const asked = payload.do ?? 'complete';
  if (asked === 'take') await sleep(payload.ms);
  if (asked === 'hang') await new Promise(() => {});
  if (asked === 'fail' || (asked === 'fail once' && attempt === 0)) throw new TypeError(`asked to ${asked}`);
  if (asked === 'snooze once' && claim === 1) return snooze('1s');
  return undefined;
}

const worker = new Worker(
  defineTasks(Object.fromEntries(names.map((name) => [name, Payload]))),
  Object.fromEntries(names.map((name) => [name, handle])),
  // Tests share their machine with much else.
  { limits: { load: Number.POSITIVE_INFINITY } },
);
worker.start();
const close = () => void worker.close({ graceMs: 0 }).finally(() => process.connected && process.disconnect());
process.once('SIGTERM', close);
process.once('disconnect', close);
