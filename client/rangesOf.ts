import { checkTasks, type Schemas, type Tasks } from './defineTasks.ts';
import { checkHandlers, type Handlers } from './handlers.ts';
import { rangesText } from './versionRange.ts';

/**
 * Which versions of each task name a build of the worker can handle, by its upcasters and its handlers, such as
 * `{ "send-invoice": "1-3" }`; with a gap `"1,3-4"`. Plain JSON: `punctual deploy-check` compares it with what waits.
 *
 * @param handlers those that `createHandler` or `Worker` is given; may be left out where no handler takes old versions
 * @throws BadRequestError as `createHandler` would
 */
export function rangesOf<S extends Schemas>(tasks: Tasks<S>, handlers?: Handlers<S>): Record<string, string> {
  checkTasks(tasks);
  const checked = handlers === undefined ? undefined : checkHandlers(tasks, handlers);
  const ranges = [...tasks.versions].map(([name, { oldest, current }]) => {
    const older = checked?.get(name)?.older ?? [];
    return [name, rangesText([{ from: oldest, to: current }, ...older.map(({ range }) => range)])];
  });
  return Object.fromEntries(ranges);
}
