import { refuse } from './check.ts';

const DURATION = /^(?=\d)(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,15})ms)?$/;
const UNIT_MS = [86_400_000, 3_600_000, 60_000, 1_000, 1];

/**
 * Milliseconds of a duration such as `'2h'`, `'90s'`, `'1h30m'` or `'500ms'`: whole numbers with the units d, h, m, s, ms,
 * each at most once, the largest first. A day is 24 hours. A bare number has no unit and is refused.
 *
 * @throws BadRequestError naming `field` when the text is no duration, or outside of `min` to `max` milliseconds
 */
export function durationMs(text: unknown, field: string, min: number, max: number): number {
  const parts = typeof text === 'string' ? DURATION.exec(text) : null;
  if (!parts) return refuse(field, text, "a duration with units (d, h, m, s, ms), such as '2h', '1h30m' or '500ms'");
  const ms = UNIT_MS.reduce((sum, unit, index) => sum + unit * Number(parts[index + 1] ?? 0), 0);
  if (ms < min || ms > max) refuse(field, text, `a duration from ${min} to ${max} milliseconds`);
  return ms;
}
