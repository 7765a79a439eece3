import { Stack } from 'aws-cdk-lib';
import { ArnPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { ENV, settingsPath } from '../contract/environment.ts';
import { indexAccess, invoke, putEvents, putMetrics, tableAccess } from './access.ts';
import type { SettingsWithoutTopic } from './app-settings.ts';
import { pascalCase } from './pascal-case.ts';
import { publishNames } from './publish-names.ts';
import { SystemFunction } from './system-function.ts';
import type { QueueStore, TaskQueueAttributes } from './task-queue-attributes.ts';
import { TaskQueueError } from './task-queue-error.ts';

/**
 * Bytes that an app's settings may have. A door carries them in its environment, which holds 4 KB in all ("Lambda
 * quotas"), and SSM takes 4 KB a parameter; the rest is for the topic's ARN and the other variables.
 */
const SETTINGS_BYTES = 3_000;

/** An app's settings, and the queue that it belongs to. */
export interface AppResourcesProps {
  readonly queue: QueueStore & Pick<TaskQueueAttributes, 'dispatcherArn' | 'dispatcherRoleArn'> & { readonly dispatcherName: string };
  readonly settings: SettingsWithoutTopic;
}

/** What belongs to one app: its topic, its two doors, its settings. All of it is in the stack of `scope`. */
export class AppResources extends Construct {
  readonly topic: Topic;
  readonly submitArn: string;
  readonly reportArn: string;

  constructor(scope: Construct, id: string, { queue, settings }: AppResourcesProps) {
    super(scope, id);
    const { app } = settings;
    this.topic = new Topic(this, 'Topic', { enforceSSL: true });
    // By the topic's policy, so that an app in another stack adds nothing to the queue's.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ArnPrincipal(queue.dispatcherRoleArn)],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
      }),
    );
    const text = settingsText(this, settings, this.topic.topicArn);
    new StringParameter(this, 'Settings', {
      parameterName: `${settingsPath(queue.queueName)}/${app}`,
      stringValue: text,
    });
    const environment = { [ENV.settings]: text, [ENV.dispatcher]: queue.dispatcherName };
    const ring = invoke(queue.dispatcherArn);
    this.submitArn = new SystemFunction(this, 'Submit', {
      source: 'submit',
      description: `Punctual ${queue.queueName}: the door by which ${app} enqueues, reads and cancels its tasks`,
      queue,
      environment,
      access: [...tableAccess(queue, 'PartiQLInsert', 'GetItem', 'BatchGetItem', 'UpdateItem'), indexAccess(queue), ring],
    }).function.functionArn;
    this.reportArn = new SystemFunction(this, 'Report', {
      source: 'report',
      description: `Punctual ${queue.queueName}: the door by which workers of ${app} report on its tasks`,
      queue,
      environment,
      access: [...tableAccess(queue, 'GetItem', 'UpdateItem'), putEvents(queue), putMetrics(), ring],
    }).function.functionArn;
    publishNames(this, {
      outputPrefix: pascalCase(app),
      path: `/punctual/${queue.queueName}/${app}`,
      values: { SubmitArn: this.submitArn, ReportArn: this.reportArn, TopicArn: this.topic.topicArn },
    });
  }
}

/** The settings as one text, the topic's ARN filled in at deployment. */
function settingsText(scope: Construct, settings: SettingsWithoutTopic, topicArn: string): string {
  const bytes = Buffer.byteLength(JSON.stringify(settings));
  if (bytes > SETTINGS_BYTES) {
    const names = Object.keys(settings.tasks ?? {}).length;
    throw new TaskQueueError(
      scope,
      `the settings of ${settings.app} are ${bytes} bytes; allowed are ${SETTINGS_BYTES}. It has exceptions for ${names} task names: ` +
        'say what most of them share in the options of the app, and leave only what differs in tasks; or spread the names over two apps',
    );
  }
  return Stack.of(scope).toJsonString({ ...settings, topicArn });
}
