import { PunctualError } from '../client/errors.ts';
import type { TaskView } from '../contract/view.ts';
import type { Call, CareOptions } from './Call.ts';
import { EXIT, type Exit, exitOf, type Failure, punctualFailure } from './failure.ts';
import { counted, plain } from './render/columns.ts';

/** What came of one task. */
export type TaskResult =
  | { readonly id: string; readonly ok: true; readonly task: TaskView }
  | { readonly id: string; readonly ok: false; readonly error: Failure };

/** What is done to each of several tasks. */
export interface Deed {
  /** Such as `cancel`. */
  readonly verb: string;
  /** Such as ` to high`. */
  readonly how?: string;
  readonly done: (task: TaskView) => string;
  readonly act: (id: string) => Promise<TaskView>;
}

/**
 * Does something to tasks, one after the other; one that is refused does not hold up the others. More than one need a yes.
 *
 * @returns the exit code: that of the refusals where all are of one kind and nothing was done, else 1 if any was refused
 */
export async function eachTask(call: Call, given: readonly string[], care: CareOptions, deed: Deed): Promise<Exit> {
  const ids = [...new Set(given)];
  const would = `${deed.verb} ${ids.length === 1 ? ids[0] : counted(ids.length, 'task')}${deed.how ?? ''}`;
  const isAsked = ids.length > 1 || care.dryRun === true;
  if (isAsked && !(await call.isAgreed(would, care, { json: { ids }, text: ids.map((id) => `  ${id}\n`).join('') }))) return EXIT.ok;
  const results: TaskResult[] = [];
  for (const id of ids) {
    if (results.length > 0) call.checkInterrupted(`${results.length} of ${counted(ids.length, 'task')} were asked for.`);
    results.push(await resultOf(id, results.at(-1), deed));
  }
  const refused = results.flatMap((result) => (result.ok ? [] : [result]));
  for (const { id, error } of refused) call.say(`${plain(id)}: ${plain(error.message)}`);
  call.show({ results }, () => results.map((result) => (result.ok ? `${result.id}: ${deed.done(result.task)}\n` : '')).join(''));
  return exitFor(results);
}

/** Codes of what is not about one task: the next would end in the same way, after the same wait. */
const HOPELESS = ['Unavailable', 'AccessDenied'];

async function resultOf(id: string, before: TaskResult | undefined, { act }: Deed): Promise<TaskResult> {
  if (before?.ok === false && HOPELESS.includes(before.error.code)) return { ...before, id };
  try {
    return { id, ok: true, task: await act(id) };
  } catch (error) {
    if (error instanceof PunctualError) return { id, ok: false, error: punctualFailure(error) };
    throw error;
  }
}

function exitFor(results: readonly TaskResult[]): Exit {
  const exits = new Set(results.map((result) => (result.ok ? EXIT.ok : exitOf(result.error.code))));
  const [only = EXIT.ok, ...others] = exits;
  return others.length === 0 ? only : EXIT.failure;
}
