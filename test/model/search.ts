import { brokenIn } from './invariants.ts';
import { stepsFrom } from './outside.ts';
import type { State } from './state.ts';
import type { World } from './world.ts';

/** What a search has seen. */
export interface Found {
  readonly states: number;
  /** Every state was seen; false: it ended before. */
  readonly isWhole: boolean;
  readonly steps: number;
  /** The shortest way to each rule's first breach, as readable steps. */
  readonly breaches: ReadonlyMap<string, readonly string[]>;
}

export interface Limits {
  /** Ends at the first breach of this rule; else at the first of any. */
  readonly until?: string | undefined;
  /** @default no limit */
  readonly statesAtMost?: number;
  /** Asked of every state: how it gets stuck, if it does. */
  readonly stuck?: (state: State) => readonly string[] | undefined;
}

interface Node {
  readonly state: State;
  readonly from: Node | undefined;
  readonly label: string;
}

/** Breadth first through every state that can be reached: so that the first way found to a breach is a shortest one. */
export function search(world: World, { until, statesAtMost = Number.POSITIVE_INFINITY, stuck = () => undefined }: Limits = {}): Found {
  const start: Node = { state: world.start(), from: undefined, label: '' };
  const seen = new Set([world.keyOf(start.state)]);
  const breaches = new Map<string, readonly string[]>();
  let steps = 0;
  const note = (node: Node, rules: readonly string[], after: readonly string[] = []) => {
    for (const rule of rules) if (!breaches.has(rule)) breaches.set(rule, [...wayTo(node), ...after]);
    return until === undefined ? breaches.size > 0 : breaches.has(until);
  };
  const found = (isWhole: boolean): Found => ({ isWhole, states: seen.size, steps, breaches });
  let layer = [start];
  while (layer.length > 0) {
    const next: Node[] = [];
    for (const from of layer) {
      const dead = stuck(from.state);
      if (dead && note(from, ['everything can come to its end'], dead)) return found(false);
      for (const { label, next: state, broken } of stepsFrom(world, from.state)) {
        steps++;
        const node = { state, from, label };
        if (broken.length > 0 && note(node, broken)) return found(false);
        if (state === from.state) continue;
        const key = world.keyOf(state);
        if (seen.has(key)) continue;
        seen.add(key);
        if (seen.size > statesAtMost) return found(false);
        if (note(node, brokenIn(world, state))) return found(false);
        next.push(node);
      }
    }
    layer = next;
  }
  return found(true);
}

function wayTo(node: Node): string[] {
  const labels: string[] = [];
  for (let at: Node | undefined = node; at?.from; at = at.from) labels.unshift(at.label);
  return labels;
}
