import type { Explanation, TaskAction } from '../../contract/tasks.ts';
import { type TaskView, viewOf } from '../../contract/view.ts';
import type { Action } from '../../core/actions.ts';
import { explainTask } from '../../core/explain.ts';
import type { AppSettings } from '../../core/policy.ts';
import { isExpired, type Task } from '../../core/task.ts';
import { NO_VALVES } from '../../core/valves.ts';
import { appOf } from '../identity.ts';
import type { Ring } from '../ring.ts';
import { readingAll } from '../shards.ts';
import type { ValveStore } from '../valves.ts';
import { arrivalAt } from './arrival.ts';
import { instantOf } from './dates.ts';
import { Refused } from './door.ts';
import { countAhead } from './lookahead.ts';
import type { Source } from './merged-lanes.ts';
import { outOf } from './out.ts';
import { payloadText, refuseTooLarge } from './payload.ts';
import { notFound, refusalError } from './refusals.ts';

/** What the submit doors and the operate door have at hand. */
export interface TaskDoorParts extends Source {
  readonly valves: ValveStore;
  readonly ring: Ring;
}

/** What both kinds of door do to one task: the submit door to its own app's alone. */
export class TaskDoor {
  readonly #parts: TaskDoorParts;

  constructor(parts: TaskDoorParts) {
    this.#parts = parts;
  }

  /** @throws Refused if it cannot be done; another app's task is not there */
  async carryOut(request: TaskAction, settings: AppSettings, now: number): Promise<{ task: TaskView } | Explanation> {
    if (appOf(request.id) !== settings.app) throw new Refused(notFound(request.id));
    switch (request.action) {
      case 'get':
        return { task: viewOf(await this.#read(request.id, now)) };
      case 'explain':
        return this.#explain(request.id, settings, now);
      default:
        return { task: viewOf(await this.#act(request.id, actionOf(request, now), settings, now)) };
    }
  }

  async #read(id: string, now: number): Promise<Task> {
    const task = await this.#parts.store.read(id);
    if (!task || isExpired(task, now)) throw new Refused(notFound(id));
    return task;
  }

  async #act(id: string, action: Change, settings: AppSettings, now: number): Promise<Task> {
    const { store, ring } = this.#parts;
    const decision = await store.act(id, action, now, settings);
    if (decision.kind === 'refused') throw new Refused(refusalError(decision.refusal, id));
    const { task } = decision;
    // Even if nothing was changed: whoever changed it may have died before it rang.
    if (task.state === 'scheduled') await ring.ifNear(settings, [task], now);
    return task;
  }

  async #explain(id: string, settings: AppSettings, now: number): Promise<Explanation> {
    const { valves: valveStore, ...source } = this.#parts;
    const task = await this.#read(id, now);
    const { state } = task;
    const set = state === 'scheduled' ? (await valveStore.read([settings.app])).get(settings.app) : undefined;
    const valves = set ?? NO_VALVES;
    if (state !== 'scheduled' || task.dueAt > now) {
      return { id, state, text: explainTask(task, now, { settings, valves, inFlight: 0 }) };
    }
    const [{ inFlight }, ahead] = await Promise.all([
      outOf(source.store, settings, settings.maxInFlight),
      countAhead({ ...source, settings: readingAll(settings, set?.shards), valves, now }, task),
    ]);
    return { id, state, text: explainTask(task, now, { settings, valves, inFlight, ahead }) };
  }
}

/** An action, or what makes it once the task is read. */
type Change = Action | ((task: Task | undefined) => Action);

function actionOf(request: Exclude<TaskAction, { action: 'get' | 'explain' }>, now: number): Change {
  switch (request.action) {
    case 'cancel':
      return { type: 'cancel' };
    case 'reschedule':
      return rescheduling(request, now);
    case 'reprioritize':
      return { type: 'reprioritize', level: request.priority };
    case 'moveToFront':
      return { type: 'moveToFront', arrival: arrivalAt(now) };
    case 'replay':
      return replaying(request, now);
    default:
      return request satisfies never;
  }
}

function rescheduling(request: TaskAction & { action: 'reschedule' }, now: number): Action {
  const dueAt = instantOf('dueAt', request.dueAt, request.delayMs, now);
  const deadlineAt = request.deadlineAt === null ? null : instantOf('deadlineAt', request.deadlineAt, undefined, now);
  return { type: 'reschedule', ...(dueAt === undefined ? {} : { dueAt }), ...(deadlineAt === undefined ? {} : { deadlineAt }) };
}

function replaying(request: TaskAction & { action: 'replay' }, now: number): Change {
  const dueAt = instantOf('dueAt', request.dueAt, request.delayMs, now);
  const action = { type: 'replay', arrival: arrivalAt(now), ...(dueAt === undefined ? {} : { dueAt }) } as const;
  if (request.payload === undefined) return action;
  const payload = payloadText(request.payload, 'payload');
  return (task) => {
    if (task) refuseTooLarge({ ...task, payload }, 'payload');
    return { ...action, payload };
  };
}
