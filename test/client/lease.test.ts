import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CreateHandlerOptions, createHandler, type Handlers, LeaseLostError } from '../../client/index.ts';
import { Edge, REPORT, refusal } from './edge.ts';
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

describe('the lease', () => {
  it('aborts the signal at its end; the late report is refused and the message dropped', async () => {
    const reasons: unknown[] = [];
    const handler = lambdaOf({
      'send-invoice': async (_task, { signal }) => {
        await aborted(signal).catch((reason: unknown) => reasons.push(reason));
      },
    });
    expect(await failuresOf(handler(eventOf(edge.notify({ leaseMs: 60 }))))).toEqual([]);
    expect(reasons).toMatchObject([{ code: 'LeaseLost' }]);
    expect(reasons[0]).toBeInstanceOf(LeaseLostError);
    expect(edge.reports().map(({ action }) => action)).toEqual(['complete']);
    expect(errors).toEqual([]);
  });

  it('moves with extend, and the abort with it', async () => {
    const seen: { at: number; until: number }[] = [];
    const started = Date.now();
    await lambdaOf({
      'send-invoice': async (_task, { signal, extend }) => {
        const until = await extend({ lease: '1s' });
        await aborted(signal).catch(() => seen.push({ at: Date.now(), until: until.getTime() }));
      },
    })(eventOf(edge.notify({ leaseMs: 250 })));
    expect(edge.reports('extend')).toMatchObject([{ claim: 1, leaseMs: 1_000 }]);
    const [{ at, until }] = seen as [{ at: number; until: number }];
    expect(until).toBeGreaterThanOrEqual(started + 1_000);
    // A timer of Node may fire a millisecond early.
    expect(at).toBeGreaterThanOrEqual(until - 2);
  });

  it('that extend finds lost aborts the signal at once', async () => {
    const seen: unknown[] = [];
    await lambdaOf({
      'send-invoice': async (task, { signal, extend }) => {
        edge.claimAgain(task.id);
        await extend().catch((error: unknown) => seen.push(error));
        seen.push(signal.reason);
        signal.throwIfAborted();
      },
    })(eventOf(edge.notify()));
    expect(seen).toMatchObject([{ code: 'LeaseLost' }, { code: 'LeaseLost' }]);
    expect(edge.reports('extend')).toMatchObject([{ v: 1, claim: 1, worker: 'w1' }]);
    expect(edge.reports('extend')[0]).not.toHaveProperty('leaseMs');
  });

  it.each([[{ lease: '10' }], [{ lease: '500ms' }], [{ lease: '13h' }], [{ leaseMs: 5_000 } as object]])(
    'cannot be extended by %j',
    async (options) => {
      const seen: unknown[] = [];
      await lambdaOf({
        'send-invoice': async (_task, { extend }) => {
          await extend(options).catch((error: unknown) => seen.push(error));
        },
      })(eventOf(edge.notify()));
      expect(seen).toMatchObject([{ code: 'BadRequest', field: expect.stringContaining('lease') }]);
      expect(edge.reports('extend')).toEqual([]);
    },
  );
});

describe('a report', () => {
  it.each(['LeaseLost', 'NotFound'] as const)('that is refused with %s drops the message', async (code) => {
    edge.replies.push(refusal(code));
    expect(await failuresOf(lambdaOf({})(eventOf(edge.notify())))).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('that cannot be delivered leaves the message, and says so', async () => {
    edge.replies.push(refusal('Unavailable'), refusal('Unavailable'), refusal('Unavailable'));
    const message = edge.notify();
    expect(await failuresOf(lambdaOf({})(eventOf(message)))).toEqual([message.id]);
    expect(errors).toMatchObject([{ code: 'Unavailable' }]);
  });

  it('that IAM refuses leaves the message, and names the grant', async () => {
    edge.replies.push({ status: 403, error: 'AccessDeniedException' });
    const message = edge.notify();
    expect(await failuresOf(lambdaOf({})(eventOf(message)))).toEqual([message.id]);
    expect(errors).toMatchObject([{ code: 'AccessDenied', message: expect.stringContaining('grantWork') }]);
  });

  it('is asked for again when the door crashes, unchanged', async () => {
    edge.replies.push({ crash: { errorType: 'Error' } }, { status: 500, error: 'ServiceException' });
    expect(await failuresOf(lambdaOf({})(eventOf(edge.notify())))).toEqual([]);
    const [first, ...again] = edge.reports();
    expect(again).toEqual([first, first]);
  });
});
