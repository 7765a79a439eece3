import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSettings, type SettingsInput } from '../../contract/settings.ts';
import { DEFAULT_LIMITS, DEFAULT_POLICY, policyFor } from '../../core/policy.ts';

const app = 'billing';
const topicArn = 'arn:aws:sns:us-east-1:000000000000:billing';
const parse = (changes: Partial<SettingsInput> = {}) => parseSettings(JSON.stringify({ app, topicArn, ...changes }));

describe('settings as they travel', () => {
  it('say nothing of what is as the defaults', () => {
    expect(parse()).toEqual({ app, topicArn, policy: DEFAULT_POLICY, tasks: {}, ...DEFAULT_LIMITS });
  });

  it('the defaults are part of the contract', () => {
    expect(parse()).toMatchObject({
      policy: { maxAttempts: 10, backoffBaseMs: 5_000, backoffCapMs: 3_600_000, demoteAfter: 3, leaseMs: 300_000 },
      maxInFlight: 500,
      shards: 1,
      precision: 'second',
      deadlineLeadMs: 900_000,
      retentionMs: 1_209_600_000,
      whenLate: 'run',
      escalated: 'first',
      listCompleted: false,
      alarms: false,
    });
  });

  it('arrive as they were sent', () => {
    const ms = fc.integer({ min: 1_000, max: 43_200_000 });
    const policy = fc.record(
      {
        maxAttempts: fc.integer({ min: 1, max: 100 }),
        backoffBaseMs: ms,
        backoffCapMs: ms,
        demoteAfter: fc.integer({ min: 1, max: 100 }),
        leaseMs: ms,
      },
      { noNullPrototype: true },
    );
    const name = fc.oneof(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,20}$/), fc.constantFrom('constructor', 'prototype', 'toString'));
    const settings = fc.record(
      {
        policy,
        tasks: fc.dictionary(name, policy, { noNullPrototype: true }),
        maxInFlight: fc.integer({ min: 1, max: 10_000 }),
        shards: fc.integer({ min: 1, max: 64 }),
        precision: fc.constantFrom('second' as const, 'minute' as const),
        deadlineLeadMs: ms,
        retentionMs: fc.integer({ min: 13 * 3_600_000, max: 3_650 * 86_400_000 }),
        whenLate: fc.constantFrom('run' as const, 'expire' as const),
        escalated: fc.constantFrom('first' as const, 'last' as const),
        listCompleted: fc.boolean(),
        alarms: fc.boolean(),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(settings, (changes) => {
        expect(parse(changes)).toEqual({ app, topicArn, ...changes });
      }),
    );
  });

  it('an exception overrides what it names, for a task of any name', () => {
    for (const name of ['send-invoice', 'constructor', 'prototype', 'toString']) {
      const settings = parse({ policy: { leaseMs: 60_000 }, tasks: { [name]: { maxAttempts: 3 } } });
      expect(policyFor(settings, name)).toEqual({ ...DEFAULT_POLICY, leaseMs: 60_000, maxAttempts: 3 });
      expect(policyFor(settings, 'another')).toEqual({ ...DEFAULT_POLICY, leaseMs: 60_000 });
    }
  });

  it('may bring fields of a later release, which are left out', () => {
    const text = JSON.stringify({ app, topicArn, colour: 'red', policy: { maxAttempts: 3, mood: 1 }, tasks: { a: { mood: 1 } } });
    expect(parseSettings(text)).toEqual({
      app,
      topicArn,
      policy: { ...DEFAULT_POLICY, maxAttempts: 3 },
      tasks: { a: {} },
      ...DEFAULT_LIMITS,
    });
  });
});

describe('settings that are refused', () => {
  it.each<[string, object]>([
    ['an app name in capitals', { app: 'Billing' }],
    ['an app name with a #', { app: 'a#b' }],
    ['no topic', { topicArn: undefined }],
    ['no attempt', { policy: { maxAttempts: 0 } }],
    ['a billion attempts', { policy: { maxAttempts: 1e9 } }],
    ['no lease', { policy: { leaseMs: 0 } }],
    ['a negative lease', { policy: { leaseMs: -1 } }],
    ['a lease over 12 hours', { policy: { leaseMs: 43_200_001 } }],
    ['a demotion at once', { policy: { demoteAfter: 0 } }],
    ['a backoff of nothing', { policy: { backoffBaseMs: 0 } }],
    ['half a millisecond', { policy: { backoffCapMs: 0.5 } }],
    ['an exception out of range', { tasks: { a: { maxAttempts: 0 } } }],
    ['an exception that is none', { tasks: { a: 5 } }],
    ['an exception out of range, under a name that objects inherit', { tasks: { constructor: { maxAttempts: 0 } } }],
    ['nothing in flight', { maxInFlight: 0 }],
    ['no shard', { shards: 0 }],
    ['65 shards', { shards: 65 }],
    ['text for a number', { maxInFlight: '5' }],
    ['a retention under the longest lease', { retentionMs: 13 * 3_600_000 - 1 }],
    ['what else could become of the late', { whenLate: 'drop' }],
    ['a place of the escalated that there is not', { escalated: 'middle' }],
    ['text for yes', { listCompleted: 'true' }],
    ['a number for yes', { alarms: 1 }],
  ])('%s', (_, changes) => {
    expect(() => parseSettings(JSON.stringify({ app, topicArn, ...changes }))).toThrow();
  });

  it('what is no JSON, or no object', () => {
    for (const text of ['', '{', 'null', '[]', '5']) expect(() => parseSettings(text)).toThrow();
  });
});
