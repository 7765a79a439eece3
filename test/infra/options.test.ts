import { Duration, Lazy } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../contract/settings.ts';
import type { AppSettings } from '../../core/policy.ts';
import { APP_RULES, appSettings, type Rule, TASK_RULES } from '../../infra/app-settings.ts';
import { type AppOptions, TaskQueue } from '../../infra/index.ts';
import { newStack, ofType, readable, resourcesOf } from './fixture.ts';

const scope = newStack();
const roundTrip = (options: AppOptions): AppSettings =>
  parseSettings(JSON.stringify({ ...appSettings(scope, 'billing', options), topicArn: 'arn:topic' }));
const queueOf = (id: string): TaskQueue => new TaskQueue(newStack(id), 'Tasks', { queueName: 'tasks' });
const queue = queueOf('Options');
let apps = 0;
const adding = (options: unknown) => () => queue.addApp(`app${apps++}`, options as AppOptions);

const DEFAULTS: AppSettings = {
  app: 'billing',
  topicArn: 'arn:topic',
  policy: { maxAttempts: 10, backoffBaseMs: 5_000, backoffCapMs: 3_600_000, demoteAfter: 3, leaseMs: 300_000 },
  tasks: {},
  maxInFlight: 500,
  shards: 1,
  precision: 'second',
  deadlineLeadMs: 900_000,
  retentionMs: 1_209_600_000,
  whenLate: 'run',
  escalated: 'first',
  listCompleted: false,
  alarms: false,
};

describe('what addApp is told', () => {
  it('reaches the functions as it was said, every option', () => {
    expect(
      roundTrip({
        maxInFlight: 50,
        shards: 4,
        precision: 'minute',
        deadlineLead: Duration.hours(1),
        retention: Duration.days(30),
        whenLate: 'expire',
        escalated: 'last',
        listCompleted: true,
        alarms: true,
        maxAttempts: 3,
        lease: Duration.seconds(90),
        backoffBase: Duration.millis(500),
        backoffCap: Duration.minutes(10),
        demoteAfter: 1,
        tasks: {
          'send-invoice': { maxAttempts: 1, lease: Duration.hours(12) },
          'v2:clean.up': { backoffCap: Duration.seconds(1), demoteAfter: 100 },
        },
      }),
    ).toEqual({
      app: 'billing',
      topicArn: 'arn:topic',
      policy: { maxAttempts: 3, backoffBaseMs: 500, backoffCapMs: 600_000, demoteAfter: 1, leaseMs: 90_000 },
      tasks: { 'send-invoice': { maxAttempts: 1, leaseMs: 43_200_000 }, 'v2:clean.up': { backoffCapMs: 1_000, demoteAfter: 100 } },
      maxInFlight: 50,
      shards: 4,
      precision: 'minute',
      deadlineLeadMs: 3_600_000,
      retentionMs: 2_592_000_000,
      whenLate: 'expire',
      escalated: 'last',
      listCompleted: true,
      alarms: true,
    });
  });

  it('is made complete by the documented defaults', () => {
    expect(roundTrip({})).toEqual(DEFAULTS);
  });

  it('travels only as far as it differs from the defaults, and exceptions as far as they differ from the app', () => {
    expect(appSettings(scope, 'billing', {})).toEqual({ app: 'billing' });
    const said = { maxInFlight: 500, lease: Duration.minutes(5), tasks: { a: { maxAttempts: 10 }, b: {} } };
    expect(appSettings(scope, 'billing', said)).toEqual({ app: 'billing' });
  });

  it('keeps an exception that says the default where the app says something else', () => {
    const { policy, tasks } = roundTrip({ maxAttempts: 3, tasks: { a: { maxAttempts: 10 } } });
    expect([policy.maxAttempts, tasks.a?.maxAttempts]).toEqual([3, 10]);
  });

  it('lies as the same text in both doors and in SSM', () => {
    const own = queueOf('Text');
    own.addApp('ops-team', { maxInFlight: 7, tasks: { 'a.b': { maxAttempts: 2 } } });
    const resources = resourcesOf(own.node.scope as never);
    const texts = [
      ...ofType(resources, 'AWS::Lambda::Function').map(([, { Properties }]) => Properties.Environment.Variables.PUNCTUAL_SETTINGS),
      ...ofType(resources, 'AWS::SSM::Parameter')
        .filter(([, { Properties }]) => Properties.Name === '/punctual/tasks/apps/ops-team')
        .map(([, { Properties }]) => Properties.Value),
    ].filter((text) => text !== undefined);
    expect(texts).toHaveLength(3);
    for (const text of texts)
      expect(parseSettings(readable(text))).toEqual({
        ...DEFAULTS,
        app: 'ops-team',
        topicArn: 'TasksopsteamTopic',
        maxInFlight: 7,
        tasks: { 'a.b': { maxAttempts: 2 } },
      });
  });
});

/** Whether the contract takes a value, asked of the contract itself. */
const isTaken = (setting: string, value: unknown): boolean => {
  const settings = setting in DEFAULTS.policy ? { policy: { [setting]: value } } : { [setting]: value };
  try {
    parseSettings(JSON.stringify({ app: 'billing', topicArn: 'arn:topic', ...settings }));
    return true;
  } catch {
    return false;
  }
};

const RULES: [string, Rule][] = Object.entries({ ...TASK_RULES, ...APP_RULES });
const isRange = (entry: [string, Rule]): entry is [string, Rule & { kind: 'number' | 'Duration' }] => entry[1].kind !== 'choice';
const isChoice = (entry: [string, Rule]): entry is [string, Rule & { kind: 'choice' }] => entry[1].kind === 'choice';

describe('bounds', () => {
  const optionOf = (kind: string, amount: number) => (kind === 'Duration' ? Duration.millis(amount) : amount);

  it.each(RULES.filter(isRange))('of %s are those of the contract, and hold at both ends', (name, { kind, min, max, setting, allowed }) => {
    for (const bound of [min, max]) {
      expect(isTaken(setting, bound)).toBe(true);
      // A small base needs no larger cap than the default has; a base of a day needs one as large.
      const cap = name === 'backoffBase' ? { backoffCap: Duration.days(30) } : {};
      const base = name === 'backoffCap' ? { backoffBase: Duration.millis(1) } : {};
      expect(appSettings(scope, 'billing', { ...cap, ...base, [name]: optionOf(kind, bound) })).toBeDefined();
    }
    for (const beyond of [min - 1, max + 1]) {
      expect(isTaken(setting, beyond)).toBe(false);
      if (kind === 'Duration' && beyond < 0) continue; // CDK has no such Duration.
      const got = kind === 'Duration' ? `${beyond} ms` : beyond;
      expect(() => appSettings(scope, 'billing', { [name]: optionOf(kind, beyond) })).toThrow(
        `billing: ${name} must be ${allowed}; got ${got}`,
      );
    }
  });

  it.each(RULES.filter(isRange))('of %s refuse what is no such value at all', (name, { kind, allowed }) => {
    const wrong = kind === 'Duration' ? [5, '5 minutes', null, {}] : [1.5, '5', Number.NaN, null, Duration.minutes(5)];
    for (const value of wrong) expect(adding({ [name]: value })).toThrow(`${name} must be ${allowed}; got `);
    const late = kind === 'Duration' ? Duration.millis(Lazy.number({ produce: () => 5 })) : Lazy.number({ produce: () => 5 });
    expect(adding({ [name]: late })).toThrow(/got a (value|Duration) that is known at deployment only/);
  });
});

describe('choices', () => {
  it.each(RULES.filter(isChoice))('of %s are those of the contract, and no others', (name, { choices, setting }) => {
    for (const choice of choices) {
      expect(isTaken(setting, choice)).toBe(true);
      expect(roundTrip({ [name]: choice })).toMatchObject({ [setting]: choice });
    }
    // In the settings of the functions there is no other choice: each of these is one of an option, or none.
    for (const other of ['run', 'expire', 'first', 'last', true, false, 'never', 'Run', '', 0, 1, null, 'true', {}])
      expect(isTaken(setting, other), String(other)).toBe(choices.some((choice) => choice === other));
  });

  it.each<[string, unknown, string]>([
    ['whenLate', 'Expire', 'whenLate must be "run" or "expire"; got "Expire"'],
    ['whenLate', true, 'whenLate must be "run" or "expire"; got true'],
    ['escalated', 'before', 'escalated must be "first" or "last"; got "before"'],
    ['listCompleted', 'true', 'listCompleted must be true or false; got "true"'],
    ['alarms', 1, 'alarms must be true or false; got 1'],
    ['alarms', null, 'alarms must be true or false; got null'],
    ['whenLate', Lazy.string({ produce: () => 'run' }), 'whenLate must be "run" or "expire"; got a value that is known at deployment only'],
  ])('%s refuses %o', (name, value, message) => {
    expect(adding({ [name]: value })).toThrow(message);
  });
});

describe('errors name the option, the value and what is allowed', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'of a task',
      { tasks: { 'send-invoice': { maxAttempts: 0 } } },
      /tasks\["send-invoice"\]\.maxAttempts must be a whole number from 1 to 100; got 0$/,
    ],
    ['of a task’s name', { tasks: { 'send invoice': {} } }, /tasks has the name "send invoice"; allowed are letters, digits and/],
    ['that does not exist', { maxInflight: 5 }, /maxInflight is not an option; allowed are maxAttempts, lease, .*maxInFlight/],
    [
      'that does not exist of a task',
      { tasks: { a: { shards: 2 } } },
      /tasks\["a"\]\.shards is not an option; allowed are maxAttempts, lease, backoffBase, backoffCap, demoteAfter$/,
    ],
    [
      'that contradicts another',
      { backoffBase: Duration.hours(2) },
      /backoffBase must be at most backoffCap \(3600000 ms\); got 7200000 ms$/,
    ],
    [
      'of a task that contradicts the app',
      { tasks: { a: { backoffCap: Duration.seconds(1) } } },
      /tasks\["a"\]\.backoffBase must be at most backoffCap \(1000 ms\); got 5000 ms$/,
    ],
  ])('one %s', (_, options, message) => {
    expect(adding(options)).toThrow(message);
  });

  it('and the construct', () => {
    expect(adding({ shards: 0 })).toThrow(/^Options\/Tasks: app\d+: shards must be/);
  });

  it('settings that would not fit say by how much and what to do', () => {
    const tasks = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`task-number-${index}`, { maxAttempts: 2 }]));
    expect(adding({ tasks })).toThrow(
      /settings of app\d+ are \d{4} bytes; allowed are 3000\. It has exceptions for 100 task names: say what most of them share/,
    );
    const fewer = Object.fromEntries(Object.entries(tasks).slice(0, 70));
    expect(adding({ tasks: fewer })).not.toThrow();
  });
});

describe('an app’s name', () => {
  it.each(['', 'Billing', '1st', 'a_b', 'a/b', 'a'.repeat(33)])('is refused when it is %o', (name) => {
    expect(() => queue.addApp(name)).toThrow(
      `an app is named ${JSON.stringify(name)}; allowed are a-z, then a-z, 0-9 and -, 32 characters at most`,
    );
  });

  it('is not `apps`, where the settings of all apps lie', () => {
    expect(() => queue.addApp('apps')).toThrow(/but not "apps"/);
  });

  it('is one app’s, and gives outputs that are one app’s', () => {
    const own = queueOf('Names');
    own.addApp('a1');
    expect(() => own.addApp('a1')).toThrow('Names/Tasks: there is an app named a1 already; allowed is one of a name');
    expect(() => own.addApp('a-1')).toThrow(/already has an output A1SubmitArn; .*names that differ in more than hyphens/);
  });
});
