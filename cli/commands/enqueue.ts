import type { Command } from 'commander';
import type { TaskInput } from '../../client/prepareTask.ts';
import { LIMITS } from '../../contract/limits.ts';
import type { Enqueued } from '../../contract/submit.ts';
import type { Call, CareOptions } from '../Call.ts';
import { type Exit, usage } from '../failure.ts';
import type { Handle } from '../handle.ts';
import { DRY_RUN_OPTION, example, priorityOption, wholeNumber, YES_OPTION } from '../options.ts';
import { payloadOf } from '../payload.ts';

interface Options extends CareOptions {
  readonly file?: string;
  readonly keyPrefix?: string;
  readonly app?: string;
  readonly name?: string;
  readonly payload?: string;
  readonly payloadVersion?: number;
  readonly dueAt?: string;
  readonly delay?: string;
  readonly deadlineAt?: string;
  readonly priority?: 'high' | 'medium' | 'low';
  readonly position?: 'front' | 'back';
  readonly idempotencyKey?: string;
  readonly maxAttempts?: number;
  readonly acknowledge: boolean;
  readonly exclusive?: boolean;
  readonly expiresAfterDeadline?: boolean;
  readonly replayable: boolean;
}

/** enqueue: one task by flags, or a file of them. */
export function addEnqueue(program: Command, handle: Handle): void {
  program
    .command('enqueue')
    .description(
      'Enqueue a task, or a file of them. JSON: of one { id, created, … }, of a file { enqueued, created, tasks, problems }; ' +
        'exits with 1 if rows were refused.',
    )
    .option('--app <app>', 'the app (default: the only one that is connected here)')
    .option('--name <name>', "the task's name")
    .option('--payload <json>', 'JSON, @file, or - for standard input (default null)')
    .option('--due-at <date>', 'never before (default now)')
    .option('--delay <duration>', 'instead: how long from now, such as 2h or 1h30m')
    .option('--deadline-at <date>', 'late after')
    .addOption(priorityOption('high before medium before low (default medium)'))
    .option('--position <position>', 'front or back of those that wait at its level, without a date (default back)')
    .option('--idempotency-key <key>', 'the same key and request is the same task')
    .option(
      '--max-attempts <n>',
      "attempts before it is dead, the first included (default: the app's policy)",
      wholeNumber(1, LIMITS.maxAttempts),
    )
    .option('--payload-version <n>', "version of the payload's shape (default 1)", wholeNumber(1, LIMITS.version))
    .option('--no-acknowledge', 'done once it is notified')
    .option('--exclusive', 'at most one run of a worker at a time')
    .option('--expires-after-deadline', 'dead instead of notified once its deadline has passed')
    .option('--no-replayable', 'must not happen twice: it cannot be replayed')
    .option('--file <path>', 'a .csv or .json file of tasks, of one or several apps, or - for standard input')
    .option('--key-prefix <text>', 'with --file: rows without an idempotencyKey get <text>:<line>, so that the file can be sent again')
    .option(...YES_OPTION)
    .option(...DRY_RUN_OPTION)
    .addHelpText(
      'after',
      example(
        `punctual enqueue --app billing --name send-invoice --payload '{"invoice":42}' --delay 2h`,
        'punctual enqueue --file tasks.csv --key-prefix 2026-12 --yes',
      ),
    )
    .action(handle(enqueue));
}

/** Flags that a file has in its rows. */
const OF_ONE = [
  'app',
  'name',
  'payload',
  'dueAt',
  'delay',
  'deadlineAt',
  'priority',
  'position',
  'idempotencyKey',
  'maxAttempts',
  'payloadVersion',
  'exclusive',
  'expiresAfterDeadline',
] as const;

async function enqueue(call: Call, options: Options): Promise<Exit | undefined> {
  if (options.file !== undefined) {
    const wrong = OF_ONE.find((name) => options[name] !== undefined);
    if (wrong !== undefined) throw usage(`${wrong} is said in the rows of the file: leave its flag out.`);
    const { enqueueFile } = await import('../enqueue-file.ts');
    return enqueueFile(call, options.file, options);
  }
  if (options.name === undefined) throw usage('Say what to enqueue: --name for one task, or --file for many.');
  if (options.keyPrefix !== undefined) throw usage('--key-prefix goes with --file; one task has --idempotency-key.');
  const task = await taskOf(call, options, options.name);
  if (options.dryRun) {
    const { prepareTask } = await import('../../client/prepareTask.ts');
    await prepareTask(undefined, task);
    await call.isAgreed(`enqueue ${options.name}`, options);
    return undefined;
  }
  const enqueued = await (await call.submitter(options.app)).enqueue(task);
  call.show(enqueued, () => enqueuedText(enqueued, call));
  return undefined;
}

async function taskOf(call: Call, options: Options, name: string): Promise<TaskInput> {
  const { moments } = call;
  const { payload, dueAt, deadlineAt } = options;
  return {
    name,
    ...(payload === undefined ? {} : { payload: await payloadOf(payload, call.shell) }),
    dueAt: dueAt === undefined ? undefined : moments.read(dueAt, '--due-at'),
    delay: options.delay,
    deadlineAt: deadlineAt === undefined ? undefined : moments.read(deadlineAt, '--deadline-at'),
    priority: options.priority,
    position: options.position,
    idempotencyKey: options.idempotencyKey,
    maxAttempts: options.maxAttempts,
    version: options.payloadVersion,
    acknowledge: options.acknowledge ? undefined : false,
    exclusive: options.exclusive,
    expiresAfterDeadline: options.expiresAfterDeadline,
    replayable: options.replayable ? undefined : false,
  };
}

const enqueuedText = ({ id, created, state, dueAt, priority }: Enqueued, { moments }: Call): string =>
  `${id} ${created ? 'is enqueued' : `was there before, ${state}`}: priority ${priority}, due ${moments.show(dueAt)}\n`;
