import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { badField } from '../contract/errors.ts';
import { REPORT_ACTIONS, type Reported, type ReportRequest, reportRequest } from '../contract/report.ts';
import { parseSettings } from '../contract/settings.ts';
import { wire } from '../contract/view.ts';
import type { Action, Decision } from '../core/actions.ts';
import { decide } from '../core/decide.ts';
import { boundedError } from '../core/task.ts';
import { putFailures } from './bus.ts';
import { CLIENT_OPTIONS, DYNAMO_OPTIONS } from './client-options.ts';
import { instantOf } from './doors/dates.ts';
import { door, Refused } from './doors/door.ts';
import { tellIfLate } from './doors/late.ts';
import { notFound, refusalError } from './doors/refusals.ts';
import { variable } from './environment.ts';
import { appOf } from './identity.ts';
import { measure, putMeasures } from './metrics.ts';
import { Ring } from './ring.ts';
import { Seat } from './seat.ts';
import { Store } from './store.ts';

const settings = parseSettings(variable('settings'));
const dynamo = new DynamoDBClient(DYNAMO_OPTIONS);
const cloudwatch = new CloudWatchClient(CLIENT_OPTIONS);
const events = new EventBridgeClient(CLIENT_OPTIONS);
const store = new Store(dynamo, variable('table'));
const ring = new Ring(new Seat(dynamo, variable('table')), new LambdaClient(CLIENT_OPTIONS), variable('dispatcher'));

/** A worker's way back: what became of the task that it was notified of. */
export const handler = door(reportRequest, REPORT_ACTIONS, carryOut);

/** A word on a task. */
type TaskReport = Exclude<ReportRequest, { action: 'overloaded' }>;

async function carryOut(request: ReportRequest): Promise<Reported | object> {
  const now = Date.now();
  if (request.action === 'overloaded') return overloaded();
  if (appOf(request.id) !== settings.app) throw new Refused(notFound(request.id));
  const decision =
    request.action === 'fail' ? await fail(request, now) : await store.act(request.id, actionOf(request, now), now, settings);
  if (decision.kind === 'refused') throw new Refused(refusalError(decision.refusal, request.id));
  const { id, state, leaseUntil } = decision.task;
  await tellIfLate(events, variable('bus'), decision, now);
  if (state === 'scheduled') await ring.ifNear(settings, [decision.task], now);
  return { id, state, ...(leaseUntil === undefined ? {} : { leaseUntil: wire(leaseUntil) }) };
}

/** A worker has stopped polling: that is a number, and no task's affair. */
async function overloaded(): Promise<object> {
  const one = measure('WorkerOverloaded', 1);
  await putMeasures(cloudwatch, variable('queue'), settings.alarms ? [one, { ...one, app: settings.app }] : [one]);
  return {};
}

function actionOf(request: Exclude<TaskReport, { action: 'fail' }>, now: number): Action {
  const { claim } = request;
  switch (request.action) {
    case 'start':
      return { type: 'start', claim, holder: request.holder };
    case 'complete':
      return { type: 'complete', claim, ...(request.worker === undefined ? {} : { worker: request.worker }) };
    case 'extend':
      return { type: 'extend', claim, ...(request.leaseMs === undefined ? {} : { leaseMs: request.leaseMs }) };
    case 'snooze': {
      const until = instantOf('until', request.until, request.delayMs, now);
      if (until === undefined) throw new Refused(badField('until', undefined, 'given, or delayMs in its place'));
      return { type: 'snooze', claim, until };
    }
    default:
      return request satisfies never;
  }
}

/** The failure Lambda decides what comes of it; a report that is stale already is refused here. */
async function fail({ id, claim, error, worker }: ReportRequest & { action: 'fail' }, now: number): Promise<Decision> {
  const task = await store.read(id);
  const bounded = boundedError(error);
  const decision = decide(task, { type: 'fail', claim, error: bounded, random: 0 }, now, settings);
  if (decision.kind !== 'changed' || !task) return decision;
  await putFailures(
    events,
    variable('bus'),
    [{ type: 'fail', id, claim, error: bounded, ...(worker === undefined ? {} : { worker }) }],
    now,
  );
  return { kind: 'unchanged', task };
}
