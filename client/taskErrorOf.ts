import { shown } from '../contract/errors.ts';
import { boundedError, type TaskError } from '../core/task.ts';

/** What a handler threw, as a report carries it: name, message and stack, cut to what a history keeps. Never throws. */
export function taskErrorOf(thrown: unknown): TaskError {
  try {
    if (!(thrown instanceof Error)) return { name: 'Error', message: `The handler threw ${shown(thrown)}, which is not an Error.` };
    const stack = thrown.stack === undefined ? {} : { stack: String(thrown.stack) };
    return boundedError({ name: String(thrown.name), message: String(thrown.message), ...stack });
  } catch {
    return { name: 'Error', message: 'The handler threw an error that cannot be read.' };
  }
}
