import * as v from 'valibot';
import { defineTasks } from '../../client/index.ts';

/** The tasks of the tests. `remind` takes text and gives its handler a Date; `audit` is asked asynchronously; `tick` has no payload. */
export const tasks = defineTasks({
  'send-invoice': v.object({ invoice: v.number(), note: v.optional(v.string()) }),
  remind: v.object({
    at: v.pipe(
      v.string(),
      v.isoTimestamp(),
      v.transform((text) => new Date(text)),
    ),
  }),
  audit: v.objectAsync({
    ledger: v.pipeAsync(
      v.string(),
      v.checkAsync(async (name) => name !== 'closed'),
    ),
  }),
  tick: v.null(),
  anything: v.unknown(),
});
