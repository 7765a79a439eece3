import { Duration } from 'aws-cdk-lib';
import { type EventBus, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventInvokeConfig, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV } from '../contract/environment.ts';
import { DISPATCHER_SOURCE } from '../contract/events.ts';
import { indexAccess, putEvents, putMetrics, readSettings, tableAccess } from './access.ts';
import { DeadLetterQueue } from './dead-letter-queue.ts';
import { SystemFunction } from './system-function.ts';
import type { QueueStore } from './task-queue-attributes.ts';

/** A run stays for 100 s at most; the rest is for work in flight. */
const TIMEOUT = Duration.minutes(2);
/** The next tick does what a lost one would have done, so a call is not kept longer than a tick. */
const MAX_EVENT_AGE = Duration.minutes(1);

/** Targets that a rule can have ("Amazon EventBridge quotas"). */
const TARGETS_PER_RULE = 5;

/** What is dispatched, and by how many. */
export interface DispatcherProps {
  readonly queue: QueueStore;
  readonly bus: EventBus;
  readonly dispatchers: number;
}

/** The dispatchers: one function, called once a minute for each of them, and when a door rings; a call that fails is not repeated. */
export class Dispatcher extends Construct {
  readonly function: LambdaFunction;
  readonly roleArn: string;
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, { queue, bus, dispatchers }: DispatcherProps) {
    super(scope, id);
    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetters');
    const dispatcher = new SystemFunction(this, 'Dispatcher', {
      source: 'dispatcher',
      description: `Punctual ${queue.queueName}: claims due tasks and notifies their apps`,
      queue,
      timeout: TIMEOUT,
      environment: dispatchers === 1 ? {} : { [ENV.dispatchers]: String(dispatchers) },
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
    for (let first = 0; first < dispatchers; first += TARGETS_PER_RULE) {
      const parts = Array.from({ length: Math.min(TARGETS_PER_RULE, dispatchers - first) }, (_, i) => first + i);
      new Rule(this, first === 0 ? 'Tick' : `Tick${first}`, {
        description: `Punctual ${queue.queueName}: the minute's call of the dispatcher`,
        schedule: Schedule.rate(Duration.minutes(1)),
        // The first is called as the only one of a queue is.
        targets: parts.map((part) => this.target(part === 0 ? undefined : RuleTargetInput.fromObject({ part }))),
      });
    }
    new Rule(this, 'GoOn', {
      description: `Punctual ${queue.queueName}: a call of the dispatcher where a run was cut short`,
      eventBus: bus,
      eventPattern: { source: [DISPATCHER_SOURCE] },
      targets: [this.target(RuleTargetInput.fromEventPath('$.detail'))],
    });
  }

  private target(event: RuleTargetInput | undefined): LambdaTarget {
    const { deadLetterQueue } = this;
    return new LambdaTarget(this.function, { retryAttempts: 0, maxEventAge: MAX_EVENT_AGE, deadLetterQueue, ...(event ? { event } : {}) });
  }
}
