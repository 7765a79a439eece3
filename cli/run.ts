import { Command } from 'commander';
import { addChanging } from './commands/change.ts';
import { addDeployCheck } from './commands/deploy-check.ts';
import { addEnqueue } from './commands/enqueue.ts';
import { addErrors } from './commands/errors.ts';
import { addLooking } from './commands/look.ts';
import { addReplay } from './commands/replay.ts';
import { addStats } from './commands/stats.ts';
import { addValves } from './commands/valves.ts';
import { EXIT, type Exit, failureOf } from './failure.ts';
import { handleFor } from './handle.ts';
import { plain } from './render/columns.ts';
import type { Shell } from './Shell.ts';

const AFTER = `
Where the queue is: an ARN (--operate-arn or PUNCTUAL_OPERATE; to enqueue --submit-arn or PUNCTUAL_APPS), or the
queue's name (--queue or PUNCTUAL_QUEUE), looked up in SSM. Region and credentials as the AWS SDK finds them.

Dates: 2026-12-24T09:00:00+01:00, or 2026-12-24T09:00 with --time-zone, now, "in 2h", "2h ago".
Durations: 90s, 2h, 1h30m, 7d.

Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 conflict with what was found, 130 interrupted.
`;

/**
 * Carries out a command line, and answers its exit code. Never throws for what a user can cause: that is said on standard
 * error, with `--json` as `{ "error": { code, message, … } }`.
 */
export async function run(args: readonly string[], shell: Shell): Promise<Exit> {
  let exit: Exit = EXIT.ok;
  try {
    await programFor(shell, (code) => {
      exit = code;
    }).parseAsync(args, { from: 'user' });
    return exit;
  } catch (error) {
    return report(error, args.includes('--json'), shell);
  }
}

function report(error: unknown, isJson: boolean, shell: Shell): Exit {
  const known = failureOf(error);
  if (known === undefined) throw error;
  const { failure, exit } = known;
  // Help and version have been printed; what commander says then is for programs.
  if (exit !== EXIT.ok && !failure.message.startsWith('(')) {
    shell.err(isJson ? `${JSON.stringify({ error: failure })}\n` : `punctual: ${failure.message.split('\n').map(plain).join('\n')}\n`);
  }
  return exit;
}

/** In the list of commands, without what is for programs. */
const summaryOf = (command: Command): string => command.description().replace(/ JSON: .*$/s, '');

function programFor(shell: Shell, ended: (exit: Exit) => void): Command {
  const program = new Command('punctual')
    .description('Operates a Punctual queue, and enqueues its tasks, through its doors.')
    .option('--json', 'the result as JSON on standard output, and nothing else there')
    .option('--time-zone <zone>', "IANA zone in which times are shown, and local dates read (default: the machine's, for showing)")
    .option('--queue <name>', "the queue's name")
    .option('--operate-arn <arn>', 'ARN of its operate door')
    .option('--submit-arn <arn>', "ARN of an app's submit door")
    .option('--region <region>', "AWS region (default: the door's, or the environment's)")
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true, helpWidth: 120, subcommandDescription: (command) => summaryOf(command) })
    .configureOutput({ writeOut: shell.out, writeErr: shell.err, outputError: () => {} })
    .exitOverride()
    .addHelpText('after', AFTER);
  const handle = handleFor(shell, ended);
  addEnqueue(program, handle);
  addLooking(program, handle);
  addStats(program, handle);
  addChanging(program, handle);
  addReplay(program, handle);
  addErrors(program, handle);
  addValves(program, handle);
  addDeployCheck(program, handle);
  return program;
}
