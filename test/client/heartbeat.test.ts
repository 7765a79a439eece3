import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Claim } from '../../client/Claim.ts';
import type { Door } from '../../client/Door.ts';
import { LeaseLostError, NotFoundError, UnavailableError } from '../../client/errors.ts';
import { Lease } from '../../client/Lease.ts';
import type { Notification } from '../../contract/notification.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const START = Date.parse('2026-12-24T08:00:00Z');
const at = (ms: number) => new Date(START + ms);

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a lease', () => {
  const leaseOf = (ms: number, wholeMs?: number) => {
    const stop = new AbortController();
    const halves: number[] = [];
    const onHalf = () => halves.push(Date.now() - START);
    const lease = new Lease(at(ms), stop.signal, onHalf, wholeMs);
    return { lease, stop, halves };
  };

  it('is half over in the middle of it, once, and ends at its end', () => {
    const { lease, halves } = leaseOf(10 * MINUTE);
    vi.advanceTimersByTime(10 * MINUTE - 1);
    expect([halves, lease.signal.aborted]).toEqual([[5 * MINUTE], false]);
    vi.advanceTimersByTime(1);
    expect(lease.signal.reason).toBeInstanceOf(LeaseLostError);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of which part has passed is half over by what it was whole', () => {
    const { halves } = leaseOf(6 * MINUTE, 10 * MINUTE);
    vi.advanceTimersByTime(5 * MINUTE);
    expect(halves).toEqual([MINUTE]);
  });

  it('that is moved is half over in the middle of what is left, and ends at the new end', () => {
    const { lease, halves } = leaseOf(10 * MINUTE);
    vi.advanceTimersByTime(4 * MINUTE);
    lease.moveTo(at(24 * MINUTE));
    vi.advanceTimersByTime(20 * MINUTE - 1);
    expect([halves, lease.signal.aborted]).toEqual([[14 * MINUTE], false]);
    vi.advanceTimersByTime(1);
    expect(lease.signal.aborted).toBe(true);
  });

  it('whose half came to nothing is halved again, and again', () => {
    const { lease, halves } = leaseOf(8 * MINUTE);
    vi.advanceTimersByTime(4 * MINUTE);
    lease.halve();
    vi.advanceTimersByTime(2 * MINUTE);
    lease.halve();
    vi.advanceTimersByTime(2 * MINUTE);
    expect(halves).toEqual([4 * MINUTE, 6 * MINUTE, 7 * MINUTE]);
  });

  it('that was moved is halved by its new end', () => {
    const { lease, halves } = leaseOf(8 * MINUTE);
    lease.moveTo(at(16 * MINUTE));
    vi.advanceTimersByTime(8 * MINUTE);
    lease.halve();
    vi.advanceTimersByTime(4 * MINUTE);
    expect(halves).toEqual([8 * MINUTE, 12 * MINUTE]);
  });

  it('does not race where the clocks are far apart', () => {
    const { lease, halves } = leaseOf(5 * SECOND);
    lease.moveTo(at(2));
    lease.moveTo(at(10 * SECOND));
    for (let turn = 0; turn < 4; turn++) {
      lease.moveTo(at(Date.now() - START + 600));
      vi.advanceTimersByTime(500);
    }
    expect(halves).toEqual([500, 1_000, 1_500, 2_000]);
  });

  it('that was ended, or aborted, leaves no timer, and no later word brings one back', () => {
    for (const over of ['end', 'abort', 'stop'] as const) {
      const { lease, stop, halves } = leaseOf(10 * MINUTE);
      if (over === 'end') lease.end();
      if (over === 'abort') lease.abort(new LeaseLostError('lost'));
      if (over === 'stop') stop.abort(new Error('stop'));
      lease.moveTo(at(20 * MINUTE));
      lease.halve();
      expect([over, vi.getTimerCount(), lease.isOver]).toEqual([over, 0, true]);
      vi.advanceTimersByTime(HOUR);
      expect([halves, lease.signal.aborted]).toEqual([[], over !== 'end']);
      vi.setSystemTime(START);
    }
  });

  it('of a process that has stopped is aborted from the first', () => {
    const stop = AbortSignal.abort(new Error('stopped'));
    const lease = new Lease(at(MINUTE), stop);
    expect([lease.signal.reason, vi.getTimerCount()]).toEqual([expect.objectContaining({ message: 'stopped' }), 0]);
  });
});

describe('a claim', () => {
  const told = {
    id: 'billing/AAAAAAAAAAAAAAAAAAAAAA',
    claim: 7,
    leaseUntil: at(5 * MINUTE).toISOString(),
  } as Notification;
  /** A claim of 5 minutes whose door answers as told; without being told, with 5 minutes more. */
  const longer = async (): Promise<object> => ({ leaseUntil: new Date(Date.now() + 5 * MINUTE).toISOString() });
  const claimOf = (heartbeat = true, answer = longer, began: { readonly sentAt: number | undefined } = { sentAt: START }) => {
    const call = vi.fn(answer);
    const onError = vi.fn();
    const onExtended = vi.fn();
    const parts = { door: { call } as unknown as Door, worker: 'w1', onError, heartbeat };
    const claim = new Claim(told, parts, { ...began, stop: new AbortController().signal, onExtended });
    return { claim, call, onError, onExtended };
  };

  it('is extended at each half of its lease', async () => {
    const { claim, call, onExtended } = claimOf();
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    expect(call).toHaveBeenCalledTimes(4);
    expect(call).toHaveBeenCalledWith({ v: 1, action: 'extend', id: told.id, claim: 7, worker: 'w1' });
    expect(onExtended).toHaveBeenCalledTimes(4);
    expect(claim.signal.aborted).toBe(false);
  });

  it('of a handler that hangs is extended for 12 hours, then its lease ends', async () => {
    const { claim, call } = claimOf();
    await vi.advanceTimersByTimeAsync(12 * HOUR - MINUTE);
    expect([call.mock.calls.length, claim.signal.aborted]).toEqual([(12 * 60) / 2.5 - 1, false]);
    await vi.advanceTimersByTimeAsync(HOUR);
    expect(call.mock.calls.length).toBeLessThanOrEqual((12 * 60) / 2.5);
    expect(claim.signal.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of which nobody knows when it began is extended when half of what is left has passed', async () => {
    for (const sentAt of [undefined, START + 5 * MINUTE, START + HOUR]) {
      const { claim, call } = claimOf(true, longer, { sentAt });
      await vi.advanceTimersByTimeAsync(2.5 * MINUTE);
      expect([sentAt, call.mock.calls.length]).toEqual([sentAt, 1]);
      claim.end();
      vi.setSystemTime(START);
    }
  });

  it('is not extended by itself without heartbeat', async () => {
    const { claim, call } = claimOf(false);
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    expect([call.mock.calls.length, claim.signal.aborted]).toEqual([0, true]);
  });

  it('that cannot be extended asks again when half of the rest has passed, and says so each time', async () => {
    const { call, onError, claim } = claimOf(true, () => Promise.reject(new UnavailableError('away')));
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    // At 150, 225, 262.5, 281.25 … seconds, until half of what is left would be nothing.
    expect(call.mock.calls.length).toBeGreaterThanOrEqual(8);
    expect(call.mock.calls.length).toBeLessThanOrEqual(12);
    expect(onError).toHaveBeenCalledTimes(call.mock.calls.length);
    expect(claim.signal.aborted).toBe(true);
  });

  it.each([new LeaseLostError('lost'), new NotFoundError('gone')])('that is answered with %s is aborted by it, and rests', async (lost) => {
    const { claim, call, onError } = claimOf(true, () => Promise.reject(lost));
    await vi.advanceTimersByTimeAsync(HOUR);
    expect([claim.signal.reason, call.mock.calls.length, onError.mock.calls, vi.getTimerCount()]).toEqual([lost, 1, [], 0]);
  });

  it('that has ended is extended no more; an answer that comes after it changes nothing and nobody hears of it', async () => {
    for (const outcome of ['answered', 'refused'] as const) {
      let settle = () => {};
      const { claim, call, onExtended, onError } = claimOf(
        true,
        () =>
          new Promise<object>((resolve, reject) => {
            settle = () =>
              outcome === 'answered'
                ? resolve({ leaseUntil: new Date(Date.now() + HOUR).toISOString() })
                : reject(new LeaseLostError('ended'));
          }),
      );
      await vi.advanceTimersByTimeAsync(2.5 * MINUTE);
      claim.end();
      settle();
      await vi.advanceTimersByTimeAsync(HOUR);
      expect([call.mock.calls.length, onExtended.mock.calls, onError.mock.calls, vi.getTimerCount()]).toEqual([1, [], [], 0]);
      vi.setSystemTime(START);
    }
  });

  it.each([
    ['under half', 4, false],
    ['half', 5, false],
    ['over half', 6, true],
  ])('of which %s has passed knows it', (_what, minutes, isPast) => {
    const source = { sentAt: START - minutes * MINUTE, stop: new AbortController().signal, onExtended: () => {} };
    const parts = { door: {} as Door, worker: 'w1', onError: () => {}, heartbeat: true };
    const claim = new Claim({ ...told, leaseUntil: at((10 - minutes) * MINUTE).toISOString() }, parts, source);
    expect(claim.isPastHalf).toBe(isPast);
    claim.end();
  });
});
