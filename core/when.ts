import { Temporal } from 'temporal-polyfill';

/** A date and time on the wall of some place: `{ local: '2026-12-24T09:00', timeZone: 'Europe/Paris' }`. */
export interface LocalDate {
  /** ISO 8601 date and time without an offset. A date alone means midnight. */
  readonly local: string;
  /** IANA time zone. */
  readonly timeZone: string;
  /**
   * What to do where daylight saving skips or repeats the hour, as in Temporal.
   * @default 'compatible': later in a gap, the earlier of two in a fold.
   */
  readonly disambiguation?: Disambiguation | undefined;
}

export const DISAMBIGUATIONS = ['compatible', 'earlier', 'later', 'reject'] as const;
export type Disambiguation = (typeof DISAMBIGUATIONS)[number];

/** An instant in RFC 3339 with its offset or Z, or a local date. */
export type When = string | LocalDate;

/** Why a date cannot be used; `field` is the part of the date that is at fault, '' for the whole. */
export interface WhenRefusal {
  readonly ok: false;
  readonly field: '' | 'local' | 'timeZone' | 'disambiguation';
  readonly got: string;
  readonly allowed: string;
}

export type WhenResult = { readonly ok: true; readonly ms: number } | WhenRefusal;

/** Dates before this are taken for a mistake of unit (seconds for milliseconds give 1970), not for a wish. */
export const EARLIEST_MS = Date.UTC(2000, 0, 1);
/** The last instant that the fixed-width keys can hold. */
export const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

// Seconds up to 59 and hours up to 23: what RFC 3339 also allows (a leap second) and ISO 8601 also allows (24:00) has
// no instant of its own.
const RFC3339 = /^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
const LOCAL = /^\d{4}-\d{2}-\d{2}(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?)?$/;
const LOCAL_ALLOWED = 'a local date and time without offset, such as 2026-12-24T09:00';

/** The instant, in epoch milliseconds, that a date means. Pure: asks no clock and no zone of the machine. */
export function resolveWhen(when: When): WhenResult {
  const result = typeof when === 'string' ? resolveInstant(when) : resolveLocal(when);
  if (!result.ok || (result.ms >= EARLIEST_MS && result.ms <= LATEST_MS)) return result;
  return {
    ok: false,
    field: '',
    got: new Date(result.ms).toISOString(),
    allowed: 'an instant from 2000-01-01 to 9999-12-31 (were seconds given for milliseconds?)',
  };
}

function resolveInstant(text: string): WhenResult {
  const allowed = 'an instant in RFC 3339 with its offset, such as 2026-12-24T08:00:00Z';
  if (!RFC3339.test(text)) return { ok: false, field: '', got: text, allowed };
  try {
    return { ok: true, ms: Temporal.Instant.from(text).epochMilliseconds };
  } catch {
    return { ok: false, field: '', got: text, allowed: 'a date that exists in the calendar' };
  }
}

function resolveLocal({ local, timeZone, disambiguation = 'compatible' }: LocalDate): WhenResult {
  if (!LOCAL.test(local)) return { ok: false, field: 'local', got: local, allowed: LOCAL_ALLOWED };
  if (!isTimeZone(timeZone)) {
    return { ok: false, field: 'timeZone', got: timeZone, allowed: 'an IANA time zone, such as Europe/Paris or UTC' };
  }
  let date: Temporal.PlainDateTime;
  try {
    date = Temporal.PlainDateTime.from(local);
  } catch {
    return { ok: false, field: 'local', got: local, allowed: 'a date that exists in the calendar' };
  }
  try {
    return { ok: true, ms: date.toZonedDateTime(timeZone, { disambiguation }).epochMilliseconds };
  } catch {
    return {
      ok: false,
      field: 'disambiguation',
      got: `${local} in ${timeZone}`,
      allowed: 'a local time that exists there once (or another disambiguation than reject)',
    };
  }
}

function isTimeZone(timeZone: string): boolean {
  // Temporal takes offsets (+02:00) for zones too; an offset knows no daylight saving, and the field says IANA.
  if (!/^[A-Za-z]/.test(timeZone)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone);
    return true;
  } catch {
    return false;
  }
}
