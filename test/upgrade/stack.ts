import { type App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { TaskQueue, type TaskQueueProps } from '../../infra/index.ts';

/** What the fixture's app was told. Long kept, so that what had ended when the fixture was made can still be read. */
const BILLING = { maxAttempts: 2, lease: Duration.minutes(2), backoffBase: Duration.seconds(5), retention: Duration.days(3_650) };

/** The stack of the fixture, by the constructs of whatever release this file stands in: one app, who enqueues, and a worker. */
export function upgradeStack(cdk: App, props: (stack: Stack) => TaskQueueProps = () => ({}), name = 'Upgrade'): Stack {
  const stack = new Stack(cdk, name, { analyticsReporting: false });
  const queue = new TaskQueue(stack, 'Tasks', { queueName: 'upgrade', ...props(stack) });
  const billing = queue.addApp('billing', BILLING);
  const assumedBy = new AccountRootPrincipal();
  const enqueuer = new Role(stack, 'Enqueuer', { assumedBy });
  const worker = new Role(stack, 'Worker', { assumedBy });
  const operator = new Role(stack, 'Operator', { assumedBy });
  billing.grantEnqueue(enqueuer);
  queue.grantOperate(operator);
  const { queueUrl } = billing.addWorker(worker);
  const outputs = {
    BillingEnqueuerRole: enqueuer.roleArn,
    BillingWorkerRole: worker.roleArn,
    BillingQueueUrl: queueUrl,
    OperatorRole: operator.roleArn,
  };
  for (const [id, value] of Object.entries(outputs)) new CfnOutput(stack, id, { value });
  return stack;
}
