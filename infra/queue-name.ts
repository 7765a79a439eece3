import { Names, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { shown } from '../contract/errors.ts';
import { TaskQueueError } from './task-queue-error.ts';

const QUEUE_NAME = /^[a-z][a-z0-9-]{0,31}$/;
const MAX_LENGTH = 32;

/** The name that was given, or one made from the construct's path, such as `punctual-tasks-60a2252d`. */
export function queueNameFor(scope: Construct, given: string | undefined): string {
  const name = given ?? Names.uniqueResourceName(scope, { maxLength: MAX_LENGTH, separator: '-' }).toLowerCase();
  if (!Token.isUnresolved(name) && QUEUE_NAME.test(name)) return name;
  throw new TaskQueueError(
    scope,
    `queueName is ${Token.isUnresolved(name) ? 'a value that is known at deployment only' : shown(name)}; allowed are a-z, then a-z, 0-9 and -, 32 characters at most`,
  );
}
