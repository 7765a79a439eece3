import { type Doors, ENV } from '../contract/environment.ts';
import { shown } from '../contract/errors.ts';
import { APP_NAME } from '../contract/limits.ts';
import { refuse } from './check.ts';
import { BadRequestError } from './errors.ts';

/** The two doors of an app, and the one of the queue. */
export type DoorKind = keyof Doors | 'operate';

const FUNCTION_ARN = /^arn:[^:\s]+:lambda:[^:\s]+:[^:\s]*:function:\S+$/;

/**
 * The ARN of a door: the one given, or the one that the stack wrote into the environment for `app`.
 *
 * @throws BadRequestError if there is none, if there are several and no `app` says which, or if the app is not among them
 */
export function resolveDoor(kind: DoorKind, given: { readonly arn?: unknown; readonly app?: unknown }, env = process.env): string {
  if (given.arn !== undefined) {
    return typeof given.arn === 'string' && FUNCTION_ARN.test(given.arn)
      ? given.arn
      : refuse(`${kind}Arn`, given.arn, `the ARN of ${kind === 'operate' ? 'an' : 'a'} ${kind} door (a stack output, arn:aws:lambda:…)`);
  }
  return kind === 'operate' ? operateDoor(env[ENV.operate]) : appDoor(kind, given.app, env[ENV.apps]);
}

function operateDoor(arn: string | undefined): string {
  if (arn !== undefined && FUNCTION_ARN.test(arn)) return arn;
  if (arn) return refuse(ENV.operate, arn, 'the ARN of an operate door (a stack output, arn:aws:lambda:…)');
  const message = `No operate door is known here. Set ${ENV.operate} to its ARN (the stack output OperateArn), or give { operateArn }.`;
  throw missing(ENV.operate, 'nothing', 'an ARN', message);
}

function appDoor(kind: keyof Doors, givenApp: unknown, appsText: string | undefined): string {
  const app = givenApp === undefined ? undefined : appNameOf(givenApp);
  const apps = appsOf(appsText, kind);
  const names = Object.keys(apps);
  const [only, ...others] = names;
  if (app === undefined && others.length > 0) {
    throw missing('app', 'nothing', names.join(', '), `Several apps are connected here (${names.join(', ')}): say which with { app }.`);
  }
  const name = app ?? only;
  if (name === undefined) {
    const grant = GRANTS[kind];
    throw missing(ENV.apps, 'no apps', 'apps by name', `No app is connected here. Connect this process: ${grant}; or give { ${kind}Arn }.`);
  }
  const doors = Object.hasOwn(apps, name) ? apps[name] : undefined;
  if (!doors) throw missing('app', shown(name), names.join(', '), `No app ${shown(name)} is connected here, only ${names.join(', ')}.`);
  const arn = doors[kind];
  if (arn) return arn;
  throw missing(`${ENV.apps}.${name}.${kind}`, 'nothing', 'an ARN', `${name} is connected here without its ${kind} door: ${GRANTS[kind]}.`);
}

/** What opens each door, in the words of the CDK constructs. */
export const GRANTS: Record<DoorKind, string> = {
  submit: 'app.connect(fn), or app.grantEnqueue(role)',
  report: 'app.addWorker(fn), or app.grantWork(role)',
  operate: 'queue.grantOperate(role)',
};

const appNameOf = (app: unknown): string =>
  typeof app === 'string' && APP_NAME.test(app) ? app : refuse('app', app, 'an app name: a-z, then a-z, 0-9 and -, 32 characters at most');

const missing = (field: string, got: string, allowed: string, message: string): BadRequestError =>
  new BadRequestError(message, { field, got, allowed });

function appsOf(text: string | undefined, kind: keyof Doors): Readonly<Record<string, Doors>> {
  if (text === undefined || text.trim() === '') return {};
  const allowed = `JSON such as {"billing":{"${kind}":"arn:aws:lambda:…"}}`;
  let apps: unknown;
  try {
    apps = JSON.parse(text);
  } catch {
    return refuse(ENV.apps, 'text that is not JSON', allowed);
  }
  const isMap = typeof apps === 'object' && apps !== null && !Array.isArray(apps);
  if (!isMap || !Object.values(apps as object).every((doors) => isDoors(doors))) refuse(ENV.apps, apps, allowed);
  return apps as Record<string, Doors>;
}

const isDoors = (doors: unknown): doors is Doors =>
  typeof doors === 'object' && doors !== null && Object.values(doors).every((arn) => typeof arn === 'string');
