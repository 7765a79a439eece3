import { ArnFormat, Stack, Token } from 'aws-cdk-lib';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { shown } from '../contract/errors.ts';
import { queueNameFor } from './queue-name.ts';
import type { TaskQueueAttributes } from './task-queue-attributes.ts';
import { TaskQueueBase } from './task-queue-base.ts';
import { TaskQueueError } from './task-queue-error.ts';

/** A queue of another stack. Made by `TaskQueue.fromAttributes`. */
export class ImportedTaskQueue extends TaskQueueBase {
  readonly queueName: string;
  readonly tableArn: string;
  readonly busArn: string;
  readonly dispatcherArn: string;
  readonly dispatcherRoleArn: string;
  readonly operateArn: string;
  readonly alertsTopicArn: string;
  readonly encryptionKeyArn: string | undefined;
  readonly adoption: string | undefined;
  readonly alertsTopic: ITopic;
  readonly tableName: string;
  readonly busName: string;
  readonly dispatcherName: string;
  readonly operateName: string;

  constructor(scope: Construct, id: string, attributes: TaskQueueAttributes) {
    super(scope, id);
    this.queueName = queueNameFor(this, attributes.queueName);
    this.tableArn = attributes.tableArn;
    this.busArn = attributes.busArn;
    this.dispatcherArn = attributes.dispatcherArn;
    this.dispatcherRoleArn = attributes.dispatcherRoleArn;
    this.operateArn = attributes.operateArn;
    this.alertsTopicArn = attributes.alertsTopicArn;
    this.encryptionKeyArn = attributes.encryptionKeyArn;
    this.adoption = attributes.adoption;
    this.alertsTopic = Topic.fromTopicArn(this, 'Alerts', attributes.alertsTopicArn);
    this.tableName = this.nameIn('tableArn', attributes.tableArn, ArnFormat.SLASH_RESOURCE_NAME);
    this.busName = this.nameIn('busArn', attributes.busArn, ArnFormat.SLASH_RESOURCE_NAME);
    this.dispatcherName = this.nameIn('dispatcherArn', attributes.dispatcherArn, ArnFormat.COLON_RESOURCE_NAME);
    this.operateName = this.nameIn('operateArn', attributes.operateArn, ArnFormat.COLON_RESOURCE_NAME);
  }

  /** The name in an ARN such as `arn:aws:dynamodb:eu-west-1:111122223333:table/Tasks`. */
  private nameIn(attribute: string, arn: string, format: ArnFormat): string {
    const name = /^arn:/.test(arn) || Token.isUnresolved(arn) ? Stack.of(this).splitArn(arn, format).resourceName : undefined;
    if (name !== undefined) return name;
    throw new TaskQueueError(this, `${attribute} is ${shown(arn)}; allowed is an ARN that ends in the name of the resource`);
  }
}
