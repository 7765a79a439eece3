import { randomUUID } from 'node:crypto';
import { LIMITS } from '../contract/limits.ts';
import type { Notification } from '../contract/notification.ts';
import type { ReportRequest } from '../contract/report.ts';
import type { TaskError } from '../core/task.ts';
import { type Fields, fieldsOf } from './check.ts';
import { type Door, unexpected } from './Door.ts';
import { durationMs } from './durationMs.ts';
import { LeaseLostError, NotFoundError } from './errors.ts';
import type { HandlerContext } from './handlers.ts';
import { Lease } from './Lease.ts';
import type { OnError } from './reportError.ts';

/** What a handler's run comes to, as a report says it. */
export type Word =
  | { readonly action: 'complete' }
  | { readonly action: 'fail'; readonly error: TaskError }
  | { readonly action: 'snooze'; readonly delayMs: number };

/** What a claim works with. */
export interface ClaimParts {
  /** The app's report door. */
  readonly door: Door;
  /** The worker's name in reports. */
  readonly worker: string;
  readonly onError: OnError;
  /** Whether the lease is extended by itself while the handler runs. */
  readonly heartbeat: boolean;
}

/** What a claim is made of beside its notification. */
export interface ClaimSource {
  /** When SQS got the message, epoch milliseconds; undefined where that is not known. */
  readonly sentAt: number | undefined;
  readonly stop: AbortSignal;
  /** Hears of the lease's new end, as long as the run goes on. */
  readonly onExtended: (until: Date) => void;
}

/** One run under the claim of a notification: its lease, and its reports. */
export class Claim {
  readonly #told: Notification;
  readonly #parts: ClaimParts;
  readonly #source: ClaimSource;
  readonly #lease: Lease;
  readonly #begunAt = performance.now();
  /**
   * Of what the lease was when it was granted, as far as a message tells: from the moment SQS got it to the lease's end.
   * That is a little less, so half of it is never too late.
   */
  readonly #wholeMs: number | undefined;

  constructor(told: Notification, parts: ClaimParts, source: ClaimSource) {
    this.#told = told;
    this.#parts = parts;
    this.#source = source;
    const until = new Date(told.leaseUntil);
    const { sentAt } = source;
    this.#wholeMs = sentAt === undefined || sentAt >= until.getTime() ? undefined : until.getTime() - sentAt;
    const onHalf = parts.heartbeat ? () => void this.#beat() : () => {};
    // What is past half already is extended before anything else, and not twice.
    this.#lease = new Lease(until, source.stop, onHalf, this.isPastHalf ? undefined : this.#wholeMs);
  }

  get signal(): AbortSignal {
    return this.#lease.signal;
  }

  /** Whether under half of the lease is left, where a message tells. */
  get isPastHalf(): boolean {
    const leftMs = Date.parse(this.#told.leaseUntil) - Date.now();
    return this.#wholeMs !== undefined && leftMs < this.#wholeMs / 2;
  }

  /** The first act on an exclusive task, by a name of this run alone: a second one, of the same message even, is refused. */
  async start(): Promise<void> {
    // Never cut within a character.
    const name = this.#parts.worker.slice(0, HOLDER_NAME).replace(/\p{Surrogate}$/u, '');
    const holder = `${name}/${randomUUID()}`;
    await this.#say({ action: 'start', holder });
  }

  async report(word: Word): Promise<void> {
    await this.#say(word);
  }

  readonly extend: HandlerContext['extend'] = async (options = {}) => {
    this.signal.throwIfAborted();
    const { lease: text } = fieldsOf(options, ['lease'], 'options');
    const leaseMs = text === undefined ? {} : { leaseMs: durationMs(text, 'lease', LIMITS.leaseMinMs, LIMITS.leaseMs) };
    try {
      const until = endOf(await this.#say({ action: 'extend', ...leaseMs }));
      if (!this.#lease.isOver) {
        this.#lease.moveTo(until);
        this.#source.onExtended(until);
      }
      return until;
    } catch (error) {
      if (error instanceof LeaseLostError || error instanceof NotFoundError) this.#lease.abort(error);
      throw error;
    }
  };

  /** Frees the timers: the run is over. */
  end(): void {
    this.#lease.end();
  }

  /** Not for ever: SQS hides a message for 12 hours at most, and a handler that hangs must lose its task one day. */
  async #beat(): Promise<void> {
    if (performance.now() - this.#begunAt >= LIMITS.leaseMs) return;
    try {
      await this.extend();
    } catch (error) {
      if (this.#lease.isOver) return;
      this.#parts.onError(error as Error);
      this.#lease.halve();
    }
  }

  #say(word: Word | { readonly action: 'start'; readonly holder: string } | { readonly action: 'extend'; readonly leaseMs?: number }) {
    const { id, claim } = this.#told;
    return this.#parts.door.call({ v: 1, id, claim, worker: this.#parts.worker, ...word } satisfies ReportRequest);
  }
}

/** Characters of the worker's name in a holder: with a slash and a UUID they are as many as a holder may have. */
const HOLDER_NAME = LIMITS.worker - 1 - 36;

function endOf({ leaseUntil }: Fields): Date {
  const until = new Date(typeof leaseUntil === 'string' ? leaseUntil : Number.NaN);
  if (Number.isNaN(until.getTime())) throw unexpected('a lease with its end');
  return until;
}
