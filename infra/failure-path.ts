import { Duration } from 'aws-cdk-lib';
import { type EventBus, Match, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue as SqsTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV } from '../contract/environment.ts';
import { FAILURE_SOURCE } from '../contract/events.ts';
import { invoke, publish, putEvents, putMetrics, readSettings, tableAccess } from './access.ts';
import type { Alerts } from './alarms.ts';
import { DeadLetterQueue } from './dead-letter-queue.ts';
import { SystemFunction } from './system-function.ts';
import type { QueueStore } from './task-queue-attributes.ts';

const TIMEOUT = Duration.seconds(30);
/** What AWS asks for between a function and the queue that feeds it ("Using Lambda with Amazon SQS"). */
const VISIBILITY = Duration.seconds(6 * TIMEOUT.toSeconds());
const MAX_RECEIVE_COUNT = 5;
const BATCH_SIZE = 10;
/** Failures come in storms; the table must still have room for the dispatcher. */
const MAX_CONCURRENCY = 5;

/** What failures come by, and who is told when a retry is near. */
export interface FailurePathProps {
  readonly queue: QueueStore;
  readonly bus: EventBus;
  /** Woken when a task is to be tried again before the next minute. */
  readonly dispatcher: LambdaFunction;
  /** Where recurring errors are reported. */
  readonly alerts: Alerts;
}

/** Bus → SQS → failure Lambda: the one place where it is decided what comes of a failure. */
export class FailurePath extends Construct {
  readonly function: LambdaFunction;
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, { queue, bus, dispatcher, alerts }: FailurePathProps) {
    super(scope, id);
    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetters');
    const failures = new Queue(this, 'Failures', {
      visibilityTimeout: VISIBILITY,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MAX_RECEIVE_COUNT },
    });
    new Rule(this, 'Rule', {
      description: `Punctual ${queue.queueName}: failures and expiries, to the queue of the failure function`,
      eventBus: bus,
      eventPattern: { source: Match.prefix(FAILURE_SOURCE) },
      targets: [new SqsTarget(failures, { deadLetterQueue: this.deadLetterQueue })],
    });
    this.function = new SystemFunction(this, 'Failure', {
      source: 'failure',
      description: `Punctual ${queue.queueName}: decides what comes of failures and expiries`,
      queue,
      timeout: TIMEOUT,
      environment: {
        [ENV.dispatcher]: dispatcher.functionName,
        [ENV.alerts]: alerts.alertsTopic.topicArn,
        [ENV.operateName]: alerts.operateName,
      },
      access: [
        ...tableAccess(queue, 'GetItem', 'UpdateItem'),
        putEvents(queue),
        publish(alerts.alertsTopic.topicArn),
        putMetrics(),
        readSettings(this, queue),
        invoke(dispatcher.functionArn),
      ],
    }).function;
    this.function.addEventSource(
      new SqsEventSource(failures, { batchSize: BATCH_SIZE, reportBatchItemFailures: true, maxConcurrency: MAX_CONCURRENCY }),
    );
  }
}
