import type { TaskError } from './task.ts';

/** What makes two failures the same error: the message without what differs from one task to the next. */
export function messagePattern(message: string): string {
  return message
    .slice(0, PATTERN_FROM)
    .replaceAll(message.length < PATTERN_FROM ? QUOTED : QUOTED_OR_CUT, '<text>')
    .replaceAll(NUMBER_WITH_UNIT, '<n>')
    .replaceAll(ID, '<id>')
    .replaceAll(/\d+(?:[.,:]\d+)*/g, '<n>')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, PATTERN_LENGTH);
}

/** Characters of a message that are looked at (what a history keeps of it), and that a pattern has at most. */
const PATTERN_FROM = 500;
const PATTERN_LENGTH = 200;

/** An apostrophe within a word (`can't`) is no quotation mark. */
const QUOTED = /"[^"]*"|`[^`]*`|(?<!\w)'[^']*'(?!\w)/g;
/** The same in a message that was cut, perhaps before the closing mark. */
const QUOTED_OR_CUT = /"[^"]*(?:"|$)|`[^`]*(?:`|$)|(?<!\w)'[^']*(?:'(?!\w)|$)/g;
/** `500ms` and `1500ms` are numbers, not ids. */
const NUMBER_WITH_UNIT = /\b\d+(?:[.,]\d+)*(?=(?:ns|us|ms|s|sec|min|h|b|bytes|kb|mb|gb|kib|mib|gib)\b)/gi;
/** Words of digits and letters, from 6 characters on: UUIDs, hashes; and our own task ids, of which some have no digit. */
const ID = /(?<![\w-])(?:(?=[\w-]*\d)(?=[\w-]*[a-z_])[\w-]{6,}|(?<=\/)[\w-]{22})(?![\w-])/gi;

/** What a fingerprint is made of: the app, the task's name, the error's name, and the pattern of its message. */
export const errorIdentity = (app: string, name: string, error: TaskError): readonly string[] => [
  app,
  name,
  error.name,
  messagePattern(error.message),
];

/** Task ids, and versions, that an error keeps: the first are what one looks at, the rest are counted. */
const KEPT = 20;
/** Within so long an error's occurrences are counted together. 24 hours. */
export const ERROR_WINDOW_MS = 86_400_000;
/** Between two reports of one error there is at least so long: what falls due meanwhile goes into the next. */
export const REPORT_QUIET_MS = 60_000;

/** A recurring error of an app. Instants are epoch ms. */
export interface RecurringError {
  readonly app: string;
  readonly fingerprint: string;
  /** The task name. */
  readonly name: string;
  readonly errorName: string;
  /** The message of the latest, as it was reported. */
  readonly message: string;
  readonly rev: number;
  readonly count: number;
  /** Tasks that died of it. */
  readonly deaths: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  /** Versions of the tasks that it hit. */
  readonly versions: readonly number[];
  /** The first tasks that it hit, at most {@link KEPT}. */
  readonly tasks: readonly string[];
  readonly windowFrom: number;
  readonly windowCount: number;
  readonly windowDeaths: number;
  /** What the last report of this window said. */
  readonly reportedCount: number;
  readonly reportedDeaths: number;
  readonly reportedAt: number;
  readonly resolvedAt?: number;
}

/** Failures of one fingerprint that are counted together. */
export interface Occurrences {
  readonly app: string;
  readonly fingerprint: string;
  readonly name: string;
  readonly error: TaskError;
  readonly tasks: readonly { readonly id: string; readonly version: number; readonly isDead: boolean }[];
}

/** The error with these occurrences counted, and whether a report is due now; the reported counts say so already. */
export function counted(
  known: RecurringError | undefined,
  seen: Occurrences,
  now: number,
): { error: RecurringError; isReportDue: boolean } {
  const deaths = seen.tasks.filter(({ isDead }) => isDead).length;
  const before = inWindow(known ?? fresh(seen, now), now);
  const { resolvedAt: _resolvedAt, ...open } = before;
  const error: RecurringError = {
    ...open,
    message: seen.error.message,
    rev: before.rev + 1,
    count: before.count + seen.tasks.length,
    deaths: before.deaths + deaths,
    lastSeenAt: now,
    versions: kept([...before.versions, ...seen.tasks.map(({ version }) => version)]),
    tasks: kept([...before.tasks, ...seen.tasks.map(({ id }) => id)]),
    windowCount: before.windowCount + seen.tasks.length,
    windowDeaths: before.windowDeaths + deaths,
  };
  const isReportDue = now >= error.reportedAt + REPORT_QUIET_MS && (isCountDue(error) || isDeathDue(error));
  if (!isReportDue) return { error, isReportDue };
  return { isReportDue, error: { ...error, reportedCount: error.windowCount, reportedDeaths: error.windowDeaths, reportedAt: now } };
}

/** At 3, 10, 100, 1,000 …: has one been passed since the last report? */
const isCountDue = ({ reportedCount, windowCount }: RecurringError): boolean => hasPassed(3, reportedCount, windowCount);
/** At the first death, then at every tenfold. */
const isDeathDue = ({ reportedDeaths, windowDeaths }: RecurringError): boolean => hasPassed(1, reportedDeaths, windowDeaths);

/** Whether `first`, or a power of ten above it, lies in (before, after]. */
const hasPassed = (first: number, before: number, after: number): boolean =>
  (before < first && first <= after) || digits(Math.max(before, first)) < digits(after);

/** One more with each power of ten; not by a logarithm, which rounds. */
const digits = (value: number): number => String(Math.floor(value)).length;

const kept = <T>(values: readonly T[]): T[] => [...new Set(values)].slice(0, KEPT);

/** In a new window, or after it was resolved, counting for reports starts anew. */
function inWindow(error: RecurringError, now: number): RecurringError {
  const isOver = now >= error.windowFrom + ERROR_WINDOW_MS || error.resolvedAt !== undefined;
  if (!isOver) return error;
  return { ...error, windowFrom: now, windowCount: 0, windowDeaths: 0, reportedCount: 0, reportedDeaths: 0, reportedAt: 0 };
}

const fresh = ({ app, fingerprint, name, error }: Occurrences, now: number): RecurringError => ({
  app,
  fingerprint,
  name,
  errorName: error.name,
  message: error.message,
  rev: 0,
  count: 0,
  deaths: 0,
  firstSeenAt: now,
  lastSeenAt: now,
  versions: [],
  tasks: [],
  windowFrom: now,
  windowCount: 0,
  windowDeaths: 0,
  reportedCount: 0,
  reportedDeaths: 0,
  reportedAt: 0,
});
