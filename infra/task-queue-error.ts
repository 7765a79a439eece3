import type { IConstruct } from 'constructs';

/** A construct of this library was told something that cannot work. Says where, what was wrong, and what is allowed. */
export class TaskQueueError extends Error {
  constructor(scope: IConstruct, message: string) {
    super(`${scope.node.path}: ${message}`);
    this.name = 'TaskQueueError';
  }
}
