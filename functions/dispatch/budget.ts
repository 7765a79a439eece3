import { LEVELS, type Level } from '../../core/task.ts';

/** When claiming of a level stops: so long before the run's end, and at this share of the function's memory. */
interface Stop {
  readonly beforeEndMs: number;
  readonly memory: number;
}

/**
 * Low gives way first, so that the last seconds and megabytes are for what is urgent. 10 s and 5 s: a backlog of a hundred
 * batches goes on for about so long. 0.90 leaves 25 MB of 256: what one batch of the largest payloads needs, thrice over.
 */
const STOPS: Record<Level, Stop> = {
  high: { beforeEndMs: 0, memory: 0.9 },
  medium: { beforeEndMs: 5_000, memory: 0.8 },
  low: { beforeEndMs: 10_000, memory: 0.7 },
};

/** The lowest level that may still be claimed; undefined: none. What is left is the next run's. */
export const lowestToClaim = (leftMs: number, memoryUsed: number): Level | undefined =>
  LEVELS.findLast((level) => leftMs > STOPS[level].beforeEndMs && memoryUsed < STOPS[level].memory);

/** Claims of a round: as many tasks as the outbox takes before claiming pauses; where the memory is scarce, one batch. */
const ROUND = { roomy: 100, scarce: 25 } as const;
/** 0.60 leaves 102 MB of 256: what a round of the largest payloads needs, thrice over, with 25 to spare. */
const ROOMY = 0.6;

/** How many tasks may be claimed at once. */
export const claimsAtOnce = (memoryUsed: number): number => (memoryUsed < ROOMY ? ROUND.roomy : ROUND.scarce);

/** Whether `level` is `lowest` or above it. */
export const isAtLeast = (level: Level, lowest: Level | undefined): boolean =>
  lowest !== undefined && LEVELS.indexOf(level) <= LEVELS.indexOf(lowest);
