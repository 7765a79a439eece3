import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Handlers, Worker, type WorkerOptions } from '../../client/index.ts';
import { Edge, REPORT, refusal } from './edge.ts';
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
const deleted = () => edge.messages.filter((message) => message.deleted).length;

describe('a worker', () => {
  it('works on what comes, in order, and deletes each message after its report', async () => {
    const started: number[] = [];
    const handler: All['send-invoice'] = ({ payload }) => {
      started.push(payload.invoice);
      if (payload.invoice === 2) throw new Error('no');
    };
    for (let index = 0; index < 12; index++) edge.notify();
    workerOf({ 'send-invoice': handler }, { concurrency: 20 }).start();
    await soon(() => expect(deleted()).toBe(12));
    expect(started).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(edge.reports('complete')).toHaveLength(11);
    expect(edge.reports('fail')).toMatchObject([{ error: { message: 'no' }, worker: expect.stringContaining(`/${process.pid}`) }]);
    expect(Math.max(...edge.receives)).toBe(10);
    expect(errors).toEqual([]);
  });

  it('asks for no more than it has capacity for, and never runs more', async () => {
    let running = 0;
    let peak = 0;
    const handler: All['send-invoice'] = async () => {
      peak = Math.max(peak, ++running);
      await new Promise((resolve) => setTimeout(resolve, 3));
      running--;
    };
    for (let index = 0; index < 20; index++) edge.notify();
    workerOf({ 'send-invoice': handler }, { concurrency: 3 }).start();
    await soon(() => expect(deleted()).toBe(20));
    expect(peak).toBe(3);
    expect(Math.max(...edge.receives)).toBe(3);
  });

  it('does not poll while all its capacity is taken', async () => {
    const { handler, open } = gate();
    edge.notify();
    edge.notify();
    workerOf({ 'send-invoice': handler }, { concurrency: 1 }).start();
    await soon(() => expect(handler).toHaveBeenCalledTimes(1));
    expect(edge.receives).toEqual([1]);
    open();
    await soon(() => expect(deleted()).toBe(2));
  });

  it('leaves what it cannot read', async () => {
    const bad = edge.put('hello');
    const good = edge.notify();
    workerOf({}).start();
    await soon(() => expect(good.deleted).toBe(true));
    expect(bad).toMatchObject({ deleted: false, visibility: [] });
    expect(errors).toMatchObject([{ code: 'BadRequest' }]);
  });

  it('works again on a message whose report was not delivered, and drops it once its lease has ended', async () => {
    edge.visibilityMs = 50;
    edge.replies.push(refusal('Unavailable'), refusal('Unavailable'), refusal('Unavailable'));
    const handler = vi.fn(nothing);
    const again = edge.notify();
    workerOf({ 'send-invoice': handler }).start();
    await soon(() => expect(again.deleted).toBe(true));
    expect(handler).toHaveBeenCalledTimes(2);
    expect(errors).toMatchObject([{ code: 'Unavailable' }]);
    const ended = edge.notify({ leaseMs: -1 });
    await soon(() => expect(ended.deleted).toBe(true));
    expect(handler).toHaveBeenCalledTimes(2);
  });

  it('drops a message whose late report is refused', async () => {
    const message = edge.notify({ leaseMs: 40 });
    workerOf({
      'send-invoice': (_task, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    }).start();
    await soon(() => expect(message.deleted).toBe(true));
    expect(edge.reports()).toMatchObject([{ action: 'complete' }]);
    expect(errors).toEqual([]);
  });

  it('does not start a message twice that is given out again while it runs, and deletes it by its latest receipt', async () => {
    edge.visibilityMs = 20;
    const { handler, open } = gate();
    const message = edge.notify();
    workerOf({ 'send-invoice': handler }).start();
    await soon(() => expect(message.receives).toBeGreaterThan(2));
    edge.visibilityMs = 30_000;
    const receives = message.receives;
    await soon(() => expect(message.receives).toBeGreaterThan(receives));
    open();
    await soon(() => expect(message.deleted).toBe(true));
    expect(handler).toHaveBeenCalledTimes(1);
  });

  it('hides a message for as long as its lease was extended', async () => {
    const message = edge.notify();
    workerOf({
      'send-invoice': async (_task, { extend }) => {
        await extend({ lease: '10m' });
      },
    }).start();
    await soon(() => expect(message.deleted).toBe(true));
    await soon(() => expect(message.visibility).toEqual([600]));
  });

  it('goes on after polls that fail, and tells of them', async () => {
    edge.sqsFailures.push(403, 500, 500, 500);
    const message = edge.notify();
    workerOf({}).start();
    await soon(() => expect(message.deleted).toBe(true));
    expect(errors).toMatchObject([
      { code: 'AccessDenied', message: expect.stringContaining('grantWork') },
      { code: 'Unavailable', retryable: true },
    ]);
    expect(errors[0]?.message).toContain(edge.queueUrl);
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
    expect(() => workerOf({}, options as object)).toThrow(expect.objectContaining({ code: 'BadRequest', field }));
  });

  it('queue and door come from the environment', async () => {
    Object.assign(process.env, { PUNCTUAL_QUEUE_URL: edge.queueUrl, PUNCTUAL_APPS: JSON.stringify({ billing: { report: REPORT } }) });
    const message = edge.notify();
    workerOf({}, { queueUrl: undefined, reportArn: undefined }).start();
    await soon(() => expect(message.deleted).toBe(true));
    delete process.env.PUNCTUAL_QUEUE_URL;
    delete process.env.PUNCTUAL_APPS;
  });
});
