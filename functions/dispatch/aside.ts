import { type FailureRequest, putFailures } from '../bus.ts';
import { log, reasonOf } from '../log.ts';
import type { Ports } from './ports.ts';

/** How long to wait for what comes of something that was told, or for somebody to mend a row that nobody can read. */
export const SET_ASIDE_MS = 60_000;
/** Events put at once: as many as one call takes. */
const AT_ONCE = 10;

/** What may come up at every look until something has come of it. */
const isRecurring = ({ type }: FailureRequest): boolean => type !== 'refuse';
/** What tells one thing from another. */
const keyOf = (request: FailureRequest): string =>
  `${request.type} ${request.id}${'deadlineAt' in request ? ` ${request.deadlineAt}` : ''}`;

/** What an app's turns hand to the failure function beside their work: no batch waits for the bus. */
export class Aside {
  readonly #ports: Ports;
  readonly #told: Map<string, number>;
  readonly #pending = new Map<string, FailureRequest>();
  #putting: Promise<void> | undefined;

  /** `told`: when something recurring was last told, from run to run (see `Warm`). */
  constructor(ports: Ports, told: Map<string, number>) {
    this.#ports = ports;
    this.#told = told;
  }

  /** Recurring things are told at most once a minute each. */
  add(request: FailureRequest): void {
    const key = keyOf(request);
    const now = this.#ports.clock.now();
    if (isRecurring(request) && this.#isRecent(this.#told.get(key), now)) return;
    this.#pending.set(key, request);
  }

  /** Nothing is being put. */
  get isAtRest(): boolean {
    return this.#putting === undefined;
  }

  /** Puts what is there. What the bus did not take is put at the next call. Called again meanwhile, it is the same work. Never rejects. */
  settle(): Promise<void> {
    this.#putting ??= this.#put()
      .catch((error) => log('WARN', 'the bus did not take what was set aside', { reason: reasonOf(error), left: this.#pending.size }))
      .finally(() => {
        this.#putting = undefined;
      });
    return this.#putting;
  }

  async #put(): Promise<void> {
    while (this.#pending.size > 0) {
      const batch = [...this.#pending].slice(0, AT_ONCE);
      const requests = batch.map(([, request]) => request);
      const now = this.#ports.clock.now();
      await putFailures(this.#ports.events, this.#ports.bus, requests, now);
      for (const [key, request] of batch) {
        if (this.#pending.get(key) === request) this.#pending.delete(key);
        if (isRecurring(request)) this.#told.set(key, now);
      }
    }
    const now = this.#ports.clock.now();
    for (const [key, at] of this.#told) if (!this.#isRecent(at, now)) this.#told.delete(key);
  }

  #isRecent = (at: number | undefined, now: number): boolean => at !== undefined && Math.abs(now - at) < SET_ASIDE_MS;
}
