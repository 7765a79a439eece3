import { LIMITS } from '../contract/limits.ts';
import { LeaseLostError } from './errors.ts';

/** The longest that a timer of Node can wait; longer ones would fire at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;
/** Half the shortest lease: a clock that is ahead of the door's must not make heartbeats race. */
const HALF_MIN_MS = LIMITS.leaseMinMs / 2;

/**
 * The time that a run has. Its signal is aborted at the lease's end, which can be moved, or when the process stops; until
 * then `onHalf` is called each time that half of the lease has passed.
 */
export class Lease {
  readonly #controller = new AbortController();
  readonly #stop: AbortSignal;
  readonly #onHalf: () => void;
  #until: Date;
  #end: NodeJS.Timeout | undefined;
  #half: NodeJS.Timeout | undefined;
  #isOver = false;

  /** @param wholeMs how long the lease was when it began, if that is known: part of it may have passed */
  constructor(until: Date, stop: AbortSignal, onHalf: () => void = () => {}, wholeMs?: number) {
    this.#until = until;
    this.#stop = stop;
    this.#onHalf = onHalf;
    stop.addEventListener('abort', this.#onStop, { once: true });
    if (stop.aborted) this.#onStop();
    this.moveTo(until, wholeMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }
  /** Whether nothing that is said of the lease matters any more: the run is over, or was told to stop. */
  get isOver(): boolean {
    return this.#isOver || this.signal.aborted;
  }

  /** The lease ends at `until` now. One that is over stays so. */
  moveTo(until: Date, wholeMs = until.getTime() - Date.now()): void {
    if (this.isOver) return;
    this.#clear();
    this.#until = until;
    const leftMs = until.getTime() - Date.now();
    this.#end = setTimeout(() => this.abort(new LeaseLostError(`The lease ended at ${until.toISOString()}.`)), bounded(leftMs));
    this.#waitForHalf(leftMs - wholeMs / 2);
  }

  /** What was to be done at half could not be: again when half of the rest has passed. */
  halve(): void {
    if (!this.isOver) this.#waitForHalf((this.#until.getTime() - Date.now()) / 2);
  }

  abort(reason: Error): void {
    this.#clear();
    this.#controller.abort(reason);
  }

  /** Frees the timers and the listener: the run is over. */
  end(): void {
    this.#isOver = true;
    this.#clear();
    this.#stop.removeEventListener('abort', this.#onStop);
  }

  #waitForHalf(ms: number): void {
    clearTimeout(this.#half);
    this.#half = setTimeout(this.#onHalf, bounded(Math.max(ms, HALF_MIN_MS)));
  }

  #clear(): void {
    clearTimeout(this.#end);
    clearTimeout(this.#half);
  }

  readonly #onStop = (): void => this.abort(this.#stop.reason);
}

const bounded = (ms: number): number => Math.min(ms, TIMER_MAX_MS);
