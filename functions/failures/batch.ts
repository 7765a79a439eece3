import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import * as v from 'valibot';
import type { RecurringError } from '../../core/errors.ts';
import { type FailureRequest, failureRequest, putFailures } from '../bus.ts';
import type { Clock } from '../clock.ts';
import { log, reasonOf } from '../log.ts';
import { putMeasures } from '../metrics.ts';
import type { Ring } from '../ring.ts';
import type { ErrorBook } from './error-book.ts';
import { type Decided, type DecisionPorts, decideOn, type Failed, type Kind } from './failed-task.ts';
import { groupBy } from './group-by.ts';
import { failureMeasures, type Late } from './measures.ts';
import { type MailSettings, mailOf } from './report-mail.ts';

/** Milliseconds after the start of a batch by which each step must have ended; the function's timeout is 30 s. */
const DECIDED_BY = 14_000;
const TOLD_BY = 23_000;
const MEASURED_BY = 28_000;

/** A message of the failures' queue. */
export interface Delivery {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: { readonly ApproximateReceiveCount: string };
}

/** All that the failure function touches outside of itself. */
export interface FailurePorts extends DecisionPorts {
  readonly book: ErrorBook;
  readonly ring: Ring;
  readonly sns: SNSClient;
  readonly events: EventBridgeClient;
  readonly cloudwatch: CloudWatchClient;
  readonly clock: Clock;
  readonly bus: string;
  readonly alertsTopicArn: string;
  readonly mail: MailSettings;
}

/** A failure with the message that told of it. Without one: a report of its kind may be owed. */
interface Told {
  readonly messageId: string;
  readonly kind: Kind;
  readonly failed: Failed | undefined;
}

/**
 * One batch of failures: each is decided, counted in its error's row, and told of. Whatever does not come to its end is handed
 * back alone, and done again as a whole: every step, done twice, counts once.
 */
export class FailureBatch {
  readonly #ports: FailurePorts;
  readonly #start: number;
  readonly #handedBack = new Set<string>();

  constructor(ports: FailurePorts) {
    this.#ports = ports;
    this.#start = ports.clock.now();
  }

  /** Answers the ids of the messages that must come again. */
  async settle(deliveries: readonly Delivery[]): Promise<string[]> {
    const taken = await Promise.all(deliveries.map((delivery) => this.#take(delivery)));
    const late = taken.flatMap((one) => one?.late ?? []);
    const told = taken.flatMap((one, i): Told[] => {
      const kind = one?.failed ?? one?.owed;
      return kind ? [{ messageId: deliveries[i]?.messageId ?? '', kind, failed: one?.failed }] : [];
    });
    const retries = taken.flatMap((one) => one?.retry ?? []);
    const groups = groupBy(told, ({ kind }) => `${kind.app}/${kind.fingerprint}`);
    const [fresh] = await Promise.all([
      Promise.all([...groups.values()].map((group) => this.#count(group))),
      this.#ring(retries),
      this.#putLate(told),
    ]);
    await this.#measure(fresh.flat(), late);
    return [...this.#handedBack];
  }

  #take({ messageId, body, attributes }: Delivery): Promise<(Decided & { late?: Late }) | undefined> {
    return this.#guarded([messageId], 'a failure could not be decided; it stays in the queue', DECIDED_BY, async () => {
      const request = requestOf(body);
      if (request.type === 'late') return { late: request };
      const isAgain = Number(attributes.ApproximateReceiveCount) > 1;
      return decideOn(request, isAgain, this.#ports.clock.now(), this.#ports);
    });
  }

  /** Counts failures of one error; answers those that had not been counted before. */
  async #count(group: readonly Told[]): Promise<Failed[]> {
    const failures = group.flatMap(({ failed }) => failed ?? []);
    const ids = group.map(({ messageId }) => messageId);
    const [first] = group;
    // A row of no app is in nobody's book.
    if (first?.kind.app === undefined) return failures;
    const { app, fingerprint, name, error } = first.kind;
    const count = await this.#guarded(ids, 'failures could not be counted; they stay in the queue', TOLD_BY, () =>
      this.#ports.book.count({ app, fingerprint, name, error, tasks: failures }, this.#ports.clock.now()),
    );
    if (!count) return [];
    const { report } = count;
    // One message comes again for it, if need be: by then the report is owed.
    if (report) await this.#guarded(ids.slice(0, 1), 'a report could not be sent; it is tried again', TOLD_BY, () => this.#report(report));
    return failures.filter(({ key }, i) => count.fresh.has(key) && failures.findIndex((one) => one.key === key) === i);
  }

  async #report(error: RecurringError): Promise<void> {
    const { sns, book, alertsTopicArn, mail } = this.#ports;
    const { subject, text } = mailOf(error, mail);
    await sns.send(new PublishCommand({ TopicArn: alertsTopicArn, Subject: subject, Message: text }));
    log('INFO', 'an error was reported', { app: error.app, fingerprint: error.fingerprint, count: error.windowCount });
    try {
      await book.reported(error);
    } catch (reason) {
      // Then it is sent twice: better than not at all.
      log('WARN', 'a report that was sent is still owed', { fingerprint: error.fingerprint, reason: reasonOf(reason) });
    }
  }

  /** Never hands anything back: what is not heard is found by the next tick. */
  async #ring(retries: readonly NonNullable<Decided['retry']>[]): Promise<void> {
    const { ring, clock } = this.#ports;
    const ringFor = (of: readonly NonNullable<Decided['retry']>[]) => {
      const settings = of[0]?.settings;
      const tasks = of.map(({ task }) => task);
      return settings && ring.ifNear(settings, tasks, clock.now());
    };
    const byApp = [...groupBy(retries, ({ task }) => task.app).values()];
    await this.#guarded([], 'a ring took too long', TOLD_BY, () => Promise.all(byApp.map(ringFor)));
  }

  async #putLate(told: readonly Told[]): Promise<void> {
    const missed = told.flatMap(({ messageId, failed }) =>
      failed?.missed === undefined ? [] : [{ messageId, id: failed.id, name: failed.name, deadlineAt: failed.missed }],
    );
    const requests = missed.map(({ id, name, deadlineAt }) => ({ type: 'late' as const, id, name, deadlineAt }));
    const ids = missed.map(({ messageId }) => messageId);
    const { events, bus, clock } = this.#ports;
    await this.#guarded(ids, 'missed deadlines could not be told of; they are tried again', TOLD_BY, () =>
      putFailures(events, bus, requests, clock.now()),
    );
  }

  async #measure(failures: readonly Failed[], late: readonly Late[]): Promise<void> {
    const { cloudwatch, mail } = this.#ports;
    await this.#guarded([], 'metrics took too long', MEASURED_BY, async () => {
      const measures = await failureMeasures(failures, late, this.#ports);
      await putMeasures(cloudwatch, mail.queue, measures);
    });
  }

  /** Work that ends by an instant of the batch, well or not; where it does not end well, these messages are handed back. */
  async #guarded<T>(messageIds: readonly string[], message: string, by: number, work: () => Promise<T>): Promise<T | undefined> {
    const { clock } = this.#ports;
    let stop = () => {};
    const tooLate = new Promise<never>((_, reject) => {
      stop = clock.after(Math.max(0, this.#start + by - clock.now()), () => reject(new Error('it took too long')));
    });
    try {
      return await Promise.race([work(), tooLate]);
    } catch (error) {
      log('ERROR', message, { messageIds: [...messageIds], reason: reasonOf(error) });
      for (const id of messageIds) this.#handedBack.add(id);
      return undefined;
    } finally {
      stop();
    }
  }
}

const envelope = v.object({ detail: v.object({ data: failureRequest }) });

/** @throws if it is none that this release knows; after its tries it ends in the dead-letter queue, where people see it */
function requestOf(body: string): FailureRequest {
  try {
    const { success, output } = v.safeParse(envelope, JSON.parse(body));
    if (success) return output.detail.data;
  } catch {
    // As below: the parser's own words repeat a part of the message, which could be a worker's.
  }
  throw new Error('the message is no request that this release knows');
}
