import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  counted,
  ERROR_WINDOW_MS,
  errorIdentity,
  messagePattern,
  type Occurrences,
  REPORT_QUIET_MS,
  type RecurringError,
} from '../../core/errors.ts';
import { HOUR, MINUTE, SECOND, START } from './given.ts';

describe('messagePattern', () => {
  const same = (...messages: string[]) => expect(new Set(messages.map(messagePattern)).size).toBe(1);
  const different = (...messages: string[]) => expect(new Set(messages.map(messagePattern)).size).toBe(messages.length);

  it('takes numbers out, with their signs of thousands, decimals, times and units', () => {
    same('row 7 of 12', 'row 81 of 1,200', 'row 1.5 of 08:30:00');
    same('no answer in 500ms', 'no answer in 1500ms', 'no answer in 1.25ms');
    same('connect ECONNREFUSED 10.0.0.1:5432', 'connect ECONNREFUSED 192.168.100.200:80');
    same('since 2026-12-24T08:00:00.000Z', 'since 2027-01-02T23:59:59.999Z');
    expect(messagePattern('row 7 of 12')).toBe('row <n> of <n>');
    expect(messagePattern('row 1234567 in 500ms')).toBe('row <n> in <n>ms');
  });

  it('takes ids out: UUIDs, hashes, our own', () => {
    same('no user 123e4567-e89b-12d3-a456-426614174000', 'no user 0b7c9d1e-aaaa-4bbb-8ccc-dddddddddddd');
    same('commit 9fceb02d0ae5 is gone', 'commit d670460b4b4a is gone');
    same(
      'task billing/3q2-7wAbCdEfGhIjKlMnOp is late',
      'task billing/AbCdEfGhIjKlMnOpQrStUv is late',
      'task billing/-q2-7wAbCdEfGhIjKlMnO_ is late',
    );
    expect(messagePattern('no user u-1234 here')).toBe('no user <id> here');
  });

  it('takes quoted parts out, with whatever they hold', () => {
    same('no file "a b.pdf"', 'no file "it\'s 5 o\'clock"');
    same("unknown key 'a'", "unknown key 'another one'");
    same('no column `x`', 'no column `y z`');
    expect(messagePattern('no "a" or `b` or \'c d\' is here')).toBe('no <text> or <text> or <text> is here');
  });

  it('an apostrophe is no quotation mark: it hides no part of a sentence', () => {
    different("can't read the file, it isn't there", "can't write the file, it isn't there", "can't read the row, it isn't there");
  });

  it('does not group what says something else', () => {
    different('no user', 'no users', 'no user found', 'user has no address', 'timeout', 'HTTP error', 'no file "a" in "b"', 'no file "a"');
    different('TransactionCanceledException', 'ProvisionedThroughputExceededException');
    different('status 500 from mail', 'status 500 from bank');
  });

  it('space is space, and length is bounded', () => {
    same('a\n  b', ' a b ');
    expect(messagePattern('long words '.repeat(1_000))).toHaveLength(200);
    same(`${'x '.repeat(300)}1`, `${'x '.repeat(300)}other end`);
  });

  it('a quotation that was cut is a quotation still', () => {
    same(`bad input "${'a'.repeat(700)}"`, `bad input "${'b '.repeat(400)}"`);
    same(`bad input '${'a'.repeat(700)}'`, `bad input '${'b '.repeat(400)}'`);
    same(`bad input \`${'a'.repeat(700)}\``, `bad input \`${'b '.repeat(400)}\``);
    different('a 5" disk failed', 'a 5" screen failed');
    expect(messagePattern(`no 'a b' for it, isn't "${'c'.repeat(700)}" there`)).toBe("no <text> for it, isn't <text>");
  });

  it('is taken from the 500 characters that a history keeps of a message', () => {
    const quotation = (length: number) => 'no "'.padEnd(length, 'a');
    expect(messagePattern(quotation(499))).toBe(quotation(200));
    expect(messagePattern(quotation(500))).toBe('no <text>');
    expect(messagePattern(`${quotation(500)}" today`)).toBe('no <text>');
  });

  it('never throws, and is short, for any message', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000, unit: 'binary' }), (message) => {
        expect(messagePattern(message).length).toBeLessThanOrEqual(200);
      }),
    );
  });

  it('is an error’s identity with app, task name and error name', () => {
    const identity = errorIdentity('billing', 'send-invoice', { name: 'SmtpError', message: 'no route in 5 s', stack: 'x' });
    expect(identity).toEqual(['billing', 'send-invoice', 'SmtpError', 'no route in <n> s']);
  });
});

const ERROR = { name: 'SmtpError', message: 'no route' };
const tasks = (count: number, dead = 0, from = 0): Occurrences['tasks'] =>
  Array.from({ length: count }, (_, i) => ({ id: `billing/${from + i}`, version: 1, isDead: i < dead }));
const seen = (count: number, dead = 0, from = 0): Occurrences => ({
  app: 'billing',
  fingerprint: 'f',
  name: 'send-invoice',
  error: ERROR,
  tasks: tasks(count, dead, from),
});

/** Counts batches one after the other, `apart` ms from each other; the counts at which a report was due. */
function reportsOf(batches: readonly Occurrences[], apart = REPORT_QUIET_MS, known?: RecurringError) {
  let error = known;
  const reports: { count: number; deaths: number }[] = [];
  for (const [i, batch] of batches.entries()) {
    const next = counted(error, batch, START + i * apart);
    error = next.error;
    if (next.isReportDue) reports.push({ count: error.windowCount, deaths: error.windowDeaths });
  }
  return { error: error as RecurringError, reports };
}

const ones = (count: number, dead = 0) => Array.from({ length: count }, () => seen(1, dead));

describe('a report of a recurring error', () => {
  it('is due at 3, 10, 100, 1,000, and never else', () => {
    const { reports } = reportsOf(ones(1_200), MINUTE);
    expect(reports.map(({ count }) => count)).toEqual([3, 10, 100, 1_000]);
  });

  it('is due at the first death, and then at every tenfold', () => {
    const { reports } = reportsOf(ones(120, 1), MINUTE);
    expect(reports.map(({ deaths }) => deaths)).toEqual([1, 3, 10, 100]);
    expect(reportsOf([seen(1), seen(1, 1), seen(1)]).reports).toEqual([
      { count: 2, deaths: 1 },
      { count: 3, deaths: 1 },
    ]);
  });

  it('is one, however many thresholds a batch has passed', () => {
    expect(reportsOf([seen(2), seen(2_000, 500)]).reports).toEqual([{ count: 2_002, deaths: 500 }]);
    expect(reportsOf([seen(99), seen(1)]).reports.map(({ count }) => count)).toEqual([99, 100]);
    expect(reportsOf([seen(3), seen(6), seen(90), seen(1)]).reports.map(({ count }) => count)).toEqual([3, 99, 100]);
    expect(reportsOf([seen(10_000), seen(89_999), seen(1)]).reports.map(({ count }) => count)).toEqual([10_000, 100_000]);
  });

  it('is never due for fewer than 3 failures without a death', () => {
    expect(reportsOf([seen(1), seen(1)]).reports).toEqual([]);
  });

  it('waits until the last is a minute old; what falls due meanwhile goes into the next', () => {
    const first = counted(undefined, seen(3), START);
    const quiet = counted(first.error, seen(20, 1), START + REPORT_QUIET_MS - 1);
    expect([first.isReportDue, quiet.isReportDue]).toEqual([true, false]);
    expect(quiet.error).toMatchObject({ reportedCount: 3, reportedAt: START, windowCount: 23 });
    const next = counted(quiet.error, seen(1), START + REPORT_QUIET_MS);
    expect(next.isReportDue).toBe(true);
    expect(next.error).toMatchObject({ reportedCount: 24, reportedDeaths: 1, reportedAt: START + REPORT_QUIET_MS });
    expect(counted(next.error, seen(1), START + 2 * REPORT_QUIET_MS).isReportDue).toBe(false);
  });

  it('there are few of them, for any batches: by the tenfold, never one a failure', () => {
    const batches = fc.array(fc.record({ count: fc.integer({ min: 1, max: 400 }), dead: fc.integer({ min: 0, max: 400 }) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(batches, fc.constantFrom(0, SECOND, MINUTE), (sizes, apart) => {
        const { error, reports } = reportsOf(
          sizes.map(({ count, dead }) => seen(count, dead)),
          apart,
        );
        const digits = (value = 0) => (value === 0 ? 0 : String(value).length);
        expect(reports.length).toBeLessThanOrEqual(digits(error?.count) + digits(error?.deaths) + 1);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the window and the resolution', () => {
  it('after a day counting for reports starts anew; the whole count goes on', () => {
    const { error } = reportsOf(ones(5));
    const same = counted(error, seen(2), START + ERROR_WINDOW_MS - 1);
    expect(same).toMatchObject({ isReportDue: false, error: { windowFrom: START, windowCount: 7 } });
    const later = counted(error, seen(2), START + ERROR_WINDOW_MS);
    expect(later).toMatchObject({
      isReportDue: false,
      error: { windowFrom: START + ERROR_WINDOW_MS, windowCount: 2, count: 7, firstSeenAt: START },
    });
    expect(counted(later.error, seen(1), START + ERROR_WINDOW_MS).isReportDue).toBe(true);
    expect(counted(error, seen(1, 1), START + ERROR_WINDOW_MS)).toMatchObject({ isReportDue: true, error: { windowDeaths: 1 } });
  });

  it('once resolved, the next occurrence opens it again and counts from there', () => {
    const { error } = reportsOf(ones(12, 1));
    const again = counted({ ...error, resolvedAt: START + HOUR }, seen(1), START + HOUR);
    expect(again).toMatchObject({ isReportDue: false, error: { windowCount: 1, windowDeaths: 0, count: 13, deaths: 12 } });
    expect(again.error).not.toHaveProperty('resolvedAt');
    expect(counted(again.error, seen(2), START + HOUR).isReportDue).toBe(true);
  });
});

describe('what is kept of a recurring error', () => {
  it('its first tasks and versions, each once; the others are counted', () => {
    const { error } = reportsOf([seen(15), seen(15, 0, 5), seen(30, 0, 100)]);
    expect(error.tasks).toEqual([...tasks(20)].map(({ id }) => id));
    expect(error).toMatchObject({ count: 60, versions: [1], rev: 3, firstSeenAt: START, lastSeenAt: START + 2 * REPORT_QUIET_MS });
  });

  it('the message of the latest, the name of the first', () => {
    const first = counted(undefined, seen(1), START).error;
    expect(first).toMatchObject({
      app: 'billing',
      fingerprint: 'f',
      name: 'send-invoice',
      errorName: 'SmtpError',
      message: 'no route',
      rev: 1,
    });
    expect(counted(first, { ...seen(1), error: { ...ERROR, message: 'no route 2' } }, START).error.message).toBe('no route 2');
  });
});
