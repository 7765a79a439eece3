import { LeaseLostError } from './errors.ts';

/** The longest that a timer of Node can wait; longer ones would fire at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** The time that a run has: its signal is aborted at the lease's end, which can be moved, or when the process stops. */
export class Lease {
  readonly #controller = new AbortController();
  readonly #stop: AbortSignal;
  #timer: NodeJS.Timeout | undefined;

  constructor(until: Date, stop: AbortSignal) {
    this.#stop = stop;
    stop.addEventListener('abort', this.#onStop, { once: true });
    if (stop.aborted) this.#onStop();
    this.moveTo(until);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The lease ends at `until` now. An aborted signal stays aborted. */
  moveTo(until: Date): void {
    clearTimeout(this.#timer);
    if (this.signal.aborted) return;
    const ms = Math.min(until.getTime() - Date.now(), TIMER_MAX_MS);
    this.#timer = setTimeout(() => this.abort(new LeaseLostError(`The lease ended at ${until.toISOString()}.`)), ms);
  }

  abort(reason: Error): void {
    clearTimeout(this.#timer);
    this.#controller.abort(reason);
  }

  /** Frees the timer and the listener: the run is over. */
  end(): void {
    clearTimeout(this.#timer);
    this.#stop.removeEventListener('abort', this.#onStop);
  }

  readonly #onStop = (): void => this.abort(this.#stop.reason);
}
