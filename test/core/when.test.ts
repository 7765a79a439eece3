import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DISAMBIGUATIONS, type Disambiguation, EARLIEST_MS, LATEST_MS, resolveWhen, type When, type WhenRefusal } from '../../core/when.ts';

/** The resolved instant as text, or the field at fault. */
function resolved(when: When): string {
  const result = resolveWhen(when);
  return result.ok ? new Date(result.ms).toISOString() : `refused: ${result.field || 'the whole'}`;
}

const refusal = (when: When): WhenRefusal | undefined => {
  const result = resolveWhen(when);
  return result.ok ? undefined : result;
};

const local = (text: string, timeZone: string, disambiguation?: Disambiguation): When => ({
  local: text,
  timeZone,
  ...(disambiguation ? { disambiguation } : {}),
});

describe('an instant', () => {
  it.each([
    ['2026-12-24T08:00:00Z', '2026-12-24T08:00:00.000Z'],
    ['2026-12-24T09:00:00+01:00', '2026-12-24T08:00:00.000Z'],
    ['2026-12-24T02:30:00-05:30', '2026-12-24T08:00:00.000Z'],
    ['2026-12-24T23:00:00+20:00', '2026-12-24T03:00:00.000Z'],
    ['2026-12-24T08:00:00.5Z', '2026-12-24T08:00:00.500Z'],
    ['2026-12-24T08:00:00.123999999Z', '2026-12-24T08:00:00.123Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['2000-01-01T00:00:00Z', '2000-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('%s is %s', (text, instant) => expect(resolved(text)).toBe(instant));

  it.each([
    ['', 'empty'],
    ['2026-12-24T08:00:00', 'no offset: whose eight o’clock?'],
    ['2026-12-24', 'no time'],
    ['2026-12-24T08:00Z', 'no seconds'],
    ['2026-12-24 08:00:00Z', 'no T'],
    ['2026-12-24T24:00:00Z', '24:00'],
    ['2026-12-31T23:59:60Z', 'a leap second'],
    ['2026-02-29T00:00:00Z', 'no such day'],
    ['2100-02-29T00:00:00Z', 'no such day: 2100 is no leap year'],
    ['2026-13-01T00:00:00Z', 'no such month'],
    ['2026-00-10T00:00:00Z', 'no such month'],
    ['2026-04-31T00:00:00Z', 'no such day'],
    ['2026-12-24T08:00:00+24:00', 'no such offset'],
    ['2026-12-24T08:00:00+01:00[Europe/Paris]', 'a zone in brackets'],
    ['2026-12-24T08:00:00.1234567890Z', 'finer than nanoseconds'],
    ['10000-01-01T00:00:00Z', 'year 10000'],
    ['+010000-01-01T00:00:00Z', 'year 10000, as Date writes it'],
    ['-000001-01-01T00:00:00Z', 'before year 0'],
    ['1798099200', 'seconds as text'],
    ['1798099200000', 'milliseconds as text'],
    ['tomorrow', 'words'],
    ['Invalid Date', 'what String(new Date(NaN)) gives'],
    ['２０２６-12-24T08:00:00Z', 'digits of another script'],
    ['2026-12-24T08:00:00Z\n', 'a line break at its end'],
    [' 2026-12-24T08:00:00Z', 'a space'],
  ])('%j is refused: %s', (text) => {
    expect(refusal(text)).toMatchObject({ field: '', got: text, allowed: expect.stringMatching(/./) });
  });

  it.each([
    ['0000-01-01T00:00:00Z', 'year 0'],
    ['1970-01-21T19:28:19.200Z', 'what seconds taken for milliseconds give'],
    ['1999-12-31T23:59:59.999Z', 'a millisecond before what is taken'],
    ['9999-12-31T23:59:59.999-00:01', 'a minute past what the keys can hold'],
  ])('%j is refused, with the range that is taken: %s', (text) => {
    expect(refusal(text)?.allowed).toMatch(/2000-01-01 to 9999-12-31.*seconds.*milliseconds/);
  });

  it('is what Date makes of it, for every instant in the range', () => {
    fc.assert(
      fc.property(fc.integer({ min: EARLIEST_MS, max: LATEST_MS }), (ms) => {
        expect(resolveWhen(new Date(ms).toISOString())).toEqual({ ok: true, ms });
      }),
    );
  });
});

describe('a local date', () => {
  it.each([
    ['2026-12-24T09:00', 'Europe/Paris', '2026-12-24T08:00:00.000Z'],
    ['2026-07-14T09:00', 'Europe/Paris', '2026-07-14T07:00:00.000Z'],
    ['2026-12-24', 'Europe/Paris', '2026-12-23T23:00:00.000Z'],
    ['2026-12-24T09:00:30.250', 'Asia/Kolkata', '2026-12-24T03:30:30.250Z'],
    ['2026-12-24T09:00:30', 'UTC', '2026-12-24T09:00:30.000Z'],
    ['2026-12-24T09:00', 'UTC', '2026-12-24T09:00:00.000Z'],
    ['2026-12-24T09:00', 'Etc/GMT+5', '2026-12-24T14:00:00.000Z'],
    ['2028-02-29T12:00', 'America/New_York', '2028-02-29T17:00:00.000Z'],
  ])('%s in %s is %s', (text, timeZone, instant) => expect(resolved(local(text, timeZone))).toBe(instant));

  it.each([
    ['2026-12-24T24:00', '24:00'],
    ['2026-12-24T23:59:60', 'second 60'],
    ['2026-12-24T09', 'no minutes'],
    ['2026-12-24T09:00Z', 'an offset'],
    ['2026-12-24T09:00+01:00', 'an offset'],
    ['2026-12-24T09:00[Europe/Paris]', 'a zone of its own'],
    ['2026-02-29', 'no such day'],
    ['2026-06-31T09:00', 'no such day'],
    ['12/24/2026', 'another notation'],
    ['+002026-12-24T09:00', 'a year of six digits'],
    ['', 'empty'],
  ])('%j is refused: %s', (text, why) => {
    const allowed = why === 'no such day' ? 'a date that exists in the calendar' : /without offset, such as/;
    expect(refusal(local(text, 'Europe/Paris'))).toMatchObject({ field: 'local', got: text, allowed: expect.stringMatching(allowed) });
  });

  it.each([
    '+02:00',
    '-05',
    'Z',
    'T12:00Z',
    '2026-01-01T00:00+01:00[Europe/Paris]',
    '',
    ' ',
    'Europe/Nowhere',
    'Europe/Paris\n',
    'constructor',
  ])('the zone %j is refused: a zone is an IANA name, an offset knows no daylight saving', (timeZone) => {
    expect(refusal(local('2026-12-24T09:00', timeZone))).toMatchObject({
      field: 'timeZone',
      got: timeZone,
      allowed: 'an IANA time zone, such as Europe/Paris or UTC',
    });
  });

  it('beyond the range it is refused as a whole, as the instant that it would be', () => {
    expect(resolved(local('0000-06-01', 'UTC'))).toBe('refused: the whole');
    expect(resolved(local('1999-12-31T23:59', 'UTC'))).toBe('refused: the whole');
    expect(refusal(local('9999-12-31T23:59', 'America/New_York'))).toMatchObject({ field: '', got: '+010000-01-01T04:59:00.000Z' });
  });
});

describe('where daylight saving skips or repeats the hour', () => {
  /** compatible, earlier, later: UTC times of that day; `reject` refuses them all. */
  it.each([
    ['gap of an hour', '2026-03-29T02:30', 'Europe/Paris', '2026-03-29T01:30', '2026-03-29T00:30', '2026-03-29T01:30'],
    ['fold of an hour', '2026-10-25T02:30', 'Europe/Paris', '2026-10-25T00:30', '2026-10-25T00:30', '2026-10-25T01:30'],
    ['gap of an hour', '2026-03-08T02:00', 'America/New_York', '2026-03-08T07:00', '2026-03-08T06:00', '2026-03-08T07:00'],
    ['fold of an hour', '2026-11-01T01:59', 'America/New_York', '2026-11-01T05:59', '2026-11-01T05:59', '2026-11-01T06:59'],
    ['gap of half an hour', '2026-10-04T02:15', 'Australia/Lord_Howe', '2026-10-03T15:45', '2026-10-03T15:15', '2026-10-03T15:45'],
    ['fold of half an hour', '2026-04-05T01:45', 'Australia/Lord_Howe', '2026-04-04T14:45', '2026-04-04T14:45', '2026-04-04T15:15'],
    ['gap at midnight', '2026-04-24T00:00', 'Africa/Cairo', '2026-04-23T22:00', '2026-04-23T21:00', '2026-04-23T22:00'],
    ['gap of a whole day', '2011-12-30T12:00', 'Pacific/Apia', '2011-12-30T22:00', '2011-12-29T22:00', '2011-12-30T22:00'],
  ])('%s: %s in %s', (_, text, timeZone, compatible, earlier, later) => {
    const results = DISAMBIGUATIONS.map((disambiguation) => resolved(local(text, timeZone, disambiguation)).replace(':00.000Z', ''));
    expect(results).toEqual([compatible, earlier, later, 'refused: disambiguation']);
    expect(resolved(local(text, timeZone))).toBe(`${compatible}:00.000Z`);
  });

  it('a refusal says which local time, and where', () => {
    expect(refusal(local('2026-03-29T02:30', 'Europe/Paris', 'reject'))).toEqual({
      ok: false,
      field: 'disambiguation',
      got: '2026-03-29T02:30 in Europe/Paris',
      allowed: 'a local time that exists there once (or another disambiguation than reject)',
    });
  });

  it.each(DISAMBIGUATIONS)('a local time that exists once is the same under %s', (disambiguation) => {
    expect(resolved(local('2026-03-29T03:00', 'Europe/Paris', disambiguation))).toBe('2026-03-29T01:00:00.000Z');
    expect(resolved(local('2026-10-25T01:59', 'Europe/Paris', disambiguation))).toBe('2026-10-24T23:59:00.000Z');
  });
});

describe('whatever the text', () => {
  it('it resolves to a whole millisecond in the range, or is refused with what is allowed', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...'0123456789-:TZ+.[]/') }),
      fc.constantFrom('UTC', 'Europe/Paris', '2026-01-01'),
    );
    const date = fc.oneof(text, fc.record({ local: text, timeZone: text, disambiguation: fc.constantFrom(...DISAMBIGUATIONS) }));
    fc.assert(
      fc.property(date, (when) => {
        const result = resolveWhen(when);
        if (result.ok) expect(Number.isSafeInteger(result.ms) && result.ms >= EARLIEST_MS && result.ms <= LATEST_MS).toBe(true);
        else expect(result.allowed).not.toBe('');
      }),
      { numRuns: 1_000 },
    );
  });
});
