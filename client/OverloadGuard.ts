import type { Overload } from '../contract/report.ts';
import { type Fields, fieldsOf, refuse } from './check.ts';
import { UnavailableError } from './errors.ts';
import { Machine, READ_EVERY_MS } from './measure.ts';
import { CALM, DEFAULT_MACHINE_LIMITS, type MachineLimits, type MachineReading, MEASURES, type Watch, watched } from './overload.ts';
import type { OnError } from './reportError.ts';

/** How a {@link Worker} knows that its machine has enough to do. */
export interface OverloadOptions {
  /** Above these the worker polls for nothing more; below them it goes on by itself. */
  readonly limits?: MachineLimits | undefined;
  /**
   * Asked once a second; for a machine that knows better, such as a container with limits of its own.
   * @default this process's event loop and heap, and the system's load average
   */
  readonly measure?: (() => MachineReading) | undefined;
}

/** The names of {@link OverloadOptions}. */
export const OVERLOAD_OPTIONS = ['limits', 'measure'];

const IDLE: MachineReading = { eventLoopDelayMs: 0, heap: 0, load: 0 };

/** Tells a worker whether it may poll; reads the machine once a second. */
export class OverloadGuard {
  readonly #limits: MachineReading;
  readonly #measure: () => MachineReading;
  readonly #machine = new Machine();
  readonly #onNews: (overload: Overload, reading: number, limit: number) => void;
  readonly #onError: OnError;
  #isFailureTold = false;
  #watch: Watch = CALM;
  #timer: NodeJS.Timeout | undefined;
  /** Tells those who wait to look again. */
  #wake = (): void => {};

  /** @param onNews hears once of an episode, and of one a minute at most */
  constructor(options: OverloadOptions, onNews: (overload: Overload, reading: number, limit: number) => void, onError: OnError) {
    this.#limits = limitsOf(options.limits ?? {});
    const { measure = () => this.#machine.read(this.#limits.heap) } = options;
    if (typeof measure !== 'function') refuse('measure', measure, 'a function that answers { eventLoopDelayMs, heap, load }');
    this.#measure = measure;
    this.#onNews = onNews;
    this.#onError = onError;
  }

  get isOverloaded(): boolean {
    return this.#timer !== undefined && this.#watch.overload !== undefined;
  }

  /** Keeps the process alive until `close`: while it is overloaded a worker has nothing else that would. */
  start(): void {
    this.#machine.start();
    this.#read();
    this.#timer = setInterval(() => this.#read(), READ_EVERY_MS);
  }

  /** Resolves when the machine is not overloaded, or the guard was closed. */
  async calm(): Promise<void> {
    while (this.isOverloaded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#machine.stop();
    this.#wake();
  }

  #read(): void {
    const reading = this.#reading();
    const { watch, isNews } = watched(this.#watch, reading, this.#limits, performance.now());
    this.#watch = watch;
    if (watch.overload === undefined) this.#wake();
    else if (isNews) this.#onNews(watch.overload, reading[MEASURES[watch.overload]], this.#limits[MEASURES[watch.overload]]);
  }

  /** A `measure` that fails must not end the process; the worker goes on as if nothing were the matter. */
  #reading(): MachineReading {
    try {
      const reading = this.#measure();
      if (Object.values(MEASURES).every((name) => typeof reading?.[name] === 'number')) return reading;
      throw new TypeError('measure must answer { eventLoopDelayMs, heap, load }, all numbers, and no promise of them');
    } catch (cause) {
      if (!this.#isFailureTold) this.#onError(new UnavailableError('measure failed: this worker does not watch its machine.', { cause }));
      this.#isFailureTold = true;
      return IDLE;
    }
  }
}

function limitsOf(limits: MachineLimits): MachineReading {
  const fields: Fields = { ...DEFAULT_MACHINE_LIMITS, ...fieldsOf(limits, Object.values(MEASURES), 'limits') };
  for (const [name, limit] of Object.entries(fields)) {
    if (!(typeof limit === 'number' && limit > 0)) refuse(`limits.${name}`, limit, 'a number above 0 (Infinity: not watched)');
  }
  return fields as unknown as MachineReading;
}
