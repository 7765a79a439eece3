import { setTimeout as sleep } from 'node:timers/promises';
import type { SQSClient, Message as SqsMessage } from '@aws-sdk/client-sqs';
import { ENV } from '../contract/environment.ts';
import type { Overload } from '../contract/report.ts';
import { fieldsOf, refuse, wholeNumber } from './check.ts';
import type { Door } from './Door.ts';
import type { Schemas, Tasks } from './defineTasks.ts';
import { UnavailableError } from './errors.ts';
import type { Handlers } from './handlers.ts';
import { type Message, MessageRunner, sentAtOf } from './MessageRunner.ts';
import { OVERLOAD_OPTIONS, OverloadGuard, type OverloadOptions } from './OverloadGuard.ts';
import type { OnError } from './reportError.ts';
import { Stop } from './Stop.ts';
import { WorkerQueue } from './WorkerQueue.ts';
import { RUNNER_OPTIONS, type RunnerOptions, workerParts } from './workerParts.ts';

/** How a {@link Worker} works. */
export interface WorkerOptions extends RunnerOptions, OverloadOptions {
  /** URL of the worker's SQS queue. @default that which `addWorker` wrote into the environment */
  readonly queueUrl?: string | undefined;
  /** Tasks worked on at once, 1 to 1,000. @default 8 */
  readonly concurrency?: number | undefined;
  /** Seconds that a poll waits for a message, 0 to 20 (the most that SQS allows). @default 20 */
  readonly waitSeconds?: number | undefined;
  /** The SDK client for the queue. @default one of its own, with retries and timeouts */
  readonly sqs?: SQSClient | undefined;
}

/** How a {@link Worker} ends. */
export interface CloseOptions {
  /**
   * Milliseconds that running handlers are given to finish before their signals are aborted. 0 to 43,200,000 (12 hours).
   * @default 20,000: container platforms kill a process 30 s after they ask it to end
   */
  readonly graceMs?: number | undefined;
}

interface Running {
  /** The latest receipt: a message that is given out again while it is worked on can be deleted by that alone. */
  receipt: string;
  readonly ended: Promise<void>;
}

const GRACE_MS = 20_000;
/** What handlers get between the abort of their signal and the handing back of their message. */
const SETTLE_MS = 1_000;
/** Bounds of the wait after a poll that failed: within half a second, doubling, within half a minute. */
const POLL_BACKOFF_MS = 500;
const POLL_BACKOFF_CAP_MS = 30_000;

/**
 * Works on an app's SQS queue in a process of one's own: polls for at most as many messages as it has capacity for, starts
 * them in the order of arrival, and deletes a message once its report was accepted, or when its lease is lost. A message
 * whose report could not be delivered stays in the queue and comes again. The queue's visibility timeout must be at least the
 * lease (`addWorker` sees to it), else other workers are given what this one works on.
 *
 * A message whose lease has ended is dropped unread; one that has waited until under half of its lease was left is given a
 * whole one first, and while its handler runs the lease is extended at each half (`heartbeat`). The start of a lease is taken
 * to be the moment when SQS got the message.
 *
 * While its machine is overloaded (`limits`) a worker polls for nothing more; it says so through `onError` and as the metric
 * `WorkerOverloaded`, once an episode and once a minute at most, and goes on by itself. What runs goes on, and a poll that
 * waits already may still bring what it asked for.
 */
export class Worker<S extends Schemas> {
  readonly #runner: MessageRunner;
  readonly #queue: WorkerQueue;
  readonly #door: Door;
  readonly #concurrency: number;
  readonly #name: string;
  readonly #onError: OnError;
  readonly #guard: OverloadGuard;
  readonly #running = new Map<string, Running>();
  readonly #stop = new Stop();
  readonly #polls = new AbortController();
  #loop: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  /** Tells a poll that waits for capacity to look again. */
  #wake = (): void => {};

  /** @throws BadRequestError if a handler is missing, an option is not known, or no queue or report door is found */
  constructor(tasks: Tasks<S>, handlers: Handlers<S>, options: WorkerOptions = {}) {
    const fields = fieldsOf(options, [...RUNNER_OPTIONS, ...OVERLOAD_OPTIONS, 'queueUrl', 'concurrency', 'waitSeconds', 'sqs'], 'options');
    this.#concurrency = wholeNumber(fields, 'concurrency', { min: 1, max: 1_000, default: 8 });
    const waitSeconds = wholeNumber(fields, 'waitSeconds', { min: 0, max: 20, default: 20 });
    const parts = workerParts(tasks, handlers, options);
    this.#queue = new WorkerQueue(queueUrlOf(options), { waitSeconds, sqs: options.sqs, region: options.region });
    this.#door = parts.door;
    this.#name = parts.worker;
    this.#onError = parts.onError;
    this.#guard = new OverloadGuard(options, (...news) => this.#tellOverload(...news), parts.onError);
    this.#runner = new MessageRunner(parts);
  }

  /** Begins to poll, once; answers with the worker itself. @throws UnavailableError after `close()` */
  start(): this {
    if (this.#closed) throw new UnavailableError('This worker was closed. Make a new one.', { retryable: false });
    if (!this.#loop) {
      this.#guard.start();
      this.#loop = this.#poll();
    }
    return this;
  }

  /**
   * Stops polling, waits for what runs, and resolves when nothing is left: no poll, no timer. What still runs after the
   * grace has its signal aborted; what does not end then is handed back to the queue and nothing it does is reported.
   * A message that SQS gave out at the instant of closing comes again after its visibility timeout. May be called again.
   */
  close(options: CloseOptions = {}): Promise<void> {
    const fields = fieldsOf(options, ['graceMs'], 'options');
    const graceMs = wholeNumber(fields, 'graceMs', { min: 0, max: 43_200_000, default: GRACE_MS });
    this.#closed ??= this.#close(graceMs);
    return this.#closed;
  }

  async #close(graceMs: number): Promise<void> {
    this.#polls.abort();
    this.#guard.close();
    this.#wake();
    await this.#loop;
    await this.#idle(graceMs);
    this.#stop.request('This worker is closing; the task is handed back.');
    await this.#idle(SETTLE_MS);
    this.#stop.handBack();
    await Promise.all([...this.#running.values()].map(({ receipt }) => this.#quietly(this.#queue.handBack(receipt))));
    this.#queue.destroy();
    this.#door.destroy();
  }

  /** Waits until nothing runs, for at most so long. */
  async #idle(ms: number): Promise<void> {
    const over = new AbortController();
    const timer = sleep(ms, undefined, { signal: over.signal }).catch(() => {});
    await Promise.race([Promise.all([...this.#running.values()].map(({ ended }) => ended)), timer]);
    over.abort();
  }

  async #poll(): Promise<void> {
    const { signal } = this.#polls;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const messages = await this.#queue.receive(await this.#ready(), signal);
        failures = 0;
        for (const message of messages) this.#begin(message);
      } catch (error) {
        if (signal.aborted) return;
        this.#onError(error as Error);
        const ceiling = Math.min(POLL_BACKOFF_CAP_MS, POLL_BACKOFF_MS * 2 ** Math.min(failures++, 10));
        await sleep(Math.random() * ceiling, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Capacity for more, once there is some and the machine has some too. */
  async #ready(): Promise<number> {
    for (;;) {
      await this.#guard.calm();
      const free = await this.#free();
      if (!this.#guard.isOverloaded) return free;
    }
  }

  #tellOverload(reason: Overload, reading: number, limit: number): void {
    const limits = `${reason} ${Number(reading.toPrecision(3))}, its limit is ${limit}`;
    this.#onError(new UnavailableError(`This worker polls for nothing more while its machine is overloaded: ${limits}.`));
    this.#door.call({ v: 1, action: 'overloaded', worker: this.#name, reason }).catch((error: Error) => {
      if (!this.#polls.signal.aborted) this.#onError(error);
    });
  }

  /** Capacity for more, once there is some. */
  async #free(): Promise<number> {
    while (this.#running.size >= this.#concurrency && !this.#polls.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return Math.max(1, this.#concurrency - this.#running.size);
  }

  #begin({ MessageId: id = '', ReceiptHandle: receipt = '', Body: body = '', Attributes: { SentTimestamp } = {} }: SqsMessage): void {
    const running = this.#running.get(id);
    if (running) {
      running.receipt = receipt;
      return;
    }
    this.#running.set(id, { receipt, ended: this.#work({ id, body, sentAt: sentAtOf(SentTimestamp) }) });
  }

  async #work(message: Message): Promise<void> {
    const { id } = message;
    // After the entry above: a run may end within its first turn.
    await Promise.resolve();
    const receipt = () => this.#running.get(id)?.receipt ?? '';
    const hide = (until: Date) => void this.#quietly(this.#queue.hideUntil(receipt(), until));
    const verdict = await this.#runner.run(message, this.#stop, hide);
    if (!this.#stop.isHandedBack) {
      if (verdict !== 'left') await this.#quietly(this.#queue.delete(receipt()));
      else if (this.#stop.signal.aborted) await this.#quietly(this.#queue.handBack(receipt()));
    }
    this.#running.delete(id);
    this.#wake();
  }

  /** A call whose failure costs a repetition, no more. */
  async #quietly(call: Promise<void>): Promise<void> {
    try {
      await call;
    } catch (error) {
      this.#onError(error as Error);
    }
  }
}

function queueUrlOf({ queueUrl }: WorkerOptions): string {
  const field = queueUrl === undefined ? ENV.queueUrl : 'queueUrl';
  const url: unknown = queueUrl ?? process.env[ENV.queueUrl];
  return typeof url === 'string' && /^https?:\/\/\S+$/.test(url) ? url : refuse(field, url, 'the URL of an SQS queue (set by addWorker)');
}
