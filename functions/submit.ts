import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { parseSettings } from '../contract/settings.ts';
import { type NextTask, SUBMIT_ACTIONS, type SubmitRequest, submitRequest } from '../contract/submit.ts';
import { viewOf, wire } from '../contract/view.ts';
import type { Action } from '../core/actions.ts';
import { effectiveLevel, inOrder } from '../core/order.ts';
import { isExpired, type Task } from '../core/task.ts';
import { CLIENT_OPTIONS } from './client-options.ts';
import { instantOf } from './dates.ts';
import { Lanes } from './dispatch/lanes.ts';
import { door, Refused } from './door.ts';
import { enqueueAll } from './enqueue.ts';
import { variable } from './environment.ts';
import { appOf } from './identity.ts';
import { notFound, refusalError } from './refusals.ts';
import { Ring } from './ring.ts';
import { Seat } from './seat.ts';
import { Store } from './store.ts';

const settings = parseSettings(variable('settings'));
const dynamo = new DynamoDBClient(CLIENT_OPTIONS);
const store = new Store(dynamo, variable('table'));
const ring = new Ring(new Seat(dynamo, variable('table')), new LambdaClient(CLIENT_OPTIONS), variable('dispatcher'));

/** An app's way in: enqueue its tasks, read, cancel and reschedule them. */
export const handler = door(submitRequest, SUBMIT_ACTIONS, carryOut);

async function carryOut(request: SubmitRequest): Promise<object> {
  const now = Date.now();
  switch (request.action) {
    case 'enqueue': {
      const { v: _v, action: _action, ...task } = request;
      const [result] = await enqueue([task], now, () => '');
      if (!result?.ok) throw new Refused(result?.error ?? notFound(''));
      const { ok: _ok, ...enqueued } = result;
      return enqueued;
    }
    case 'enqueueBatch':
      return { results: await enqueue(request.tasks, now, (index) => `tasks[${index}]`) };
    case 'get':
      return { task: viewOf(await get(request.id, now)) };
    case 'next':
      return { next: await next(request.count ?? 1, now) };
    case 'cancel':
      return { task: viewOf(await act(request.id, { type: 'cancel' }, now)) };
    case 'reschedule':
      return { task: viewOf(await act(request.id, rescheduling(request, now), now)) };
    default:
      return request satisfies never;
  }
}

async function enqueue(tasks: readonly unknown[], now: number, field: (index: number) => string) {
  const results = await enqueueAll(store, settings, tasks, now, field);
  const waiting = results.flatMap((result) => (result.ok && result.state === 'scheduled' ? Date.parse(result.dueAt) : []));
  if (waiting.length > 0) await ring.ifNear(settings.app, Math.min(...waiting), now);
  return results;
}

/** The heads of the app's lanes, in the order in which they will be notified. */
async function next(count: number, now: number): Promise<NextTask[]> {
  const lanes = new Lanes(dynamo, variable('table'), settings);
  await lanes.rewind();
  const waiting = await lanes.nominate(Number.POSITIVE_INFINITY);
  return inOrder(waiting, { now, deadlineLeadMs: settings.deadlineLeadMs })
    .slice(0, count)
    .map((task) => ({
      id: task.id,
      name: task.name,
      priority: effectiveLevel(task, now),
      ...(Number.isFinite(task.dueAt) ? { dueAt: wire(task.dueAt) } : {}),
      ...(task.deadlineAt === undefined ? {} : { deadlineAt: wire(task.deadlineAt) }),
    }));
}

function rescheduling(request: SubmitRequest & { action: 'reschedule' }, now: number): Action {
  const dueAt = instantOf('dueAt', request.dueAt, request.delayMs, now);
  const deadlineAt = request.deadlineAt === null ? null : instantOf('deadlineAt', request.deadlineAt, undefined, now);
  return { type: 'reschedule', ...(dueAt === undefined ? {} : { dueAt }), ...(deadlineAt === undefined ? {} : { deadlineAt }) };
}

/** The app's own task; another app's is not there for it. */
async function get(id: string, now: number): Promise<Task> {
  const task = isOwn(id) ? await store.read(id) : undefined;
  if (!task || isExpired(task, now)) throw new Refused(notFound(id));
  return task;
}

async function act(id: string, action: Action, now: number): Promise<Task> {
  if (!isOwn(id)) throw new Refused(notFound(id));
  const decision = await store.act(id, action, now, settings);
  if (decision.kind === 'refused') throw new Refused(refusalError(decision.refusal, id));
  if (decision.task.state === 'scheduled') await ring.ifNear(settings.app, decision.task.dueAt, now);
  return decision.task;
}

const isOwn = (id: string): boolean => appOf(id) === settings.app;
