// A worker in a process of its own, for the tests: `worker.ts NAME…`. Tells of each notification in a line of JSON. What it
// does with a task is in the payload: `{ do: 'complete' | 'fail' | 'fail once' | 'hang' | 'snooze once' }`.
import * as v from 'valibot';
import { type ClaimedTask, defineTasks, snooze, Worker } from '../../client/index.ts';

const Payload = v.nullish(v.looseObject({ do: v.optional(v.string()) }), {});
const names = process.argv.slice(2);

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
  const asked = payload.do ?? 'complete';
  if (asked === 'hang') await new Promise(() => {});
  if (asked === 'fail' || (asked === 'fail once' && attempt === 0)) throw new TypeError(`asked to ${asked}`);
  if (asked === 'snooze once' && claim === 1) return snooze('1s');
  return undefined;
}

const worker = new Worker(
  defineTasks(Object.fromEntries(names.map((name) => [name, Payload]))),
  Object.fromEntries(names.map((name) => [name, handle])),
);
worker.start();
const close = () => void worker.close({ graceMs: 0 }).finally(() => process.connected && process.disconnect());
process.once('SIGTERM', close);
process.once('disconnect', close);
