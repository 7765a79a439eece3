import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { type TaskApp, TaskQueue } from '../../infra/index.ts';
import { pascalCase } from '../../infra/pascal-case.ts';

/** The stack's name. */
export const STACK = 'OpsCalendar';

/** Real time in which a deadline counts as close; played faster, it shrinks with the rest. */
const DEADLINE_LEAD_DAYS = 7;

/** Outputs that the example adds to those of the queue: the first three for each app. */
export const OUTPUTS = {
  workerRole: 'WorkerRoleArn',
  enqueuerRole: 'EnqueuerRoleArn',
  queueUrl: 'WorkerQueueUrl',
  operatorRole: 'OperatorRoleArn',
  inboxUrl: 'InboxUrl',
} as const;

/**
 * Writes the cloud assembly of the example into `outdir`: one queue, and for each app a role that may only enqueue, a role
 * that may only work, and the worker's SQS queue; and for the queue a role that may operate it, with an inbox for its alerts.
 *
 * @param ratio how many times faster than real time the calendar is played
 */
export function synthesize(outdir: string, apps: readonly string[], ratio: number): void {
  // The template rules of the CDK take seconds; the tests of infra/ run them.
  process.env.CDK_VALIDATION ??= 'false';
  const cdk = new App({ outdir });
  const stack = new Stack(cdk, STACK);
  const queue = new TaskQueue(stack, 'Tasks', { queueName: 'ops' });
  for (const app of apps) {
    const added = queue.addApp(app, {
      maxAttempts: 3,
      demoteAfter: 2,
      backoffBase: Duration.millis(500),
      lease: Duration.seconds(30),
      deadlineLead: Duration.millis(Math.ceil((DEADLINE_LEAD_DAYS * 86_400_000) / ratio)),
    });
    addPeople(stack, app, added);
  }
  addOperator(stack, queue);
  cdk.synth();
}

function addPeople(stack: Stack, app: string, added: TaskApp): void {
  const assumedBy = new AccountRootPrincipal();
  const prefix = pascalCase(app);
  const enqueuer = new Role(stack, `${prefix}Enqueuer`, { assumedBy });
  added.grantEnqueue(enqueuer);
  const worker = new Role(stack, `${prefix}Worker`, { assumedBy });
  const { queueUrl } = added.addWorker(worker);
  new CfnOutput(stack, `${prefix}${OUTPUTS.enqueuerRole}`, { value: enqueuer.roleArn });
  new CfnOutput(stack, `${prefix}${OUTPUTS.workerRole}`, { value: worker.roleArn });
  new CfnOutput(stack, `${prefix}${OUTPUTS.queueUrl}`, { value: queueUrl });
}

function addOperator(stack: Stack, queue: TaskQueue): void {
  const operator = new Role(stack, 'Operator', { assumedBy: new AccountRootPrincipal() });
  queue.grantOperate(operator);
  const inbox = new Queue(stack, 'Inbox');
  inbox.grantConsumeMessages(operator);
  queue.alertsTopic.addSubscription(new SqsSubscription(inbox, { rawMessageDelivery: true }));
  new CfnOutput(stack, OUTPUTS.operatorRole, { value: operator.roleArn });
  new CfnOutput(stack, OUTPUTS.inboxUrl, { value: inbox.queueUrl });
}
