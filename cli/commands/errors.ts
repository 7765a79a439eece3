import type { Command } from 'commander';
import type { Call } from '../Call.ts';
import type { Handle } from '../handle.ts';
import { APP_OPTION, example } from '../options.ts';
import { errorsText, errorText } from '../render/queue.ts';

interface Options {
  readonly app: string;
}

const FINGERPRINT = ['<fingerprint>', 'as errors list shows it'] as const;

/** errors list, show, resolve. */
export function addErrors(program: Command, handle: Handle): void {
  const errors = program.command('errors').description('Recurring errors of an app: list, show and resolve them.');
  errors
    .command('list')
    .description('List the recurring errors of an app. JSON: an array.')
    .requiredOption(...APP_OPTION)
    .addHelpText('after', example('punctual errors list --app billing'))
    .action(handle(list));
  errors
    .command('show')
    .description('Show a recurring error, the tasks that it hit, and how to replay them. JSON: the error.')
    .argument(...FINGERPRINT)
    .requiredOption(...APP_OPTION)
    // One fingerprint in 64 starts with a hyphen.
    .allowUnknownOption()
    .addHelpText('after', example('punctual errors show --app billing 8Zk0c2VhcmNoLWluLXRoZQ'))
    .action(handle(show));
  errors
    .command('resolve')
    .description('Mark a recurring error as resolved: its next occurrence opens it again, and reports count anew. JSON: the error.')
    .argument(...FINGERPRINT)
    .requiredOption(...APP_OPTION)
    // One fingerprint in 64 starts with a hyphen.
    .allowUnknownOption()
    .addHelpText('after', example('punctual errors resolve --app billing 8Zk0c2VhcmNoLWluLXRoZQ'))
    .action(handle(resolve));
}

async function list(call: Call, { app }: Options): Promise<void> {
  const errors = await (await call.operator()).errors(app);
  call.show(errors, () => errorsText(errors, call.moments));
}

async function show(call: Call, { app }: Options, [fingerprint = '']: readonly string[]): Promise<void> {
  const error = await (await call.operator()).error(app, fingerprint);
  call.show(error, () => errorText(error, call.moments));
}

async function resolve(call: Call, { app }: Options, [fingerprint = '']: readonly string[]): Promise<void> {
  const error = await (await call.operator()).resolveError(app, fingerprint);
  call.show(error, () => `${error.fingerprint} is resolved.\n`);
}
