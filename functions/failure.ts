import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { CLIENT_OPTIONS, DYNAMO_OPTIONS } from './client-options.ts';
import { systemClock } from './clock.ts';
import { variable } from './environment.ts';
import { FailureBatch, type FailurePorts } from './failures/batch.ts';
import { ErrorBook } from './failures/error-book.ts';
import { KnownSettings } from './known-settings.ts';
import { Ring } from './ring.ts';
import { Seat } from './seat.ts';
import { loadSettings } from './settings.ts';
import { Store } from './store.ts';

const queue = variable('queue');
const table = variable('table');
const dynamo = new DynamoDBClient(DYNAMO_OPTIONS);
const ssm = new SSMClient(CLIENT_OPTIONS);
const store = new Store(dynamo, table);
const settings = new KnownSettings(() => loadSettings(ssm, queue), systemClock);

const ports: FailurePorts = {
  dynamo,
  store,
  settingsOf: (app) => settings.of(app),
  random: () => Math.random(),
  book: new ErrorBook(dynamo, store),
  ring: new Ring(new Seat(dynamo, table), new LambdaClient(CLIENT_OPTIONS), variable('dispatcher')),
  sns: new SNSClient(CLIENT_OPTIONS),
  events: new EventBridgeClient(CLIENT_OPTIONS),
  cloudwatch: new CloudWatchClient(CLIENT_OPTIONS),
  clock: systemClock,
  bus: variable('bus'),
  alertsTopicArn: variable('alerts'),
  mail: { queue, operateName: variable('operateName'), region: process.env.AWS_REGION },
};

/** Where every failure ends, wherever it comes from. What cannot be settled goes back to the queue, alone. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const handedBack = await new FailureBatch(ports).settle(Records);
  return { batchItemFailures: handedBack.map((itemIdentifier) => ({ itemIdentifier })) };
}
