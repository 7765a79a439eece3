import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { StoppedError } from '../../client/index.ts';
import { REPORT } from './edge.ts';
import { type All, gate, soon, workbench } from './workbench.ts';

const bench = workbench();

describe('close', () => {
  it('ends the long poll at once', async () => {
    const worker = bench.workerOf({}, { waitSeconds: 20 }).start();
    await soon(() => expect(bench.edge.polls).toBe(1));
    const started = Date.now();
    await worker.close();
    // The poll would go on for 20 s.
    expect(Date.now() - started).toBeLessThan(15_000);
    await soon(() => expect(bench.edge.polls).toBe(0));
    bench.edge.notify();
    expect(bench.edge.receives).toHaveLength(1);
    expect(bench.errors).toEqual([]);
  });

  it('waits for what runs without disturbing it, and starts nothing more', async () => {
    const { handler, open } = gate();
    const signals: AbortSignal[] = [];
    const first = bench.edge.notify();
    const worker = bench
      .workerOf({
        'send-invoice': (_task, { signal }) => {
          signals.push(signal);
          return handler();
        },
      })
      .start();
    await soon(() => expect(handler).toHaveBeenCalledTimes(1));
    await soon(() => expect(bench.edge.polls).toBe(1));
    const closed = vi.fn();
    const closing = worker.close().then(closed);
    expect(worker.close()).toBe(worker.close());
    await soon(() => expect(bench.edge.polls).toBe(0));
    const second = bench.edge.notify();
    expect(closed).not.toHaveBeenCalled();
    open();
    await closing;
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    expect(first.deleted).toBe(true);
    expect(second).toMatchObject({ deleted: false, receives: 0 });
    expect(bench.edge.reports()).toHaveLength(1);
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
    const message = bench.edge.notify();
    const worker = bench.workerOf({ 'send-invoice': handler }).start();
    await soon(() => expect(started).toHaveBeenCalled());
    await worker.close({ graceMs: 30 });
    expect(reasons[0]).toBeInstanceOf(StoppedError);
    expect(message).toMatchObject({ deleted: false, visibility: [0] });
    expect(bench.edge.reports()).toEqual([]);
  });

  it('reports what a handler still finished after the abort', async () => {
    const message = bench.edge.notify();
    const started = vi.fn();
    const worker = bench
      .workerOf({
        'send-invoice': (_task, { signal }) =>
          new Promise((resolve) => {
            started();
            signal.addEventListener('abort', () => resolve());
          }),
      })
      .start();
    await soon(() => expect(started).toHaveBeenCalled());
    await worker.close({ graceMs: 0 });
    expect(bench.edge.reports()).toMatchObject([{ action: 'complete' }]);
    expect(message.deleted).toBe(true);
  });

  it('hands back what does not heed the abort, to the next worker, and reports nothing it does', async () => {
    const { handler, open } = gate();
    const message = bench.edge.notify();
    const worker = bench.workerOf({ 'send-invoice': handler }).start();
    await soon(() => expect(handler).toHaveBeenCalledTimes(1));
    await worker.close({ graceMs: 0 });
    expect(message).toMatchObject({ deleted: false, visibility: [0] });
    open();
    bench.workerOf({}, { name: 'next' }).start();
    await soon(() => expect(message.deleted).toBe(true));
    expect(bench.edge.reports()).toMatchObject([{ action: 'complete', worker: 'next' }]);
  });

  it.each([
    ['of a machine that is calm', '0'],
    ['of a machine that was overloaded at first: the worker must not end for want of anything to do', '2'],
  ])('leaves nothing that keeps the process alive, %s', async (_what, OVERLOADS) => {
    const message = bench.edge.notify();
    const file = new URL('closingWorker.ts', import.meta.url).pathname;
    const env = {
      PATH: process.env.PATH,
      OVERLOADS,
      PUNCTUAL_QUEUE_URL: bench.edge.queueUrl,
      PUNCTUAL_APPS: JSON.stringify({ billing: { report: REPORT } }),
      AWS_ENDPOINT_URL: bench.edge.url,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
    };
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file], { env, timeout: 50_000 });
    expect(message.deleted).toBe(true);
    // Its grace is 20 s: a timer that is left would hold the process for as long.
    expect(JSON.parse(stdout).aliveAfterCloseMs).toBeLessThan(15_000);
  });

  it('before start is done at once, and start after it is refused', async () => {
    const worker = bench.workerOf({});
    await worker.close();
    expect(() => worker.start()).toThrow('closed');
  });

  it.each([[{ graceMs: -1 }], [{ graceMs: Number.NaN }], [{ grace: 5 } as object]])('refuses %j', (options) => {
    expect(() => bench.workerOf({}).close(options)).toThrow(expect.objectContaining({ code: 'BadRequest' }));
  });
});
