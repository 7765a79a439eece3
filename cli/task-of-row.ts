import type { TaskInput } from '../client/prepareTask.ts';
import { mustBe } from './failure.ts';
import type { Moments } from './moments.ts';
import type { TaskRow } from './tasks-file.ts';

/** Columns beside those of every file of tasks: what else `enqueue` takes. */
export const EXTRA_COLUMNS = ['delay', 'version', 'maxAttempts', 'acknowledge', 'exclusive', 'expiresAfterDeadline', 'replayable'] as const;

/**
 * The task that a row asks for. Its ranges are checked by the client.
 *
 * @param keyPrefix makes the key of a row that has none, from its line
 * @throws CliError naming the cell that cannot be read
 */
export function taskOfRow(row: TaskRow, moments: Moments, keyPrefix: string | undefined): TaskInput {
  const { name, payload, dueAt, timeZone, deadlineAt, priority, position, extra } = row;
  const idempotencyKey = row.idempotencyKey ?? (keyPrefix === undefined ? undefined : `${keyPrefix}:${row.line}`);
  return {
    name,
    payload,
    dueAt: dueAt === undefined ? undefined : moments.read(dueAt, 'dueAt', timeZone),
    delay: extra.delay || undefined,
    deadlineAt: deadlineAt === undefined ? undefined : moments.read(deadlineAt, 'deadlineAt', timeZone),
    priority: priority as TaskInput['priority'],
    position: position as TaskInput['position'],
    idempotencyKey,
    version: numberIn(extra, 'version'),
    maxAttempts: numberIn(extra, 'maxAttempts'),
    acknowledge: booleanIn(extra, 'acknowledge'),
    exclusive: booleanIn(extra, 'exclusive'),
    expiresAfterDeadline: booleanIn(extra, 'expiresAfterDeadline'),
    replayable: booleanIn(extra, 'replayable'),
  };
}

function numberIn(extra: TaskRow['extra'], field: string): number | undefined {
  const text = extra[field];
  if (!text) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw mustBe(field, text, 'a whole number');
  return Number(text);
}

function booleanIn(extra: TaskRow['extra'], field: string): boolean | undefined {
  const text = extra[field];
  if (!text) return undefined;
  if (text !== 'true' && text !== 'false') throw mustBe(field, text, 'true or false');
  return text === 'true';
}
