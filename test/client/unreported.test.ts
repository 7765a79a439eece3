import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import type { Door } from '../../client/Door.ts';
import { checkHandlers } from '../../client/handlers.ts';
import { StoppedError, snooze } from '../../client/index.ts';
import { MessageRunner } from '../../client/MessageRunner.ts';
import { Stop } from '../../client/Stop.ts';
import { tasks } from './tasks.ts';
import { aborted, eventOf, failuresOf, gate, idle, idOf, nothing, soon, workbench } from './workbench.ts';

const bench = workbench();
const unreported = { acknowledge: false } as const;

describe('a task that needs no report', () => {
  it('is run and its message leaves the queue: the door hears nothing', async () => {
    const handler = vi.fn(nothing);
    const message = bench.edge.notify(unreported);
    expect(await failuresOf(bench.lambdaOf({ 'send-invoice': handler })(eventOf(message)))).toEqual([]);
    expect(handler).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ id: idOf(message), payload: { invoice: 1 } }),
      expect.anything(),
    );
    expect(bench.edge.requests).toEqual([]);
    expect(bench.errors).toEqual([]);
  });

  it('is not dropped because of the end of a lease that it does not have, nor is it aborted', async () => {
    const { handler, open } = gate();
    const signals: AbortSignal[] = [];
    const message = bench.edge.notify({ ...unreported, leaseMs: -60_000, sentAt: Date.now() - 120_000 });
    bench
      .workerOf({
        'send-invoice': (_task, { signal }) => {
          signals.push(signal);
          return handler();
        },
      })
      .start();
    await soon(() => expect(handler).toHaveBeenCalledTimes(1));
    expect(signals.map(({ aborted: isAborted }) => isAborted)).toEqual([false]);
    open();
    await soon(() => expect(message.deleted).toBe(true));
    expect(bench.edge.reports()).toEqual([]);
  });

  it.each<[string, () => unknown, string]>([
    ['throws', () => Promise.reject(new RangeError('of hunter2')), 'RangeError'],
    ['snoozes', () => snooze('10m'), 'WrongStateError'],
  ])('whose handler %s is not tried again: its error is heard of, without what it says', async (_what, run, name) => {
    expect(await failuresOf(bench.lambdaOf({ 'send-invoice': run as never })(eventOf(bench.edge.notify(unreported))))).toEqual([]);
    expect(bench.edge.requests).toEqual([]);
    expect(bench.errors).toMatchObject([{ code: 'Unavailable', retryable: false, cause: { name } }]);
    expect(bench.errors[0]?.message).toContain('acknowledge: false');
    expect(bench.errors[0]?.message).not.toContain('hunter2');
  });

  it('has no lease to extend', async () => {
    const seen: unknown[] = [];
    await bench.lambdaOf({
      'send-invoice': async (_task, { extend }) => {
        await extend().catch((error) => seen.push(error));
      },
    })(eventOf(bench.edge.notify(unreported)));
    expect(seen).toMatchObject([{ code: 'WrongState' }]);
    expect(bench.edge.requests).toEqual([]);
  });

  it.each([
    ['no handler here', { name: 'send-postcard' }],
    ['a payload that its schema refuses', { payload: { invoice: 'hunter2' } }],
  ])('and has %s is left for the redrive of its queue', async (_what, parts) => {
    const message = bench.edge.notify({ ...unreported, ...parts });
    expect(await failuresOf(bench.lambdaOf({})(eventOf(message)))).toEqual([message.id]);
    expect(bench.errors).toHaveLength(1);
    expect(bench.errors[0]?.message).not.toContain('hunter2');
  });

  it('leaves nothing on the signal of its process, nor does one with a lease', async () => {
    const stop = new Stop();
    const door = { call: async () => ({}) } as unknown as Door;
    const parts = { tasks, handlers: checkHandlers(tasks, idle), door, worker: 'w1', onError: nothing, heartbeat: true };
    const runner = new MessageRunner(parts);
    expect(await runner.run(bench.edge.notify(unreported), stop)).toBe('done');
    expect(await runner.run(bench.edge.notify(), stop)).toBe('done');
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  it('is handed back when the process stops before it is done', async () => {
    const reasons: unknown[] = [];
    const [heeds, heedless] = [bench.edge.notify(unreported), bench.edge.notify(unreported)];
    const handler = bench.lambdaOf({
      'send-invoice': async ({ payload }, { signal }) => {
        if (payload.invoice === 1) await aborted(signal).finally(() => reasons.push(signal.reason));
        else await new Promise(() => {});
      },
    });
    expect(await failuresOf(handler(eventOf(heeds, heedless), { getRemainingTimeInMillis: () => 60 }))).toEqual([heeds.id, heedless.id]);
    expect(reasons[0]).toBeInstanceOf(StoppedError);
    expect(bench.errors).toEqual([]);
  });
});
