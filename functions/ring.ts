import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { log, reasonOf } from './log.ts';
import type { Seat } from './seat.ts';

/** A task due later than this is found by a tick in time. Milliseconds. */
const NEAR_MS = 80_000;
/** One ring a beat is enough: a run looks at a rung app anew for some beats. Milliseconds. */
const QUIET_MS = 1_000;
/** How long whoever woke the dispatcher is trusted to have done it, before another tries. Milliseconds. */
const WAKING_MS = 3_000;

/** Tells the dispatcher of tasks that fall due before its next tick, and wakes it if it is not there. */
export class Ring {
  readonly #seat: Seat;
  readonly #lambda: LambdaClient;
  readonly #dispatcher: string;
  readonly #rungAt = new Map<string, number>();

  constructor(seat: Seat, lambda: LambdaClient, dispatcher: string) {
    this.#seat = seat;
    this.#lambda = lambda;
    this.#dispatcher = dispatcher;
  }

  /** Rings if `dueAt` is near. It only saves time: what is not heard is found by the next tick, so it never rejects. */
  async ifNear(app: string, dueAt: number, now: number): Promise<void> {
    if (dueAt <= now + NEAR_MS && now - (this.#rungAt.get(app) ?? 0) >= QUIET_MS) await this.ring(app, now);
  }

  /** Rings, however near the last ring is: for what whoever heard that could not know yet. Never rejects. */
  async ring(app: string, now: number): Promise<void> {
    this.#rungAt.set(app, now);
    try {
      const { aliveUntil } = await this.#seat.ring(app, now);
      if (aliveUntil > now) return;
      if (!(await this.#seat.wake(now, now - WAKING_MS))) return;
      await this.#lambda.send(
        new InvokeCommand({ FunctionName: this.#dispatcher, InvocationType: 'Event', Payload: JSON.stringify({ rung: app }) }),
      );
    } catch (error) {
      log('WARN', 'a ring was not heard; the next tick will see the task', { app, reason: reasonOf(error) });
    }
  }
}
