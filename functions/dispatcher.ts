import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { systemClock } from './clock.ts';
import { Run } from './dispatch/run.ts';
import { variable } from './environment.ts';
import { log } from './log.ts';
import { loadSettings } from './settings.ts';

/** The longest stay: the next tick supersedes long before, if it comes. */
const STAY_MS = 100_000;
/** What is kept of the function's time to finish what is in flight and take leave. */
const FINISH_MS = 15_000;

const dynamo = new DynamoDBClient({});
const sns = new SNSClient({});
const events = new EventBridgeClient({});
const ssm = new SSMClient({});

/** The minute's tick, or a ring: both do the same. */
export async function handler(_event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<void> {
  const endAt = Date.now() + Math.min(STAY_MS, context.getRemainingTimeInMillis() - FINISH_MS);
  const settings = await loadSettings(ssm, variable('queue'));
  const ports = { dynamo, sns, events, clock: systemClock, table: variable('table'), bus: variable('bus') };
  const summary = await new Run(ports, settings, randomBytes(6).toString('hex'), endAt).run();
  log('INFO', 'run', { ...summary, apps: settings.length });
}
