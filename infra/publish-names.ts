import { CfnOutput, Stack } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { TaskQueueError } from './task-queue-error.ts';

/** What is told to the outside, and where. */
export interface PublishedNames {
  /** Put before each word in the stack's outputs, such as `Billing`; may be empty. */
  readonly outputPrefix: string;
  /** The SSM path that the words stand below, such as `/punctual/tasks/billing`. */
  readonly path: string;
  /** Word, such as `SubmitArn`, and value. */
  readonly values: Readonly<Record<string, string>>;
}

/** Makes each value an output of the stack and an SSM parameter, under names that other programs know. */
export function publishNames(scope: Construct, { outputPrefix, path, values }: PublishedNames): void {
  const stack = Stack.of(scope);
  for (const [word, value] of Object.entries(values)) {
    const key = `${outputPrefix}${word}`;
    if (stack.node.tryFindChild(key)) {
      throw new TaskQueueError(
        scope,
        `the stack ${stack.stackName} already has an output ${key}; put one TaskQueue in a stack, and give apps names that differ in more than hyphens`,
      );
    }
    new CfnOutput(stack, key, { value }).overrideLogicalId(key);
    new StringParameter(scope, `${word}Parameter`, { parameterName: `${path}/${word}`, stringValue: value });
  }
}
