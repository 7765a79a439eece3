import { describe, expect, it, vi } from 'vitest';
import { createHandler, StoppedError } from '../../client/index.ts';
import { REPORT } from './edge.ts';
import { tasks } from './tasks.ts';
import { type All, aborted, eventOf, failuresOf, idle, idOf, workbench } from './workbench.ts';

const bench = workbench();

describe('a batch', () => {
  it.each([
    [1, 1],
    [3, 3],
    [undefined, 10],
  ])('with concurrency %s is started in order, at most %i at once', async (concurrency, most) => {
    const started: number[] = [];
    let running = 0;
    let peak = 0;
    const handler = bench.lambdaOf(
      {
        'send-invoice': async ({ payload }) => {
          started.push(payload.invoice);
          peak = Math.max(peak, ++running);
          await new Promise((resolve) => setTimeout(resolve, 5));
          running--;
        },
      },
      { concurrency },
    );
    await handler(eventOf(...Array.from({ length: 12 }, () => bench.edge.notify())));
    expect(started).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(peak).toBe(most);
  });

  it('shortly before the timeout aborts what runs and hands back what is not finished, spending no attempt', async () => {
    const reasons: unknown[] = [];
    const started: number[] = [];
    const [done, heeds, heedless, later] = [bench.edge.notify(), bench.edge.notify(), bench.edge.notify(), bench.edge.notify()];
    const handler = bench.lambdaOf(
      {
        'send-invoice': async ({ payload }, { signal }) => {
          started.push(payload.invoice);
          if (payload.invoice === 1) return;
          if (payload.invoice === 2) await aborted(signal).finally(() => reasons.push(signal.reason));
          await new Promise(() => {});
        },
      },
      { concurrency: 2 },
    );
    const end = Date.now() + 4_000;
    const failures = await failuresOf(handler(eventOf(done, heeds, heedless, later), { getRemainingTimeInMillis: () => end - Date.now() }));
    expect(Date.now()).toBeLessThan(end);
    expect(failures).toEqual([heeds.id, heedless.id, later.id]);
    expect(started).toEqual([1, 2, 3]);
    expect(reasons[0]).toBeInstanceOf(StoppedError);
    expect(bench.edge.reports()).toMatchObject([{ action: 'complete', id: idOf(done) }]);
  });

  it('reports nothing for a handler that ends after its message was handed back', async () => {
    let finish = () => {};
    const late = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const message = bench.edge.notify();
    const handler = bench.lambdaOf({ 'send-invoice': () => late });
    expect(await failuresOf(handler(eventOf(message), { getRemainingTimeInMillis: () => 50 }))).toEqual([message.id]);
    finish();
    expect(await failuresOf(handler(eventOf(bench.edge.notify())))).toEqual([]);
    expect(bench.edge.reports().map(({ id }) => id)).not.toContain(idOf(message));
  });

  it.each([[undefined], [{}], [{ Records: [{ Sns: {} }] }]])('that is no SQS event (%j) is refused', async (event) => {
    await expect(bench.lambdaOf({})(event as never)).rejects.toThrow('SQS event');
  });
});

describe('at construction', () => {
  it.each([
    ['an unknown option', { batchSize: 5 }, 'options.batchSize'],
    ['a concurrency of 0', { concurrency: 0 }, 'concurrency'],
    ['a name that cannot be reported', { name: ' ' }, 'name'],
    ['an onError that is none', { onError: 'log' }, 'onError'],
    ['a door that is none', { reportArn: 'x' }, 'reportArn'],
  ])('%s is refused by name', (_what, options, field) => {
    expect(() => bench.lambdaOf({}, options as object)).toThrow(expect.objectContaining({ code: 'BadRequest', field }));
  });

  it('a missing report door names the grant', () => {
    expect(() => createHandler(tasks, idle)).toThrow('grantWork');
  });

  it('a missing handler is refused by name', () => {
    const { audit: _audit, ...incomplete } = idle;
    expect(() => createHandler(tasks, incomplete as All, { reportArn: REPORT })).toThrow('handlers.audit');
  });
});

it('bench.errors are one line of JSON on stderr unless someone listens, and a listener may throw', async () => {
  const written = vi.spyOn(console, 'error').mockImplementation(() => {});
  const bad = bench.edge.put('secret');
  await bench.lambdaOf({}, { onError: undefined })(eventOf(bad));
  await bench.lambdaOf(
    {},
    {
      onError: () => {
        throw new Error('listener');
      },
    },
  )(eventOf(bad));
  const lines = written.mock.calls.map(([line]) => JSON.parse(line as string));
  written.mockRestore();
  expect(lines).toMatchObject([
    { level: 'ERROR', service: 'punctual', name: 'BadRequestError', code: 'BadRequest', message: expect.stringContaining(bad.id) },
    { level: 'ERROR', message: 'listener' },
  ]);
});
