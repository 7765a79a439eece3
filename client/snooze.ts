import { LIMITS } from '../contract/limits.ts';
import { durationMs } from './durationMs.ts';

/** What a handler returns to be told of the task again later; made by {@link snooze}. */
export class Snooze {
  readonly delayMs: number;
  constructor(delayMs: number) {
    this.delayMs = delayMs;
  }
}

/**
 * A handler's outcome "not now": `return snooze('10m')`. The task is notified again after `delay`; no attempt is spent.
 *
 * @param delay such as `'10m'` or `'1h30m'`, up to 100 years
 * @throws BadRequestError if it is no such text
 */
export const snooze = (delay: string): Snooze => new Snooze(durationMs(delay, 'delay', 0, LIMITS.delayMs));
