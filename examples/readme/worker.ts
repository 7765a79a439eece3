import { createHandler } from 'punctual';
import { tasks } from './tasks.ts';

export const handler = createHandler(tasks, {
  'send-invoice': async ({ payload, attempt }, { signal }) => {
    signal.throwIfAborted(); // aborted at the lease's end; what a handler throws is recorded, and tried again later
    console.log(`invoice ${payload.invoice}, attempt ${attempt + 1}`);
  },
});
