import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as v from 'valibot';
import type { AppSettings } from '../core/policy.ts';
import type { Task } from '../core/task.ts';
import { type FailureRequest, failureRequest } from './bus.ts';
import { CLIENT_OPTIONS } from './client-options.ts';
import { variable } from './environment.ts';
import { appOf } from './identity.ts';
import { log, reasonOf } from './log.ts';
import { putCounts } from './metrics.ts';
import { Ring } from './ring.ts';
import { Seat } from './seat.ts';
import { loadSettings } from './settings.ts';
import { Store } from './store.ts';

/** Milliseconds for which the settings of the apps are trusted. */
const SETTINGS_MS = 60_000;

const dynamo = new DynamoDBClient(CLIENT_OPTIONS);
const ssm = new SSMClient(CLIENT_OPTIONS);
const cloudwatch = new CloudWatchClient(CLIENT_OPTIONS);
const store = new Store(dynamo, variable('table'));
const ring = new Ring(new Seat(dynamo, variable('table')), new LambdaClient(CLIENT_OPTIONS), variable('dispatcher'));

let known: { at: number; apps: Map<string, AppSettings> } | undefined;

/** Where every failure ends: reports of workers and expired leases. What cannot be decided goes back to the queue. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const apps = await settingsOf(Date.now());
  const batchItemFailures: { itemIdentifier: string }[] = [];
  const changed: { request: FailureRequest; task: Task }[] = [];
  for (const { body, messageId } of Records) {
    try {
      const request = requestOf(body);
      const task = await decided(request, apps);
      if (task) changed.push({ request, task });
    } catch (error) {
      log('ERROR', 'a failure could not be decided; it stays in the queue', { messageId, reason: reasonOf(error) });
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  }
  await putCounts(cloudwatch, variable('queue'), {
    Failed: changed.filter(({ request }) => request.type === 'fail').length,
    Expired: changed.filter(({ request }) => request.type === 'expire').length,
    Dead: changed.filter(({ task }) => task.state === 'dead').length,
  });
  return { batchItemFailures };
}

const requestOf = (body: string): FailureRequest =>
  v.parse(v.object({ detail: v.object({ data: failureRequest }) }), JSON.parse(body)).detail.data;

/** Applies the request to the task as it stands. Undefined: it was stale, and counts for nothing. */
async function decided(request: FailureRequest, apps: ReadonlyMap<string, AppSettings>): Promise<Task | undefined> {
  const { id } = request;
  const settings = apps.get(appOf(id));
  if (!settings) throw new Error(`no settings of the app of ${id}`);
  const now = Date.now();
  const decision = await store.act(id, actionOf(request), now, settings);
  // Rung for even if it was decided before: the answer to the first try may have been lost.
  if (decision.kind !== 'refused' && decision.task.state === 'scheduled') await ring.ifNear(decision.task.app, decision.task.dueAt, now);
  if (decision.kind !== 'changed') {
    log('INFO', 'stale', { id, claim: request.claim, type: request.type });
    return undefined;
  }
  const { task } = decision;
  log('INFO', request.type, {
    id,
    claim: request.claim,
    state: task.state,
    attempt: task.attempt,
    deliveries: task.deliveries,
    priority: task.level,
  });
  return task;
}

function actionOf(request: FailureRequest) {
  if (request.type === 'expire') return { type: 'expire', claim: request.claim } as const;
  const { claim, error, worker } = request;
  return { type: 'fail', claim, error, ...(worker === undefined ? {} : { worker }), random: Math.random() } as const;
}

async function settingsOf(now: number): Promise<Map<string, AppSettings>> {
  if (!known || known.at + SETTINGS_MS < now) {
    const settings = await loadSettings(ssm, variable('queue'));
    known = { at: now, apps: new Map(settings.map((app) => [app.app, app])) };
  }
  return known.apps;
}
