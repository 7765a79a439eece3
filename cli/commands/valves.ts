import type { Command } from 'commander';
import type { Call, CareOptions } from '../Call.ts';
import type { Handle } from '../handle.ts';
import { APP_OPTION, DRY_RUN_OPTION, example, YES_OPTION } from '../options.ts';
import { perMinuteOf } from '../rate.ts';
import { valvesText } from '../render/queue.ts';

interface Options extends CareOptions {
  readonly app: string;
  readonly name?: string;
  readonly rate?: number;
}

/** pause and resume: the valves on the way out of an app. */
export function addValves(program: Command, handle: Handle): void {
  const command = (name: string, description: string) =>
    program
      .command(name)
      .description(`${description} JSON: { app, valve, names }.`)
      .requiredOption(...APP_OPTION)
      .option('--name <name>', 'only tasks of this name')
      .option(...YES_OPTION)
      .option(...DRY_RUN_OPTION);
  command('pause', 'Nothing of an app, or of a task name, is notified until it is resumed; enqueue goes on.')
    .addHelpText('after', example('punctual pause --app billing --name send-invoice --yes'))
    .action(handle(pause));
  command('resume', 'What was paused goes on, at a rate if one is given, until it is resumed without.')
    .option('--rate <n/unit>', 'no more than so many a second, minute or hour: 2/s, 60/m, 600/h', perMinuteOf)
    .addHelpText('after', example('punctual resume --app billing --rate 60/m --yes'))
    .action(handle(resume));
}

const what = ({ app, name }: Options): string => (name === undefined ? `all tasks of ${app}` : `the tasks ${name} of ${app}`);

async function pause(call: Call, options: Options): Promise<void> {
  const operator = await call.operator();
  if (!(await call.isAgreed(`pause ${what(options)}`, options))) return;
  const valves = await operator.pause(options.app, { name: options.name });
  call.show(valves, () => valvesText(valves));
}

async function resume(call: Call, options: Options): Promise<void> {
  const { app, name, rate: perMinute } = options;
  const operator = await call.operator();
  const limit = perMinute === undefined ? '' : `, at most ${perMinute.toLocaleString('en')} a minute`;
  if (!(await call.isAgreed(`resume ${what(options)}${limit}`, options))) return;
  const valves = await operator.resume(app, { name, perMinute });
  call.show(valves, () => valvesText(valves));
}
