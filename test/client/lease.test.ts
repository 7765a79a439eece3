import { describe, expect, it } from 'vitest';
import { LeaseLostError } from '../../client/index.ts';
import { refusal } from './edge.ts';
import { aborted, eventOf, failuresOf, workbench } from './workbench.ts';

const bench = workbench();

describe('the lease', () => {
  it('aborts the signal at its end; the late report is refused and the message dropped', async () => {
    const reasons: unknown[] = [];
    const handle = async (_task: unknown, { signal }: { signal: AbortSignal }) => {
      await aborted(signal).catch((reason: unknown) => reasons.push(reason));
    };
    const handler = bench.lambdaOf({ 'send-invoice': handle }, { heartbeat: false });
    expect(await failuresOf(handler(eventOf(bench.edge.notify({ leaseMs: 3_000 }))))).toEqual([]);
    expect(reasons).toMatchObject([{ code: 'LeaseLost' }]);
    expect(reasons[0]).toBeInstanceOf(LeaseLostError);
    expect(bench.edge.reports().map(({ action }) => action)).toEqual(['complete']);
    expect(bench.errors).toEqual([]);
  });

  it('moves with extend, and the abort with it', async () => {
    const seen: { at: number; until: number }[] = [];
    const started = Date.now();
    const handler = bench.lambdaOf(
      {
        'send-invoice': async (_task, { signal, extend }) => {
          const until = await extend({ lease: '4s' });
          await aborted(signal).catch(() => seen.push({ at: Date.now(), until: until.getTime() }));
        },
      },
      { heartbeat: false },
    );
    await handler(eventOf(bench.edge.notify({ leaseMs: 3_000 })));
    expect(bench.edge.reports('extend')).toMatchObject([{ claim: 1, leaseMs: 4_000 }]);
    const [{ at, until }] = seen as [{ at: number; until: number }];
    expect(until).toBeGreaterThanOrEqual(started + 4_000);
    // A timer of Node may fire a millisecond early.
    expect(at).toBeGreaterThanOrEqual(until - 2);
  });

  it('that extend finds lost aborts the signal at once', async () => {
    const seen: unknown[] = [];
    await bench.lambdaOf({
      'send-invoice': async (task, { signal, extend }) => {
        bench.edge.claimAgain(task.id);
        await extend().catch((error: unknown) => seen.push(error));
        seen.push(signal.reason);
        signal.throwIfAborted();
      },
    })(eventOf(bench.edge.notify()));
    expect(seen).toMatchObject([{ code: 'LeaseLost' }, { code: 'LeaseLost' }]);
    expect(bench.edge.reports('extend')).toMatchObject([{ v: 1, claim: 1, worker: 'w1' }]);
    expect(bench.edge.reports('extend')[0]).not.toHaveProperty('leaseMs');
  });

  it.each([[{ lease: '10' }], [{ lease: '500ms' }], [{ lease: '13h' }], [{ leaseMs: 5_000 } as object]])(
    'cannot be extended by %j',
    async (options) => {
      const seen: unknown[] = [];
      await bench.lambdaOf({
        'send-invoice': async (_task, { extend }) => {
          await extend(options).catch((error: unknown) => seen.push(error));
        },
      })(eventOf(bench.edge.notify()));
      expect(seen).toMatchObject([{ code: 'BadRequest', field: expect.stringContaining('lease') }]);
      expect(bench.edge.reports('extend')).toEqual([]);
    },
  );
});

describe('a report', () => {
  it.each(['LeaseLost', 'NotFound'] as const)('that is refused with %s drops the message', async (code) => {
    bench.edge.replies.push(refusal(code));
    expect(await failuresOf(bench.lambdaOf({})(eventOf(bench.edge.notify())))).toEqual([]);
    expect(bench.errors).toEqual([]);
  });

  it('that cannot be delivered leaves the message, and says so', async () => {
    bench.edge.replies.push(refusal('Unavailable'), refusal('Unavailable'), refusal('Unavailable'));
    const message = bench.edge.notify();
    expect(await failuresOf(bench.lambdaOf({})(eventOf(message)))).toEqual([message.id]);
    expect(bench.errors).toMatchObject([{ code: 'Unavailable' }]);
  });

  it('that IAM refuses leaves the message, and names the grant', async () => {
    bench.edge.replies.push({ status: 403, error: 'AccessDeniedException' });
    const message = bench.edge.notify();
    expect(await failuresOf(bench.lambdaOf({})(eventOf(message)))).toEqual([message.id]);
    expect(bench.errors).toMatchObject([{ code: 'AccessDenied', message: expect.stringContaining('grantWork') }]);
  });

  it('is asked for again when the door crashes, unchanged', async () => {
    bench.edge.replies.push({ crash: { errorType: 'Error' } }, { status: 500, error: 'ServiceException' });
    expect(await failuresOf(bench.lambdaOf({})(eventOf(bench.edge.notify())))).toEqual([]);
    const [first, ...again] = bench.edge.reports();
    expect(again).toEqual([first, first]);
  });
});
