import { Duration, Token } from 'aws-cdk-lib';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { shown } from '../contract/errors.ts';
import { APP_NAME } from '../contract/limits.ts';
import { DEFAULT_POLICY } from '../core/policy.ts';
import type { AppOptions } from './app-options.ts';
import { AppResources } from './app-resources.ts';
import { appSettings, type SettingsWithoutTopic } from './app-settings.ts';
import { Connections } from './connections.ts';
import { grantInvoke } from './grant-invoke.ts';
import { outcomeAlarms } from './outcome-alarms.ts';
import { QueueMetrics } from './queue-metrics.ts';
import { TaskApp } from './task-app.ts';
import type { QueueStore, TaskQueueAttributes } from './task-queue-attributes.ts';
import { TaskQueueError } from './task-queue-error.ts';

/** What tells an app that is there already; its stack's outputs and SSM parameters have it. */
export interface TaskAppAttributes {
  /** `<App>SubmitArn`. */
  readonly submitArn: string;
  /** `<App>ReportArn`. */
  readonly reportArn: string;
  /** `<App>TopicArn`. */
  readonly topicArn: string;
  /**
   * The longest lease of any of the app's tasks; a worker's queue hides a message for at least as long.
   *
   * @default Duration.minutes(5)
   */
  readonly lease?: Duration;
}

/** `apps` is where the settings lie: its own parameters would be taken for settings of other apps. */
const RESERVED_NAME = 'apps';

/** A queue, of this stack or of another: what can be done with no more than its ARNs. */
export abstract class TaskQueueBase extends QueueMetrics implements TaskQueueAttributes, QueueStore {
  abstract readonly tableArn: string;
  abstract readonly busArn: string;
  abstract readonly dispatcherArn: string;
  abstract readonly dispatcherRoleArn: string;
  abstract readonly operateArn: string;
  abstract readonly alertsTopicArn: string;
  abstract readonly encryptionKeyArn: string | undefined;
  abstract readonly adoption: string | undefined;
  /** Hears of every alarm. Subscribe who is to look after the queue. */
  abstract readonly alertsTopic: ITopic;

  /** Name of the table. */
  abstract readonly tableName: string;
  /** Name of the bus. */
  abstract readonly busName: string;
  /** Name of the dispatcher. */
  abstract readonly dispatcherName: string;
  /** Name of the operate door. */
  abstract readonly operateName: string;

  /**
   * Adds an app: its topic, its doors and its settings, in the stack of this construct. 14 resources, 17
   * with `alarms: true`, so a stack has room for some 30 apps; more live in stacks of their own, by
   * `TaskQueue.fromAttributes(…).addApp(…)`.
   *
   * @param name a-z, then a-z, 0-9 and -, 32 characters at most
   * @throws TaskQueueError that names what is wrong, the value got and what is allowed
   */
  addApp(name: string, options: AppOptions = {}): TaskApp {
    this.checkNewApp(name);
    const settings = appSettings(this, name, options);
    const resources = new AppResources(this, name, { queue: this, settings });
    const { topic, submitArn, reportArn } = resources;
    if (settings.alarms) outcomeAlarms(new Construct(resources, 'Alarms'), this, name);
    return new TaskApp({ scope: this, alerts: this, name, topic, submitArn, reportArn, longestLease: longestLease(settings) });
  }

  /** An app that another stack has added. */
  app(name: string, attributes: TaskAppAttributes): TaskApp {
    this.checkNewApp(name);
    const { submitArn, reportArn, topicArn, lease = Duration.millis(DEFAULT_POLICY.leaseMs) } = attributes;
    const topic = Topic.fromTopicArn(this, name, topicArn);
    return new TaskApp({ scope: this, alerts: this, name, topic, submitArn, reportArn, longestLease: lease });
  }

  /** Lets a role or a function operate the queue, across all its apps: `lambda:InvokeFunction` on the operate door. */
  grantOperate(grantee: IGrantable): Grant {
    return grantInvoke(this, grantee, this.operateArn);
  }

  /** Lets a function operate the queue, across all its apps; its `PunctualOperator` finds the door by itself. */
  connectOperator(target: LambdaFunction): void {
    this.grantOperate(target);
    Connections.of(target).operate(this.operateArn);
  }

  private checkNewApp(name: string): void {
    if (Token.isUnresolved(name) || !APP_NAME.test(name) || name === RESERVED_NAME) {
      throw new TaskQueueError(
        this,
        `an app is named ${shown(name)}; allowed are a-z, then a-z, 0-9 and -, 32 characters at most, but not "${RESERVED_NAME}"`,
      );
    }
    if (this.node.tryFindChild(name)) throw new TaskQueueError(this, `there is an app named ${name} already; allowed is one of a name`);
  }
}

function longestLease({ policy, tasks = {} }: SettingsWithoutTopic): Duration {
  const own = policy?.leaseMs ?? DEFAULT_POLICY.leaseMs;
  return Duration.millis(Math.max(own, ...Object.values(tasks).map((task) => task.leaseMs ?? own)));
}
