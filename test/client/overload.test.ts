import { describe, expect, it, vi } from 'vitest';
import { Machine } from '../../client/measure.ts';
import { CALM, DEFAULT_MACHINE_LIMITS, type MachineReading, type Watch, watched } from '../../client/overload.ts';
import { gate, nothing, soon, workbench } from './workbench.ts';

const calm: MachineReading = { eventLoopDelayMs: 0, heap: 0, load: 0 };
const SECOND = 1_000;

/** What is told of readings that come one a second: the second, and why. */
function toldOf(readings: readonly MachineReading[]): [number, string | undefined][] {
  let watch: Watch = CALM;
  return readings.flatMap((reading, second) => {
    const seen = watched(watch, reading, DEFAULT_MACHINE_LIMITS, second * SECOND);
    watch = seen.watch;
    return seen.isNews ? [[second, watch.overload] as [number, string | undefined]] : [];
  });
}

describe('a reading', () => {
  const limits = DEFAULT_MACHINE_LIMITS;
  it.each([
    ['nothing to do', calm, undefined],
    ['all at its limit', limits, undefined],
    ['a late event loop', { ...calm, eventLoopDelayMs: 501 }, 'event loop delay'],
    ['a full heap', { ...calm, heap: 0.71 }, 'heap'],
    ['a high load', { ...calm, load: 8.1 }, 'load'],
    ['two at once', { ...calm, heap: 1, load: 99 }, 'heap'],
    ['no number', { ...calm, load: Number.NaN }, undefined],
  ])('of %s', (_what, reading, overload) => {
    expect(watched(CALM, reading, limits, 0).watch.overload).toBe(overload);
  });
});

describe('an overload', () => {
  const full = { ...calm, heap: 1 };
  const busy = { ...calm, load: 99 };
  const times = (count: number, reading: MachineReading) => Array.from({ length: count }, () => reading);

  it('is told of once, however long it lasts and whatever it turns into', () => {
    expect(toldOf([calm, ...times(100, full), ...times(100, busy)])).toEqual([[1, 'heap']]);
  });

  it('that comes and goes is told of once a minute at most', () => {
    expect(toldOf(Array.from({ length: 130 }, (_, second) => (second % 2 === 0 ? full : calm)))).toEqual([
      [0, 'heap'],
      [60, 'heap'],
      [120, 'heap'],
    ]);
  });

  it('that began too soon after another is told of if it is still there after the minute', () => {
    expect(toldOf([full, calm, ...times(100, busy)])).toEqual([
      [0, 'heap'],
      [60, 'load'],
    ]);
  });
});

describe('a worker on a machine that is overloaded', () => {
  const bench = workbench();

  it('polls for nothing, says so once to the door and to onError, and goes on by itself', async () => {
    let reading: MachineReading = { ...calm, load: 1.5 };
    const measure = vi.fn(() => reading);
    const message = bench.edge.notify();
    bench.workerOf({}, { measure, limits: { load: 1 }, name: 'w7' }).start();
    await soon(() => expect(measure.mock.calls.length).toBeGreaterThanOrEqual(3));
    expect(bench.edge.receives).toEqual([]);
    expect(bench.edge.reports()).toEqual([{ v: 1, action: 'overloaded', worker: 'w7', reason: 'load' }]);
    expect(bench.errors).toMatchObject([{ code: 'Unavailable', message: expect.stringContaining('load 1.5, its limit is 1') }]);
    reading = calm;
    await soon(() => expect(message.deleted).toBe(true));
    expect(bench.errors).toHaveLength(1);
  });

  it('finishes what runs, and asks for no more meanwhile', async () => {
    let reading = calm;
    const { handler, open } = gate();
    const first = bench.edge.notify();
    const measure = vi.fn(() => reading);
    bench.workerOf({ 'send-invoice': handler }, { measure, concurrency: 1 }).start();
    await soon(() => expect(handler).toHaveBeenCalledTimes(1));
    const second = bench.edge.notify();
    reading = { ...calm, eventLoopDelayMs: 501 };
    await soon(() => expect(bench.edge.reports('overloaded')).toHaveLength(1));
    open();
    await soon(() => expect(first.deleted).toBe(true));
    const readings = measure.mock.calls.length;
    await soon(() => expect(measure.mock.calls.length).toBeGreaterThanOrEqual(readings + 2));
    expect(second.receives).toBe(0);
    reading = calm;
    await soon(() => expect(second.deleted).toBe(true));
  });

  it('can be closed, also while the door does not answer', async () => {
    bench.edge.replies.push({ silent: true });
    const worker = bench.workerOf({}, { measure: () => ({ ...calm, heap: 1 }) }).start();
    await soon(() => expect(bench.edge.reports('overloaded')).toHaveLength(1));
    await worker.close();
    expect(bench.errors).toHaveLength(1);
    expect(bench.edge.receives.length).toBeLessThanOrEqual(1);
  });

  it('whose word the door does not take goes on all the same', async () => {
    let reading: MachineReading = { ...calm, heap: 1 };
    bench.edge.replies.push({ status: 403, error: 'AccessDeniedException' });
    const message = bench.edge.notify();
    bench.workerOf({}, { measure: () => reading }).start();
    await soon(() => expect(bench.errors).toMatchObject([{ code: 'Unavailable' }, { code: 'AccessDenied' }]));
    reading = calm;
    await soon(() => expect(message.deleted).toBe(true));
  });

  it('with no limit there polls', async () => {
    const message = bench.edge.notify();
    bench.workerOf({}, { measure: () => ({ ...calm, load: 99 }), limits: { load: Number.POSITIVE_INFINITY } }).start();
    await soon(() => expect(message.deleted).toBe(true));
  });

  it.each<[string, () => MachineReading, string]>([
    [
      'throws',
      () => {
        throw new Error('no /proc');
      },
      'no /proc',
    ],
    ['promises', (async () => calm) as never, 'no promise'],
    ['answers nothing', (() => undefined) as never, 'all numbers'],
  ])('whose measure %s polls, and says so once', async (_what, broken, part) => {
    const measure = vi.fn(broken);
    const message = bench.edge.notify();
    bench.workerOf({ 'send-invoice': nothing }, { measure }).start();
    await soon(() => expect(measure.mock.calls.length).toBeGreaterThanOrEqual(2));
    await soon(() => expect(message.deleted).toBe(true));
    expect(bench.errors).toMatchObject([{ code: 'Unavailable', cause: { message: expect.stringContaining(part) } }]);
  });

  it.each([
    ['a limit of 0', { limits: { heap: 0 } }, 'limits.heap'],
    ['a limit that is no number', { limits: { load: '4' } }, 'limits.load'],
    ['an unknown limit', { limits: { memory: 1 } }, 'limits.memory'],
    ['limits that are none', { limits: 4 }, 'limits'],
    ['a measure that is none', { measure: calm }, 'measure'],
  ])('%s is refused by name', (_what, options, field) => {
    expect(() => bench.workerOf({}, options as object)).toThrow(expect.objectContaining({ code: 'BadRequest', field }));
  });
});

describe('this machine', () => {
  const block = (ms: number) => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };
  const turn = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it('tells by how much its event loop was late, also when a reading comes first', async () => {
    const machine = new Machine();
    machine.start();
    await turn(50);
    block(300);
    await turn(50);
    expect(machine.read(1).eventLoopDelayMs).toBeGreaterThan(200);
    // Straight after a reading: nothing else has looked at the loop since.
    block(1_400);
    expect(machine.read(1).eventLoopDelayMs).toBeGreaterThanOrEqual(400);
    machine.stop();
  });

  it('tells its heap and load as shares, and rids the heap of garbage before it counts as full', async () => {
    const machine = new Machine();
    const { heap, load } = machine.read(1);
    expect(heap).toBeGreaterThan(0);
    expect(heap).toBeLessThan(1);
    expect(load).toBeGreaterThanOrEqual(0);
    let garbage: unknown[] | undefined = Array.from({ length: 2_000_000 }, (_, index) => ({ index }));
    const before = machine.read(1).heap + 0 * garbage.length;
    garbage = undefined;
    expect(machine.read(0.000_001).heap).toBeLessThan(before);
  });
});
