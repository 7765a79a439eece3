import { types } from 'node:util';
import { when } from '../contract/fields.ts';
import { LIMITS } from '../contract/limits.ts';
import { type LocalDate, resolveWhen, type When } from '../core/when.ts';
import { below, check, type Fields, refuse, refuseAs } from './check.ts';
import { durationMs } from './durationMs.ts';

/**
 * A date: a `Date`, an instant in RFC 3339 with its offset (`2026-12-24T08:00:00Z`), or a local date with its IANA zone
 * (`{ local: '2026-12-24T09:00', timeZone: 'Europe/Paris' }`). From the year 2000 to 9999. Never a number.
 */
export type DateInput = Date | string | LocalDate;

/** The dates of a request as the contract writes them. */
export interface Dates {
  readonly dueAt?: When;
  readonly delayMs?: number;
  readonly deadlineAt?: When | null;
}

const ALLOWED = 'a Date, an instant in RFC 3339 with its offset, or { local, timeZone, disambiguation? }';

/** Checks `dueAt`, `delay` and `deadlineAt` and writes them as the contract does. `null` passes as a deadline only. */
export function prepareDates(fields: Fields, prefix: string): Dates {
  const { dueAt, delay, deadlineAt } = fields;
  if (dueAt !== undefined && delay !== undefined) refuse(below(prefix, 'delay'), delay, 'left out when dueAt is given');
  const due = dueAt === undefined ? undefined : instant(dueAt, below(prefix, 'dueAt'));
  const deadline = deadlineAt === undefined || deadlineAt === null ? undefined : instant(deadlineAt, below(prefix, 'deadlineAt'));
  if (due && deadline && deadline.ms < due.ms) {
    refuseAs(below(prefix, 'deadlineAt'), iso(deadline.ms), `not before dueAt (${iso(due.ms)})`);
  }
  return {
    ...(due ? { dueAt: due.wire } : {}),
    ...(delay === undefined ? {} : { delayMs: durationMs(delay, below(prefix, 'delay'), 0, LIMITS.delayMs) }),
    ...(deadline ? { deadlineAt: deadline.wire } : deadlineAt === null ? { deadlineAt: null } : {}),
  };
}

/** One date as the contract writes it. */
export const prepareDate = (value: unknown, field: string): When => instant(value, field).wire;

const iso = (ms: number): string => new Date(ms).toISOString();

/** The date as it is sent and the instant it means here; the door resolves it again, by its own time zone data. */
function instant(value: unknown, field: string): { wire: When; ms: number } {
  if (types.isDate(value)) return resolved(dateText(value, field), field);
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) refuse(field, value, ALLOWED);
  return resolved(typeof value === 'string' ? value : localDate(value, field), field);
}

function dateText(date: Date, field: string): string {
  const ms = Date.prototype.getTime.call(date);
  return Number.isNaN(ms) ? refuseAs(field, 'an Invalid Date', 'a Date that is valid') : iso(ms);
}

function localDate(value: unknown, field: string): LocalDate {
  const date = check(when, value, field);
  if (typeof date === 'string') return refuse(field, value, ALLOWED);
  const { local, timeZone, disambiguation } = date;
  return { local, timeZone, ...(disambiguation === undefined ? {} : { disambiguation }) };
}

function resolved(wire: When, field: string): { wire: When; ms: number } {
  const result = resolveWhen(wire);
  return result.ok ? { wire, ms: result.ms } : refuse(below(field, result.field), result.got, result.allowed);
}
