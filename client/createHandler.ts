import { fieldsOf, refuse, wholeNumber } from './check.ts';
import type { Schemas, Tasks } from './defineTasks.ts';
import type { Handlers } from './handlers.ts';
import { MessageRunner, sentAtOf, type Verdict } from './MessageRunner.ts';
import { Stop } from './Stop.ts';
import { RUNNER_OPTIONS, type RunnerOptions, workerParts } from './workerParts.ts';

/** How {@link createHandler} works. */
export interface CreateHandlerOptions extends RunnerOptions {
  /**
   * Records of a batch that are worked on at once, started in the order of arrival. The leases of all of them run from the
   * moment they were notified, so the default leaves none waiting for another. 1: strictly one after the other. 1 to 10,000.
   * @default 10, the size of a batch unless its event source says otherwise
   */
  readonly concurrency?: number | undefined;
}

/** The part of an SQS event that is read. */
export interface SqsEvent {
  readonly Records: readonly {
    readonly messageId: string;
    readonly body: string;
    readonly attributes?: { readonly SentTimestamp?: string | undefined } | undefined;
  }[];
}

/** The part of a Lambda's context that is read. */
export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

/** Which messages must come again: the answer that `ReportBatchItemFailures` expects. */
export interface SqsBatchResponse {
  batchItemFailures: { itemIdentifier: string }[];
}

/** Milliseconds before the Lambda's own timeout at which signals are aborted; half the remaining time where that is less. */
const STOP_MARGIN_MS = 1_000;

/**
 * Makes the Lambda function that works on an app's SQS queue, with partial batch responses (`addWorker` sets them up): a
 * message leaves the queue once its report was accepted, or when its lease is lost. A message whose lease has ended is
 * dropped unread; one that has waited until under half of its lease was left is given a whole one first, and while its
 * handler runs the lease is extended at each half (`heartbeat`). The start of a lease is taken to be the moment when SQS got the
 * message. Shortly before the Lambda's timeout the signals are aborted and what is not finished is handed back, without
 * spending an attempt.
 *
 * @throws BadRequestError if a handler is missing, an option is not known, or no report door is found
 */
export function createHandler<S extends Schemas>(
  tasks: Tasks<S>,
  handlers: Handlers<S>,
  options: CreateHandlerOptions = {},
): (event: SqsEvent, context?: InvocationContext) => Promise<SqsBatchResponse> {
  const fields = fieldsOf(options, [...RUNNER_OPTIONS, 'concurrency'], 'options');
  const concurrency = wholeNumber(fields, 'concurrency', { min: 1, max: 10_000, default: 10 });
  const runner = new MessageRunner(workerParts(tasks, handlers, options));
  return async (event, context) => {
    const records = recordsOf(event);
    const stop = new Stop();
    const verdicts: Verdict[] = [];
    const endTimers = stopBeforeTheEnd(stop, context);
    const all = inOrder(records, concurrency, async ({ messageId, body, attributes }, index) => {
      const message = { id: messageId, body, sentAt: sentAtOf(attributes?.SentTimestamp) };
      verdicts[index] = stop.signal.aborted ? 'left' : await runner.run(message, stop);
    });
    await Promise.race([all, stop.handedBack]);
    endTimers();
    const failures = records.filter((_, index) => (verdicts[index] ?? 'left') === 'left');
    return { batchItemFailures: failures.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };
}

function recordsOf(event: SqsEvent): SqsEvent['Records'] {
  const records: unknown = event?.Records;
  const isRecord = (record: { messageId?: unknown; body?: unknown }) =>
    typeof record?.messageId === 'string' && typeof record.body === 'string';
  return Array.isArray(records) && records.every(isRecord) ? records : refuse('event', event, 'an SQS event (subscribe through addWorker)');
}

/** Signals first; half the margin later the answer is given, whatever still runs: a timeout would return the whole batch. */
function stopBeforeTheEnd(stop: Stop, context: InvocationContext | undefined): () => void {
  if (!context) return () => {};
  const remainingMs = context.getRemainingTimeInMillis();
  const marginMs = Math.min(STOP_MARGIN_MS, remainingMs / 2);
  const timers = [
    setTimeout(() => stop.request('This Lambda is about to time out; the task is handed back.'), remainingMs - marginMs),
    setTimeout(() => stop.handBack(), remainingMs - marginMs / 2),
  ];
  return () => timers.forEach(clearTimeout);
}

/** Runs over the items, started in their order, at most `limit` at once. */
async function inOrder<T>(items: readonly T[], limit: number, run: (item: T, index: number) => Promise<void>): Promise<void> {
  const rest = items.entries();
  const lane = async () => {
    for (const [index, item] of rest) await run(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
}
