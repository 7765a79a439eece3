import { Duration, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { shown } from '../contract/errors.ts';
import { LIMITS, MAX_SHARDS, TASK_NAME } from '../contract/limits.ts';
import type { SettingsInput } from '../contract/settings.ts';
import { DEFAULT_LIMITS, DEFAULT_POLICY, type Policy } from '../core/policy.ts';
import type { AppOptions, TaskOptions } from './app-options.ts';
import { TaskQueueError } from './task-queue-error.ts';

/** An app's settings as they travel, before the topic is known. */
export type SettingsWithoutTopic = Omit<SettingsInput, 'topicArn'>;

interface RuleHead {
  /** What is allowed, in words. */
  readonly allowed: string;
  /** The setting that the option becomes. */
  readonly setting: string;
}

/** A whole number, or a Duration in milliseconds, from `min` to `max`. */
interface RangeRule extends RuleHead {
  readonly kind: 'number' | 'Duration';
  readonly min: number;
  readonly max: number;
}

/** One of some values. */
interface ChoiceRule extends RuleHead {
  readonly kind: 'choice';
  readonly choices: readonly Setting[];
}

export type Rule = RangeRule | ChoiceRule;
type Setting = number | string | boolean;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const count = (setting: string, max: number): RangeRule => ({
  kind: 'number',
  min: 1,
  max,
  allowed: `a whole number from 1 to ${max}`,
  setting,
});
const span = (setting: string, min: number, max: number, bounds: string): RangeRule => ({
  kind: 'Duration',
  min,
  max,
  allowed: `a Duration ${bounds}`,
  setting,
});

const oneOf = (setting: string, ...choices: Setting[]): ChoiceRule => ({
  kind: 'choice',
  choices,
  allowed: choices.map(shown).join(' or '),
  setting,
});

/** The bounds are those of the contract's `settingsSchema`; a test holds the two equal. */
export const TASK_RULES: Readonly<Record<keyof TaskOptions, Rule>> = {
  maxAttempts: count('maxAttempts', LIMITS.maxAttempts),
  lease: span('leaseMs', LIMITS.leaseMinMs, LIMITS.leaseMs, 'of 1 second to 12 hours'),
  backoffBase: span('backoffBaseMs', 1, DAY_MS, 'of 1 millisecond to 1 day'),
  backoffCap: span('backoffCapMs', 1, 30 * DAY_MS, 'of 1 millisecond to 30 days'),
  demoteAfter: count('demoteAfter', 100),
};

export const APP_RULES: Readonly<Record<Exclude<keyof AppOptions, keyof TaskOptions | 'tasks'>, Rule>> = {
  maxInFlight: count('maxInFlight', 10_000),
  shards: count('shards', MAX_SHARDS),
  precision: oneOf('precision', 'second', 'minute'),
  deadlineLead: span('deadlineLeadMs', 0, 365 * DAY_MS, 'of 0 to 365 days'),
  retention: span('retentionMs', 13 * HOUR_MS, 3_650 * DAY_MS, 'of 13 hours to 3,650 days'),
  whenLate: oneOf('whenLate', 'run', 'expire'),
  escalated: oneOf('escalated', 'first', 'last'),
  listCompleted: oneOf('listCompleted', true, false),
  alarms: oneOf('alarms', true, false),
};

/**
 * What `addApp` was told, as settings: only what differs from the defaults.
 *
 * @throws TaskQueueError that names the first wrong option, the value it got and what is allowed
 */
export function appSettings(scope: IConstruct, app: string, options: AppOptions): SettingsWithoutTopic {
  const { tasks = {}, ...rest } = options;
  const values = readOptions(scope, `${app}: `, rest, { ...TASK_RULES, ...APP_RULES });
  const limits = pick(values, Object.keys(DEFAULT_LIMITS));
  const policy: Policy = { ...DEFAULT_POLICY, ...pick(values, Object.keys(DEFAULT_POLICY)) };
  checkBackoff(scope, `${app}: `, policy);
  const exceptions = Object.entries(tasks).map(([name, exception]) => [name, taskSettings(scope, app, name, exception, policy)] as const);
  return compact({
    app,
    ...differing(limits, DEFAULT_LIMITS),
    policy: differing(policy, DEFAULT_POLICY),
    tasks: Object.fromEntries(exceptions.filter(([, exception]) => Object.keys(exception).length > 0)),
  });
}

function taskSettings(scope: IConstruct, app: string, name: string, options: TaskOptions, policy: Policy): Partial<Policy> {
  if (!TASK_NAME.test(name)) {
    throw new TaskQueueError(
      scope,
      `${app}: tasks has the name ${shown(name)}; allowed are letters, digits and . _ : -, the first a letter or digit, 128 characters at most`,
    );
  }
  const where = `${app}: tasks[${shown(name)}].`;
  const exception: Partial<Policy> = readOptions(scope, where, options, TASK_RULES);
  checkBackoff(scope, where, { ...policy, ...exception });
  return differing(exception, policy);
}

function readOptions(scope: IConstruct, where: string, options: object, rules: Readonly<Record<string, Rule>>): Record<string, Setting> {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(rules, name)) {
      throw new TaskQueueError(scope, `${where}${name} is not an option; allowed are ${Object.keys(rules).join(', ')}`);
    }
  }
  return Object.fromEntries(
    Object.entries(rules).flatMap(([name, rule]) => {
      const value: unknown = (options as Record<string, unknown>)[name];
      return value === undefined ? [] : [[rule.setting, readOption(scope, `${where}${name}`, value, rule)]];
    }),
  );
}

function readOption(scope: IConstruct, name: string, value: unknown, rule: Rule): Setting {
  const setting = rule.kind === 'choice' ? rule.choices.find((choice) => choice === value) : numberOf(value, rule);
  if (setting !== undefined) return setting;
  throw new TaskQueueError(scope, `${name} must be ${rule.allowed}; got ${described(value)}`);
}

function numberOf(value: unknown, { kind, min, max }: RangeRule): number | undefined {
  const number = kind === 'Duration' ? milliseconds(value) : value;
  const isKnown = typeof number === 'number' && !Token.isUnresolved(number);
  return isKnown && Number.isInteger(number) && number >= min && number <= max ? number : undefined;
}

const milliseconds = (value: unknown): number | undefined =>
  value instanceof Duration && !value.isUnresolved() ? value.toMilliseconds({ integral: false }) : undefined;

function described(value: unknown): string {
  if (Token.isUnresolved(value)) return 'a value that is known at deployment only';
  if (!(value instanceof Duration)) return shown(value);
  return value.isUnresolved() ? 'a Duration that is known at deployment only' : `${value.toMilliseconds({ integral: false })} ms`;
}

function checkBackoff(scope: IConstruct, where: string, { backoffBaseMs, backoffCapMs }: Policy): void {
  if (backoffBaseMs <= backoffCapMs) return;
  throw new TaskQueueError(scope, `${where}backoffBase must be at most backoffCap (${backoffCapMs} ms); got ${backoffBaseMs} ms`);
}

const pick = (values: Record<string, Setting>, names: readonly string[]): Record<string, Setting> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));

const differing = <T extends object>(values: T, base: object): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([name, value]) => (base as Record<string, unknown>)[name] !== value)) as Partial<T>;

/** Without empty parts. */
const compact = (settings: SettingsWithoutTopic): SettingsWithoutTopic =>
  Object.fromEntries(
    Object.entries(settings).filter(([, part]) => typeof part !== 'object' || Object.keys(part).length > 0),
  ) as SettingsWithoutTopic;
