import type { Command } from 'commander';
import { durationMs } from '../../client/durationMs.ts';
import type { PunctualOperator } from '../../client/PunctualOperator.ts';
import type { Stats } from '../../contract/operate.ts';
import type { Call } from '../Call.ts';
import { CliError, EXIT } from '../failure.ts';
import type { Handle } from '../handle.ts';
import { example } from '../options.ts';
import { statsLine, statsText, sum } from '../render/queue.ts';

interface Options {
  readonly app?: string;
  readonly watch?: boolean;
  readonly every?: string;
  readonly timeout?: string;
}

const DAY_MS = 86_400_000;
/** Between two looks, if nothing else is asked for: a look costs the door about ten reads an app. */
const EVERY = '2s';
/** Looks in a row that must find nothing: the indexes run a little behind the table. */
const IDLE_LOOKS = 2;

/** stats: how apps stand, once or until they are idle. */
export function addStats(program: Command, handle: Handle): void {
  program
    .command('stats')
    .description('Show how an app, or each app, stands: what waits, is due, in flight and dead. JSON: { apps: [...] }.')
    .option('--app <app>', 'only this app')
    .option('--watch', 'look again until nothing waits or is in flight')
    .option('--every <duration>', `with --watch: between two looks (default ${EVERY})`)
    .option('--timeout <duration>', 'with --watch: exit with 1 if it lasts longer')
    .addHelpText('after', example('punctual stats --app billing', 'punctual stats --watch --timeout 10m --json'))
    .action(handle(stats));
}

async function stats(call: Call, { app, watch, ...options }: Options): Promise<void> {
  const every = durationMs(options.every ?? EVERY, '--every', 100, DAY_MS);
  const patience = options.timeout === undefined ? undefined : durationMs(options.timeout, '--timeout', 0, 30 * DAY_MS);
  const operator = await call.operator();
  const names = app === undefined ? (await operator.describe()).apps.map((one) => one.app) : [app];
  const apps = watch ? await untilIdle(call, operator, names, { every, patience }) : await look(operator, names);
  call.show({ apps }, () => (apps.length === 0 ? 'The queue has no app.\n' : apps.map((one) => statsText(one, call.moments)).join('\n')));
}

const look = (operator: PunctualOperator, names: readonly string[]): Promise<Stats[]> =>
  Promise.all(names.map((name) => operator.stats(name)));

async function untilIdle(
  call: Call,
  operator: PunctualOperator,
  names: readonly string[],
  { every, patience = Number.POSITIVE_INFINITY }: { readonly every: number; readonly patience: number | undefined },
): Promise<Stats[]> {
  const until = call.shell.now() + patience;
  for (let idle = 0; ; ) {
    const apps = await look(operator, names);
    for (const one of apps) call.say(statsLine(one));
    idle = apps.every(isIdle) ? idle + 1 : 0;
    if (idle >= IDLE_LOOKS) return apps;
    call.checkInterrupted('the tasks go on.');
    if (call.shell.now() >= until) throw new CliError('Not idle within --timeout. The tasks go on.', 'TimedOut', EXIT.failure);
    await call.shell.sleep(every);
    call.checkInterrupted('the tasks go on.');
  }
}

const isIdle = ({ inFlight, waiting }: Stats): boolean => inFlight === 0 && sum(waiting).count === 0;
