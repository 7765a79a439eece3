import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Handlers, StoppedError, Worker, type WorkerOptions } from '../../client/index.ts';
import { Edge, REPORT } from './edge.ts';
import { tasks } from './tasks.ts';

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

type All = Handlers<typeof tasks.schemas>;
const nothing = async () => {};
const idle: All = { 'send-invoice': nothing, remind: nothing, audit: nothing, tick: nothing, anything: nothing };

function workerOf(handlers: Partial<All>, options: WorkerOptions = {}): Worker<typeof tasks.schemas> {
  const worker = new Worker(
    tasks,
    { ...idle, ...handlers },
    {
      reportArn: REPORT,
      queueUrl: edge.queueUrl,
      sqs: edge.sqs(),
      lambda: edge.lambda(),
      onError: (error) => errors.push(error),
      ...options,
    },
  );
  workers.push(worker);
  return worker;
}

/** A handler that runs until it is let go. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const handler = vi.fn(() => opened);
  return { handler, open };
}

const soon = <T>(check: () => T) => vi.waitFor(check, { timeout: 5_000, interval: 5 });

describe('close', () => {
  it('ends the long poll at once', async () => {
    const worker = workerOf({}, { waitSeconds: 20 }).start();
    await soon(() => expect(edge.polls).toBe(1));
    const started = Date.now();
    await worker.close();
    expect(Date.now() - started).toBeLessThan(5_000);
    await soon(() => expect(edge.polls).toBe(0));
    edge.notify();
    expect(edge.receives).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  it('waits for what runs without disturbing it, and starts nothing more', async () => {
    const { handler, open } = gate();
    const signals: AbortSignal[] = [];
    const first = edge.notify();
    const worker = workerOf({
      'send-invoice': (_task, { signal }) => {
        signals.push(signal);
        return handler();
      },
    }).start();
    await soon(() => expect(handler).toHaveBeenCalledTimes(1));
    await soon(() => expect(edge.polls).toBe(1));
    const closed = vi.fn();
    const closing = worker.close().then(closed);
    expect(worker.close()).toBe(worker.close());
    await soon(() => expect(edge.polls).toBe(0));
    const second = edge.notify();
    expect(closed).not.toHaveBeenCalled();
    open();
    await closing;
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    expect(first.deleted).toBe(true);
    expect(second).toMatchObject({ deleted: false, receives: 0 });
    expect(edge.reports()).toHaveLength(1);
  });

  it('after the grace aborts, and hands back: no attempt is spent', async () => {
    const reasons: unknown[] = [];
    const started = vi.fn();
    const handler: All['send-invoice'] = (_task, { signal }) =>
      new Promise((_, reject) => {
        started();
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          reject(signal.reason);
        });
      });
    const message = edge.notify();
    const worker = workerOf({ 'send-invoice': handler }).start();
    await soon(() => expect(started).toHaveBeenCalled());
    await worker.close({ graceMs: 30 });
    expect(reasons[0]).toBeInstanceOf(StoppedError);
    expect(message).toMatchObject({ deleted: false, visibility: [0] });
    expect(edge.reports()).toEqual([]);
  });

  it('reports what a handler still finished after the abort', async () => {
    const message = edge.notify();
    const started = vi.fn();
    const worker = workerOf({
      'send-invoice': (_task, { signal }) =>
        new Promise((resolve) => {
          started();
          signal.addEventListener('abort', () => resolve());
        }),
    }).start();
    await soon(() => expect(started).toHaveBeenCalled());
    await worker.close({ graceMs: 0 });
    expect(edge.reports()).toMatchObject([{ action: 'complete' }]);
    expect(message.deleted).toBe(true);
  });

  it('hands back what does not heed the abort, to the next worker, and reports nothing it does', async () => {
    const { handler, open } = gate();
    const message = edge.notify();
    const worker = workerOf({ 'send-invoice': handler }).start();
    await soon(() => expect(handler).toHaveBeenCalledTimes(1));
    await worker.close({ graceMs: 0 });
    expect(message).toMatchObject({ deleted: false, visibility: [0] });
    open();
    workerOf({}, { name: 'next' }).start();
    await soon(() => expect(message.deleted).toBe(true));
    expect(edge.reports()).toMatchObject([{ action: 'complete', worker: 'next' }]);
  });

  it('leaves nothing that keeps the process alive', async () => {
    const message = edge.notify();
    const file = new URL('closingWorker.ts', import.meta.url).pathname;
    const env = {
      PATH: process.env.PATH,
      PUNCTUAL_QUEUE_URL: edge.queueUrl,
      PUNCTUAL_APPS: JSON.stringify({ billing: { report: REPORT } }),
      AWS_ENDPOINT_URL: edge.url,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
    };
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file], { env, timeout: 20_000 });
    expect(message.deleted).toBe(true);
    // Its grace is 20 s: a timer that is left would hold the process for as long.
    expect(JSON.parse(stdout).aliveAfterCloseMs).toBeLessThan(5_000);
  });

  it('before start is done at once, and start after it is refused', async () => {
    const worker = workerOf({});
    await worker.close();
    expect(() => worker.start()).toThrow('closed');
  });

  it.each([[{ graceMs: -1 }], [{ graceMs: Number.NaN }], [{ grace: 5 } as object]])('refuses %j', (options) => {
    expect(() => workerOf({}).close(options)).toThrow(expect.objectContaining({ code: 'BadRequest' }));
  });
});
