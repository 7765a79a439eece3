import { Worker } from '../../client/index.ts';
import { tasks } from './tasks.ts';

// A process of its own that works on one task, closes its worker, and must then end by itself.
let handled = (): void => {};
const first = new Promise<void>((resolve) => {
  handled = resolve;
});
const nothing = () => {};
const worker = new Worker(tasks, { 'send-invoice': () => handled(), remind: nothing, audit: nothing, tick: nothing, anything: nothing });
worker.start();
await first;
await worker.close();
const closedAt = Date.now();
process.on('exit', () => console.log(JSON.stringify({ aliveAfterCloseMs: Date.now() - closedAt })));
