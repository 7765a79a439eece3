import { effectiveLevel } from '../../core/order.ts';
import type { AppSettings } from '../../core/policy.ts';
import type { Level } from '../../core/task.ts';
import { isWorthless } from '../../core/waiting.ts';
import type { Clock } from '../clock.ts';
import type { Waiting } from '../lane-query.ts';
import type { Aside } from './aside.ts';
import { isAtLeast } from './budget.ts';
import type { Gate } from './gate.ts';
import type { Holds } from './lanes.ts';

/**
 * What holds an app's waiting tasks back: its valves, the run's budget (`lowest`: the lowest level that may be claimed now), and
 * that some are worthless. Those, and rows that lack what a claim needs, are handed to the failure function.
 */
export class AppHolds implements Holds {
  lowest: Level | undefined;
  readonly #clock: Clock;
  readonly #settings: AppSettings;
  readonly #gate: Gate;
  readonly #aside: Aside;

  constructor(clock: Clock, settings: AppSettings, gate: Gate, aside: Aside) {
    this.#clock = clock;
    this.#settings = settings;
    this.#gate = gate;
    this.#aside = aside;
  }

  opensAt(task: Waiting): number {
    const now = this.#clock.now();
    const then = Math.max(task.dueAt, now);
    const isHeld = !isAtLeast(effectiveLevel(task, then), this.lowest) || isWorthless(task, then, this.#settings);
    return isHeld ? Number.POSITIVE_INFINITY : this.#gate.opensAt(now, task.name);
  }

  laneOpensAt(level: Level): number {
    return isAtLeast(level, this.lowest) ? this.#gate.opensAt(this.#clock.now()) : Number.POSITIVE_INFINITY;
  }

  sift(tasks: readonly Waiting[]): Waiting[] {
    const now = this.#clock.now();
    const sifted: Waiting[] = [];
    for (const task of tasks) {
      if (isWorthless(task, now, this.#settings)) this.#aside.add({ type: 'miss', id: task.id });
      else sifted.push(task);
    }
    return sifted;
  }

  unreadable(id: string): void {
    this.#aside.add({ type: 'quarantine', id, reason: 'Its place in an index lacks what a claim needs.' });
  }
}
