import { Chance } from '../../test/simulation/chance.ts';

const MINUTE_MS = 60_000;

/** When each of `count` tasks is due, in milliseconds from the start: at random within a minute, the same each time, in order. */
export function instantsOfAMinute(count: number): number[] {
  const chance = new Chance(1, 'instants');
  return Array.from({ length: count }, () => chance.int(0, MINUTE_MS - 1)).sort((a, b) => a - b);
}
