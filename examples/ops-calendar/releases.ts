import { parse } from 'csv-parse/sync';
import { Temporal } from 'temporal-polyfill';
import type { Entry } from './row.ts';

/** What a collected date is about. */
type Event =
  | 'end-of-life'
  | 'deprecation'
  | 'security-release'
  | 'release'
  | 'planned-release'
  | 'lts-start'
  | 'maintenance-start'
  | 'freeze';

/** A line of `dates.csv`: one real date, collected by hand, with where it was read and the day it was read. */
interface Fact {
  readonly key: string;
  readonly product: string;
  readonly version: string;
  readonly event: Event;
  /** A day (`2026-04-30`), for a freeze an RFC 3339 instant. */
  readonly date: string;
  readonly source: string;
  readonly takenOn: string;
}

type Plan = Pick<Entry, 'name' | 'dueAt' | 'timeZone' | 'deadlineAt' | 'priority' | 'position'>;

/** Days before an end of life on which the work falls due; the day itself is the deadline. */
const RETIRE_LEAD_DAYS = 14;
/** Days before a freeze on which its changes are reviewed; the freeze is the deadline. */
const FREEZE_LEAD_DAYS = 7;
/** Days within which a security release is to be rolled out. */
const SECURITY_DAYS = 7;

/** The platform team's own zone: its days start and end there. */
const TEAM_ZONE = 'Europe/Berlin';
/** Products whose calendars are kept in UTC: their rows are instants without a zone. */
const IN_UTC = new Set(['Kubernetes', 'AWS Lambda', 'Amazon Linux']);

/**
 * The tasks of the app `platform`: one for each line of `dates.csv`.
 *
 * @param csv the text of `dates.csv`
 * @throws if a line has no source or an unknown event
 */
export function releases(csv: string): Entry[] {
  return parse<Fact>(csv, { columns: true }).map((fact) => {
    if (fact.source === '' || fact.takenOn === '') throw new Error(`${fact.key}: a date without a source is left out`);
    const { key, product, version, event, date, source, takenOn } = fact;
    return { app: 'platform', ...plan(fact), key, payload: { product, version, event, date }, source, takenOn };
  });
}

/** High: what stops being supported, and security. Medium: new versions. Low: everything to look at without haste. */
function plan({ key, product, event, date }: Fact): Plan {
  const on = (days: number, time: string) => at(product, Temporal.PlainDate.from(date).add({ days }), time);
  const timeZone = IN_UTC.has(product) ? '' : TEAM_ZONE;
  switch (event) {
    case 'end-of-life':
    case 'deprecation':
      return { name: 'retire-version', dueAt: on(-RETIRE_LEAD_DAYS, '09:00'), timeZone, deadlineAt: on(0, '18:00'), priority: 'high' };
    case 'security-release':
      return { name: 'roll-out-release', dueAt: on(0, '09:00'), timeZone, deadlineAt: on(SECURITY_DAYS, '18:00'), priority: 'high' };
    case 'release':
    case 'planned-release':
      return { name: 'roll-out-release', dueAt: on(0, '09:00'), timeZone, priority: 'medium' };
    case 'lts-start':
    case 'maintenance-start':
      return { name: 'review-milestone', dueAt: on(0, '09:00'), timeZone, priority: 'low', position: 'back' };
    case 'freeze':
      return { name: 'review-milestone', dueAt: before(date, FREEZE_LEAD_DAYS), timeZone: '', deadlineAt: date, priority: 'low' };
    default:
      throw new Error(`${key}: unknown event ${JSON.stringify(event satisfies never)}`);
  }
}

function at(product: string, day: Temporal.PlainDate, time: string): string {
  return IN_UTC.has(product) ? `${day}T${time}:00Z` : `${day}T${time}`;
}

function before(instant: string, days: number): string {
  return Temporal.Instant.from(instant)
    .subtract({ hours: 24 * days })
    .toString();
}
