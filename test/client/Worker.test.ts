import { describe, expect, it, vi } from 'vitest';
import { REPORT, refusal } from './edge.ts';
import { type All, gate, nothing, soon, workbench } from './workbench.ts';

const bench = workbench();

describe('a worker', () => {
  it('works on what comes, in order, and deletes each message after its report', async () => {
    const started: number[] = [];
    const handler: All['send-invoice'] = ({ payload }) => {
      started.push(payload.invoice);
      if (payload.invoice === 2) throw new Error('no');
    };
    for (let index = 0; index < 12; index++) bench.edge.notify();
    bench.workerOf({ 'send-invoice': handler }, { concurrency: 20 }).start();
    await soon(() => expect(bench.deleted()).toBe(12));
    expect(started).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(bench.edge.reports('complete')).toHaveLength(11);
    expect(bench.edge.reports('fail')).toMatchObject([{ error: { message: 'no' }, worker: expect.stringContaining(`/${process.pid}`) }]);
    expect(Math.max(...bench.edge.receives)).toBe(10);
    expect(bench.errors).toEqual([]);
  });

  it('asks for no more than it has capacity for, and never runs more', async () => {
    let running = 0;
    let peak = 0;
    const handler: All['send-invoice'] = async () => {
      peak = Math.max(peak, ++running);
      await new Promise((resolve) => setTimeout(resolve, 3));
      running--;
    };
    for (let index = 0; index < 20; index++) bench.edge.notify();
    bench.workerOf({ 'send-invoice': handler }, { concurrency: 3 }).start();
    await soon(() => expect(bench.deleted()).toBe(20));
    expect(peak).toBe(3);
    expect(Math.max(...bench.edge.receives)).toBe(3);
  });

  it('does not poll while all its capacity is taken', async () => {
    const { handler, open } = gate();
    bench.edge.notify();
    bench.edge.notify();
    bench.workerOf({ 'send-invoice': handler }, { concurrency: 1 }).start();
    await soon(() => expect(handler).toHaveBeenCalledTimes(1));
    expect(bench.edge.receives).toEqual([1]);
    open();
    await soon(() => expect(bench.deleted()).toBe(2));
  });

  it('leaves what it cannot read', async () => {
    const bad = bench.edge.put('hello');
    const good = bench.edge.notify();
    bench.workerOf({}).start();
    await soon(() => expect(good.deleted).toBe(true));
    expect(bad).toMatchObject({ deleted: false, visibility: [] });
    expect(bench.errors).toMatchObject([{ code: 'BadRequest' }]);
  });

  it('works again on a message whose report was not delivered, and drops it once its lease has ended', async () => {
    bench.edge.visibilityMs = 50;
    bench.edge.replies.push(refusal('Unavailable'), refusal('Unavailable'), refusal('Unavailable'));
    const handler = vi.fn(nothing);
    const again = bench.edge.notify();
    bench.workerOf({ 'send-invoice': handler }).start();
    await soon(() => expect(again.deleted).toBe(true));
    expect(handler).toHaveBeenCalledTimes(2);
    expect(bench.errors).toMatchObject([{ code: 'Unavailable' }]);
    const ended = bench.edge.notify({ leaseMs: -1 });
    await soon(() => expect(ended.deleted).toBe(true));
    expect(handler).toHaveBeenCalledTimes(2);
  });

  it('drops a message whose late report is refused', async () => {
    const message = bench.edge.notify({ leaseMs: 3_000 });
    bench
      .workerOf(
        { 'send-invoice': (_task, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())) },
        { heartbeat: false },
      )
      .start();
    await soon(() => expect(message.deleted).toBe(true));
    expect(bench.edge.reports()).toMatchObject([{ action: 'complete' }]);
    expect(bench.errors).toEqual([]);
  });

  it('does not start a message twice that is given out again while it runs, and deletes it by its latest receipt', async () => {
    bench.edge.visibilityMs = 20;
    const { handler, open } = gate();
    const message = bench.edge.notify();
    bench.workerOf({ 'send-invoice': handler }).start();
    await soon(() => expect(message.receives).toBeGreaterThan(2));
    bench.edge.visibilityMs = 30_000;
    const receives = message.receives;
    await soon(() => expect(message.receives).toBeGreaterThan(receives));
    open();
    await soon(() => expect(message.deleted).toBe(true));
    expect(handler).toHaveBeenCalledTimes(1);
  });

  it('hides a message for as long as its lease was extended', async () => {
    const message = bench.edge.notify();
    bench
      .workerOf({
        'send-invoice': async (_task, { extend }) => {
          await extend({ lease: '10m' });
        },
      })
      .start();
    await soon(() => expect(message.deleted).toBe(true));
    await soon(() => expect(message.visibility).toEqual([600]));
  });

  it('goes on after polls that fail, and tells of them', async () => {
    bench.edge.sqsFailures.push(403, 500, 500, 500);
    const message = bench.edge.notify();
    bench.workerOf({}).start();
    await soon(() => expect(message.deleted).toBe(true));
    expect(bench.errors).toMatchObject([
      { code: 'AccessDenied', message: expect.stringContaining('grantWork') },
      { code: 'Unavailable', retryable: true },
    ]);
    expect(bench.errors[0]?.message).toContain(bench.edge.queueUrl);
  });
});

describe('at construction', () => {
  it.each([
    ['no queue', { queueUrl: undefined }, 'PUNCTUAL_QUEUE_URL'],
    ['a queue that is none', { queueUrl: 'billing' }, 'queueUrl'],
    ['a concurrency of 1.5', { concurrency: 1.5 }, 'concurrency'],
    ['a wait over 20 s', { waitSeconds: 21 }, 'waitSeconds'],
    ['an unknown option', { visibility: 30 }, 'options.visibility'],
  ])('%s is refused by name', (_what, options, field) => {
    expect(() => bench.workerOf({}, options as object)).toThrow(expect.objectContaining({ code: 'BadRequest', field }));
  });

  it('queue and door come from the environment', async () => {
    Object.assign(process.env, { PUNCTUAL_QUEUE_URL: bench.edge.queueUrl, PUNCTUAL_APPS: JSON.stringify({ billing: { report: REPORT } }) });
    const message = bench.edge.notify();
    bench.workerOf({}, { queueUrl: undefined, reportArn: undefined }).start();
    await soon(() => expect(message.deleted).toBe(true));
    delete process.env.PUNCTUAL_QUEUE_URL;
    delete process.env.PUNCTUAL_APPS;
  });
});
