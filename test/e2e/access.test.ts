import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { CfnOutput, type Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { settingsPath } from '../../contract/environment.ts';
import type { TaskApp, TaskQueue } from '../../infra/index.ts';
import { callDoor } from './callDoor.ts';
import { Deployment } from './deployment.ts';
import { until } from './until.ts';

/** The SDK clients of one role. */
interface Hands {
  readonly lambda: LambdaClient;
  readonly dynamo: DynamoDBClient;
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
  readonly events: EventBridgeClient;
  readonly ssm: SSMClient;
}

type Call = (hands: Hands) => Promise<unknown>;

/** What a service calls it when the caller holds no permission. */
const DENIED: Readonly<Record<string, string>> = {
  lambda: 'AccessDeniedException',
  dynamodb: 'AccessDeniedException',
  events: 'AccessDeniedException',
  ssm: 'AccessDeniedException',
  sns: 'AuthorizationErrorException',
  sqs: 'AccessDenied',
};

let deployment: Deployment;
const at = (key: string): string => deployment.output(key);

const door =
  (output: string, request: object): Call =>
  ({ lambda }) =>
    callDoor(lambda, at(output), { v: 1, ...request });
const enqueue = (output: string) => door(output, { action: 'enqueue', name: 'remind', idempotencyKey: 'access', delayMs: 3_600_000 });
const report = (output: string, app: string) => door(output, { action: 'complete', id: `${app}/${'a'.repeat(22)}`, claim: 1 });
const publish =
  (output: string): Call =>
  ({ sns }) =>
    sns.send(new PublishCommand({ TopicArn: at(output), Message: 'no notification' }));
const receive =
  (output: string): Call =>
  ({ sqs }) =>
    sqs.send(new ReceiveMessageCommand({ QueueUrl: at(output), VisibilityTimeout: 0 }));

const Key = { id: { S: 'not-a-task' } };
const table = () => ({ TableName: at('TableName') });
const dynamo =
  (send: (client: DynamoDBClient) => Promise<unknown>): Call =>
  ({ dynamo: client }) =>
    send(client);

/** All that anybody could try. A key's first word is the service that is asked. */
const CALLS: Readonly<Record<string, Call>> = {
  'lambda: enqueue at the submit door of billing': enqueue('BillingSubmitArn'),
  'lambda: enqueue at the submit door of shipping': enqueue('ShippingSubmitArn'),
  'lambda: report at the report door of billing': report('BillingReportArn', 'billing'),
  'lambda: report at the report door of shipping': report('ShippingReportArn', 'shipping'),
  'lambda: describe the queue at the operate door': door('OperateArn', { action: 'describe' }),
  'lambda: call the dispatcher': ({ lambda }) =>
    lambda.send(new InvokeCommand({ FunctionName: at('DispatcherName'), InvocationType: 'Event', Payload: Buffer.from('{}') })),
  'dynamodb: get an item of the table': dynamo((client) => client.send(new GetItemCommand({ ...table(), Key }))),
  'dynamodb: put an item into the table': dynamo((client) => client.send(new PutItemCommand({ ...table(), Item: Key }))),
  'dynamodb: update an item of the table': dynamo((client) =>
    client.send(
      new UpdateItemCommand({
        ...table(),
        Key,
        UpdateExpression: 'SET tampered = :yes',
        ExpressionAttributeValues: { ':yes': { BOOL: true } },
      }),
    ),
  ),
  'dynamodb: delete an item of the table': dynamo((client) => client.send(new DeleteItemCommand({ ...table(), Key }))),
  'dynamodb: query the table': dynamo((client) =>
    client.send(
      new QueryCommand({
        ...table(),
        KeyConditionExpression: 'id = :id',
        ExpressionAttributeValues: { ':id': Key.id },
        ConsistentRead: true,
      }),
    ),
  ),
  'dynamodb: scan the table': dynamo((client) => client.send(new ScanCommand(table()))),
  'sns: publish to the topic of billing': publish('BillingTopicArn'),
  'sns: publish to the topic of shipping': publish('ShippingTopicArn'),
  'sns: publish an alert': publish('AlertsTopicArn'),
  'sqs: receive from the queue of the worker of billing': receive('BillingQueueUrl'),
  'sqs: receive from the queue of the worker of shipping': receive('ShippingQueueUrl'),
  'sqs: send to the queue of the worker of billing': ({ sqs }) =>
    sqs.send(new SendMessageCommand({ QueueUrl: at('BillingQueueUrl'), MessageBody: 'no notification' })),
  'events: put an event on the bus': async ({ events }) => {
    const entry = { EventBusName: at('BusName'), Source: 'test', DetailType: 'test', Detail: '{}' };
    const { FailedEntryCount } = await events.send(new PutEventsCommand({ Entries: [entry] }));
    expect(FailedEntryCount).toBe(0);
  },
  'ssm: read the settings of the apps': ({ ssm }) => ssm.send(new GetParametersByPathCommand({ Path: settingsPath(at('QueueName')) })),
};

/** Each role of the shipped constructs, and the calls that it may make: these and no others. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  BillingEnqueuer: ['lambda: enqueue at the submit door of billing'],
  BillingWorker: ['lambda: report at the report door of billing', 'sqs: receive from the queue of the worker of billing'],
  Operator: ['lambda: describe the queue at the operate door'],
};

const MATRIX = Object.entries(MAY).flatMap(([who, own]) =>
  Object.entries(CALLS).map(([what, call]) => [who, what, call, own.includes(what)] as const),
);

const { enforcesIam, emulator } = inject('localAws');
const title = enforcesIam ? 'who may do what' : `skipped: IAM is not enforced by this local AWS (${emulator})`;

describe.skipIf(!enforcesIam)(title, () => {
  const hands = new Map<string, Hands>();
  const handsOf = (who: string): Hands => hands.get(who) as Hands;

  beforeAll(async () => {
    deployment = await Deployment.of({
      apps: { billing: {}, shipping: {} },
      more: ({ stack, queue, apps }) => addMorePeople(stack, queue, Object.values(apps)),
    });
    for (const who of [...Object.keys(MAY), 'Granted', 'Nobody']) hands.set(who, clientsOf(await deployment.as(`${who}Role`)));
  });

  afterAll(async () => {
    for (const own of hands.values()) for (const client of Object.values(own)) client.destroy();
    await deployment?.remove();
  });

  it('the worker of billing receives what the enqueuer of billing asked for, and reports on it', async () => {
    const { id } = (await door('BillingSubmitArn', { action: 'enqueue', name: 'remind', idempotencyKey: 'now' })(
      handsOf('BillingEnqueuer'),
    )) as { id: string };
    const body = await until('a notification', async () => {
      const { Messages = [] } = await handsOf('BillingWorker').sqs.send(
        new ReceiveMessageCommand({ QueueUrl: at('BillingQueueUrl'), WaitTimeSeconds: 1 }),
      );
      return Messages.map(({ Body = '' }) => JSON.parse(Body)).find((told) => told.id === id);
    });
    const complete = door('BillingReportArn', { action: 'complete', id, claim: body.claim });
    expect(await complete(handsOf('BillingWorker'))).toEqual({ v: 1, ok: true, id, state: 'completed' });
  });

  it.each(MATRIX.filter(([, , , may]) => may))('%s may %s', async (who, what, call) => {
    await call(handsOf(who));
    await expectDenied(call(handsOf('Nobody')), what);
  });

  it.each(MATRIX.filter(([, , , may]) => !may))('%s may not %s', async (who, what, call) => {
    await expectDenied(call(handsOf(who)), what);
    // The very same call, by one who was granted it: so it is the missing permission that refuses.
    await call(handsOf('Granted'));
  });

  it('Operator may do at the operate door what operators do, and cannot enqueue there', async () => {
    const operate = (request: object) => callDoor(handsOf('Operator').lambda, at('OperateArn'), { v: 1, ...request });
    expect(await operate({ action: 'stats', app: 'shipping' })).toMatchObject({ v: 1, ok: true });
    expect(await operate({ action: 'enqueue', name: 'remind', idempotencyKey: 'k' })).toMatchObject({
      ok: false,
      error: { code: 'BadRequest', field: 'action' },
    });
  });

  it('an app’s own door does nothing to another app’s task, whatever is asked', async () => {
    const { id } = (await enqueue('BillingSubmitArn')(handsOf('BillingEnqueuer'))) as { id: string };
    for (const request of [
      { action: 'get' },
      { action: 'explain' },
      { action: 'cancel' },
      { action: 'reprioritize', priority: 'high' },
      { action: 'moveToFront' },
      { action: 'replay' },
    ]) {
      const answer = await callDoor(handsOf('Granted').lambda, at('ShippingSubmitArn'), { v: 1, ...request, id });
      expect(answer).toMatchObject({ ok: false, error: { code: 'NotFound' } });
    }
  });
});

async function expectDenied(call: Promise<unknown>, what: string): Promise<void> {
  const [service = ''] = what.split(':');
  const error: unknown = await call.then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: DENIED[service] });
}

/** One who was granted, by hand, all that is tried here; and one who was granted nothing. */
function addMorePeople(stack: Stack, queue: TaskQueue, apps: readonly TaskApp[]): void {
  const roleOf = (name: string): Role => {
    const role = new Role(stack, name, { assumedBy: new AccountRootPrincipal() });
    new CfnOutput(stack, `${name}Role`, { value: role.roleArn });
    return role;
  };
  roleOf('Nobody');
  const granted = roleOf('Granted');
  const allow = (actions: string[], resources: string[]) => granted.addToPolicy(new PolicyStatement({ actions, resources }));
  const doors = apps.flatMap(({ submitArn, reportArn }) => [submitArn, reportArn]);
  allow(['lambda:InvokeFunction'], [...doors, queue.operateArn, queue.dispatcherArn]);
  const items = ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query', 'Scan'];
  allow(
    items.map((action) => `dynamodb:${action}`),
    [queue.tableArn],
  );
  allow(['sns:Publish'], [...apps.map(({ topic }) => topic.topicArn), queue.alertsTopicArn]);
  const queues = stack.node.findAll().filter((part) => part instanceof Queue);
  allow(
    ['sqs:ReceiveMessage', 'sqs:SendMessage'],
    queues.map(({ queueArn }) => queueArn),
  );
  allow(['events:PutEvents'], [queue.busArn]);
  const settings = stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: settingsPath(queue.queueName).slice(1) });
  allow(['ssm:GetParametersByPath'], [settings]);
  new CfnOutput(stack, 'QueueName', { value: queue.queueName });
}

function clientsOf(options: Awaited<ReturnType<Deployment['as']>>): Hands {
  return {
    lambda: new LambdaClient(options),
    dynamo: new DynamoDBClient(options),
    sns: new SNSClient(options),
    sqs: new SQSClient(options),
    events: new EventBridgeClient(options),
    ssm: new SSMClient(options),
  };
}
