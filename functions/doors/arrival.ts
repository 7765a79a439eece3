import { randomInt } from 'node:crypto';

/** Two instances of a door that are asked in the same millisecond give other microseconds, as a rule. */
const OFFSET = randomInt(1_000);

let last = 0;

/** A stamp for the order of arrival: microseconds, no two alike from one instance of a door. */
export function arrivalAt(now: number): number {
  last = Math.max(last + 1, now * 1_000 + OFFSET);
  return last;
}
