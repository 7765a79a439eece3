import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { Clock } from '../clock.ts';

/** All that the dispatcher touches outside of itself. */
export interface Ports {
  readonly dynamo: DynamoDBClient;
  readonly sns: SNSClient;
  readonly events: EventBridgeClient;
  readonly cloudwatch: CloudWatchClient;
  readonly clock: Clock;
  readonly table: string;
  readonly bus: string;
  /** The queue's name, as its metrics bear it. */
  readonly queue: string;
  /** See `ValveStore`. */
  readonly adoption?: string | undefined;
  /** The share of the function's memory that is in use, 0 to 1. */
  memoryUsed(): number;
  /** Whether this run goes on where one before it was cut short: then none goes on for it before the tick. @default false */
  readonly goesOn?: boolean;
}

/** Milliseconds from one turn of the timer to the next. */
export const BEAT_MS = 1_000;
/** How far ahead a tick looks: the next one is a minute away, and may come 15 s late and take a while to start. */
export const TICK_AHEAD_MS = 80_000;
/** How long an app is looked at anew after it was rung for: the index runs behind the table, and doors ring once a beat. */
export const RING_WINDOW_MS = 5_000;
