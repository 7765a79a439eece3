import { randomBytes } from 'node:crypto';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { CLIENT_OPTIONS, DYNAMO_OPTIONS } from './client-options.ts';
import { systemClock } from './clock.ts';
import { Run } from './dispatch/run.ts';
import { Warm } from './dispatch/warm.ts';
import { adoption, dispatchers, variable } from './environment.ts';
import { log } from './log.ts';
import { Seat } from './seat.ts';
import { loadSettings } from './settings.ts';

/** The longest stay: the next tick supersedes long before, if it comes. */
const STAY_MS = 100_000;
/** What is kept of the function's time to finish what is in flight and take leave. */
const FINISH_MS = 15_000;
const BYTES_PER_MB = 1_048_576;

const dynamo = new DynamoDBClient(DYNAMO_OPTIONS);
const sns = new SNSClient(CLIENT_OPTIONS);
const events = new EventBridgeClient(CLIENT_OPTIONS);
const cloudwatch = new CloudWatchClient(CLIENT_OPTIONS);
const ssm = new SSMClient(CLIENT_OPTIONS);
const warm = new Warm();

/** What the function is called with. By the first dispatcher's tick with something of EventBridge's own. */
interface Call {
  /** Which dispatcher is called. @default the first */
  readonly part?: number;
  /** It goes on with what a run before was cut short in: it has no other go on in its turn. */
  readonly goesOn?: boolean;
}

/** The minute's tick, or a ring: both do the same. */
export async function handler(call: Call | null, context: { getRemainingTimeInMillis(): number }): Promise<void> {
  const { part = 0, goesOn = false } = call ?? {};
  const place = { part, of: dispatchers() };
  if (part >= place.of) return new Seat(dynamo, variable('table'), part).retire(place.of);
  const endAt = Date.now() + Math.min(STAY_MS, context.getRemainingTimeInMillis() - FINISH_MS);
  const queue = variable('queue');
  const settings = await loadSettings(ssm, queue);
  const clients = { dynamo, sns, events, cloudwatch };
  const ports = {
    ...clients,
    clock: systemClock,
    table: variable('table'),
    bus: variable('bus'),
    queue,
    adoption: adoption(),
    memoryUsed,
    goesOn,
  };
  const summary = await new Run(ports, settings, randomBytes(6).toString('hex'), endAt, warm, place).run();
  log('INFO', 'run', { ...summary, apps: settings.length, ...(place.of === 1 ? {} : { part }) });
}

/** The share of the memory that Lambda gives the function; 0 where nobody says how much that is. */
function memoryUsed(): number {
  const megabytes = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE);
  return megabytes > 0 ? process.memoryUsage.rss() / (megabytes * BYTES_PER_MB) : 0;
}
