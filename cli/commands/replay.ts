import type { Command } from 'commander';
import type { Replays } from '../../client/PunctualOperator.ts';
import { prepareDates } from '../../client/prepareDates.ts';
import type { ReplayOptions } from '../../client/TaskActions.ts';
import type { Call, CareOptions } from '../Call.ts';
import { eachTask } from '../each-task.ts';
import { EXIT, type Exit, usage } from '../failure.ts';
import type { Handle } from '../handle.ts';
import { DRY_RUN_OPTION, example, rangeOf, YES_OPTION } from '../options.ts';
import { payloadOf } from '../payload.ts';
import { counted, plain } from '../render/columns.ts';

interface Options extends CareOptions {
  readonly app?: string;
  readonly name?: string;
  readonly fingerprint?: string;
  readonly from?: string;
  readonly to?: string;
  readonly payload?: string;
  readonly dueAt?: string;
  readonly delay?: string;
}

const FILTERS = ['app', 'name', 'fingerprint', 'from', 'to'] as const;
const OF_IDS = ['payload', 'dueAt', 'delay'] as const;

/** replay: ended tasks wait again. */
export function addReplay(program: Command, handle: Handle): void {
  program
    .command('replay')
    .description(
      'Have ended tasks wait again: by id, or the dead ones of an app. More than one is a dry run unless --yes is given. ' +
        'JSON: of ids { results }, of an app { dryRun, matched, replayed, refused }.',
    )
    .argument('[id...]', 'as enqueue answered them')
    .option('--app <app>', 'instead: the dead tasks of this app')
    .option('--name <name>', 'of them, those of this name')
    .option('--fingerprint <fingerprint>', 'of them, those with this last error (see errors list)')
    .option('--from <date>', 'of them, those that died from this date on')
    .option('--to <date>', 'of them, those that died before this date')
    .option('--payload <json>', "for one id, in place of the task's own: JSON, @file, or - for standard input")
    .option('--due-at <date>', 'for ids: not before (default now)')
    .option('--delay <duration>', 'for ids, instead: how long from now, such as 2h')
    .option(...YES_OPTION)
    .option(...DRY_RUN_OPTION)
    .addHelpText(
      'after',
      example('punctual replay billing/3q2-7wAbCdEfGhIjKlMnOp', 'punctual replay --app billing --fingerprint 8Zk0c2VhcmNoLWluLXRoZQ --yes'),
    )
    .action(handle(replay));
}

async function replay(call: Call, options: Options, ids: readonly string[]): Promise<Exit> {
  check(options, ids);
  return ids.length > 0 ? replayIds(call, options, ids) : replayAll(call, options, options.app ?? '');
}

function check(options: Options, ids: readonly string[]): void {
  if (ids.length === 0) {
    if (options.app === undefined) throw usage('Say what to replay: ids, or --app with --name, --fingerprint, --from or --to.');
    const wrong = OF_IDS.find((name) => options[name] !== undefined);
    if (wrong !== undefined) throw usage(`${flag(wrong)} goes with ids, not with --app.`);
    return;
  }
  const wrong = FILTERS.find((name) => options[name] !== undefined);
  if (wrong !== undefined) throw usage(`${flag(wrong)} goes without ids: give ids, or a filter.`);
  if (options.payload !== undefined && ids.length > 1) throw usage('--payload goes with one id only: give the others their own.');
}

const flag = (name: string): string => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

async function replayIds(call: Call, options: Options, ids: readonly string[]): Promise<Exit> {
  const { moments } = call;
  const { payload, dueAt, delay, yes } = options;
  const how: ReplayOptions = {
    ...(payload === undefined ? {} : { payload: await payloadOf(payload, call.shell) }),
    dueAt: dueAt === undefined ? undefined : moments.read(dueAt, '--due-at'),
    delay,
  };
  prepareDates({ ...how }, '');
  const operator = await call.operator();
  const dryRun = options.dryRun === true || (new Set(ids).size > 1 && !yes);
  if (dryRun) call.say('A dry run: --yes does it.');
  return eachTask(
    call,
    ids,
    { yes: yes === true, dryRun },
    {
      verb: 'replay',
      done: (task) => `replayed, due ${moments.show(task.dueAt)}`,
      act: (id) => operator.replay(id, how),
    },
  );
}

async function replayAll(call: Call, options: Options, app: string): Promise<Exit> {
  const operator = await call.operator();
  const dryRun = options.dryRun === true || options.yes !== true;
  let found = 0;
  const result = await operator.replayAll(app, {
    name: options.name,
    fingerprint: options.fingerprint,
    ...rangeOf(call.moments, options),
    dryRun,
    onStep: ({ matched }) => {
      found += matched.length;
      call.say(`${counted(found, 'task')} found …`);
      call.checkInterrupted(
        dryRun ? 'nothing was done.' : `of ${counted(found, 'task')} each was replayed or refused. Run it again for the rest.`,
      );
    },
  });
  call.show({ dryRun, ...result }, () => (dryRun ? wouldText(result, app) : didText(result)));
  return dryRun || result.refused.length === 0 ? EXIT.ok : EXIT.failure;
}

/** Ids that a dry run shows to people. */
const SHOWN = 20;

function wouldText({ matched, refused }: Replays, app: string): string {
  const would = matched.length - refused.length;
  if (matched.length === 0) return `No dead task of ${app} is like that.\n`;
  const isRefused = new Set(refused.map(({ id }) => id));
  const ids = matched.filter((id) => !isRefused.has(id));
  const more = ids.length > SHOWN ? `  and ${(ids.length - SHOWN).toLocaleString('en')} more\n` : '';
  const list = ids.slice(0, SHOWN).map((id) => `  ${id}\n`);
  return `Would replay ${counted(would, 'dead task')} of ${app}; --yes does it.\n${list.join('')}${more}${refusedText({ refused })}`;
}

const didText = ({ replayed, refused }: Replays): string => `Replayed ${counted(replayed.length, 'task')}.\n${refusedText({ refused })}`;

const refusedText = ({ refused }: Pick<Replays, 'refused'>): string =>
  refused.map(({ id, reason }) => `  ${id} is refused: ${plain(reason)}\n`).join('');
