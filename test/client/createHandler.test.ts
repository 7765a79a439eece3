import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CreateHandlerOptions, createHandler, type Handlers, StoppedError } from '../../client/index.ts';
import { Edge, REPORT } from './edge.ts';
import { tasks } from './tasks.ts';

let edge: Edge;
let errors: Error[];
beforeEach(async () => {
  edge = await Edge.open();
  errors = [];
});
afterEach(() => edge.close());

type All = Handlers<typeof tasks.schemas>;
const nothing = async () => {};
const idle: All = { 'send-invoice': nothing, remind: nothing, audit: nothing, tick: nothing, anything: nothing };
const lambdaOf = (handlers: Partial<All>, options: CreateHandlerOptions = {}) =>
  createHandler(
    tasks,
    { ...idle, ...handlers },
    { reportArn: REPORT, lambda: edge.lambda(), name: 'w1', onError: (error) => errors.push(error), ...options },
  );
const eventOf = (...messages: { id: string; body: string }[]) => ({ Records: messages.map(({ id, body }) => ({ messageId: id, body })) });
const failuresOf = async (answer: Promise<{ batchItemFailures: { itemIdentifier: string }[] }>) =>
  (await answer).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
const aborted = (signal: AbortSignal) => new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
const idOf = ({ body }: { body: string }) => JSON.parse(body).id as string;

describe('a batch', () => {
  it.each([
    [1, 1],
    [3, 3],
    [undefined, 10],
  ])('with concurrency %s is started in order, at most %i at once', async (concurrency, most) => {
    const started: number[] = [];
    let running = 0;
    let peak = 0;
    const handler = lambdaOf(
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
    await handler(eventOf(...Array.from({ length: 12 }, () => edge.notify())));
    expect(started).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(peak).toBe(most);
  });

  it('shortly before the timeout aborts what runs and hands back what is not finished, spending no attempt', async () => {
    const reasons: unknown[] = [];
    const started: number[] = [];
    const [done, heeds, heedless, later] = [edge.notify(), edge.notify(), edge.notify(), edge.notify()];
    const handler = lambdaOf(
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
    const end = Date.now() + 200;
    const failures = await failuresOf(handler(eventOf(done, heeds, heedless, later), { getRemainingTimeInMillis: () => end - Date.now() }));
    expect(Date.now()).toBeLessThan(end);
    expect(failures).toEqual([heeds.id, heedless.id, later.id]);
    expect(started).toEqual([1, 2, 3]);
    expect(reasons[0]).toBeInstanceOf(StoppedError);
    expect(edge.reports()).toMatchObject([{ action: 'complete', id: idOf(done) }]);
  });

  it('reports nothing for a handler that ends after its message was handed back', async () => {
    let finish = () => {};
    const late = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const message = edge.notify();
    const handler = lambdaOf({ 'send-invoice': () => late });
    expect(await failuresOf(handler(eventOf(message), { getRemainingTimeInMillis: () => 50 }))).toEqual([message.id]);
    finish();
    expect(await failuresOf(handler(eventOf(edge.notify())))).toEqual([]);
    expect(edge.reports().map(({ id }) => id)).not.toContain(idOf(message));
  });

  it.each([[undefined], [{}], [{ Records: [{ Sns: {} }] }]])('that is no SQS event (%j) is refused', async (event) => {
    await expect(lambdaOf({})(event as never)).rejects.toThrow('SQS event');
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
    expect(() => lambdaOf({}, options as object)).toThrow(expect.objectContaining({ code: 'BadRequest', field }));
  });

  it('a missing report door names the grant', () => {
    expect(() => createHandler(tasks, idle)).toThrow('grantWork');
  });

  it('a missing handler is refused by name', () => {
    const { audit: _audit, ...incomplete } = idle;
    expect(() => createHandler(tasks, incomplete as All, { reportArn: REPORT })).toThrow('handlers.audit');
  });
});

it('errors are one line of JSON on stderr unless someone listens, and a listener may throw', async () => {
  const written = vi.spyOn(console, 'error').mockImplementation(() => {});
  const bad = edge.put('secret');
  await lambdaOf({}, { onError: undefined })(eventOf(bad));
  await lambdaOf(
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
