import { afterEach, beforeEach, vi } from 'vitest';
import { type CreateHandlerOptions, createHandler, type Handlers, Worker, type WorkerOptions } from '../../client/index.ts';
import { Edge, REPORT } from './edge.ts';
import { tasks } from './tasks.ts';

export type All = Handlers<typeof tasks.schemas>;
export const nothing = async () => {};
export const idle: All = { 'send-invoice': nothing, remind: nothing, audit: nothing, tick: nothing, anything: nothing };

/** A machine that has nothing to do: the one that runs the tests may have. */
const calm = () => ({ eventLoopDelayMs: 0, heap: 0, load: 0 });

/** For each test an edge, and workers of both kinds on it; what they say through `onError` is in `errors`. */
export function workbench() {
  let edge: Edge;
  let errors: Error[];
  let workers: Worker<typeof tasks.schemas>[];
  beforeEach(async () => {
    edge = await Edge.open();
    errors = [];
    workers = [];
  });
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.close({ graceMs: 0 })));
    await edge.close();
  });
  const common = () => ({ reportArn: REPORT, lambda: edge.lambda(), onError: (error: Error) => void errors.push(error) });
  return {
    get edge() {
      return edge;
    },
    get errors() {
      return errors;
    },
    deleted: () => edge.messages.filter((message) => message.deleted).length,
    lambdaOf: (handlers: Partial<All>, options: CreateHandlerOptions = {}) =>
      createHandler(tasks, { ...idle, ...handlers }, { ...common(), name: 'w1', ...options }),
    workerOf(handlers: Partial<All>, options: WorkerOptions = {}): Worker<typeof tasks.schemas> {
      const own = { ...common(), queueUrl: edge.queueUrl, sqs: edge.sqs(), measure: calm };
      const worker = new Worker(tasks, { ...idle, ...handlers }, { ...own, ...options });
      workers.push(worker);
      return worker;
    },
  };
}

type Told = { readonly id: string; readonly body: string; readonly sentAt?: number | undefined };

/** What Lambda is given of messages. */
export const eventOf = (...messages: readonly Told[]) => ({
  Records: messages.map(({ id, body, sentAt }) => ({
    messageId: id,
    body,
    ...(sentAt === undefined ? {} : { attributes: { SentTimestamp: String(sentAt) } }),
  })),
});
export const failuresOf = async (answer: Promise<{ batchItemFailures: { itemIdentifier: string }[] }>) =>
  (await answer).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
export const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });
export const idOf = ({ body }: { body: string }) => JSON.parse(body).id as string;

/** A handler that runs until it is let go. */
export function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const handler = vi.fn(() => opened);
  return { handler, open };
}

export const soon = <T>(check: () => T) => vi.waitFor(check, { timeout: 30_000, interval: 5 });

/** What a call that must fail threw. */
export const thrownBy = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'nothing was thrown',
    (thrown: unknown) => thrown,
  );
