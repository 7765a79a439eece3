import type { PutMetricDataCommandInput } from '@aws-sdk/client-cloudwatch';
import type { QueryCommandOutput } from '@aws-sdk/client-dynamodb';
import type { PutEventsCommandInput } from '@aws-sdk/client-eventbridge';
import type { InvokeCommandInput } from '@aws-sdk/client-lambda';
import type { PublishBatchCommandInput, PublishBatchRequestEntry, PublishCommandInput } from '@aws-sdk/client-sns';
import { DISPATCHER_SOURCE } from '../../../contract/events.ts';
import { INDEXES } from '../../../core/lanes.ts';
import type { Faults } from '../faults.ts';
import type { Process } from '../process.ts';
import type { Timeline } from '../timeline.ts';
import { Dynamo } from './dynamo.ts';
import type { Item } from './expressions.ts';
import { Queue } from './queue.ts';
import { Table } from './table.ts';

/** Visibility, and receives before the dead-letter queue, of a worker's queue. */
const WORKER_QUEUE = { visibilityMs: 45_000, maxReceives: 10 } as const;
/** As `infra/failure-path.ts`, but that nothing is given up: what is, an operator would have to send again. */
const FAILURE_QUEUE = { visibilityMs: 180_000, maxReceives: Number.POSITIVE_INFINITY } as const;

/** Messages in one `PublishBatch`, and bytes of them all together; events in one `PutEvents` (their quotas and API references). */
const MOST = { messages: 10, bytes: 262_144, events: 10 } as const;
/** What is refused as a whole because of how it was asked. */
const INVALID = new Set([
  'ValidationException',
  'EmptyBatchRequestException',
  'TooManyEntriesInBatchRequestException',
  'BatchEntryIdsNotDistinctException',
  'BatchRequestTooLongException',
]);

export interface CloudListener {
  wrote(id: string, before: Item | undefined, after: Item, by: Process): void;
  accepted(body: string, by: Process): void;
  /** A notification that will never be taken. */
  refused?(): void;
  /** An index's answer has reached whoever asked. */
  shown(items: readonly Item[], to: Process): void;
  /** Refused because of how it was asked. */
  invalid(message: string, by: Process): void;
  /** The function of the dispatchers, for one of them. */
  invoked(part: number, goesOn?: boolean): void;
}

/** An AWS of one region, in memory: carries out each command at one instant. */
export class Cloud {
  readonly table: Table;
  readonly notifications: Queue;
  readonly failures: Queue;
  /** What was mailed to operators. */
  readonly mails: string[] = [];
  /** Sums of metrics that have no dimension but the queue. */
  readonly metrics = new Map<string, number>();
  readonly #dynamo: Dynamo;
  readonly #faults: Faults;
  readonly #listener: CloudListener;
  #by: Process | undefined;

  constructor(timeline: Timeline, faults: Faults, listener: CloudListener) {
    this.#faults = faults;
    this.#listener = listener;
    this.table = new Table(timeline, INDEXES, faults.lagMs, (id, before, after) => listener.wrote(id, before, after, this.#by as Process));
    this.#dynamo = new Dynamo(this.table, faults);
    this.notifications = new Queue(timeline, faults, 'worker', WORKER_QUEUE.visibilityMs, WORKER_QUEUE.maxReceives);
    this.failures = new Queue(timeline, faults, 'failure', FAILURE_QUEUE.visibilityMs, FAILURE_QUEUE.maxReceives);
  }

  /** Whoever asked has heard the answer. */
  heard(command: string, output: object, by: Process): void {
    if (command === 'QueryCommand') this.#listener.shown((output as QueryCommandOutput).Items ?? [], by);
  }

  /** It was refused. A fault of this AWS itself stops the history. */
  refused(error: Error, by: Process): void {
    if (INVALID.has(error.name)) this.#listener.invalid(error.message, by);
    if (error.name === 'Error' || error instanceof TypeError) throw error;
  }

  /** What the service answers. It throws what it refuses with. */
  execute(command: string, input: unknown, by: Process): object {
    this.#by = by;
    switch (command) {
      case 'PublishBatchCommand':
        return this.#publishBatch(input as PublishBatchCommandInput, by);
      case 'PublishCommand':
        this.mails.push((input as PublishCommandInput).Message ?? '');
        return { MessageId: 'mail' };
      case 'PutEventsCommand':
        return this.#putEvents(input as PutEventsCommandInput);
      case 'InvokeCommand':
        this.#listener.invoked(partIn(input as InvokeCommandInput));
        return { StatusCode: 202 };
      case 'PutMetricDataCommand':
        return this.#putMetrics(input as PutMetricDataCommandInput);
      default:
        return this.#dynamo.execute(command, input);
    }
  }

  #publishBatch({ PublishBatchRequestEntries = [] }: PublishBatchCommandInput, by: Process): object {
    refuseBatch(PublishBatchRequestEntries);
    const Failed: object[] = [];
    for (const { Id, Message = '' } of PublishBatchRequestEntries) {
      if (this.#faults.hits('notification refused')) Failed.push({ Id, Code: 'InternalError', SenderFault: false });
      else if (this.#faults.hits('notification refused for good')) {
        this.#listener.refused?.();
        Failed.push({ Id, Code: 'InvalidParameter', SenderFault: true });
      } else {
        this.#listener.accepted(Message, by);
        this.notifications.send(Message);
      }
    }
    return { Failed };
  }

  #putEvents({ Entries = [] }: PutEventsCommandInput): object {
    if (Entries.length === 0 || Entries.length > MOST.events) throw refusal('ValidationException');
    const answers = Entries.map(({ Detail = '', Source }) => {
      if (this.#faults.hits('event refused')) return { ErrorCode: 'ThrottlingException' };
      // By the rules of `infra/`.
      if (Source === DISPATCHER_SOURCE) this.#listener.invoked(JSON.parse(Detail).part, JSON.parse(Detail).goesOn);
      else this.failures.send(`{"detail":${Detail}}`);
      return { EventId: 'event' };
    });
    return { Entries: answers, FailedEntryCount: answers.filter(({ ErrorCode }) => ErrorCode).length };
  }

  #putMetrics({ MetricData = [] }: PutMetricDataCommandInput): object {
    for (const { MetricName = '', Dimensions = [], StatisticValues } of MetricData) {
      if (Dimensions.length === 1) this.metrics.set(MetricName, (this.metrics.get(MetricName) ?? 0) + (StatisticValues?.Sum ?? 0));
    }
    return {};
  }
}

const refusal = (name: string): Error => Object.assign(new Error(`refused as a whole: ${name}`), { name });

/** SNS takes none of a batch that is not one. */
function refuseBatch(entries: readonly PublishBatchRequestEntry[]): void {
  if (entries.length === 0) throw refusal('EmptyBatchRequestException');
  if (entries.length > MOST.messages) throw refusal('TooManyEntriesInBatchRequestException');
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) throw refusal('BatchEntryIdsNotDistinctException');
  const bytes = entries.reduce((sum, { Message = '' }) => sum + Buffer.byteLength(Message), 0);
  if (bytes > MOST.bytes) throw refusal('BatchRequestTooLongException');
}
const partIn = ({ Payload }: InvokeCommandInput): number => JSON.parse(String(Payload)).part ?? 0;
