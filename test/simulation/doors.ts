import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { Answer } from '../../contract/answer.ts';
import { REPORT_ACTIONS, type ReportRequest, reportRequest } from '../../contract/report.ts';
import type { TaskRequest } from '../../contract/submit.ts';
import type { TaskAction } from '../../contract/tasks.ts';
import { wire } from '../../contract/view.ts';
import type { Action, Decision } from '../../core/actions.ts';
import { decide } from '../../core/decide.ts';
import type { AppSettings } from '../../core/policy.ts';
import type { Task, TaskError } from '../../core/task.ts';
import type { Valve } from '../../core/valves.ts';
import { putFailures } from '../../functions/bus.ts';
import { instantOf } from '../../functions/doors/dates.ts';
import { door, Refused } from '../../functions/doors/door.ts';
import { enqueueAll } from '../../functions/doors/enqueue.ts';
import { tellIfLate } from '../../functions/doors/late.ts';
import { refusalError } from '../../functions/doors/refusals.ts';
import { TaskDoor } from '../../functions/doors/task-door.ts';
import { Ring } from '../../functions/ring.ts';
import { Seat } from '../../functions/seat.ts';
import { Store } from '../../functions/store.ts';
import { ValveStore } from '../../functions/valves.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

/** The doors' timeout, and how often and how soon a caller asks again. */
const TIMEOUT_MS = 10_000;
const CALLER = { tries: 4, pauseMs: 700 } as const;

/** What a caller learns: an answer, a refusal's code, or nothing. */
export type Told<T> = { readonly answer: T } | { readonly refused: string } | undefined;

type Report = Extract<Action, { type: 'start' | 'complete' | 'extend' | 'snooze' }>;

/** What a door has at hand. */
function partsOf(process: Process) {
  const dynamo = process.client<DynamoDBClient>();
  const store = new Store(dynamo, 'table');
  const seat = new Seat(dynamo, 'table');
  const ring = new Ring(seat, process.client<LambdaClient>(), 'dispatcher');
  const valves = new ValveStore(dynamo, store, seat);
  return {
    process,
    store,
    ring,
    valves,
    tasks: new TaskDoor({ dynamo, store, valves, ring }),
    events: process.client<EventBridgeClient>(),
  };
}
type Parts = ReturnType<typeof partsOf>;

function wordOf(request: Exclude<ReportRequest, { action: 'fail' | 'overloaded' }>, now: number): Report {
  const { claim } = request;
  switch (request.action) {
    case 'start':
      return { type: 'start', claim, holder: request.holder };
    case 'complete':
      return { type: 'complete', claim, worker: 'worker' };
    case 'extend':
      return { type: 'extend', claim, ...(request.leaseMs === undefined ? {} : { leaseMs: request.leaseMs }) };
    case 'snooze':
      return { type: 'snooze', claim, until: instantOf('until', request.until, request.delayMs, now) ?? now };
    default:
      return request satisfies never;
  }
}

/** The doors of the app, as their handlers use the parts that are shipped, and callers that ask again. */
export class Doors {
  readonly #world: World;
  /** Warm functions of the submit door: one request at a time each. */
  readonly #idle: Parts[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  enqueue(request: TaskRequest): Promise<Told<{ id: string; created: boolean }>> {
    return this.#submit(async ({ process, store, ring }) => {
      const { settings } = this.#world;
      const now = process.now();
      const [result] = await enqueueAll(store, settings, [request], now, () => '');
      if (!result?.ok) throw result ? new Refused(result.error) : new Error('there is an answer to every request');
      if (result.state === 'scheduled') await ring.ifNear(settings, [{ id: result.id, dueAt: Date.parse(result.dueAt) }], now);
      return { id: result.id, created: result.created };
    });
  }

  /** `settings`: whose door it is; the app's own unless told otherwise. */
  change(request: TaskAction, settings: AppSettings = this.#world.settings): Promise<Told<object>> {
    return this.#submit(({ process, tasks }) => tasks.carryOut(request, settings, process.now()));
  }

  setValve(name: string | undefined, valve: Valve | undefined): Promise<Told<object>> {
    return this.#submit(({ valves }) => valves.set(this.#world.settings.app, name, valve));
  }

  report(id: string, action: Report): Promise<Told<object>> {
    return this.#report(id, action.claim, ({ store, process }) => store.act(id, action, process.now(), this.#world.settings));
  }

  fail(id: string, claim: number, error: TaskError): Promise<Told<object>> {
    return this.#report(id, claim, (parts) => this.#fail({ v: 1, action: 'fail', id, claim, error }, parts));
  }

  /** One invocation of the report door, as Lambda answers it; undefined: it did not come to an answer. */
  async invokeReport(event: ReportRequest): Promise<Answer | undefined> {
    const parts = partsOf(this.#world.process('report'));
    if ('claim' in event) parts.process.hears(event.id, event.claim);
    const handler = door(reportRequest, REPORT_ACTIONS, (request) => this.#carryOut(request, parts));
    return parts.process.outcome(() => handler(event), TIMEOUT_MS);
  }

  /** As `functions/report.ts`. */
  async #carryOut(request: ReportRequest, parts: Parts): Promise<object> {
    if (request.action === 'overloaded') return {};
    const now = parts.process.now();
    const decision =
      request.action === 'fail'
        ? await this.#fail(request, parts)
        : await parts.store.act(request.id, wordOf(request, now), now, this.#world.settings);
    const { id, state, leaseUntil } = await this.#settled(request.id, decision, parts);
    return { id, state, ...(leaseUntil === undefined ? {} : { leaseUntil: wire(leaseUntil) }) };
  }

  async #fail(request: ReportRequest & { action: 'fail' }, { process, store, events }: Parts): Promise<Decision> {
    const { id, claim, error } = request;
    const task = await store.read(id);
    const now = process.now();
    const decision = decide(task, { type: 'fail', claim, error, random: 0 }, now, this.#world.settings);
    if (decision.kind !== 'changed' || !task) return decision;
    await putFailures(events, 'bus', [{ type: 'fail', id, claim, error, worker: 'worker' }], now);
    return { kind: 'unchanged', task };
  }

  async #settled(id: string, decision: Decision, { process, events, ring }: Parts): Promise<Task> {
    if (decision.kind === 'refused') throw new Refused(refusalError(decision.refusal, id));
    const now = process.now();
    await tellIfLate(events, 'bus', decision, now);
    if (decision.task.state === 'scheduled') await ring.ifNear(this.#world.settings, [decision.task], now);
    return decision.task;
  }

  #report(id: string, claim: number, work: (parts: Parts) => Promise<Decision>): Promise<Told<object>> {
    const cold = () => partsOf(this.#world.process('report'));
    return this.#asked(cold, async (parts) => {
      parts.process.hears(id, claim);
      const { state } = await this.#settled(id, await work(parts), parts);
      return { state };
    });
  }

  #submit<T>(work: (parts: Parts) => Promise<T>): Promise<Told<T>> {
    const warm = () => this.#idle.pop() ?? partsOf(this.#world.process('submit'));
    return this.#asked(warm, async (parts) => {
      try {
        return await work(parts);
      } finally {
        if (!parts.process.isDead) this.#idle.push(parts);
      }
    });
  }

  /** Asks until it is answered, a few times. */
  async #asked<T>(door: () => Parts, work: (parts: Parts) => Promise<T>): Promise<Told<T>> {
    for (let tries = 0; tries < CALLER.tries; tries++) {
      const parts = door();
      try {
        const answer = await parts.process.outcome(() => work(parts), TIMEOUT_MS);
        if (answer !== undefined) return { answer };
      } catch (error) {
        if (error instanceof Refused && error.error.code !== 'Unavailable') return { refused: error.error.code };
      }
      await new Promise<void>((resolve) => this.#world.timeline.after(CALLER.pauseMs, resolve));
    }
    return undefined;
  }
}
