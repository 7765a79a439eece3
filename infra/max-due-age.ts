import { Duration } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { shown } from '../contract/errors.ts';
import { LEVELS, type Level } from '../core/task.ts';
import { TaskQueueError } from './task-queue-error.ts';

/** For how long the oldest due task of each priority may wait before an alarm goes off. */
export type MaxDueAge = Readonly<Record<Level, Duration>>;

const DEFAULTS: MaxDueAge = { high: Duration.minutes(5), medium: Duration.minutes(15), low: Duration.hours(1) };

/** Below a minute, the dispatcher's tick, it would go off for nothing. */
const MIN_SECONDS = 60;
const MAX_SECONDS = 7 * 86_400;

/**
 * What was given, and the defaults for the rest.
 *
 * @throws TaskQueueError that names the first wrong one, the value it got and what is allowed
 */
export function maxDueAge(scope: IConstruct, given: Partial<MaxDueAge> = {}): MaxDueAge {
  for (const [name, value] of Object.entries(given)) {
    if (!LEVELS.some((level) => level === name)) {
      throw new TaskQueueError(scope, `maxDueAge.${name} is not an option; allowed are ${LEVELS.join(', ')}`);
    }
    const seconds = value instanceof Duration && !value.isUnresolved() ? value.toSeconds({ integral: false }) : undefined;
    if (seconds === undefined || !Number.isInteger(seconds) || seconds < MIN_SECONDS || seconds > MAX_SECONDS) {
      const got = seconds === undefined ? shown(value) : `${seconds} s`;
      throw new TaskQueueError(scope, `maxDueAge.${name} must be a Duration of 1 minute to 7 days in whole seconds; got ${got}`);
    }
  }
  return { ...DEFAULTS, ...given };
}
