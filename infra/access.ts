import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { settingsPath } from '../contract/environment.ts';
import { METRICS_NAMESPACE } from '../contract/metrics.ts';
import { INDEXES } from '../core/lanes.ts';
import type { QueueStore } from './task-queue-attributes.ts';

type TableAction = 'GetItem' | 'BatchGetItem' | 'UpdateItem' | 'PartiQLInsert' | 'PartiQLUpdate';

/** Exactly these actions on the table, and the use of its key where it is an own one. */
export function tableAccess(queue: QueueStore, ...actions: TableAction[]): PolicyStatement[] {
  const table = new PolicyStatement({ actions: actions.map((action) => `dynamodb:${action}`), resources: [queue.tableArn] });
  return queue.encryptionKeyArn === undefined ? [table] : [table, keyAccess(queue.encryptionKeyArn)];
}

/**
 * DynamoDB uses an own key in the name of whoever calls it. These, each by its name, are what it asks for at least ("Encryption
 * at rest: authorizing use of your customer managed key"); creating a grant is left to whoever deploys the table.
 */
const keyAccess = (keyArn: string): PolicyStatement =>
  new PolicyStatement({
    actions: [
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'kms:GenerateDataKeyWithoutPlaintext',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
    ],
    resources: [keyArn],
  });

/** To look for tasks in every lane. */
export const indexAccess = (queue: QueueStore): PolicyStatement =>
  new PolicyStatement({
    actions: ['dynamodb:Query'],
    resources: Object.keys(INDEXES).map((index) => `${queue.tableArn}/index/${index}`),
  });

/** To put events on the queue's bus. */
export const putEvents = (queue: QueueStore): PolicyStatement =>
  new PolicyStatement({ actions: ['events:PutEvents'], resources: [queue.busArn] });

/** To read the settings of all apps of the queue: the path itself is what IAM asks about. */
export function readSettings(scope: Construct, queue: QueueStore): PolicyStatement {
  const path = settingsPath(queue.queueName).slice(1);
  const arn = Stack.of(scope).formatArn({
    service: 'ssm',
    resource: 'parameter',
    resourceName: path,
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });
  return new PolicyStatement({ actions: ['ssm:GetParametersByPath'], resources: [arn] });
}

/** The action knows no resources; a condition keeps it to our namespace. */
export const putMetrics = (): PolicyStatement =>
  new PolicyStatement({
    actions: ['cloudwatch:PutMetricData'],
    resources: ['*'],
    conditions: { StringEquals: { 'cloudwatch:namespace': METRICS_NAMESPACE } },
  });

/** To invoke exactly this function. */
export const invoke = (functionArn: string): PolicyStatement =>
  new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [functionArn] });

/** To publish to exactly this topic. (Whoever has the table's key can use the topic's: it is the same.) */
export const publish = (topicArn: string): PolicyStatement => new PolicyStatement({ actions: ['sns:Publish'], resources: [topicArn] });
