import { describe, expect, it, vi } from 'vitest';
import { BadRequestError, snooze } from '../../client/index.ts';
import { eventOf, failuresOf, idOf, nothing, workbench } from './workbench.ts';

const bench = workbench();

describe('a message', () => {
  it('whose handler returns is completed under its claim', async () => {
    const message = bench.edge.notify({ claim: 7, payload: { invoice: 42 } });
    expect(await failuresOf(bench.lambdaOf({})(eventOf(message)))).toEqual([]);
    expect(bench.edge.reports()).toEqual([{ v: 1, action: 'complete', id: idOf(message), claim: 7, worker: 'w1' }]);
  });

  it('gives its handler the task, the payload as the schema makes it', async () => {
    const message = bench.edge.notify({
      name: 'remind',
      claim: 3,
      attempt: 2,
      priority: 'high',
      deadlineAt: '2026-12-25T08:00:00.000Z',
      payload: { at: '2026-12-24T08:00:00Z' },
    });
    const remind = vi.fn(nothing);
    await bench.lambdaOf({ remind })(eventOf(message));
    const told = JSON.parse(message.body);
    expect(remind).toHaveBeenCalledExactlyOnceWith(
      {
        id: told.id,
        name: 'remind',
        version: 1,
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
    expect(await failuresOf(bench.lambdaOf({})(eventOf(bench.edge.notify({ envelope: true }))))).toEqual([]);
    expect(bench.edge.reports('complete')).toHaveLength(1);
  });

  it('with fields of a later release is read', async () => {
    await bench.lambdaOf({})(eventOf(bench.edge.notify({ colour: 'green' } as object)));
    expect(bench.edge.reports('complete')).toHaveLength(1);
  });

  it('whose handler throws has failed, with the error cut to what a history keeps', async () => {
    const handler = bench.lambdaOf({
      'send-invoice': () => {
        throw new RangeError(`too many ${'x'.repeat(1_000)}`);
      },
    });
    expect(await failuresOf(handler(eventOf(bench.edge.notify())))).toEqual([]);
    const [{ error }] = bench.edge.reports('fail') as [{ error: { name: string; message: string; stack: string } }];
    expect(error.name).toBe('RangeError');
    expect(error.message).toHaveLength(500);
    expect(error.stack).toHaveLength(600);
  });

  it.each([
    ['a text', 'no', 'no'],
    ['nothing', undefined, 'nothing'],
    ['an object', { secret: 'hunter2' }, 'an object'],
  ])('whose handler throws %s has failed all the same', async (_what, thrown, part) => {
    await bench.lambdaOf({
      'send-invoice': () => {
        throw thrown;
      },
    })(eventOf(bench.edge.notify()));
    expect(bench.edge.reports('fail')).toMatchObject([{ error: { name: 'Error', message: expect.stringContaining(part) } }]);
    expect(JSON.stringify(bench.edge.reports())).not.toContain('hunter2');
  });

  it('whose handler snoozes waits again', async () => {
    await bench.lambdaOf({ 'send-invoice': () => snooze('10m') })(eventOf(bench.edge.notify()));
    expect(bench.edge.reports()).toMatchObject([{ action: 'snooze', delayMs: 600_000 }]);
    expect(() => snooze('soon')).toThrow(BadRequestError);
  });

  it('without handler has failed as NoHandler', async () => {
    await bench.lambdaOf({})(eventOf(bench.edge.notify({ name: 'send-postcard' }), bench.edge.notify({ name: 'constructor' })));
    expect(bench.edge.reports()).toMatchObject([
      { action: 'fail', error: { name: 'NoHandler', message: expect.stringContaining('send-postcard') } },
      { action: 'fail', error: { name: 'NoHandler' } },
    ]);
  });

  it('with a payload that its schema refuses has failed as InvalidPayload: paths, no values', async () => {
    await bench.lambdaOf({})(eventOf(bench.edge.notify({ payload: { invoice: 'hunter2', note: 7 } })));
    expect(bench.edge.reports()).toMatchObject([{ action: 'fail', error: { name: 'InvalidPayload' } }]);
    const text = JSON.stringify(bench.edge.reports());
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
    const bad = bench.edge.put(body);
    const good = bench.edge.notify();
    expect(await failuresOf(bench.lambdaOf({})(eventOf(bad, good)))).toEqual([bad.id]);
    expect(bench.edge.reports()).toMatchObject([{ action: 'complete' }]);
    expect(bench.errors).toMatchObject([{ code: 'BadRequest', message: expect.stringContaining(bad.id) }]);
    expect(bench.errors[0]?.message).not.toContain('secret');
  });

  it('whose lease has ended is dropped unread', async () => {
    const handler = vi.fn(nothing);
    expect(await failuresOf(bench.lambdaOf({ 'send-invoice': handler })(eventOf(bench.edge.notify({ leaseMs: -1 }))))).toEqual([]);
    expect(handler).not.toHaveBeenCalled();
    expect(bench.edge.reports()).toEqual([]);
    expect(bench.errors).toEqual([]);
  });
});
