import { Duration } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ALARM_PERIOD, type Alerts, alarmAbove } from './alarms.ts';
import { DeadLetterQueue } from './dead-letter-queue.ts';
import { pascalCase } from './pascal-case.ts';
import { TaskQueueError } from './task-queue-error.ts';

/** How a worker takes tasks from its queue. */
export interface WorkerOptions {
  /**
   * Times that a message is received before it goes to the dead-letter queue. A whole number from 1 to 1,000. The task itself
   * is notified again when its lease ends, so this only bounds what one notification can cost.
   *
   * @default 10
   */
  readonly maxReceiveCount?: number;
  /**
   * Notifications that a Lambda worker is given at once. A whole number from 1 to 10.
   *
   * @default 10
   */
  readonly batchSize?: number;
}

/** A worker's options, and what the app adds to them. */
export interface WorkerQueueProps extends WorkerOptions {
  readonly appName: string;
  readonly topic: ITopic;
  readonly alerts: Alerts;
  /** The longest lease of any task of the app. */
  readonly longestLease: Duration;
  /**
   * The Lambda that is fed by the queue.
   *
   * @default - none: a process polls the queue
   */
  readonly target?: LambdaFunction | undefined;
}

/** What Lambda uses where a function says nothing. */
const DEFAULT_FUNCTION_TIMEOUT = Duration.seconds(3);
/** What AWS asks for between a function and the queue that feeds it ("Using Lambda with Amazon SQS"). */
const TIMEOUTS_PER_VISIBILITY = 6;

/** The SQS queue of a worker, in the worker's stack: subscribed to the app's topic, with a dead-letter queue and its alarm. */
export class WorkerQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, appName: string, props: WorkerQueueProps) {
    const id = `${pascalCase(appName)}Worker`;
    if (scope.node.tryFindChild(id)) throw new TaskQueueError(scope, `this is a worker of the app ${appName} already`);
    super(scope, id);
    const { maxReceiveCount = 10, batchSize = 10, target, topic, alerts, longestLease } = props;
    checkWhole(this, 'maxReceiveCount', maxReceiveCount, 1_000);
    checkWhole(this, 'batchSize', batchSize, 10);
    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetters');
    this.queue = new Queue(this, 'Queue', {
      visibilityTimeout: visibility(longestLease, target),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount },
    });
    // What cannot reach the queue is seen as well: of a task that needs no acknowledgement, nobody is told again.
    topic.addSubscription(new SqsSubscription(this.queue, { rawMessageDelivery: true, deadLetterQueue: this.deadLetterQueue }));
    target?.addEventSource(new SqsEventSource(this.queue, { batchSize, reportBatchItemFailures: true }));
    alarmAbove(this, 'DeadLettersAlarm', alerts, {
      metric: this.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: ALARM_PERIOD }),
      what: `a notification could not reach a worker of the app ${appName}, or the worker could not take it after ${maxReceiveCount} tries, and gave no word on it.`,
      todo: "Read the worker's log, put its error right, then purge the dead-letter queue: the tasks themselves are notified again.",
      ask: { v: 1, action: 'stats', app: appName },
      section: 'worker-dead-letters',
    });
  }
}

/**
 * A message is hidden for as long as its task may be worked on: shown earlier, a second worker would begin on it.
 * Whole seconds, upwards.
 */
function visibility(longestLease: Duration, target: LambdaFunction | undefined): Duration {
  const lease = Math.ceil(longestLease.toSeconds({ integral: false }));
  if (!target) return Duration.seconds(lease);
  const timeout = target.timeout ?? DEFAULT_FUNCTION_TIMEOUT;
  return Duration.seconds(Math.max(lease, TIMEOUTS_PER_VISIBILITY * timeout.toSeconds()));
}

function checkWhole(scope: Construct, name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new TaskQueueError(scope, `${name} must be a whole number from 1 to ${max}; got ${value}`);
}
