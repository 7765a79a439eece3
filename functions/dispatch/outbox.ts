import { dueKey } from '../../core/lanes.ts';
import { inOrder, type Nomination, type OrderContext } from '../../core/order.ts';
import type { Task } from '../../core/task.ts';
import type { Held } from './slot-memory.ts';

/** A claimed task that SNS has not accepted yet, and the slot's entry that answers for it. */
export interface Outgoing {
  readonly task: Task;
  readonly held: Held;
}

interface Waiting extends Outgoing, Nomination {
  readonly dueAt: number;
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
    this.#waiting.set(task.id, waitingOf(task, held, task.dueAt, false));
  }

  /** SNS did not accept it: it may go out again from `notBefore` on. */
  refused({ task, held }: Outgoing, notBefore: number): void {
    this.#waiting.set(task.id, waitingOf(task, held, notBefore, true));
  }

  /** How many have not been tried yet. */
  get untried(): number {
    let count = 0;
    for (const { isRefused } of this.#waiting.values()) if (!isRefused) count++;
    return count;
  }

  remove(id: string): void {
    this.#waiting.delete(id);
  }

  /** When the next one may go out. Epoch ms; Infinity if there is none. */
  get nextAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { notBefore } of this.#waiting.values()) next = Math.min(next, notBefore);
    return next;
  }

  /** All that may go out at `now`, in the order in which it shall. */
  due(now: number): Outgoing[] {
    const due: Waiting[] = [];
    for (const one of this.#waiting.values()) if (one.notBefore <= now) due.push(one);
    return inOrder(due, { ...this.#order, now });
  }
}

function waitingOf(task: Task, held: Held, notBefore: number, isRefused: boolean): Waiting {
  const { id, name, rev, level, dueAt, deadlineAt } = task;
  const waiting = { id, name, rev, level, dueAt, key: dueKey(task), task, held, notBefore, isRefused };
  return deadlineAt === undefined ? waiting : { ...waiting, deadlineAt };
}
