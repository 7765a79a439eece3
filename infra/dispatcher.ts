import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventInvokeConfig, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { indexAccess, putEvents, putMetrics, readSettings, tableAccess } from './access.ts';
import { DeadLetterQueue } from './dead-letter-queue.ts';
import { SystemFunction } from './system-function.ts';
import type { QueueStore } from './task-queue-attributes.ts';

/** A run stays for 100 s at most; the rest is for work in flight. */
const TIMEOUT = Duration.minutes(2);
/** The next tick does what a lost one would have done, so a call is not kept longer than a tick. */
const MAX_EVENT_AGE = Duration.minutes(1);

/** The dispatcher, called once a minute and when a door rings; a call that fails is not repeated. */
export class Dispatcher extends Construct {
  readonly function: LambdaFunction;
  readonly roleArn: string;
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, queue: QueueStore) {
    super(scope, id);
    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetters');
    const dispatcher = new SystemFunction(this, 'Dispatcher', {
      source: 'dispatcher',
      description: `Punctual ${queue.queueName}: claims due tasks and notifies their apps`,
      queue,
      timeout: TIMEOUT,
      access: [
        indexAccess(queue),
        ...tableAccess(queue, 'GetItem', 'BatchGetItem', 'UpdateItem', 'PartiQLUpdate'),
        putEvents(queue),
        putMetrics(),
        readSettings(this, queue),
        new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.deadLetterQueue.queueArn] }),
      ],
    });
    this.function = dispatcher.function;
    this.roleArn = dispatcher.role.roleArn;
    new EventInvokeConfig(this, 'Invocations', {
      function: this.function,
      retryAttempts: 0,
      maxEventAge: MAX_EVENT_AGE,
      // Not SqsDestination, which also grants what sending does not need.
      onFailure: { bind: () => ({ destination: this.deadLetterQueue.queueArn }) },
    });
    new Rule(this, 'Tick', {
      description: `Punctual ${queue.queueName}: the minute's call of the dispatcher`,
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaTarget(this.function, { retryAttempts: 0, maxEventAge: MAX_EVENT_AGE, deadLetterQueue: this.deadLetterQueue })],
    });
  }
}
