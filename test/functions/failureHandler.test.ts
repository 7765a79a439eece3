import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { SQSEvent } from 'aws-lambda';
import { describe, expect, inject, it, vi } from 'vitest';
import { DEFAULT_LIMITS, DEFAULT_POLICY } from '../../core/policy.ts';
import { KnownSettings } from '../../functions/known-settings.ts';
import { fail, failureWorld, message } from './failureWorld.ts';
import { TestClock } from './testClock.ts';
import { unique } from './world.ts';

describe('the failure function', () => {
  it('settles what the queue hands it, and hands back what it could not, by its environment alone', async () => {
    const world = await failureWorld();
    const { endpoint, region } = inject('localAws');
    const queue = unique('queue');
    const variables = {
      ...{ AWS_ENDPOINT_URL: endpoint, AWS_REGION: region, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
      ...{ PUNCTUAL_QUEUE: queue, PUNCTUAL_TABLE: world.table, PUNCTUAL_BUS: world.admin.bus, PUNCTUAL_DISPATCHER: 'none' },
      ...{ PUNCTUAL_ALERTS: world.settings.topicArn, PUNCTUAL_OPERATE_NAME: 'operate' },
    };
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    const Value = JSON.stringify({ app: 'billing', topicArn: world.settings.topicArn });
    const ssm = new SSMClient({});
    await ssm.send(new PutParameterCommand({ Name: `/punctual/${queue}/apps/billing`, Type: 'String', Value }));
    ssm.destroy();
    const { handler } = await import('../../functions/failure.ts');
    const [task] = await world.out({});
    if (!task) throw new Error('a task');
    const bad = message({ type: 'fail' });
    const Records = [message(fail(task)), bad] as SQSEvent['Records'];
    expect(await handler({ Records })).toEqual({ batchItemFailures: [{ itemIdentifier: bad.messageId }] });
    expect(await world.read(task.id)).toMatchObject({ state: 'scheduled', attempt: 1, attempts: [{ outcome: 'failed' }] });
    vi.unstubAllEnvs();
  });
});

describe('the settings that a function knows', () => {
  const app = (name: string) => ({ app: name, topicArn: 'arn', policy: DEFAULT_POLICY, tasks: {}, ...DEFAULT_LIMITS });

  function given() {
    const clock = new TestClock(1_000_000);
    const stored = { apps: [app('a')], reads: 0, isDown: false };
    const known = new KnownSettings(async () => {
      stored.reads++;
      if (stored.isDown) throw new Error('down');
      return stored.apps;
    }, clock);
    return { known, stored, pass: (ms: number) => clock.set(clock.now() + ms) };
  }

  it('are read once for all who ask at once, and trusted for a minute', async () => {
    const { known, stored, pass } = given();
    expect((await Promise.all([known.of('a'), known.of('b'), known.of('a')])).map((one) => one?.app)).toEqual(['a', undefined, 'a']);
    pass(59_999);
    await known.of('a');
    expect(stored.reads).toBe(1);
    pass(1);
    await known.of('a');
    expect(stored.reads).toBe(2);
  });

  it('are read anew for an app that may be new, but not for every failure of one that is not there', async () => {
    const { known, stored, pass } = given();
    await known.of('a');
    stored.apps = [app('a'), app('b')];
    expect(await known.of('b')).toBeUndefined();
    pass(5_000);
    expect((await known.of('b'))?.app).toBe('b');
    await known.of('c');
    expect(stored.reads).toBe(2);
  });

  it('are good enough while they cannot be read anew, and are an error if they never could', async () => {
    const { known, stored, pass } = given();
    stored.isDown = true;
    await expect(known.of('a')).rejects.toThrow('down');
    stored.isDown = false;
    await known.of('a');
    stored.isDown = true;
    pass(60_000);
    expect((await known.of('a'))?.app).toBe('a');
    expect(stored.reads).toBe(3);
  });
});
