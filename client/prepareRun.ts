import type { Notification } from '../contract/notification.ts';
import type { TaskError } from '../core/task.ts';
import { type Tasks, taskOf } from './defineTasks.ts';
import type { CheckedHandlers, Handler } from './handlers.ts';
import { taskErrorOf } from './taskErrorOf.ts';
import { isReachable, upcast } from './upcast.ts';
import { validatePayload } from './validatePayload.ts';
import { includes, rangesText } from './versionRange.ts';

/** What is to be run for a notification, or why nothing is. */
export type Run =
  | { readonly kind: 'ready'; readonly handle: Handler; readonly payload: unknown }
  /** Nobody's fault: another build of the worker can, in these words. */
  | { readonly kind: 'unsupported'; readonly why: string }
  | { readonly kind: 'failed'; readonly error: TaskError };

/** Finds the handler of a name and version, and its payload: led up to the current version and validated, or as it is. */
export async function prepareRun(tasks: Tasks, handlers: ReadonlyMap<string, CheckedHandlers>, told: Notification): Promise<Run> {
  const { name, version, payload } = told;
  const task = taskOf(tasks, name);
  const handler = handlers.get(name);
  if (!handler || !task) {
    return failed('NoHandler', `This worker has no handler for tasks named ${name}. Deploy one, or stop enqueueing them.`);
  }
  const own = handler.older.find(({ range }) => includes(range, version));
  if (own) return { kind: 'ready', handle: own.handle, payload };
  const { oldest, current } = task.versions;
  if (!isReachable(task.versions, version)) {
    const known = rangesText([{ from: oldest, to: current }, ...handler.older.map(({ range }) => range)]);
    const next = version > current ? 'Deploy a worker that knows it' : `Give its version ${version} an upcaster or a handler`;
    return { kind: 'unsupported', why: `This worker handles ${name} in version ${known}, not in version ${version}. ${next}.` };
  }
  try {
    const validated = await validatePayload(task.schema, await upcast(task.versions, version, payload));
    if (validated.ok) return { kind: 'ready', handle: handler.current, payload: validated.value };
    return failed('InvalidPayload', `The schema of ${name} refuses ${validated.paths.slice(0, 10).join(', ')}.`);
  } catch (thrown) {
    // An upcaster: what it threw says more than we could.
    return { kind: 'failed', error: taskErrorOf(thrown) };
  }
}

const failed = (name: string, message: string): Run => ({ kind: 'failed', error: { name, message } });
