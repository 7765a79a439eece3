import { Duration, type Stack } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { TaskQueue } from 'punctual/cdk';

export function addBilling(stack: Stack, web: LambdaFunction, worker: LambdaFunction): void {
  const queue = new TaskQueue(stack, 'Tasks');
  const billing = queue.addApp('billing', { maxInFlight: 50, lease: Duration.minutes(5) });
  billing.connect(web); // may enqueue, read and cancel billing's tasks, and nothing else
  billing.addWorker(worker); // its SQS queue, dead letters and partial batches, wired
}
