import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LIMITS } from '../../contract/limits.ts';
import { refusal } from './edge.ts';
import { aborted, eventOf, failuresOf, gate, idOf, nothing, soon, workbench } from './workbench.ts';

const bench = workbench();
const MINUTE = 60_000;
/** Of a lease of 10 minutes, so much has passed when the message arrives. */
const waited = (minutes: number) => ({ leaseMs: (10 - minutes) * MINUTE, sentAt: Date.now() - minutes * MINUTE });
const actions = () => bench.edge.reports().map(({ action }) => action);

describe('a message that has waited', () => {
  it.each([
    ['under half of its lease', waited(4), ['complete']],
    ['over half of its lease', waited(6), ['extend', 'complete']],
    ['for nobody knows how long', { leaseMs: MINUTE }, ['complete']],
    ['since after its lease', { leaseMs: MINUTE, sentAt: Date.now() + 2 * MINUTE }, ['complete']],
  ])('%s: it is extended first if it must be', async (_what, parts, expected) => {
    expect(await failuresOf(bench.lambdaOf({})(eventOf(bench.edge.notify(parts))))).toEqual([]);
    expect(actions()).toEqual(expected);
    expect(bench.errors).toEqual([]);
  });

  it('is extended by a worker process too, which hides its message for as long', async () => {
    bench.edge.leaseMs = 10 * MINUTE;
    const message = bench.edge.notify(waited(6));
    bench.workerOf({}).start();
    await soon(() => expect(message.deleted).toBe(true));
    expect(actions()).toEqual(['extend', 'complete']);
    await soon(() => expect(message.visibility).toEqual([600]));
  });

  it.each(['LeaseLost', 'NotFound'] as const)('and has lost its lease (%s) is dropped, its handler is not run', async (code) => {
    bench.edge.replies.push(refusal(code));
    const handler = vi.fn(nothing);
    expect(await failuresOf(bench.lambdaOf({ 'send-invoice': handler })(eventOf(bench.edge.notify(waited(6)))))).toEqual([]);
    expect(handler).not.toHaveBeenCalled();
    expect(actions()).toEqual(['extend']);
  });

  it('and cannot be extended now is left: to work without being able to report it would be work for nothing', async () => {
    // The longest pauses between the tries: nobody else extends it meanwhile.
    vi.spyOn(Math, 'random').mockReturnValue(0.99);
    onTestFinished(() => void vi.restoreAllMocks());
    bench.edge.replies.push(refusal('Unavailable'), refusal('Unavailable'), refusal('Unavailable'));
    const handler = vi.fn(nothing);
    const message = bench.edge.notify(waited(6));
    expect(await failuresOf(bench.lambdaOf({ 'send-invoice': handler })(eventOf(message)))).toEqual([message.id]);
    expect(handler).not.toHaveBeenCalled();
    expect(bench.errors).toMatchObject([{ code: 'Unavailable' }]);
  });
});

describe('while a handler runs', () => {
  it('its lease is extended each time that half of it has passed, and the message stays hidden', async () => {
    bench.edge.leaseMs = 1_000;
    const { handler, open } = gate();
    const message = bench.edge.notify({ leaseMs: 1_000 });
    bench.workerOf({ 'send-invoice': handler }).start();
    await soon(() => expect(bench.edge.reports('extend').length).toBeGreaterThanOrEqual(3));
    expect(message.visibility.length).toBeGreaterThanOrEqual(2);
    open();
    await soon(() => expect(message.deleted).toBe(true));
    expect(handler).toHaveBeenCalledTimes(1);
    expect(actions().at(-1)).toBe('complete');
    expect(bench.edge.reports('extend')[0]).not.toHaveProperty('leaseMs');
    expect(bench.errors).toEqual([]);
  });

  it('a heartbeat that finds the lease lost aborts its signal', async () => {
    const reasons: unknown[] = [];
    const message = bench.edge.notify({ leaseMs: 1_000 });
    const handler = bench.lambdaOf({
      'send-invoice': async (_task, { signal }) => {
        bench.edge.claimAgain(idOf(message));
        await aborted(signal).catch((reason) => reasons.push(reason));
      },
    });
    expect(await failuresOf(handler(eventOf(message)))).toEqual([]);
    expect(reasons).toMatchObject([{ code: 'LeaseLost', message: 'The door says LeaseLost.' }]);
    expect(bench.errors).toEqual([]);
  });

  it('a heartbeat that fails is told of, and comes again before the lease ends', async () => {
    const { handler, open } = gate();
    bench.edge.replies.push({ status: 403, error: 'AccessDeniedException' });
    const answer = bench.lambdaOf({ 'send-invoice': handler })(eventOf(bench.edge.notify({ leaseMs: 2_000 })));
    await soon(() => expect(bench.edge.reports('extend')).toHaveLength(2));
    open();
    expect(await failuresOf(answer)).toEqual([]);
    expect(bench.errors).toMatchObject([{ code: 'AccessDenied' }]);
    expect(actions()).toEqual(['extend', 'extend', 'complete']);
  });

  it('with heartbeat: false its lease ends', async () => {
    const reasons: unknown[] = [];
    const handler = bench.lambdaOf(
      { 'send-invoice': (_task, { signal }) => aborted(signal).catch((reason) => void reasons.push(reason)) },
      { heartbeat: false },
    );
    await handler(eventOf(bench.edge.notify({ leaseMs: 1_100 })));
    expect(reasons).toMatchObject([{ code: 'LeaseLost', message: expect.stringContaining('ended at') }]);
    expect(bench.edge.reports('extend')).toEqual([]);
  });

  it('heartbeat is true or false', () => {
    expect(() => bench.lambdaOf({}, { heartbeat: '1m' as never })).toThrow(expect.objectContaining({ field: 'heartbeat' }));
  });
});

describe('an exclusive task', () => {
  const exclusive = { exclusive: true } as const;

  it('is started before anything else, by a name of this run alone', async () => {
    const handler = bench.lambdaOf({}, { name: `${'w'.repeat(90)}🦉${'w'.repeat(36)}` });
    await handler(eventOf(bench.edge.notify({ ...exclusive, ...waited(6) }), bench.edge.notify(exclusive)));
    const starts = bench.edge.reports('start');
    expect(actions()[0]).toBe('start');
    expect(actions().sort()).toEqual(['complete', 'complete', 'extend', 'start', 'start']);
    for (const { holder } of starts) {
      expect((holder as string).length).toBeLessThanOrEqual(LIMITS.worker);
      expect(holder).toMatch(/^w{90}\/[0-9a-f-]{36}$/);
    }
    expect(new Set(starts.map(({ holder }) => holder)).size).toBe(2);
  });

  it('of which the message came twice is run once', async () => {
    const { handler, open } = gate();
    const message = bench.edge.notify(exclusive);
    const first = bench.lambdaOf({ 'send-invoice': handler })(eventOf(message));
    await soon(() => expect(handler).toHaveBeenCalledTimes(1));
    const second = vi.fn(nothing);
    expect(await failuresOf(bench.lambdaOf({ 'send-invoice': second })(eventOf(message)))).toEqual([]);
    expect(second).not.toHaveBeenCalled();
    open();
    await first;
    expect(actions()).toEqual(['start', 'start', 'complete']);
    expect(bench.errors).toEqual([]);
  });

  it('whose start got no answer says the same again', async () => {
    bench.edge.replies.push({ cut: true }, { crash: { errorType: 'Error' } });
    await bench.lambdaOf({})(eventOf(bench.edge.notify(exclusive)));
    const [first, ...again] = bench.edge.reports('start');
    expect(again.length).toBeGreaterThan(0);
    for (const start of again) expect(start).toEqual(first);
    expect(actions().at(-1)).toBe('complete');
  });

  it('that cannot be started now is left', async () => {
    bench.edge.replies.push(refusal('Unavailable'), refusal('Unavailable'), refusal('Unavailable'));
    const handler = vi.fn(nothing);
    const message = bench.edge.notify(exclusive);
    expect(await failuresOf(bench.lambdaOf({ 'send-invoice': handler })(eventOf(message)))).toEqual([message.id]);
    expect(handler).not.toHaveBeenCalled();
  });

  it('whose lease ends while it starts is not run', async () => {
    const handler = vi.fn(nothing);
    const message = bench.edge.notify({ ...exclusive, leaseMs: 300 });
    // Asked again after a crash, within 200 and 400 ms more each time.
    bench.edge.replies.push({ crash: {} }, { crash: {} }, { answer: { v: 1, ok: true } });
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.99);
    expect(await failuresOf(bench.lambdaOf({ 'send-invoice': handler })(eventOf(message)))).toEqual([]);
    random.mockRestore();
    expect(handler).not.toHaveBeenCalled();
    expect(actions()).toEqual(['start', 'start', 'start']);
  });
});
