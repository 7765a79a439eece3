import type { SNSClient } from '@aws-sdk/client-sns';
import type { AppSettings } from '../../core/policy.ts';
import type { Clock } from '../clock.ts';
import { log, reasonOf } from '../log.ts';
import { Notifier } from './notifier.ts';
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

/** Tells an app of its claimed tasks, each at its instant, in order, in batches. One call at a time: order would not survive two. */
export class Publisher {
  readonly counts: PublishCounts = { published: 0, refused: 0, latestMs: 0 };
  readonly #app: string;
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #notifier: Notifier;
  readonly #accepted: (outgoing: Outgoing) => void;
  #publishing: Promise<void> | undefined;

  /** `accepted` hears of each task that SNS has accepted. */
  constructor(sns: SNSClient, clock: Clock, settings: AppSettings, accepted: (outgoing: Outgoing) => void) {
    this.#app = settings.app;
    this.#clock = clock;
    this.#outbox = new Outbox(settings.deadlineLeadMs);
    this.#notifier = new Notifier(sns, settings.topicArn);
    this.#accepted = accepted;
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

  /** When there is something to publish; Infinity: nothing, or it is being done. Epoch ms. */
  get wakeAt(): number {
    return this.#publishing ? Number.POSITIVE_INFINITY : this.#outbox.nextAt;
  }

  /** Tells all that is due, until nothing is. Called again meanwhile, it is the same work. Never rejects. */
  publish(): Promise<void> {
    this.#publishing ??= this.#publishDue()
      .catch((error) => log('ERROR', 'publishing was cut short', { app: this.#app, reason: reasonOf(error) }))
      .finally(() => {
        this.#publishing = undefined;
      });
    return this.#publishing;
  }

  async #publishDue(): Promise<void> {
    for (;;) {
      const due = this.#outbox.due(this.#clock.now());
      const batch = due.slice(0, Notifier.fitting(due.map(({ task }) => task)));
      if (batch.length === 0) return;
      const refused = await this.#send(batch);
      const now = this.#clock.now();
      for (const outgoing of batch) this.#settle(outgoing, refused.has(outgoing.task.id), now);
    }
  }

  #settle(outgoing: Outgoing, refused: boolean, now: number): void {
    const { task } = outgoing;
    if (!refused) {
      this.#outbox.remove(task.id);
      this.counts.published++;
      this.counts.latestMs = Math.max(this.counts.latestMs, now - task.dueAt);
      this.#accepted(outgoing);
      return;
    }
    this.counts.refused++;
    // Once its lease has ended it is the expiry's affair.
    if ((task.leaseUntil ?? 0) > now + BEAT_MS) this.#outbox.refused(outgoing, now + BEAT_MS);
    else this.#outbox.remove(task.id);
  }

  async #send(batch: readonly Outgoing[]): Promise<Set<string>> {
    const tasks = batch.map(({ task }) => task);
    try {
      return await this.#notifier.publish(tasks);
    } catch (error) {
      // Accepted or not, nobody knows: they are told again. An app hears twice rather than never.
      log('WARN', 'a batch of notifications was not answered', { app: this.#app, reason: reasonOf(error), tasks: tasks.length });
      return new Set(tasks.map(({ id }) => id));
    }
  }
}
