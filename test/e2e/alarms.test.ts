import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { CfnOutput, Duration } from 'aws-cdk-lib';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PunctualClient, PunctualOperator } from '../../client/index.ts';
import type { LocalAws } from '../../localstack/localAws.ts';
import { startLocalAws } from '../../localstack/startLocalAws.ts';
import { Deployment } from './deployment.ts';
import { until } from './until.ts';
import { WorkerProcess } from './workerProcess.ts';

const MINUTE = 60_000;

// The emulator's alarms look at a metric's name alone, whatever the dimensions: so this queue has a local AWS to itself.
describe('alarms on the metrics of the queue itself, each by its cause', () => {
  let aws: LocalAws;
  let deployment: Deployment;
  let billing: PunctualClient;
  let operator: PunctualOperator;
  let worker: WorkerProcess;
  let alerts: Alerts;

  beforeAll(async () => {
    aws = await startLocalAws();
    deployment = await Deployment.of(
      {
        apps: { billing: { maxAttempts: 1, lease: Duration.seconds(30) } },
        more: ({ stack, queue }) => {
          const inbox = new Queue(stack, 'Inbox');
          queue.alertsTopic.addSubscription(new SqsSubscription(inbox, { rawMessageDelivery: true }));
          new CfnOutput(stack, 'InboxUrl', { value: inbox.queueUrl });
        },
      },
      aws,
    );
    billing = await deployment.client('billing');
    operator = await deployment.operator();
    alerts = new Alerts(new CloudWatchClient(await deployment.as()), new SQSClient(await deployment.as()), deployment.output('InboxUrl'));
    worker = await WorkerProcess.start(deployment, 'billing', ['send-invoice']);
  });

  afterAll(async () => {
    await worker?.stop();
    await deployment?.remove();
    await aws?.stop();
  });

  it.sequential('none of them is in alarm before anything has happened', async () => {
    const { id } = await billing.enqueue({ name: 'send-invoice' });
    await until('a completed task', async () => (await billing.get(id)).state === 'completed');
    expect(await alerts.inAlarm()).toEqual([]);
  });

  it.sequential('a task that dies raises Dead and the failure rate, and says what to do', async () => {
    await billing.enqueueBatch(Array.from({ length: 5 }, (_, n) => ({ name: 'send-invoice', payload: { do: 'fail', n } })));
    await alerts.raised('Dead', 'FailureRate');
    const text = await alerts.textOf('Dead');
    expect(text).toMatch(/aws lambda invoke/);
    expect(text).toMatch(/docs\/runbook\.md#/);
  });

  it.sequential('a task that is dead by its deadline raises DeadlineMissed', async () => {
    await operator.pause('billing');
    // A run that is alive finds a deadline missed by a task that is held back, too.
    expect(await alerts.inAlarm()).not.toContain('DeadlineMissed');
    const deadlineAt = new Date(Date.now() + 1_000);
    await billing.enqueue({ name: 'send-invoice', deadlineAt, expiresAfterDeadline: true });
    await until('the deadline', () => Date.now() > deadlineAt.getTime());
    await operator.resume('billing');
    await alerts.raised('DeadlineMissed');
  });

  it.sequential('tasks that are due and wait raise the alarm of their priority, once they are old enough for it', async () => {
    await operator.pause('billing');
    for (const [priority, minutes] of [
      ['high', 7],
      ['medium', 20],
      ['low', 80],
    ] as const) {
      const name = `OldestDue${priority[0]?.toUpperCase()}${priority.slice(1)}`;
      expect(await alerts.inAlarm()).not.toContain(name);
      await billing.enqueue({ name: 'send-invoice', priority, dueAt: new Date(Date.now() - minutes * MINUTE) });
      await alerts.raised(name);
    }
  });
});

/** The alarms of the one queue of a local AWS, by the last part of their construct's path, and what they said. */
class Alerts {
  readonly #cloudwatch: CloudWatchClient;
  readonly #sqs: SQSClient;
  readonly #inbox: string;
  readonly #texts: string[] = [];

  constructor(cloudwatch: CloudWatchClient, sqs: SQSClient, inbox: string) {
    this.#cloudwatch = cloudwatch;
    this.#sqs = sqs;
    this.#inbox = inbox;
  }

  async inAlarm(): Promise<string[]> {
    const { MetricAlarms = [] } = await this.#cloudwatch.send(new DescribeAlarmsCommand({ StateValue: 'ALARM' }));
    return MetricAlarms.map(({ AlarmName = '' }) => /Alarms([A-Za-z]+?)[0-9A-F]{8}/.exec(AlarmName)?.[1] ?? AlarmName);
  }

  /** Waits until all of these are in alarm. */
  async raised(...names: string[]): Promise<void> {
    await until(
      `the alarms ${names.join(', ')}`,
      async () => {
        const found = await this.inAlarm();
        return names.every((name) => found.includes(name));
      },
      90_000,
    );
  }

  /** What the alerts topic was told of an alarm. */
  textOf(name: string): Promise<string> {
    return until(`the alert of ${name}`, async () => {
      const { Messages = [] } = await this.#sqs.send(new ReceiveMessageCommand({ QueueUrl: this.#inbox, MaxNumberOfMessages: 10 }));
      this.#texts.push(...Messages.map(({ Body = '' }) => Body));
      return this.#texts.find((text) => text.includes(`Alarms${name}`));
    });
  }
}
