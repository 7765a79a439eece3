import { crashed } from './dispatcher.ts';
import { isOver } from './invariants.ts';
import { afterTheDisaster, clockStep, stepsFrom } from './outside.ts';
import type { State, Step } from './state.ts';
import type { World } from './world.ts';

/** Instants after the last fault by which everything must have ended: a lease that ends, a date to come, and some to spare. */
const INSTANTS_AT_MOST = 8;

/**
 * Whether everything still comes to its end once faults stop: all that ran has died, or all but one run; the bus has forgotten;
 * and from there on one run at a time, the workers, the failure function and the clock do what they do where nothing fails.
 * Answers the steps where it does not.
 */
export function livenessOf(world: World): (state: State) => readonly string[] | undefined {
  const good = new Set<string>();
  const endless = (from: State, first: string): readonly string[] | undefined => {
    const way = [first];
    const seen = new Set<string>();
    for (let at = from; !isOver(at); ) {
      const key = world.keyOf(at);
      if (good.has(key)) break;
      seen.add(key);
      const step = stepsFrom(world, at).find((one) => isProgress(world, one, at, seen)) ?? nextInstant(world, at);
      way.push(step.label);
      if (step.next.at > from.at + INSTANTS_AT_MOST) return way;
      at = step.next;
    }
    for (const key of seen) good.add(key);
    return undefined;
  };
  return (state) =>
    endless(afterTheDisaster(world, state, false), 'all that runs dies, and there are no more faults') ??
    endless(afterTheDisaster(world, state, true), 'all but dispatcher 1 die, and there are no more faults');
}

/** Of the first dispatcher alone: the others stay dead. */
const isProgress = (world: World, { helps, next }: Step, at: State, seen: ReadonlySet<string>): boolean =>
  helps && next.at === at.at && next.runs.slice(1).every((run) => run === null) && !seen.has(world.keyOf(next));

/** A run takes its leave after 100 s at the most, and the next reads what is. */
const nextInstant = (world: World, at: State): Step => clockStep(at.runs[0] === null ? at : crashed(world, at, 0));
