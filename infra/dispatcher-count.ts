import { Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { shown } from '../contract/errors.ts';
import { TaskQueueError } from './task-queue-error.ts';

const MOST = 16;

/** How many dispatchers a queue has. @throws TaskQueueError if that is no number that it can have */
export function dispatcherCount(scope: IConstruct, asked = 1): number {
  if (!Token.isUnresolved(asked) && Number.isInteger(asked) && asked >= 1 && asked <= MOST) return asked;
  const got = Token.isUnresolved(asked) ? 'a value that is known at deployment only' : shown(asked);
  throw new TaskQueueError(scope, `dispatchers must be a whole number from 1 to ${MOST}; got ${got}`);
}
