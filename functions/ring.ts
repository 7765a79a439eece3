import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { shardOf } from '../core/lanes.ts';
import type { AppSettings } from '../core/policy.ts';
import { type Dealt, dispatcherOf } from '../core/split.ts';
import type { Task } from '../core/task.ts';
import { log, reasonOf } from './log.ts';
import type { Seat } from './seat.ts';

/** A task due later than this is found by a tick in time. Milliseconds. */
const NEAR_MS = 80_000;
/** One ring a beat is enough: a run looks at a rung app anew for some beats. Milliseconds. */
const QUIET_MS = 1_000;
/** How long whoever woke the dispatcher is trusted to have done it, before another tries. Milliseconds. */
const WAKING_MS = 3_000;

/** What of an app's settings says who is to be rung for it, if anybody. */
export type Rung = Dealt & Pick<AppSettings, 'precision'>;

/** Tells dispatchers of tasks that fall due before their next tick, and wakes those that are not there. */
export class Ring {
  readonly #seat: Seat;
  readonly #lambda: LambdaClient;
  readonly #dispatcher: string;
  /** By app and dispatcher. */
  readonly #rungAt = new Map<string, number>();
  /** How many dispatchers there are, as the last seat said. */
  #dispatchers = 1;

  /** `seat`: the first dispatcher's. */
  constructor(seat: Seat, lambda: LambdaClient, dispatcher: string) {
    this.#seat = seat;
    this.#lambda = lambda;
    this.#dispatcher = dispatcher;
  }

  /** Rings for those that are near. It only saves time: what is not heard is found by the next tick, so it never rejects. */
  async ifNear(settings: Rung, tasks: readonly Pick<Task, 'id' | 'dueAt'>[], now: number): Promise<void> {
    const near = tasks.filter(({ dueAt }) => dueAt <= now + NEAR_MS);
    const shards = near.map(({ id }) => shardOf(id, settings.shards));
    await this.#ring(settings, shards, now, QUIET_MS);
  }

  /** Rings for all of an app, however near the last ring is: for what whoever heard that could not know yet. Never rejects. */
  async ring(settings: Rung, now: number): Promise<void> {
    const shards = Array.from({ length: settings.shards }, (_, shard) => shard);
    await this.#ring(settings, shards, now, 0);
  }

  async #ring(settings: Rung, shards: readonly number[], now: number, quietMs: number): Promise<void> {
    // The tick comes in time for it.
    if (settings.precision === 'minute') return;
    try {
      const isKnown = await this.#ringEach(settings, shards, now, quietMs);
      if (!isKnown) await this.#ringEach(settings, shards, now, quietMs);
    } catch (error) {
      log('WARN', 'a ring was not heard; the next tick will see the task', { app: settings.app, reason: reasonOf(error) });
    }
  }

  /** False: there are more dispatchers, or fewer, than was known. */
  async #ringEach(settings: Rung, shards: readonly number[], now: number, quietMs: number): Promise<boolean> {
    const known = this.#dispatchers;
    const parts = new Set(shards.map((shard) => dispatcherOf(settings, shard, known)));
    await Promise.all([...parts].map((part) => this.#ringOne(settings.app, part, known, now, quietMs)));
    return this.#dispatchers === known;
  }

  async #ringOne(app: string, part: number, known: number, now: number, quietMs: number): Promise<void> {
    const key = `${part} ${app}`;
    if (now - (this.#rungAt.get(key) ?? 0) < quietMs) return;
    this.#rungAt.set(key, now);
    const seat = part === 0 ? this.#seat : this.#seat.of(part);
    const { aliveUntil, dispatchers } = await seat.ring(app, now);
    // Each says how many they were at its latest run; the first is always there.
    this.#dispatchers = dispatchers === known || part === 0 ? dispatchers : (await this.#seat.ring(app, now)).dispatchers;
    if (this.#dispatchers !== known) this.#rungAt.delete(key);
    if (this.#dispatchers !== known || aliveUntil > now) return;
    if (!(await seat.wake(now, now - WAKING_MS))) return;
    const event = { rung: app, ...(part === 0 ? {} : { part }) };
    await this.#lambda.send(new InvokeCommand({ FunctionName: this.#dispatcher, InvocationType: 'Event', Payload: JSON.stringify(event) }));
  }
}
