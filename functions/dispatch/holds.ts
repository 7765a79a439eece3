import { effectiveLevel } from '../../core/order.ts';
import type { AppSettings } from '../../core/policy.ts';
import type { Level } from '../../core/task.ts';
import { isWorthless } from '../../core/waiting.ts';
import type { Clock } from '../clock.ts';
import type { Aside } from './aside.ts';
import { isAtLeast } from './budget.ts';
import type { Gate } from './gate.ts';
import type { Holds } from './lanes.ts';

/**
 * What holds an app's waiting tasks back: its valves, the run's budget (`lowest`: the lowest level that may be claimed now), and
 * that some are worthless. Those, and rows that lack what a claim needs, are handed to the failure function.
 */
export function holdsOf(clock: Clock, settings: AppSettings, gate: Gate, aside: Aside, lowest: () => Level | undefined): Holds {
  return {
    opensAt(task) {
      const now = clock.now();
      const then = Math.max(task.dueAt, now);
      const isHeld = !isAtLeast(effectiveLevel(task, then), lowest()) || isWorthless(task, then, settings);
      return isHeld ? Number.POSITIVE_INFINITY : gate.opensAt(now, task.name);
    },
    laneOpensAt: (level) => (isAtLeast(level, lowest()) ? gate.opensAt(clock.now()) : Number.POSITIVE_INFINITY),
    sift: (tasks) =>
      tasks.filter((task) => {
        if (!isWorthless(task, clock.now(), settings)) return true;
        aside.add({ type: 'miss', id: task.id });
        return false;
      }),
    unreadable: (id) => aside.add({ type: 'quarantine', id, reason: 'Its place in an index lacks what a claim needs.' }),
  };
}
