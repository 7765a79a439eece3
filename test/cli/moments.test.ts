import { describe, expect, it } from 'vitest';
import { length, Moments, relative, wallClock, zoneOf } from '../../cli/moments.ts';

const S = 1_000;
const MIN = 60 * S;
const H = 60 * MIN;
const D = 24 * H;
const NOW = Date.parse('2026-12-24T07:00:00Z');
const paris = new Moments(NOW, { name: 'Europe/Paris', isGiven: true });
const somewhere = new Moments(NOW, { name: 'Europe/Paris', isGiven: false });

describe('a length of time', () => {
  it.each([
    [0, '0 s'],
    [999, '0 s'],
    [59 * S + 999, '59 s'],
    [MIN, '1 min'],
    [MIN + S, '1 min 1 s'],
    [2 * H + 5 * MIN + 59 * S, '2 h 5 min'],
    [2 * H + 59 * S, '2 h'],
    [D, '1 d'],
    [3 * D + 23 * H + 59 * MIN, '3 d 23 h'],
    [3 * D + 59 * MIN, '3 d'],
    [36_525 * D, '36,525 d'],
  ])('of %d ms is told in its two largest units: %s', (ms, text) => {
    expect(length(ms)).toBe(text);
  });
});

describe('an instant', () => {
  it.each([
    [0, 'now'],
    [999, 'now'],
    [-999, 'now'],
    [S, 'in 1 s'],
    [-S, '1 s ago'],
    [2 * H + 5 * MIN, 'in 2 h 5 min'],
    [-3 * D, '3 d ago'],
  ])('%d ms from now is %s', (away, text) => {
    expect(relative(NOW + away, NOW)).toBe(text);
  });

  it('is shown from now and on the wall of the zone', () => {
    expect(paris.show('2026-12-24T09:05:00.000Z')).toBe('in 2 h 5 min (2026-12-24 10:05 Europe/Paris)');
  });

  it('has its seconds where there are any, midnight is 00:00, and daylight saving is the zone’s', () => {
    expect(wallClock(Date.parse('2026-12-24T23:00:07.900Z'), 'Europe/Paris')).toBe('2026-12-25 00:00:07');
    expect(wallClock(Date.parse('2026-12-24T23:00:00Z'), 'Europe/Paris')).toBe('2026-12-25 00:00');
    expect(wallClock(Date.parse('2026-07-01T12:00:00Z'), 'Europe/Paris')).toBe('2026-07-01 14:00');
    expect(wallClock(Date.parse('2026-07-01T12:00:00Z'), 'America/New_York')).toBe('2026-07-01 08:00');
    expect(wallClock(Date.parse('2026-07-01T12:00:00Z'), 'Asia/Kathmandu')).toBe('2026-07-01 17:45');
  });

  it('that is none is a dash, and one that cannot be read is left as it is', () => {
    expect(paris.show(undefined)).toBe('-');
    expect(paris.show('soon')).toBe('soon');
    expect(paris.clock('soon')).toBe('soon');
  });

  it('is shown within a sentence too, every one of it', () => {
    expect(paris.within('not due until 2026-12-24T08:00:00.000Z, late after 2026-12-24T09:00:00Z')).toBe(
      'not due until in 1 h (2026-12-24 09:00 Europe/Paris), late after in 2 h (2026-12-24 10:00 Europe/Paris)',
    );
  });
});

describe('a zone', () => {
  it('is the one asked for, or the machine’s', () => {
    expect(zoneOf('Asia/Tokyo', 'Europe/Paris')).toEqual({ name: 'Asia/Tokyo', isGiven: true });
    expect(zoneOf(undefined, 'Europe/Paris')).toEqual({ name: 'Europe/Paris', isGiven: false });
  });

  it('that the machine has by no name is UTC', () => {
    expect(zoneOf(undefined, 'Etc/Unknown')).toEqual({ name: 'UTC', isGiven: false });
  });

  it.each(['Paris', '+02:00', ''])('%j is refused by name', (zone) => {
    expect(() => zoneOf(zone, 'UTC')).toThrow(
      `--time-zone must be an IANA time zone, such as Europe/Paris or UTC; got ${JSON.stringify(zone)}.`,
    );
  });
});

describe('a date as it is typed', () => {
  it.each(['2026-12-24T09:00:00+01:00', '2026-12-24T08:00:00Z', '2026-12-24T08:00:00.5z', '2026-12-24T08:00:00-05:00'])(
    '%s has its offset and is passed on',
    (text) => {
      expect(paris.read(text, '--due-at')).toBe(text);
      expect(somewhere.read(text, '--due-at')).toBe(text);
    },
  );

  it.each([
    ['2026-12-24T09:00', '2026-12-24T09:00'],
    ['2026-12-24', '2026-12-24'],
    ['2026-12-24 09:00', '2026-12-24T09:00'],
    ['2026-12-24 09:00:05', '2026-12-24T09:00:05'],
  ])('%s is local to the zone that was given', (text, local) => {
    expect(paris.read(text, '--due-at')).toEqual({ local, timeZone: 'Europe/Paris' });
  });

  it('is local to its own zone where it has one', () => {
    expect(paris.read('2026-12-24T09:00', 'dueAt', 'Asia/Tokyo')).toEqual({ local: '2026-12-24T09:00', timeZone: 'Asia/Tokyo' });
  });

  it('is refused without offset and zone: the machine’s zone is not guessed', () => {
    expect(() => somewhere.read('2026-12-24T09:00', '--due-at')).toThrow(
      /^--due-at must be an instant with its offset.*--time-zone; got "2026-12-24T09:00"\.$/,
    );
    expect(() => somewhere.read('2026-12-24', '--from')).toThrow(/^--from must be/);
  });

  it('may be said from now on', () => {
    expect(somewhere.read('now', '--from')).toEqual(new Date(NOW));
    expect(somewhere.read('in 1h30m', '--due-at')).toEqual(new Date(NOW + 90 * MIN));
    expect(somewhere.read('2d ago', '--from')).toEqual(new Date(NOW - 2 * D));
    expect(() => somewhere.read('in 2 hours', '--from')).toThrow(/^--from must be/);
    expect(() => somewhere.read('in soon', '--from')).toThrow('--from must be a duration with units');
  });
});
