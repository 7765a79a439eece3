import { type DoorError, doorError } from '../../contract/errors.ts';
import { wire } from '../../contract/view.ts';
import type { Refusal } from '../../core/actions.ts';

/** A refusal of the core, as a door answers it. */
export function refusalError(refusal: Refusal, id: string): DoorError {
  switch (refusal.reason) {
    case 'not found':
      return notFound(id);
    case 'idempotency conflict':
      return doorError(
        'IdempotencyConflict',
        'This idempotencyKey belongs to another request. Use another key, or send the same request.',
        { field: 'idempotencyKey' },
      );
    case 'lease lost':
      return doorError(
        'LeaseLost',
        `The claim no longer holds: the task is ${refusal.state}, its claim is number ${refusal.claim}. Drop this notification; what you did for it may be done again.`,
        { field: 'claim', allowed: `the claim of a live lease (the latest is ${refusal.claim})` },
      );
    case 'held':
      return doorError('Held', 'Another run of a worker does this exclusive task under the same claim. Drop this notification.', {
        field: 'holder',
        allowed: 'the holder that started first',
      });
    case 'not due':
      return doorError(
        'WrongState',
        `The task is due at ${wire(refusal.dueAt)}; only one that is due can be moved to the front. Reschedule it.`,
        {
          field: 'id',
          got: wire(refusal.dueAt),
          allowed: 'a task that is due',
        },
      );
    case 'not replayable':
      return doorError(
        'WrongState',
        'The task was enqueued with replayable: false: what it does must not happen twice. Enqueue a new task if it must.',
        {
          field: 'id',
          got: 'replayable: false',
          allowed: 'a task that may be replayed',
        },
      );
    case 'wrong state':
      return doorError('WrongState', `The task is ${refusal.state}; this can be done to a task that is ${refusal.allowed.join(' or ')}.`, {
        field: 'id',
        got: refusal.state,
        allowed: refusal.allowed.join(' or '),
      });
    case 'deadline before date':
      return doorError('BadRequest', `deadlineAt ${wire(refusal.deadlineAt)} is before dueAt ${wire(refusal.dueAt)}. Move one of them.`, {
        field: 'deadlineAt',
        got: wire(refusal.deadlineAt),
        allowed: `${wire(refusal.dueAt)} or later`,
      });
    case 'moved on':
    case 'not expired':
    case 'not worthless':
      // Answers to the dispatcher and the failure Lambda; no door asks what they refuse.
      return doorError('Unavailable', 'The task is just being changed. Ask again.');
    default:
      return refusal satisfies never;
  }
}

export const notFound = (id: string): DoorError =>
  doorError('NotFound', 'This app has no such task, or its history has expired.', {
    field: 'id',
    got: id,
    allowed: 'the id that enqueue answered',
  });
