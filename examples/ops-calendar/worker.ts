// A worker of one app, in a process of its own: `worker.ts APP`. It knows nothing of who enqueues; its queue and its report
// door come from the environment. Each notification is told on standard output as one line of JSON.
import * as v from 'valibot';
import { type ClaimedTask, defineTasks, Worker } from '../../client/index.ts';

/** One notification, as the worker tells of it. */
export interface Heard {
  readonly app: string;
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly priority: 'high' | 'medium' | 'low';
  readonly attempt: number;
  readonly dueAt: number;
  readonly heardAt: number;
  readonly fails: boolean;
}

/** What the example puts beside a row's own payload. */
const Payload = v.looseObject({ key: v.string(), fails: v.picklist(['never', 'once', 'always']), played: v.looseObject({}) });

const app = process.argv[2] ?? '';
const names = process.argv.slice(3);
const tasks = defineTasks(Object.fromEntries(names.map((name) => [name, Payload])));

/** Until its parent says that what was broken is mended. */
let isBroken = true;
process.once('message', () => {
  isBroken = false;
});

function handle({ id, name, payload, attempt, priority, dueAt }: ClaimedTask<v.InferOutput<typeof Payload>>): void {
  const fails = isBroken && (payload.fails === 'always' || (payload.fails === 'once' && attempt === 0));
  const heard: Heard = { app, id, name, key: payload.key, priority, attempt, dueAt: dueAt.getTime(), heardAt: Date.now(), fails };
  process.stdout.write(`${JSON.stringify(heard)}\n`);
  if (fails) throw new Error(`no answer from the registry for '${payload.key}'`);
}

// Its machine runs all of AWS beside it: its load is no measure.
const worker = new Worker(tasks, Object.fromEntries(names.map((name) => [name, handle])), {
  app,
  concurrency: 2,
  limits: { load: Number.POSITIVE_INFINITY },
}).start();
// An open channel to the parent would keep the process.
const close = () => void worker.close().finally(() => process.connected && process.disconnect());
process.once('SIGTERM', close);
process.once('SIGINT', close);
// The parent is gone: nobody listens any more.
process.once('disconnect', close);
