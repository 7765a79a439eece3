import type { Count, ErrorView, Stats, ValvesView, ValveView } from '../../contract/operate.ts';
import type { Moments } from '../moments.ts';
import { columns, counted, pairs, plain } from './columns.ts';

const LEVELS = ['high', 'medium', 'low'] as const;

/** An app as it stands. */
export function statsText(stats: Stats, moments: Moments): string {
  const table = columns(
    ['', 'waiting', 'due'],
    LEVELS.map((level) => [level, countText(stats.waiting[level]), countText(stats.due[level])]),
  );
  const facts = pairs([
    ['in flight', `${stats.inFlight.toLocaleString('en')} of ${stats.maxInFlight.toLocaleString('en')}`],
    ['dead', countText(stats.dead)],
    ['oldest due', stats.oldestDueAt && moments.show(stats.oldestDueAt)],
    ['next due', stats.nextDueAt && moments.show(stats.nextDueAt)],
  ]);
  return `${valvesText(stats)}${table.replaceAll(/^/gm, '  ').trimEnd()}\n${facts}`;
}

/** The same on one line, for those who watch. */
export function statsLine(stats: Stats): string {
  const [waiting, due] = [sum(stats.waiting), sum(stats.due)];
  return `${stats.app}: ${countText(waiting)} waiting (${countText(due)} due), ${stats.inFlight} in flight, ${countText(stats.dead)} dead`;
}

/** All levels together. */
export const sum = (counts: Stats['waiting']): Count => ({
  count: LEVELS.reduce((total, level) => total + counts[level].count, 0),
  isMore: LEVELS.some((level) => counts[level].isMore),
});

const countText = ({ count, isMore }: Count): string => `${count.toLocaleString('en')}${isMore ? ' or more' : ''}`;

/** How the ways out of an app stand. */
export function valvesText({ app, valve, names }: ValvesView): string {
  const own = Object.entries(names).map(([name, one]) => `  ${plain(name)}: ${valveText(one)}\n`);
  return `${app}: ${valveText(valve)}\n${own.join('')}`;
}

const valveText = ({ state, perMinute }: ValveView): string =>
  perMinute === undefined ? state : `${state}, ${perMinute.toLocaleString('en')} a minute`;

/** Recurring errors, as a list. */
export function errorsText(errors: readonly ErrorView[], moments: Moments): string {
  if (errors.length === 0) return 'No error.\n';
  const rows = errors.map((error) => [
    error.fingerprint,
    error.count.toLocaleString('en'),
    error.deaths.toLocaleString('en'),
    moments.show(error.lastSeenAt),
    error.name,
    `${error.errorName}: ${error.message}`.slice(0, MESSAGE_LENGTH),
    error.resolvedAt === undefined ? '' : 'resolved',
  ]);
  return columns(['fingerprint', 'count', 'deaths', 'last seen', 'name', 'error', ''], rows);
}

/** Characters of an error in a list. */
const MESSAGE_LENGTH = 80;

/** One recurring error, and what can be done about it. */
export function errorText(error: ErrorView, moments: Moments): string {
  const { app, fingerprint, count, deaths } = error;
  const facts = pairs([
    ['task name', error.name],
    ['count', `${counted(count, 'failure')}, of ${deaths.toLocaleString('en')} the task died`],
    ['first seen', moments.show(error.firstSeenAt)],
    ['last seen', moments.show(error.lastSeenAt)],
    ['versions', error.versions.join(', ')],
    ['resolved', error.resolvedAt && moments.show(error.resolvedAt)],
    ['tasks', error.tasks.join(' ')],
    ['see', `punctual list --app ${app} --state dead --fingerprint ${fingerprint}`],
    ['replay', `punctual replay --app ${app} --fingerprint ${fingerprint}`],
    ['resolve', `punctual errors resolve --app ${app} ${fingerprint}`],
  ]);
  return `${fingerprint}  ${plain(`${error.errorName}: ${error.message}`)}\n${facts}`;
}
