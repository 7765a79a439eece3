// A Lambda worker as a user of the library writes it, but for one thing: it tells of each batch in a queue of the test's.
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as v from 'valibot';
import { createHandler, defineTasks, type InvocationContext, type SqsEvent } from '../../client/index.ts';

/** What it tells of a batch. */
export interface Batch {
  /** Of the handler's runs: the task, and how it went. */
  readonly runs: { readonly id: string; readonly attempt: number; readonly done: boolean }[];
  readonly records: number;
  /** Messages that are to come again. */
  readonly again: number;
}

const tasks = defineTasks({ work: v.nullish(v.object({ fails: v.optional(v.picklist(['once', 'always'])) }), {}) });
const sqs = new SQSClient({});
let runs: Batch['runs'] = [];

const work = createHandler(tasks, {
  work: ({ id, attempt, payload: { fails } }) => {
    const done = fails === undefined || (fails === 'once' && attempt > 0);
    runs.push({ id, attempt, done });
    if (!done) throw new RangeError(`fails ${fails}`);
  },
});

export async function handler(event: SqsEvent, context: InvocationContext) {
  runs = [];
  const answer = await work(event, context);
  const batch: Batch = { runs, records: event.Records.length, again: answer.batchItemFailures.length };
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env.TOLD_URL, MessageBody: JSON.stringify(batch) }));
  return answer;
}
