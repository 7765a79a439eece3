import { InvalidArgumentError } from 'commander';
import { LIMITS } from '../contract/limits.ts';

/** Minutes of each unit. */
const MINUTES: Readonly<Record<string, number>> = { s: 1 / 60, m: 1, h: 60 };

/** A rate such as `60/m`, `2/s` or `600/h`, as so many a minute. @throws InvalidArgumentError if it is none, or no whole number a minute */
export function perMinuteOf(text: string): number {
  const [, count, unit = ''] = /^(\d{1,9})\/([smh])$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError('It must be a number a second, minute or hour, such as 2/s, 60/m or 600/h.');
  const perMinute = Math.round((Number(count) / (MINUTES[unit] ?? 1)) * 1e6) / 1e6;
  if (!Number.isInteger(perMinute) || perMinute < 1 || perMinute > LIMITS.perMinute) {
    throw new InvalidArgumentError(`It must come to a whole number from 1 to ${LIMITS.perMinute} a minute; ${text} is ${perMinute}/m.`);
  }
  return perMinute;
}
