import { setMaxListeners } from 'node:events';
import { StoppedError } from './errors.ts';

/**
 * How the runs of a process are told that it ends, in two steps: `request` aborts their signals, and what fails from then
 * on is handed back instead of reported; `handBack` gives the messages of those that still run to someone else, and
 * nothing they do is reported any more.
 */
export class Stop {
  readonly #controller = new AbortController();
  #isHandedBack = false;
  #resolve = (): void => {};
  /** Resolves at `handBack`. */
  readonly handedBack = new Promise<void>((resolve) => {
    this.#resolve = resolve;
  });

  constructor() {
    // Each run listens: as many as run at once is not a leak.
    setMaxListeners(0, this.#controller.signal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }
  get isHandedBack(): boolean {
    return this.#isHandedBack;
  }

  request(why: string): void {
    this.#controller.abort(new StoppedError(why));
  }
  handBack(): void {
    this.#isHandedBack = true;
    this.#resolve();
  }
}
