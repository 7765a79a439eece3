import type { PublishBatchRequestEntry, SNSClient } from '@aws-sdk/client-sns';
import type { AppSettings } from '../../core/policy.ts';
import type { Task, TaskError } from '../../core/task.ts';
import type { Clock } from '../clock.ts';
import { log, reasonOf } from '../log.ts';
import { Notifier, type Rejection } from './notifier.ts';
import { Outbox, type Outgoing } from './outbox.ts';
import { BEAT_MS } from './ports.ts';

/** What became of publishing. */
export interface PublishCounts {
  published: number;
  /** Answers of SNS that were a refusal, or did not come. */
  refused: number;
  /** The latest that SNS accepted a task after its due instant, ms. */
  latestMs: number;
}

/** Who hears what became of each task. */
export interface PublishListener {
  accepted(outgoing: Outgoing): void;
  /** SNS will not take it as it is: this run tries it no more. */
  refused(outgoing: Outgoing, error: TaskError): void;
}

/** Tells an app of its claimed tasks, each at its instant, in order, in batches. One call at a time: order would not survive two. */
export class Publisher {
  readonly counts: PublishCounts = { published: 0, refused: 0, latestMs: 0 };
  readonly #app: string;
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #notifier: Notifier;
  readonly #listener: PublishListener;
  /** Why SNS did not accept a task at its last try, by id. */
  readonly #rejections = new Map<string, string>();
  #publishing: Promise<void> | undefined;

  constructor(sns: SNSClient, clock: Clock, settings: AppSettings, listener: PublishListener) {
    this.#app = settings.app;
    this.#clock = clock;
    this.#outbox = new Outbox(settings);
    this.#notifier = new Notifier(sns, settings.topicArn);
    this.#listener = listener;
  }

  add(outgoing: Outgoing): void {
    this.#outbox.add(outgoing);
  }

  has(id: string): boolean {
    return this.#outbox.has(id);
  }

  get size(): number {
    return this.#outbox.size;
  }

  /** How many SNS has not been told of: what it refused is not among them. */
  get untried(): number {
    return this.#outbox.untried;
  }

  /** SNS's word for why it did not accept a task, as far as this run has tried it. */
  rejectionOf(id: string): string | undefined {
    return this.#rejections.get(id);
  }

  /** When there is something to publish; Infinity: nothing, or it is being done. Epoch ms. */
  get wakeAt(): number {
    return this.#publishing ? Number.POSITIVE_INFINITY : this.#outbox.nextAt;
  }

  /** Whether it is telling, or has something to tell now. */
  get isBusy(): boolean {
    return this.#publishing !== undefined || this.#outbox.nextAt <= this.#clock.now();
  }

  /** Tells all that is due, until nothing is. Called again meanwhile, it is the same work. Never rejects. */
  publish(): Promise<void> {
    this.#publishing ??= this.#publishAll()
      .catch((error) => log('ERROR', 'publishing was cut short', { app: this.#app, reason: reasonOf(error) }))
      .finally(() => {
        this.#publishing = undefined;
      });
    return this.#publishing;
  }

  async #publishAll(): Promise<void> {
    while (await this.#publishNext());
  }

  /** Tells the first that are due. False: none is. */
  async #publishNext(): Promise<boolean> {
    const sentAt = this.#clock.now();
    const due = this.#outbox.due(sentAt);
    const messages = Notifier.fitting(due.map(taskIn), sentAt);
    const batch = due.slice(0, messages.length);
    if (batch.length === 0) return false;
    const rejections = await this.#send(batch, messages);
    const now = this.#clock.now();
    for (const outgoing of batch) {
      const rejection = rejections.get(outgoing.task.id);
      if (rejection) this.#rejected(outgoing, rejection, now);
      else this.#accepted(outgoing, now);
    }
    return true;
  }

  #accepted(outgoing: Outgoing, now: number): void {
    this.#outbox.remove(outgoing.task.id);
    this.#rejections.delete(outgoing.task.id);
    this.counts.published++;
    this.counts.latestMs = Math.max(this.counts.latestMs, now - outgoing.task.dueAt);
    this.#listener.accepted(outgoing);
  }

  #rejected(outgoing: Outgoing, { code, message, isFinal }: Rejection, now: number): void {
    const { task } = outgoing;
    this.counts.refused++;
    this.#rejections.set(task.id, code);
    if (!isFinal && hasTime(task, now)) {
      this.#outbox.refused(outgoing, now + BEAT_MS);
      return;
    }
    this.#outbox.remove(task.id);
    if (isFinal)
      this.#listener.refused(outgoing, { name: 'NotificationRefused', message: `SNS refused the notification: ${code}: ${message}` });
  }

  async #send(batch: readonly Outgoing[], messages: PublishBatchRequestEntry[]): Promise<Map<string, Rejection>> {
    const tasks = batch.map(taskIn);
    try {
      return await this.#notifier.publish(tasks, messages);
    } catch (error) {
      // Accepted or not, nobody knows: they are told again. An app hears twice rather than never.
      log('WARN', 'a batch of notifications was not answered', { app: this.#app, reason: reasonOf(error), tasks: tasks.length });
      const code = error instanceof Error ? error.name : 'Unknown';
      return new Map(tasks.map(({ id }) => [id, { code, message: '', isFinal: false }]));
    }
  }
}

/** Once its lease has ended it is the expiry's affair. One that is done by being told is tried for as long as the run stays. */
const hasTime = ({ state, leaseUntil = 0 }: Task, now: number): boolean => state === 'completed' || leaseUntil > now + BEAT_MS;

const taskIn = ({ task }: Outgoing): Task => task;
