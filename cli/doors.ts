import { resolveDoor } from '../client/resolveDoor.ts';
import { ENV } from '../contract/environment.ts';
import { APP_NAME } from '../contract/limits.ts';
import { mustBe, usage } from './failure.ts';
import type { Shell } from './Shell.ts';

/** How the doors are told on the command line. */
export interface DoorFlags {
  readonly operateArn?: string;
  readonly submitArn?: string;
  readonly queue?: string;
  readonly region?: string;
}

type World = Pick<Shell, 'env' | 'parameters'>;

const NAME = 'a name: a-z, then a-z, 0-9 and -, 32 characters at most';

/**
 * ARN of the queue's operate door: a flag goes before the environment, an ARN before a name.
 *
 * @throws CliError if none is told, or the queue has none
 */
export async function operateArn(flags: DoorFlags, { env, parameters }: World): Promise<string> {
  if (flags.operateArn !== undefined) return flags.operateArn;
  const queue = flags.queue ?? (env[ENV.operate] ? undefined : env[ENV.queue]);
  if (!queue) {
    if (env[ENV.operate]) return resolveDoor('operate', {}, env);
    throw usage(
      `No operate door is known here. Give its ARN (--operate-arn, the stack output OperateArn), set ${ENV.operate} to it, ` +
        `or give the queue's name (--queue or ${ENV.queue}), to look it up in SSM.`,
    );
  }
  const name = `${pathOf(queue)}/OperateArn`;
  const arn = (await parameters([name], flags.region)).get(name);
  if (arn === undefined) throw notPublished(name, queue);
  return arn;
}

/** ARN of an app's submit door. @throws CliError or BadRequestError if none is told, or the app has none */
export async function submitArn(flags: DoorFlags, world: World, app: string | undefined): Promise<string> {
  const queue = queueFor(flags, world.env);
  if (app === undefined && queue !== undefined) throw mustBe('--app', app, 'the app that the task is for');
  if (app === undefined) return flags.submitArn ?? resolveDoor('submit', {}, world.env);
  const arn = (await submitArns(flags, world, [app])).get(app);
  if (arn === undefined || arn instanceof Error) throw arn ?? mustBe('--app', app, 'an app of the queue');
  return arn;
}

/**
 * ARNs of the submit doors of several apps, or for each app that has none here, why.
 *
 * @throws CliError if no way to find them is told
 */
export async function submitArns(
  flags: DoorFlags,
  { env, parameters }: World,
  apps: readonly string[],
): Promise<ReadonlyMap<string, string | Error>> {
  if (flags.submitArn !== undefined) {
    if (apps.length > 1)
      throw usage(`--submit-arn is the door of one app; the file has ${apps.join(', ')}. Give --queue, or set ${ENV.apps}.`);
    return new Map(apps.map((app) => [app, flags.submitArn ?? '']));
  }
  const queue = queueFor(flags, env);
  if (queue === undefined) return new Map(apps.map((app) => [app, connected(app, env)]));
  const names = new Map(apps.map((app) => [app, `${pathOf(queue)}/${checked('--app', app)}/SubmitArn`]));
  const found = await parameters([...names.values()], flags.region);
  return new Map([...names].map(([app, name]) => [app, found.get(name) ?? notPublished(name, queue)]));
}

/** The queue whose parameters tell the submit doors; undefined where ARNs are told. */
function queueFor(flags: DoorFlags, env: Shell['env']): string | undefined {
  if (flags.submitArn !== undefined) return undefined;
  if (flags.queue !== undefined) return flags.queue;
  if (env[ENV.apps]) return undefined;
  if (env[ENV.queue]) return env[ENV.queue];
  throw usage(
    `No submit door is known here. Give its ARN (--submit-arn, the stack output <App>SubmitArn), set ${ENV.apps} ` +
      `(such as {"billing":{"submit":"arn:aws:lambda:…"}}), or give the queue's name (--queue or ${ENV.queue}), to look it up in SSM.`,
  );
}

function connected(app: string, env: Shell['env']): string | Error {
  try {
    return resolveDoor('submit', { app }, env);
  } catch (error) {
    return error as Error;
  }
}

const pathOf = (queue: string): string => `/punctual/${checked('--queue', queue)}`;

function checked(field: string, name: string): string {
  if (!APP_NAME.test(name)) throw mustBe(field, name, NAME);
  return name;
}

const notPublished = (parameter: string, queue: string): Error =>
  usage(`SSM has no parameter ${parameter} here. Is ${queue} the queue's name, and are this account and region (--region) its own?`);
