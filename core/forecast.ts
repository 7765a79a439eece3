import type { Nomination } from './order.ts';
import { hasTrait } from './task.ts';
import { grantAt, grantFrom, type Rate, type Valves, valvesOn } from './valves.ts';

/** What stands between due tasks and their notification. Instants are epoch ms. */
export interface Way {
  readonly maxInFlight: number;
  readonly valves: Valves;
  /** Tasks that are out now. */
  readonly inFlight: number;
  /** When the leases of what is out end, ascending: the latest instants at which places are free again. */
  readonly freeAt: readonly number[];
}

/**
 * When each of some waiting tasks will be notified as things stand, epoch ms: at its date, or later where a rate or the
 * in-flight limit holds it up. A place that is taken counts as taken until its lease's end, so the instant is the latest
 * rather than the likeliest. Undefined: not even that is known, because nothing says when a place will be free.
 *
 * @param tasks in the order in which they will be notified (`inOrder`), without those that are paused
 */
export function forecast(tasks: readonly (Nomination & { readonly dueAt: number })[], now: number, way: Way): (number | undefined)[] {
  const used = new Map<Rate, Set<number>>();
  let taken = way.inFlight;
  return tasks.map((task) => {
    const free = placeAt(way, taken);
    // What no worker need acknowledge gives its place back at once.
    if (!hasTrait(task, 'unacknowledged')) taken += 1;
    if (free === undefined) return undefined;
    const ready = Math.max(task.dueAt, now, free);
    return Math.max(ready, ...valvesOn(way.valves, task.name).map((valve) => (valve === 'paused' ? ready : grant(valve, ready, used))));
  });
}

/** When there is room beside `taken` tasks: always, or once so many leases have ended that there is. */
function placeAt({ maxInFlight, freeAt }: Way, taken: number): number | undefined {
  return taken < maxInFlight ? Number.NEGATIVE_INFINITY : freeAt[taken - maxInFlight];
}

/** Takes the first grant of a rate from `ready` on that none of the tasks before has taken. */
function grant(rate: Rate, ready: number, used: Map<Rate, Set<number>>): number {
  const taken = used.get(rate) ?? new Set();
  used.set(rate, taken);
  let n = grantFrom(rate, ready);
  while (taken.has(n)) n += 1;
  taken.add(n);
  return grantAt(rate, n);
}
