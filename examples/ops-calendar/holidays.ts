import { createRequire } from 'node:module';
import Holidays from 'date-holidays';
import { Temporal } from 'temporal-polyfill';
import type { Entry } from './row.ts';

interface Office {
  readonly country: string;
  readonly timeZone: string;
  /** Whether the office arranges cover a week ahead (`plan-closure`); the others tell people on the day. */
  readonly plans: boolean;
  readonly head: boolean;
}

const OFFICES: readonly Office[] = [
  { country: 'DE', timeZone: 'Europe/Berlin', plans: true, head: true },
  { country: 'US', timeZone: 'America/New_York', plans: true, head: true },
  { country: 'JP', timeZone: 'Asia/Tokyo', plans: true, head: true },
  { country: 'FR', timeZone: 'Europe/Paris', plans: true, head: false },
  { country: 'CA', timeZone: 'America/Toronto', plans: true, head: false },
  { country: 'KR', timeZone: 'Asia/Seoul', plans: true, head: false },
  { country: 'GB', timeZone: 'Europe/London', plans: false, head: false },
  { country: 'IE', timeZone: 'Europe/Dublin', plans: false, head: false },
  { country: 'PL', timeZone: 'Europe/Warsaw', plans: false, head: false },
  { country: 'BR', timeZone: 'America/Sao_Paulo', plans: false, head: false },
  { country: 'MX', timeZone: 'America/Mexico_City', plans: false, head: false },
  { country: 'IN', timeZone: 'Asia/Kolkata', plans: false, head: false },
  { country: 'AU', timeZone: 'Australia/Sydney', plans: false, head: false },
  { country: 'NZ', timeZone: 'Pacific/Auckland', plans: false, head: false },
  { country: 'ZA', timeZone: 'Africa/Johannesburg', plans: false, head: false },
];

/** Days before a holiday on which cover is arranged; the holiday's morning is the deadline. */
const PLAN_LEAD_DAYS = 7;
/** The day the package's answers were taken; a new pin gives a new day. */
const TAKEN_ON = '2026-11-24';

const { version } = createRequire(import.meta.url)('date-holidays/package.json') as { version: string };
const SOURCE = `npm package date-holidays ${version}`;

/**
 * The tasks of the app `office`: the public holidays of each office's country in `year` that fall on a Monday to
 * Friday, in the office's own zone.
 */
export function holidays(year: number): Entry[] {
  return OFFICES.flatMap((office) =>
    new Holidays(office.country, { languages: 'en', types: ['public'] })
      .getHolidays(year)
      .map(({ date, name }) => ({ day: Temporal.PlainDate.from(date.slice(0, 10)), name }))
      .filter(({ day }) => day.dayOfWeek <= 5)
      .map(({ day, name }) => entry(office, day, name)),
  );
}

/** A week ahead at 08:00, or at 09:00 on the day where a week ahead is last year. Head offices medium, the others low. */
function entry({ country, timeZone, plans, head }: Office, day: Temporal.PlainDate, holiday: string): Entry {
  const dueOn = day.subtract({ days: PLAN_LEAD_DAYS });
  const when =
    plans && dueOn.year === day.year
      ? { name: 'plan-closure', dueAt: `${dueOn}T08:00`, deadlineAt: `${day}T08:00` }
      : { name: 'announce-holiday', dueAt: `${day}T09:00` };
  return {
    app: 'office',
    ...when,
    timeZone,
    priority: head ? 'medium' : 'low',
    key: `${country.toLowerCase()}-${day}-${slug(holiday)}`,
    payload: { country, holiday, date: day.toString() },
    source: SOURCE,
    takenOn: TAKEN_ON,
  };
}

/** `Benito Juárez's birthday` → `benito-juarezs-birthday`. */
function slug(text: string): string {
  const plain = text.normalize('NFD').replace(/[\u0300-\u036f'’.]/g, '');
  return plain
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
