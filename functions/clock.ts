/** Time, as the dispatcher needs it; handed in so that a simulation can bring its own. Milliseconds. */
export interface Clock {
  now(): number;
  /** Calls `beat` every `ms`; the answer stops it. */
  every(ms: number, beat: () => void): () => void;
  /** Calls `then` once, after `ms`; the answer stops it. */
  after(ms: number, then: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  every(ms, beat) {
    const timer = setInterval(beat, ms);
    return () => clearInterval(timer);
  },
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`. */
export const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));
