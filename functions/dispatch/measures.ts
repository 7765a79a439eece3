import { LEVELS, type Level } from '../../core/task.ts';
import { type Measure, measure } from '../metrics.ts';
import type { AppDispatch } from './app-dispatch.ts';

/** What a run has to say in metrics: of the queue, and of each app that has alarms of its own. Nothing of what did not occur. */
export function measuresOf(apps: readonly AppDispatch[], now: number): Measure[] {
  const own = apps
    .filter(({ settings }) => settings.alarms)
    .flatMap((one) => measuresOfAll([one], now).map((each) => ({ ...each, app: one.app })));
  return [...measuresOfAll(apps, now), ...own];
}

function measuresOfAll(apps: readonly AppDispatch[], now: number): Measure[] {
  const sum = (count: (app: AppDispatch) => number) => apps.reduce((total, app) => total + count(app), 0);
  const notified = sum(({ publisher }) => publisher.counts.published);
  const latestMs = Math.max(0, ...apps.map(({ publisher }) => publisher.counts.latestMs));
  const known = apps.filter(({ loaded }) => loaded);
  const inFlight = known.reduce((total, { entries }) => total + entries.ledger.held.length, 0);
  return [
    ...LEVELS.flatMap((level) => oldestOf(apps, level, now)),
    ...(notified > 0 ? [measure('Notified', notified), measure('Lateness', latestMs)] : []),
    ...(known.length > 0 ? [measure('InFlight', inFlight)] : []),
    // The ones are the failure function's.
    measure(
      'FailureRate',
      0,
      sum(({ entries }) => entries.counts.completed),
    ),
  ].filter(({ count }) => count > 0);
}

function oldestOf(apps: readonly AppDispatch[], priority: Level, now: number): Measure[] {
  const since = Math.min(...apps.map(({ lanes }) => lanes.waitingSince(now).get(priority) ?? Number.POSITIVE_INFINITY));
  return since > now ? [] : [{ ...measure('OldestDueAge', (now - since) / 1_000), priority }];
}
