import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { FINGERPRINT } from '../../contract/limits.ts';
import { operateRequest } from '../../contract/operate.ts';
import type { RecurringError } from '../../core/errors.ts';
import { mailOf } from '../../functions/failures/report-mail.ts';
import { fingerprintOf } from '../../functions/identity.ts';

const START = Date.UTC(2026, 11, 24, 8);
const SETTINGS = { queue: 'main', operateName: 'Main-Operate-1x2', region: 'eu-west-1' };
const ERROR: RecurringError = {
  app: 'billing',
  fingerprint: '_Q2-7wAbCdEfGhIjKlMnOp',
  name: 'send-invoice',
  errorName: 'SmtpError',
  message: 'no route to "mx.example.com"',
  rev: 12,
  count: 130,
  deaths: 5,
  firstSeenAt: START - 86_400_000,
  lastSeenAt: START + 60_000,
  versions: [1, 2],
  tasks: ['billing/a', 'billing/b', 'billing/c', 'billing/d', 'billing/e', 'billing/f'],
  windowFrom: START,
  windowCount: 100,
  windowDeaths: 2,
  reportedCount: 100,
  reportedDeaths: 2,
  reportedAt: START,
};

describe('the report of an error', () => {
  it('says what fails, how often, and what to do, in plain text', () => {
    const { subject, text } = mailOf(ERROR, SETTINGS);
    expect(subject).toBe('Punctual main billing: 100 failures, 2 dead: send-invoice, SmtpError');
    expect(text).toBe(`Tasks of the app billing fail with the same error.

  Task       send-invoice, version 1, 2
  Error      SmtpError: no route to "mx.example.com"
  How often  100 times since 2026-12-24T08:00:00.000Z (130 in all since 2026-12-23T08:00:00.000Z), last at 2026-12-24T08:01:00.000Z
  Dead       2 tasks (5 in all)
  First ids  billing/a
             billing/b
             billing/c
             billing/d
             billing/e

What to do

1. See the error and the tasks that it hit:
   punctual errors show _Q2-7wAbCdEfGhIjKlMnOp --app billing
2. Put the cause right. Tasks that are not dead are tried again by themselves.
3. Let the dead tasks run again (shows first which they are):
   punctual replay --app billing --fingerprint _Q2-7wAbCdEfGhIjKlMnOp

The same without anything installed but the AWS CLI:

aws lambda invoke --function-name Main-Operate-1x2 --region eu-west-1 --cli-binary-format raw-in-base64-out --payload '{"v":1,"action":"error","app":"billing","fingerprint":"_Q2-7wAbCdEfGhIjKlMnOp"}' /dev/stdout

aws lambda invoke --function-name Main-Operate-1x2 --region eu-west-1 --cli-binary-format raw-in-base64-out --payload '{"v":1,"action":"replayAll","app":"billing","fingerprint":"_Q2-7wAbCdEfGhIjKlMnOp","dryRun":true}' /dev/stdout

and with "dryRun":false in the last line to do it.

You are told again at 10, 100, 1,000 … failures or deaths of this error within a day, not of each one.
`);
  });

  it('has commands that the operate door takes as they stand', () => {
    const { text } = mailOf(ERROR, { queue: 'main', operateName: 'op' });
    const payloads = [...text.matchAll(/--payload '([^']*)'/g)].map(([, json = '']) => JSON.parse(json));
    expect(payloads.map(({ action }) => action)).toEqual(['error', 'replayAll']);
    for (const payload of payloads) expect(v.parse(operateRequest, payload)).toEqual(payload);
    expect(text).not.toContain('--region');
  });

  it('of a first failure speaks of one, and of what is all there is says so once', () => {
    const first = {
      ...ERROR,
      count: 1,
      windowCount: 1,
      deaths: 1,
      windowDeaths: 1,
      firstSeenAt: START,
      tasks: ['billing/a'],
      versions: [1],
    };
    const { subject, text } = mailOf(first, SETTINGS);
    expect(subject).toContain('1 failure, 1 dead');
    expect(text).toContain('1 time since 2026-12-24T08:00:00.000Z, last');
    expect(text).toContain('  Dead       1 task\n');
    expect(mailOf({ ...ERROR, windowDeaths: 0 }, SETTINGS).subject).toContain('100 failures: send-invoice');
  });

  it.each([
    ['LeaseExpired', 'crash, hang'],
    ['DeadlineMissed', 'is the app paused'],
    ['UnreadableRow', 'What is damaged is still in the row'],
  ])('of an error of the system’s own says what it means: %s', (errorName, hint) => {
    const { text } = mailOf({ ...ERROR, errorName }, SETTINGS);
    expect(text).toContain(hint);
    // A row that cannot be read cannot run again.
    expect([text.includes('punctual replay'), text.includes('replayAll')]).toEqual(Array(2).fill(errorName !== 'UnreadableRow'));
    expect(mailOf({ ...ERROR, errorName: 'constructor' }, SETTINGS).text.replace('constructor', 'SmtpError')).toBe(
      mailOf(ERROR, SETTINGS).text,
    );
  });

  it('keeps its shape whatever a worker says: one line of ASCII as a subject, and none of its lines made by a worker', () => {
    const wild = {
      ...ERROR,
      name: 'n'.repeat(128),
      errorName: 'Überraschung\r\nBcc: a@b',
      message: `x\n\nWhat to do\n\u2028rm -rf\u202e\u0007 ${'m'.repeat(400)}`,
    };
    const { subject, text } = mailOf(wild, SETTINGS);
    expect(subject).toMatch(/^[A-Za-z0-9][\x20-\x7e]{1,98}$/);
    expect(text.split('\n').length).toBe(mailOf(ERROR, SETTINGS).text.split('\n').length);
    for (const character of ['\u2028', '\u202e', '\u0007', '\r']) expect(text).not.toContain(character);
    expect(mailOf({ ...wild, name: 'a', app: 'b' }, SETTINGS).subject).toMatch(/^[\x20-\x7e]+$/);
  });
});

describe('a fingerprint', () => {
  const of = (message: string, app = 'billing', name = 'send-invoice', errorName = 'E') =>
    fingerprintOf(app, name, { name: errorName, message });

  it('is the same for what differs by numbers, ids and quoted parts alone, and another for all else', () => {
    expect(of('invoice 42 for "Ada" failed')).toBe(of('invoice 7 for "Bob" failed'));
    expect(new Set([of('a'), of('b'), of('a', 'crm'), of('a', 'billing', 'other'), of('a', 'billing', 'send-invoice', 'F')]).size).toBe(5);
  });

  it('can stand in any command: it never begins like an option', () => {
    const all = Array.from({ length: 1_000 }, (_, i) => of('m', 'billing', `n${i}`));
    expect(all.filter((one) => !FINGERPRINT.test(one) || one.startsWith('-'))).toEqual([]);
    expect(new Set(all).size).toBe(1_000);
  });
});
