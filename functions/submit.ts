import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { parseSettings } from '../contract/settings.ts';
import { SUBMIT_ACTIONS, type SubmitRequest, submitRequest } from '../contract/submit.ts';
import { NO_VALVES } from '../core/valves.ts';
import { CLIENT_OPTIONS, DYNAMO_OPTIONS } from './client-options.ts';
import { door, Refused } from './doors/door.ts';
import { enqueueAll } from './doors/enqueue.ts';
import { listTasks } from './doors/list.ts';
import { nextTasks } from './doors/lookahead.ts';
import { notFound } from './doors/refusals.ts';
import { TaskDoor } from './doors/task-door.ts';
import { adoption, variable } from './environment.ts';
import { Ring } from './ring.ts';
import { Seat } from './seat.ts';
import { readingAll } from './shards.ts';
import { Store } from './store.ts';
import { type RunTime, ValveStore } from './valves.ts';

const settings = parseSettings(variable('settings'));
const { app } = settings;
const dynamo = new DynamoDBClient(DYNAMO_OPTIONS);
const store = new Store(dynamo, variable('table'));
const seat = new Seat(dynamo, variable('table'));
const ring = new Ring(seat, new LambdaClient(CLIENT_OPTIONS), variable('dispatcher'));
const valves = new ValveStore(dynamo, store, seat, adoption());
const tasks = new TaskDoor({ dynamo, store, valves, ring });

/** An app's way in: enqueue its tasks, see them, and change its mind about them. */
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
    case 'next': {
      const set = await runTime();
      const question = { dynamo, store, settings: readingAll(settings, set.shards), valves: set, now };
      return { next: await nextTasks(question, request.count ?? 1) };
    }
    case 'list':
      return listTasks({ dynamo, store }, readingAll(settings, (await runTime()).shards), request, now);
    default:
      return tasks.carryOut(request, settings, now);
  }
}

const runTime = async (): Promise<RunTime> => (await valves.read([app])).get(app) ?? NO_VALVES;

async function enqueue(requests: readonly unknown[], now: number, field: (index: number) => string) {
  const results = await enqueueAll(store, settings, requests, now, field);
  const waiting = results.flatMap((result) =>
    result.ok && result.state === 'scheduled' ? [{ id: result.id, dueAt: Date.parse(result.dueAt) }] : [],
  );
  await ring.ifNear(settings, waiting, now);
  return results;
}
