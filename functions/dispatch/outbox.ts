import { dueKey } from '../../core/lanes.ts';
import { compareDue, type Nomination, type OrderContext } from '../../core/order.ts';
import type { Task } from '../../core/task.ts';
import type { Held } from './slot-memory.ts';

/** A claimed task that SNS has not accepted yet, and the slot's entry that answers for it. */
export interface Outgoing {
  readonly task: Task;
  readonly held: Held;
}

interface Waiting extends Outgoing {
  readonly nomination: Nomination;
  /** Not before: its due instant, or a while after SNS refused it. */
  readonly notBefore: number;
  readonly isRefused: boolean;
}

/** What an app is still to be told: claimed tasks, some of them a beat ahead of their instant. */
export class Outbox {
  readonly #order: Omit<OrderContext, 'now'>;
  readonly #waiting = new Map<string, Waiting>();

  constructor(order: Omit<OrderContext, 'now'>) {
    this.#order = order;
  }

  get size(): number {
    return this.#waiting.size;
  }

  has(id: string): boolean {
    return this.#waiting.has(id);
  }

  add({ task, held }: Outgoing): void {
    this.#waiting.set(task.id, { task, held, nomination: nominationOf(task), notBefore: task.dueAt, isRefused: false });
  }

  /** SNS did not accept it: it may go out again from `notBefore` on. */
  refused({ task, held }: Outgoing, notBefore: number): void {
    this.#waiting.set(task.id, { task, held, nomination: nominationOf(task), notBefore, isRefused: true });
  }

  /** How many have not been tried yet. */
  get untried(): number {
    return [...this.#waiting.values()].filter(({ isRefused }) => !isRefused).length;
  }

  remove(id: string): void {
    this.#waiting.delete(id);
  }

  /** When the next one may go out. Epoch ms; Infinity if there is none. */
  get nextAt(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.#waiting.values()].map(({ notBefore }) => notBefore));
  }

  /** All that may go out at `now`, in the order in which it shall. */
  due(now: number): Outgoing[] {
    const context = { ...this.#order, now };
    return [...this.#waiting.values()]
      .filter(({ notBefore }) => notBefore <= now)
      .sort((a, b) => compareDue(a.nomination, b.nomination, context));
  }
}

/** What puts it in order. */
function nominationOf(task: Task): Nomination {
  const { id, name, rev, level, deadlineAt } = task;
  return { id, name, rev, level, key: dueKey(task), ...(deadlineAt === undefined ? {} : { deadlineAt }) };
}
