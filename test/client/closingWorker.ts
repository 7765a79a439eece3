import { Worker } from '../../client/index.ts';
import { tasks } from './tasks.ts';

// A process of its own that works on one task, closes its worker, and must then end by itself.
let handled = (): void => {};
const first = new Promise<void>((resolve) => {
  handled = resolve;
});
const nothing = () => {};
const handlers = { 'send-invoice': () => handled(), remind: nothing, audit: nothing, tick: nothing, anything: nothing };
// Its machine is watched, but the tests beside it may well overload it; so many readings say that it is.
let overloads = Number(process.env.OVERLOADS);
const measure = () => ({ eventLoopDelayMs: 0, heap: overloads-- > 0 ? 1 : 0, load: 0 });
const limits = { eventLoopDelayMs: Number.POSITIVE_INFINITY, load: Number.POSITIVE_INFINITY };
const worker = new Worker(tasks, handlers, overloads > 0 ? { measure } : { limits });
worker.start();
await first;
await worker.close();
const closedAt = Date.now();
process.on('exit', () => console.log(JSON.stringify({ aliveAfterCloseMs: Date.now() - closedAt })));
