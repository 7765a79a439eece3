import type { Command } from 'commander';
import type { ListFilter } from '../../client/filters.ts';
import type { ListedTask, TaskPage } from '../../contract/tasks.ts';
import type { Call } from '../Call.ts';
import type { Handle } from '../handle.ts';
import { APP_OPTION, example, rangeOf, stateOption, wholeNumber } from '../options.ts';
import { plain } from '../render/columns.ts';
import { listText, nextText, taskText } from '../render/task.ts';

interface ListOptions {
  readonly app: string;
  readonly state?: ListFilter['state'];
  readonly name?: string;
  readonly from?: string;
  readonly to?: string;
  readonly fingerprint?: string;
  readonly limit?: number;
  readonly cursor?: string;
  readonly all?: boolean;
}

/** get, explain, list, next: looking changes nothing. */
export function addLooking(program: Command, handle: Handle): void {
  program
    .command('get')
    .description('Show a task: its life as a timeline, and what happens next. JSON: { task, explanation }.')
    .argument('<id>', 'as enqueue answered it')
    .addHelpText('after', example('punctual get billing/3q2-7wAbCdEfGhIjKlMnOp --time-zone Europe/Paris'))
    .action(handle(get));
  program
    .command('explain')
    .description('Say in one sentence why a task is where it is. JSON: { id, state, text }.')
    .argument('<id>', 'as enqueue answered it')
    .addHelpText('after', example('punctual explain billing/3q2-7wAbCdEfGhIjKlMnOp'))
    .action(handle(explain));
  program
    .command('list')
    .description(
      'List tasks of an app, a page at a time: waiting ones by their date, ended ones the latest first. JSON: { tasks, cursor? }.',
    )
    .requiredOption(...APP_OPTION)
    .addOption(stateOption())
    .option('--name <name>', 'only tasks of this name')
    .option('--from <date>', 'from this date on: the due date, or of ended tasks the end')
    .option('--to <date>', 'until before this date')
    .option('--fingerprint <fingerprint>', 'only dead tasks with this last error (see errors list)')
    .option('--limit <n>', 'tasks of a page, 1 to 100 (default 25)', wholeNumber(1, 100))
    .option('--cursor <cursor>', 'the page that starts here, as the page before said')
    .option('--all', 'walk all pages')
    .addHelpText('after', example('punctual list --app billing --state dead --from "24h ago" --all'))
    .action(handle(list));
  program
    .command('next')
    .description('Show what would be notified next, in order, without claiming it. JSON: an array.')
    .requiredOption(...APP_OPTION)
    .option('--count <n>', 'how many, 1 to 25 (default 1)', wholeNumber(1, 25))
    .addHelpText('after', example('punctual next --app billing --count 5'))
    .action(handle(next));
}

async function get(call: Call, _options: object, [id]: readonly string[]): Promise<void> {
  const operator = await call.operator();
  const [task, { text }] = await Promise.all([operator.get(id ?? ''), operator.explain(id ?? '')]);
  call.show({ task, explanation: text }, () => taskText(task, text, call.moments));
}

async function explain(call: Call, _options: object, [id]: readonly string[]): Promise<void> {
  const explanation = await (await call.operator()).explain(id ?? '');
  call.show(explanation, () => `${plain(call.moments.within(explanation.text))}\n`);
}

async function next(call: Call, { app, count }: { readonly app: string; readonly count?: number }): Promise<void> {
  const tasks = await (await call.operator()).next(app, { count });
  call.show(tasks, () => nextText(tasks, call.moments));
}

async function list(call: Call, { app, all, cursor, ...options }: ListOptions): Promise<void> {
  const operator = await call.operator();
  const filter: ListFilter = {
    state: options.state,
    name: options.name,
    ...rangeOf(call.moments, options),
    fingerprint: options.fingerprint,
    limit: options.limit ?? (all ? PAGE_OF_ALL : undefined),
  };
  if (!all) {
    const page = await operator.list(app, { ...filter, cursor });
    return call.show(page, () => listText(page.tasks, call.moments) + moreText(page.cursor));
  }
  const found: ListedTask[] = [];
  let from = cursor;
  do {
    const page: TaskPage = await operator.list(app, { ...filter, cursor: from });
    // People see each page as it comes; programs get one document.
    if (!call.isJson && page.tasks.length > 0) call.shell.out(listText(page.tasks, call.moments, found.length === 0));
    found.push(...page.tasks);
    from = page.cursor;
    call.checkInterrupted('there are more pages.');
  } while (from !== undefined);
  if (call.isJson) call.show({ tasks: found }, () => '');
  else if (found.length === 0) call.shell.out(listText([], call.moments));
}

/** Tasks that are asked for at once where all are wanted: as many as a page may have. */
const PAGE_OF_ALL = 100;

const moreText = (cursor: string | undefined): string =>
  cursor === undefined ? '' : `There may be more: add --all, or --cursor ${cursor}\n`;
