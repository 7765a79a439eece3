import { doorError, refusedField } from '../../contract/errors.ts';
import { jsonProblem } from '../../contract/json.ts';
import { NOTIFICATION_BYTES } from '../../contract/limits.ts';
import type { Task } from '../../core/task.ts';
import { bytesOver } from '../notification.ts';
import { Refused } from './door.ts';

/**
 * A payload as it is stored.
 *
 * @throws Refused if JSON would not carry it as it was sent
 */
export function payloadText(payload: unknown, field: string): string {
  const problem = jsonProblem(payload, field);
  if (problem) throw new Refused(refusedField(problem.path, problem.got, problem.allowed));
  return JSON.stringify(payload);
}

/** @throws Refused if the task's notification could grow too large to be told */
export function refuseTooLarge(task: Task, field: string): void {
  const over = bytesOver(task);
  if (over === 0) return;
  const got = `${NOTIFICATION_BYTES + over} bytes`;
  const message = `The notification of this task would be ${got} (UTF-8, envelope included). Keep the payload elsewhere and send a reference.`;
  throw new Refused(doorError('PayloadTooLarge', message, { field, got, allowed: `at most ${NOTIFICATION_BYTES} bytes` }));
}
