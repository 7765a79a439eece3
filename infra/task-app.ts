import type { Duration } from 'aws-cdk-lib';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { FunctionBase, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV } from '../contract/environment.ts';
import type { Alerts } from './alarms.ts';
import { AppMetrics } from './app-metrics.ts';
import { appsText, Connections } from './connections.ts';
import { grantInvoke } from './grant-invoke.ts';
import { TaskQueueError } from './task-queue-error.ts';
import { type WorkerOptions, WorkerQueue } from './worker-queue.ts';

/** What {@link TaskApp} needs to know; all of it ARNs, so that the app may be in any stack. */
export interface TaskAppProps {
  readonly scope: Construct;
  readonly name: string;
  readonly topic: ITopic;
  readonly submitArn: string;
  readonly reportArn: string;
  readonly alerts: Alerts;
  readonly longestLease: Duration;
}

/** What `addWorker` made. */
export interface TaskWorker {
  /** The queue that the app's notifications arrive in. */
  readonly queue: Queue;
  /** Where notifications end that the worker could not take; an alarm watches it. */
  readonly deadLetterQueue: Queue;
  readonly queueUrl: string;
  /** The variables that a process needs to work from this queue. A Lambda has been given its own already. */
  readonly environment: Readonly<Record<string, string>>;
}

/** An app of a queue: who may enqueue, who works, and who hears of its due tasks. */
export class TaskApp extends AppMetrics {
  readonly name: string;
  /** Hears of every task of the app that is due. Subscribe a queue, a function, an HTTPS address or a person. */
  readonly topic: ITopic;
  /** ARN of the door that takes, shows and cancels tasks. */
  readonly submitArn: string;
  /** ARN of the door that takes workers' reports. */
  readonly reportArn: string;
  protected readonly queueName: string;
  private readonly props: TaskAppProps;

  constructor(props: TaskAppProps) {
    super();
    this.props = props;
    this.name = props.name;
    this.queueName = props.alerts.queueName;
    this.topic = props.topic;
    this.submitArn = props.submitArn;
    this.reportArn = props.reportArn;
  }

  /** Lets a function enqueue, read and cancel tasks of this app, and nothing else; its `PunctualClient` finds the door by itself. */
  connect(target: LambdaFunction): void {
    this.grantEnqueue(target);
    Connections.of(target).add(this.name, { submit: this.submitArn });
  }

  /**
   * Makes a worker: an SQS queue (with a dead-letter queue) that the app's notifications arrive in, in the stack of `target`.
   * A Lambda is fed from it; anything else, such as the role of a container, may poll it. Both may report on tasks.
   *
   * @throws TaskQueueError if `target` has no stack to put the queue in, or works for this app already
   */
  addWorker(target: LambdaFunction | IGrantable, options: WorkerOptions = {}): TaskWorker {
    const { topic, alerts, longestLease } = this.props;
    const lambda = target instanceof LambdaFunction ? target : undefined;
    const scope = this.stackOf(target);
    const { queue, deadLetterQueue } = new WorkerQueue(scope, this.name, {
      ...options,
      appName: this.name,
      topic,
      alerts,
      longestLease,
      target: lambda,
    });
    this.grantWork(target);
    if (lambda) Connections.of(lambda).add(this.name, { report: this.reportArn });
    else queue.grantConsumeMessages(target);
    const apps = appsText(scope, new Map([[this.name, { report: this.reportArn }]]));
    return { queue, deadLetterQueue, queueUrl: queue.queueUrl, environment: { [ENV.apps]: apps, [ENV.queueUrl]: queue.queueUrl } };
  }

  /** Lets a role or a function enqueue, read and cancel tasks of this app: `lambda:InvokeFunction` on its submit door. */
  grantEnqueue(grantee: IGrantable): Grant {
    return grantInvoke(this.props.scope, grantee, this.submitArn);
  }

  /** Lets a role or a function report on tasks of this app: `lambda:InvokeFunction` on its report door. */
  grantWork(grantee: IGrantable): Grant {
    return grantInvoke(this.props.scope, grantee, this.reportArn);
  }

  private stackOf(target: IGrantable): Construct {
    if (target instanceof FunctionBase && !(target instanceof LambdaFunction)) {
      throw new TaskQueueError(
        this.props.scope,
        'addWorker got a function of another stack, whose environment cannot be changed from here; allowed are a Function of this CDK app, or a role',
      );
    }
    const scope = [target, target.grantPrincipal].find((candidate) => Construct.isConstruct(candidate));
    if (scope instanceof Construct) return scope;
    throw new TaskQueueError(
      this.props.scope,
      `addWorker got a ${target.constructor.name}, which is in no stack; allowed are constructs such as a Function or a Role`,
    );
  }
}
