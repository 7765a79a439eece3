import { describe, expect, it } from 'vitest';
import { APPS, BILLING, type Given, idOf, OFFICE, OPERATE, punctual, takesTasks } from './given.ts';

const OTHER = `${OPERATE}-2`;
const explained = () => ({ id: idOf('A'), state: 'scheduled', text: 'waits' });
const PUBLISHED = {
  '/punctual/tasks/OperateArn': OPERATE,
  '/punctual/tasks/billing/SubmitArn': BILLING,
  '/punctual/tasks/office/SubmitArn': OFFICE,
};
const explain = (flags: string[], given: Given) =>
  punctual(['explain', idOf('A'), ...flags], { doors: explained, published: PUBLISHED, ...given });
const enqueue = (flags: string[], given: Given) =>
  punctual(['enqueue', '--name', 'send-invoice', ...flags], { doors: takesTasks(), published: PUBLISHED, ...given });

describe('the operate door', () => {
  it.each<[string, string[], Record<string, string>, string]>([
    ['--operate-arn before all else', ['--operate-arn', OTHER, '--queue', 'tasks'], { PUNCTUAL_OPERATE: OPERATE }, OTHER],
    ['--queue before the environment', ['--queue', 'tasks'], { PUNCTUAL_OPERATE: OTHER }, OPERATE],
    ['PUNCTUAL_OPERATE before PUNCTUAL_QUEUE', [], { PUNCTUAL_OPERATE: OTHER, PUNCTUAL_QUEUE: 'tasks' }, OTHER],
    ['PUNCTUAL_QUEUE', [], { PUNCTUAL_QUEUE: 'tasks' }, OPERATE],
    ['PUNCTUAL_QUEUE beside an empty PUNCTUAL_OPERATE', [], { PUNCTUAL_OPERATE: '', PUNCTUAL_QUEUE: 'tasks' }, OPERATE],
  ])('is found by %s', async (_what, flags, env, arn) => {
    // The double knows OPERATE as the operate door; of another it is enough that it was the one asked.
    const { arns } = await explain(flags, { env });
    expect(arns[0]).toBe(arn);
  });

  it('is not looked up where its ARN is told', async () => {
    expect((await explain(['--operate-arn', OPERATE], { env: { PUNCTUAL_QUEUE: 'tasks' } })).asked).toEqual([]);
  });

  it('is looked up in the region that was given', async () => {
    expect((await explain(['--queue', 'tasks', '--region', 'eu-north-1'], { env: {} })).asked).toEqual([
      ['/punctual/tasks/OperateArn', 'eu-north-1'],
    ]);
  });

  it('that nobody tells is asked for in all three ways', async () => {
    const { exit, err } = await explain([], { env: {} });
    expect(exit).toBe(2);
    for (const way of ['--operate-arn', 'OperateArn', 'PUNCTUAL_OPERATE', '--queue', 'PUNCTUAL_QUEUE']) expect(err).toContain(way);
  });

  it('that the queue does not publish is named by its parameter', async () => {
    const { exit, err } = await explain(['--queue', 'other'], { env: {} });
    expect(exit).toBe(2);
    expect(err).toContain('SSM has no parameter /punctual/other/OperateArn here. Is other the queue');
  });

  it('a queue’s name is checked before it stands in a path', async () => {
    const { exit, err, asked } = await explain(['--queue', 'tasks/billing'], { env: {} });
    expect([exit, asked]).toEqual([2, []]);
    expect(err).toContain('--queue must be a name: a-z, then a-z, 0-9 and -, 32 characters at most; got "tasks/billing".');
  });

  it('a wrong PUNCTUAL_OPERATE is refused by its name', async () => {
    expect((await explain([], { env: { PUNCTUAL_OPERATE: 'tasks' } })).err).toContain('PUNCTUAL_OPERATE must be the ARN');
  });
});

describe('a submit door', () => {
  it.each<[string, string[], Record<string, string>, string]>([
    ['--submit-arn', ['--submit-arn', OFFICE, '--queue', 'tasks'], { PUNCTUAL_APPS: APPS }, OFFICE],
    ['--submit-arn and --app', ['--submit-arn', BILLING, '--app', 'billing'], {}, BILLING],
    [
      '--queue before PUNCTUAL_APPS',
      ['--queue', 'tasks', '--app', 'billing'],
      { PUNCTUAL_APPS: JSON.stringify({ billing: { submit: OFFICE } }) },
      BILLING,
    ],
    [
      'PUNCTUAL_APPS before PUNCTUAL_QUEUE',
      ['--app', 'office'],
      { PUNCTUAL_APPS: JSON.stringify({ office: { submit: BILLING } }), PUNCTUAL_QUEUE: 'tasks' },
      BILLING,
    ],
    ['PUNCTUAL_APPS with one app, which need not be named', [], { PUNCTUAL_APPS: JSON.stringify({ office: { submit: OFFICE } }) }, OFFICE],
    ['PUNCTUAL_QUEUE', ['--app', 'office'], { PUNCTUAL_QUEUE: 'tasks' }, OFFICE],
  ])('is found by %s', async (_what, flags, env, arn) => {
    const { arns, exit, err } = await enqueue(flags, { env });
    expect([exit, err, arns]).toEqual([0, '', [arn]]);
  });

  it('that nobody tells is asked for in all three ways', async () => {
    const { exit, err } = await enqueue([], { env: { PUNCTUAL_OPERATE: OPERATE } });
    expect(exit).toBe(2);
    for (const way of ['--submit-arn', 'SubmitArn', 'PUNCTUAL_APPS', '--queue', 'PUNCTUAL_QUEUE']) expect(err).toContain(way);
  });

  it.each<[string, string[], Record<string, string>, string]>([
    ['several apps and none named', [], { PUNCTUAL_APPS: APPS }, 'Several apps are connected here (billing, office)'],
    ['a queue and no app', ['--queue', 'tasks'], {}, '--app must be the app that the task is for; got nothing.'],
    ['an app that is not connected', ['--app', 'web'], { PUNCTUAL_APPS: APPS }, 'No app "web" is connected here, only billing, office.'],
    [
      'an app that the queue does not have',
      ['--app', 'web', '--queue', 'tasks'],
      {},
      'SSM has no parameter /punctual/tasks/web/SubmitArn here',
    ],
    ['an app that is no name', ['--app', '../x', '--queue', 'tasks'], {}, '--app must be a name'],
  ])('is refused for %s', async (_what, flags, env, words) => {
    const { exit, err, requests } = await enqueue(flags, { env });
    expect([exit, requests]).toEqual([2, []]);
    expect(err).toContain(words);
  });
});
