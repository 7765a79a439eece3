import { durationMs } from '../client/durationMs.ts';
import type { DateInput } from '../client/prepareDates.ts';
import { LIMITS } from '../contract/limits.ts';
import { mustBe } from './failure.ts';

/** In which zone times are shown, and whether it was asked for: then dates without an offset are read in it too. */
export interface Zone {
  readonly name: string;
  readonly isGiven: boolean;
}

/** The zone asked for, or the machine's. @throws CliError if there is no such zone */
export function zoneOf(given: string | undefined, machine: string): Zone {
  if (given === undefined) return { name: isZone(machine) ? machine : 'UTC', isGiven: false };
  if (!isZone(given)) throw mustBe('--time-zone', given, 'an IANA time zone, such as Europe/Paris or UTC');
  return { name: given, isGiven: true };
}

function isZone(name: string): boolean {
  // Offsets (+02:00) are taken for zones by newer engines; they know no daylight saving.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
];

/** A length of time in its two largest units: `2 h 5 min`. */
export function length(ms: number): string {
  let left = Math.floor(Math.abs(ms) / 1_000);
  const parts = UNITS.map(([unit, seconds]) => {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    return { unit, count };
  });
  const first = parts.findIndex(({ count }) => count > 0);
  if (first < 0) return '0 s';
  const shown = parts.slice(first, first + 2).filter(({ count }) => count > 0);
  return shown.map(({ unit, count }) => `${count.toLocaleString('en')} ${unit}`).join(' ');
}

/** An instant seen from now: `in 2 h 5 min`, `3 s ago`, `now`. */
export function relative(ms: number, now: number): string {
  const away = ms - now;
  if (Math.abs(away) < 1_000) return 'now';
  return away > 0 ? `in ${length(away)}` : `${length(away)} ago`;
}

/** An instant on the wall of a zone: `2026-12-24 09:00`, with seconds where there are any. */
export function wallClock(ms: number, zone: string): string {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const part = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const seconds = part.second === '00' ? '' : `:${part.second}`;
  return `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}${seconds}`;
}

const INSTANT = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g;

/** Shows instants as seen from one moment in one zone. */
export class Moments {
  readonly #now: number;
  readonly #zone: Zone;

  constructor(now: number, zone: Zone) {
    this.#now = now;
    this.#zone = zone;
  }

  /** `in 2 h 5 min (2026-12-24 09:00 Europe/Paris)`; a dash for none. */
  show(iso: string | undefined): string {
    if (iso === undefined) return '-';
    const ms = Date.parse(iso);
    return Number.isNaN(ms) ? iso : `${relative(ms, this.#now)} (${this.clock(iso)} ${this.#zone.name})`;
  }

  /** `in 2 h 5 min`. */
  away(iso: string): string {
    return relative(Date.parse(iso), this.#now);
  }

  /** `2026-12-24 09:00`. */
  clock(iso: string): string {
    const ms = Date.parse(iso);
    return Number.isNaN(ms) ? iso : wallClock(ms, this.#zone.name);
  }

  /** A sentence with the instants in it shown like the others. */
  within(text: string): string {
    return text.replaceAll(INSTANT, (iso) => this.show(iso));
  }

  /**
   * A date as it was typed: an instant in RFC 3339, a local date where a zone was given, `now`, `in 2h` or `2h ago`.
   *
   * @param zone that of the date itself, such as a file's column. @default the one asked for
   * @throws CliError naming `field` for a local date without zone
   */
  read(text: string, field: string, zone: string | undefined = this.#zone.isGiven ? this.#zone.name : undefined): DateInput {
    if (text === 'now') return new Date(this.#now);
    const [, ahead, behind] = /^(?:in (\S+)|(\S+) ago)$/.exec(text) ?? [];
    if (ahead !== undefined) return new Date(this.#now + durationMs(ahead, field, 0, LIMITS.delayMs));
    if (behind !== undefined) return new Date(this.#now - durationMs(behind, field, 0, LIMITS.delayMs));
    const typed = text.replace(/^(\d{4}-\d{2}-\d{2}) (?=\d)/, '$1T');
    if (/(?:Z|[+-]\d{2}:\d{2})$/i.test(typed)) return typed;
    if (zone !== undefined) return { local: typed, timeZone: zone };
    throw mustBe(
      field,
      text,
      'an instant with its offset, such as 2026-12-24T09:00:00+01:00, or a local one, such as 2026-12-24T09:00, together with --time-zone',
    );
  }
}
