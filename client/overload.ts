import { OVERLOADS, type Overload } from '../contract/report.ts';

/** How a machine stands at one moment. */
export interface MachineReading {
  /** Milliseconds by which the event loop was late within the last second, 99th percentile. */
  readonly eventLoopDelayMs: number;
  /** Share of the heap that V8 may grow to which is in use (`used_heap_size / heap_size_limit`), garbage aside, 0 to 1. */
  readonly heap: number;
  /** Processes that run or wait for a core, by core: the load average of the last minute. 0 where the system has none. */
  readonly load: number;
}

/** Above what a {@link MachineReading} counts as overload; `Infinity` leaves one out. */
export interface MachineLimits {
  /** @default 500: a timer, a heartbeat among them, is half a second late */
  readonly eventLoopDelayMs?: number | undefined;
  /** @default 0.7: little beyond that V8 spends its time on collecting garbage, or gives up */
  readonly heap?: number | undefined;
  /** @default 8: eight processes for each core; containers often see the load of all their host */
  readonly load?: number | undefined;
}

export const DEFAULT_MACHINE_LIMITS: MachineReading = { eventLoopDelayMs: 500, heap: 0.7, load: 8 };

/** What of a reading goes with each reason of the contract. */
export const MEASURES = {
  'event loop delay': 'eventLoopDelayMs',
  heap: 'heap',
  load: 'load',
} as const satisfies Record<Overload, keyof MachineReading>;

/** What a worker knows of its machine from one reading to the next. Instants are milliseconds of a clock that never steps. */
export interface Watch {
  /** Why it does not poll; undefined: it does. */
  readonly overload: Overload | undefined;
  /** Whether this episode was told of. */
  readonly isTold: boolean;
  /** When one was last told of. */
  readonly toldAt: number;
}

export const CALM: Watch = { overload: undefined, isTold: false, toldAt: Number.NEGATIVE_INFINITY };

/** Two episodes are told of at most so often: a machine at its limit goes in and out of it. */
export const TOLD_EVERY_MS = 60_000;

/** What is known after one more reading; `isNews`: now this episode is to be told of. */
export function watched(before: Watch, reading: MachineReading, limits: MachineReading, now: number): { watch: Watch; isNews: boolean } {
  const overload = OVERLOADS.find((reason) => reading[MEASURES[reason]] > limits[MEASURES[reason]]);
  if (overload === undefined) return { watch: { ...CALM, toldAt: before.toldAt }, isNews: false };
  const isNews = !before.isTold && now >= before.toldAt + TOLD_EVERY_MS;
  return { watch: { overload, isTold: before.isTold || isNews, toldAt: isNews ? now : before.toldAt }, isNews };
}
