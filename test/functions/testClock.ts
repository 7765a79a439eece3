import type { Clock } from '../../functions/clock.ts';

interface Timer {
  at: number;
  readonly every?: number;
  readonly call: () => void;
}

/** A clock that stands still until it is told to go on. Timers fire in their order, each at its own instant. */
export class TestClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  every(ms: number, beat: () => void): () => void {
    return this.#add({ at: this.#now + ms, every: ms, call: beat });
  }

  after(ms: number, then: () => void): () => void {
    return this.#add({ at: this.#now + ms, call: then });
  }

  /** Timers that nobody has stopped and that have not fired. */
  get pending(): number {
    return this.#timers.size;
  }

  /** When the next timer fires; Infinity if there is none. */
  get nextAt(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.#timers].map(({ at }) => at));
  }

  /** Sets the clock without firing anything: it may also step back. */
  set(now: number): void {
    this.#now = now;
  }

  /** Goes to the next timer and fires it; false if there is none up to `until`. */
  fireNext(until: number): boolean {
    const at = this.nextAt;
    if (at > until || at === Number.POSITIVE_INFINITY) return false;
    const timer = [...this.#timers].find((one) => one.at === at) as Timer;
    this.#now = Math.max(this.#now, at);
    if (timer.every === undefined) this.#timers.delete(timer);
    else timer.at += timer.every;
    timer.call();
    return true;
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}

/** A process's own view of a clock: it knows which timers are its own, and loses them when the process dies. */
export class ProcessClock implements Clock {
  readonly #clock: TestClock;
  readonly #stops = new Set<() => void>();
  #dead = false;

  constructor(clock: TestClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  every(ms: number, beat: () => void): () => void {
    return this.#own((call) => this.#clock.every(ms, call), beat, false);
  }

  after(ms: number, then: () => void): () => void {
    return this.#own((call) => this.#clock.after(ms, call), then, true);
  }

  get pending(): number {
    return this.#stops.size;
  }

  die(): void {
    this.#dead = true;
    for (const stop of [...this.#stops]) stop();
  }

  #own(start: (call: () => void) => () => void, call: () => void, once: boolean): () => void {
    if (this.#dead) return () => {};
    const cancel = start(() => {
      if (once) this.#stops.delete(stop);
      call();
    });
    const stop = () => {
      this.#stops.delete(stop);
      cancel();
    };
    this.#stops.add(stop);
    return stop;
  }
}
