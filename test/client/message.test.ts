import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BadRequestError, type CreateHandlerOptions, createHandler, type Handlers, snooze } from '../../client/index.ts';
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
const idOf = ({ body }: { body: string }) => JSON.parse(body).id as string;

describe('a message', () => {
  it('whose handler returns is completed under its claim', async () => {
    const message = edge.notify({ claim: 7, payload: { invoice: 42 } });
    expect(await failuresOf(lambdaOf({})(eventOf(message)))).toEqual([]);
    expect(edge.reports()).toEqual([{ v: 1, action: 'complete', id: idOf(message), claim: 7, worker: 'w1' }]);
  });

  it('gives its handler the task, the payload as the schema makes it', async () => {
    const message = edge.notify({
      name: 'remind',
      claim: 3,
      attempt: 2,
      priority: 'high',
      deadlineAt: '2026-12-25T08:00:00.000Z',
      payload: { at: '2026-12-24T08:00:00Z' },
    });
    const remind = vi.fn(nothing);
    await lambdaOf({ remind })(eventOf(message));
    const told = JSON.parse(message.body);
    expect(remind).toHaveBeenCalledExactlyOnceWith(
      {
        id: told.id,
        name: 'remind',
        payload: { at: new Date('2026-12-24T08:00:00Z') },
        claim: 3,
        attempt: 2,
        priority: 'high',
        dueAt: new Date('2026-12-24T08:00:00Z'),
        deadlineAt: new Date('2026-12-25T08:00:00Z'),
        leaseUntil: new Date(told.leaseUntil),
      },
      { signal: expect.any(AbortSignal), extend: expect.any(Function) },
    );
  });

  it('in the envelope of SNS is read', async () => {
    expect(await failuresOf(lambdaOf({})(eventOf(edge.notify({ envelope: true }))))).toEqual([]);
    expect(edge.reports('complete')).toHaveLength(1);
  });

  it('with fields of a later release is read', async () => {
    await lambdaOf({})(eventOf(edge.notify({ colour: 'green' } as object)));
    expect(edge.reports('complete')).toHaveLength(1);
  });

  it('whose handler throws has failed, with the error cut to what a history keeps', async () => {
    const handler = lambdaOf({
      'send-invoice': () => {
        throw new RangeError(`too many ${'x'.repeat(1_000)}`);
      },
    });
    expect(await failuresOf(handler(eventOf(edge.notify())))).toEqual([]);
    const [{ error }] = edge.reports('fail') as [{ error: { name: string; message: string; stack: string } }];
    expect(error.name).toBe('RangeError');
    expect(error.message).toHaveLength(500);
    expect(error.stack).toHaveLength(600);
  });

  it.each([
    ['a text', 'no', 'no'],
    ['nothing', undefined, 'nothing'],
    ['an object', { secret: 'hunter2' }, 'an object'],
  ])('whose handler throws %s has failed all the same', async (_what, thrown, part) => {
    await lambdaOf({
      'send-invoice': () => {
        throw thrown;
      },
    })(eventOf(edge.notify()));
    expect(edge.reports('fail')).toMatchObject([{ error: { name: 'Error', message: expect.stringContaining(part) } }]);
    expect(JSON.stringify(edge.reports())).not.toContain('hunter2');
  });

  it('whose handler snoozes waits again', async () => {
    await lambdaOf({ 'send-invoice': () => snooze('10m') })(eventOf(edge.notify()));
    expect(edge.reports()).toMatchObject([{ action: 'snooze', delayMs: 600_000 }]);
    expect(() => snooze('soon')).toThrow(BadRequestError);
  });

  it('without handler has failed as NoHandler', async () => {
    await lambdaOf({})(eventOf(edge.notify({ name: 'send-postcard' }), edge.notify({ name: 'constructor' })));
    expect(edge.reports()).toMatchObject([
      { action: 'fail', error: { name: 'NoHandler', message: expect.stringContaining('send-postcard') } },
      { action: 'fail', error: { name: 'NoHandler' } },
    ]);
  });

  it('with a payload that its schema refuses has failed as InvalidPayload: paths, no values', async () => {
    await lambdaOf({})(eventOf(edge.notify({ payload: { invoice: 'hunter2', note: 7 } })));
    expect(edge.reports()).toMatchObject([{ action: 'fail', error: { name: 'InvalidPayload' } }]);
    const text = JSON.stringify(edge.reports());
    for (const path of ['payload.invoice', 'payload.note']) expect(text).toContain(path);
    expect(text).not.toContain('hunter2');
  });

  it.each([
    ['no JSON', 'secret hello'],
    ['null', 'null'],
    ['another object', '{"secret":"hello"}'],
    ['an envelope around something else', JSON.stringify({ Type: 'Notification', Message: 'secret' })],
    [
      'no instant',
      JSON.stringify({
        v: 1,
        id: 'billing/AAAAAAAAAAAAAAAAAAAAAA',
        app: 'billing',
        name: 'x',
        version: 1,
        claim: 1,
        attempt: 0,
        priority: 'low',
        dueAt: 'secret',
        leaseUntil: 'x',
        payload: 1,
      }),
    ],
  ])('that is %s stays, and is told of without its content', async (_what, body) => {
    const bad = edge.put(body);
    const good = edge.notify();
    expect(await failuresOf(lambdaOf({})(eventOf(bad, good)))).toEqual([bad.id]);
    expect(edge.reports()).toMatchObject([{ action: 'complete' }]);
    expect(errors).toMatchObject([{ code: 'BadRequest', message: expect.stringContaining(bad.id) }]);
    expect(errors[0]?.message).not.toContain('secret');
  });

  it('whose lease has ended is dropped unread', async () => {
    const handler = vi.fn(nothing);
    expect(await failuresOf(lambdaOf({ 'send-invoice': handler })(eventOf(edge.notify({ leaseMs: -1 }))))).toEqual([]);
    expect(handler).not.toHaveBeenCalled();
    expect(edge.reports()).toEqual([]);
    expect(errors).toEqual([]);
  });
});
