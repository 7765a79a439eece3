import { availableParallelism, loadavg } from 'node:os';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { MachineReading } from './overload.ts';

/** Milliseconds between two looks at the event loop; what they find counts only as far as it is longer than that. */
const RESOLUTION_MS = 20;
const NANOSECONDS = 1e6;
/** Milliseconds between two readings. */
export const READ_EVERY_MS = 1_000;
/** Garbage is asked to be collected at most so often. */
const COLLECT_EVERY_MS = 10_000;

/** This process and its machine, measured from one reading to the next. */
export class Machine {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #readAt = performance.now();
  #collectedAt = Number.NEGATIVE_INFINITY;

  start(): void {
    this.#readAt = performance.now();
    this.#delay.enable();
  }

  /** @param heapLimit above this share a heap is rid of its garbage before it counts */
  read(heapLimit: number): MachineReading {
    return { eventLoopDelayMs: this.#eventLoopDelayMs(), heap: this.#heap(heapLimit), load: (loadavg()[0] ?? 0) / availableParallelism() };
  }

  stop(): void {
    this.#delay.disable();
  }

  /** By how much this reading itself is late counts too: a reset forgets the turn that the loop is in. */
  #eventLoopDelayMs(): number {
    const now = performance.now();
    const lateMs = now - this.#readAt - READ_EVERY_MS;
    this.#readAt = now;
    const delayMs = this.#delay.percentile(99) / NANOSECONDS - RESOLUTION_MS;
    this.#delay.reset();
    return Math.max(0, lateMs, delayMs);
  }

  /** V8 collects garbage when something allocates: a worker that has stopped to poll would wait for it for ever. */
  #heap(limit: number): number {
    const now = performance.now();
    if (heapShare() <= limit || now < this.#collectedAt + COLLECT_EVERY_MS) return heapShare();
    this.#collectedAt = now;
    collectGarbage();
    return heapShare();
  }
}

function heapShare(): number {
  const { used_heap_size: used, heap_size_limit: most } = getHeapStatistics();
  return used / most;
}

/** Node gives its `gc` only to those who start it with a flag; a context that is made under the flag has it. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('typeof gc === "function" ? gc : undefined');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') collect();
}
