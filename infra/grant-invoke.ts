import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { TaskQueueError } from './task-queue-error.ts';

/**
 * Lets the grantee invoke exactly this function, not its versions or aliases. Changes the grantee's policy and nothing else,
 * so that the function's stack never names who may call it.
 *
 * @throws TaskQueueError if the grantee cannot hold a policy
 */
export function grantInvoke(scope: IConstruct, grantee: IGrantable, functionArn: string): Grant {
  const grant = Grant.addToPrincipal({ grantee, actions: ['lambda:InvokeFunction'], resourceArns: [functionArn] });
  if (grant.success) return grant;
  throw new TaskQueueError(
    scope,
    `a grant went to ${grantee.grantPrincipal}, which can hold no policy; allowed are roles, users, groups and functions`,
  );
}
