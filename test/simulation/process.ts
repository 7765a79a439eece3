import type { Clock } from '../../functions/clock.ts';
import type { Cloud } from './aws/cloud.ts';
import { throttled } from './aws/dynamo.ts';
import type { Faults } from './faults.ts';
import type { Timeline } from './timeline.ts';

/** How often the SDK tries a call, and how long it waits between two tries. */
const SDK = { tries: 3, pauseMs: 60 } as const;

/** However often a clock steps back. */
const MOST_BEHIND_MS = 5_000;

const timeout = (): Error => Object.assign(new Error('no answer came'), { name: 'TimeoutError', $retryable: {} });
const cutOff = (): Error => Object.assign(new Error('the connection was cut'), { name: 'CutOff' });

interface Answer {
  readonly output?: object;
  readonly error?: Error | undefined;
}

/** A process: a clock of its own, clients of its own, and an end that may come at any call. */
export class Process implements Clock {
  readonly name: string;
  isDead = false;
  /** The latest that it has ever read its clock. */
  latest = 0;
  /** `latest` as it was when the call left that is carried out now. */
  askedAt = 0;
  readonly #abouts = new Set<string>();
  readonly #timeline: Timeline;
  readonly #cloud: Cloud;
  readonly #faults: Faults;
  readonly #stops = new Set<() => void>();
  readonly #onDeath = new Set<() => void>();
  #skewMs = 0;

  constructor(name: string, timeline: Timeline, cloud: Cloud, faults: Faults) {
    this.name = name;
    this.#timeline = timeline;
    this.#cloud = cloud;
    this.#faults = faults;
    if (faults.hits('clock skew')) this.#skewMs = faults.int(-1_500, 1_500);
  }

  now(): number {
    const now = this.#timeline.now + (this.#faults.isOver ? 0 : this.#skewMs);
    this.latest = Math.max(this.latest, now);
    return now;
  }

  /** It has been told of a task under a claim: for whoever judges its writes. */
  hears(id: string, claim: number | undefined): void {
    this.#abouts.add(`${id} ${claim}`);
  }

  isAbout(id: string, claim: number): boolean {
    return this.#abouts.has(`${id} ${claim}`) || this.#abouts.has(`${id} undefined`);
  }

  after(ms: number, then: () => void): () => void {
    if (this.isDead) return () => {};
    const stop = () => {
      this.#stops.delete(stop);
      cancel();
    };
    const cancel = this.#timeline.after(ms, () => {
      this.#stops.delete(stop);
      then();
    });
    this.#stops.add(stop);
    return stop;
  }

  every(ms: number, beat: () => void): () => void {
    let stop = () => {};
    const next = () => {
      stop = this.after(ms, () => {
        next();
        beat();
      });
    };
    next();
    return () => stop();
  }

  /** Timers that are still set. */
  get timers(): number {
    return this.#stops.size;
  }

  /** It stops as it stands: its timers are gone, nothing leaves it any more, and no answer reaches it. What has left, arrives. */
  die(): void {
    if (this.isDead) return;
    this.isDead = true;
    for (const stop of [...this.#stops]) stop();
    for (const call of this.#onDeath) call();
  }

  /** Resolves with the work, or with undefined where the process dies, or is stopped after `limitMs`, before that. */
  outcome<T>(work: () => Promise<T>, limitMs: number): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const onDeath = () => resolve(undefined);
      this.#onDeath.add(onDeath);
      const stop = this.#timeline.after(limitMs, () => this.die());
      const end = () => {
        stop();
        this.#onDeath.delete(onDeath);
      };
      work().then(
        (value) => {
          end();
          resolve(value);
        },
        (error) => {
          end();
          reject(error);
        },
      );
    });
  }

  /** A client of any service. */
  client<C>(): C {
    return { send: (command: object) => this.#send(command) } as unknown as C;
  }

  async #send(command: object): Promise<object> {
    const { input } = command as { input: unknown };
    for (let tries = 1; ; tries++) {
      const { output, error } = await this.#call(command.constructor.name, input);
      if (output) return output;
      if (tries >= SDK.tries || !(error as { $retryable?: object }).$retryable) throw error;
      // Not among the timers of its own.
      await new Promise<void>((resolve) => this.#timeline.after(SDK.pauseMs * 2 ** tries, resolve));
    }
  }

  /** One try: the way there, the doing, the way back. */
  #call(name: string, input: unknown): Promise<Answer> {
    const faults = this.#faults;
    if (faults.hits('clock steps back')) this.#skewMs = Math.max(-MOST_BEHIND_MS, this.#skewMs - faults.int(100, 2_000));
    if (this.isDead) return new Promise(() => {});
    const dies = faults.hits('crash') ? faults.oneOfDeaths() : undefined;
    if (dies === 'before') this.die();
    if (this.isDead) return new Promise(() => {});
    const { latest } = this;
    if (faults.hits('not sent')) return this.#answered({ error: cutOff() });
    if (faults.hits('refused by throttling')) return this.#answered({ error: throttled() });
    const lost = faults.hits('answer lost') ? timeout : faults.hits('answer lost for good') ? cutOff : undefined;
    const there = faults.hits('slow call') ? faults.int(200, 2_500) : faults.int(1, 25);
    // The answer is given up before the request has even arrived.
    const late = faults.hits('late write') ? faults.int(500, 8_000) : 0;
    const answer = new Promise<Answer>((resolve) => {
      this.#timeline.after(there + late, () => {
        this.askedAt = latest;
        const done = this.#execute(name, input);
        if (late === 0) this.#timeline.after(faults.int(1, 15), () => this.#hear(name, lost ? { error: lost() } : done, resolve));
      });
      if (late > 0) this.#timeline.after(there, () => this.isDead || resolve({ error: timeout() }));
    });
    if (dies === 'after') this.#timeline.after(0, () => this.die());
    if (dies === 'meanwhile') this.#timeline.after(there + late + 1, () => this.die());
    return answer;
  }

  #hear(name: string, answer: Answer, resolve: (answer: Answer) => void): void {
    if (this.isDead) return;
    if (answer.output) this.#cloud.heard(name, answer.output, this);
    resolve(answer);
  }

  #execute(name: string, input: unknown): Answer {
    try {
      return { output: this.#cloud.execute(name, input, this) };
    } catch (error) {
      this.#cloud.refused(error as Error, this);
      return { error: error as Error };
    }
  }

  #answered(answer: Answer): Promise<Answer> {
    return new Promise((resolve) => this.#timeline.after(this.#faults.int(1, 30), () => this.isDead || resolve(answer)));
  }
}
