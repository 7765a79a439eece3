import type { Command } from 'commander';
import { prepareDates } from '../../client/prepareDates.ts';
import type { Changes } from '../../client/TaskActions.ts';
import type { Level } from '../../core/task.ts';
import type { Call, CareOptions } from '../Call.ts';
import { eachTask } from '../each-task.ts';
import { type Exit, usage } from '../failure.ts';
import type { Handle } from '../handle.ts';
import { DRY_RUN_OPTION, example, priorityOption, YES_OPTION } from '../options.ts';

interface RescheduleOptions extends CareOptions {
  readonly dueAt?: string;
  readonly delay?: string;
  readonly deadlineAt?: string;
}

const IDS = ['<id...>', 'as enqueue answered them'] as const;
const RESULTS = 'JSON: { results: [{ id, ok, task or error }] }.';

/** cancel, reschedule, reprioritize, move-to-front. */
export function addChanging(program: Command, handle: Handle): void {
  const command = (name: string, description: string) =>
    program
      .command(name)
      .description(`${description} ${RESULTS}`)
      .argument(...IDS)
      .option(...YES_OPTION)
      .option(...DRY_RUN_OPTION);
  command('cancel', 'Cancel tasks that wait.')
    .addHelpText('after', example('punctual cancel billing/3q2-7wAbCdEfGhIjKlMnOp'))
    .action(handle(cancel));
  command('reschedule', 'Change the dates of tasks that wait.')
    .option('--due-at <date>', 'the new date')
    .option('--delay <duration>', 'instead: how long from now, such as 2h or 1h30m')
    .option('--deadline-at <date>', 'the new deadline; none takes it away')
    .addHelpText('after', example('punctual reschedule billing/3q2-7wAbCdEfGhIjKlMnOp --due-at 2026-12-24T09:00 --time-zone Europe/Paris'))
    .action(handle(reschedule));
  command('reprioritize', 'Give tasks that wait another level.')
    .addOption(priorityOption('the new level').makeOptionMandatory())
    .addHelpText('after', example('punctual reprioritize billing/3q2-7wAbCdEfGhIjKlMnOp --priority high'))
    .action(handle(reprioritize));
  command('move-to-front', 'Put tasks that are due ahead of all that wait at their level, in the order given.')
    .addHelpText('after', example('punctual move-to-front billing/3q2-7wAbCdEfGhIjKlMnOp'))
    .action(handle(moveToFront));
}

async function cancel(call: Call, care: CareOptions, ids: readonly string[]): Promise<Exit> {
  const operator = await call.operator();
  return eachTask(call, ids, care, { verb: 'cancel', done: () => 'cancelled', act: (id) => operator.cancel(id) });
}

async function reschedule(call: Call, options: RescheduleOptions, ids: readonly string[]): Promise<Exit> {
  const { moments } = call;
  const { dueAt, delay, deadlineAt } = options;
  if (dueAt === undefined && delay === undefined && deadlineAt === undefined) {
    throw usage('Nothing to change was given: add --due-at, --delay or --deadline-at.');
  }
  const changes: Changes = {
    dueAt: dueAt === undefined ? undefined : moments.read(dueAt, '--due-at'),
    delay,
    deadlineAt: deadlineAt === undefined ? undefined : deadlineAt === 'none' ? null : moments.read(deadlineAt, '--deadline-at'),
  };
  prepareDates({ ...changes }, '');
  const operator = await call.operator();
  return eachTask(call, ids, options, {
    verb: 'reschedule',
    done: (task) => `due ${moments.show(task.dueAt)}${task.deadlineAt === undefined ? '' : `, deadline ${moments.show(task.deadlineAt)}`}`,
    act: (id) => operator.reschedule(id, changes),
  });
}

async function reprioritize(
  call: Call,
  { priority, ...care }: CareOptions & { readonly priority: Level },
  ids: readonly string[],
): Promise<Exit> {
  const operator = await call.operator();
  return eachTask(call, ids, care, {
    verb: 'give',
    how: ` priority ${priority}`,
    done: (task) => `priority ${task.priority}`,
    act: (id) => operator.reprioritize(id, priority),
  });
}

async function moveToFront(call: Call, care: CareOptions, ids: readonly string[]): Promise<Exit> {
  const operator = await call.operator();
  // Each goes ahead of the one before: the last is asked for first.
  return eachTask(call, [...new Set(ids)].reverse(), care, {
    verb: 'move',
    how: ' to the front',
    done: () => 'at the front',
    act: (id) => operator.moveToFront(id),
  });
}
