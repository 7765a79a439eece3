import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { PlainProtocol } from './plain-protocol.ts';

/** With a place for `info` the SDK makes a copy of every request and answer for a log that nobody keeps: a tenth of a door's CPU. */
const NO_LOG = { debug() {}, warn() {}, error() {} } as NonNullable<DynamoDBClientConfig['logger']>;

/**
 * What every SDK client of the functions is given: an answer that does not come must not hold a run until its Lambda ends.
 * Milliseconds. DynamoDB, SNS and EventBridge answer in tens of them; a retry is better than a long wait.
 */
export const CLIENT_OPTIONS = {
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  logger: NO_LOG,
  // A call's middleware is put together once a command, not once a call; nothing is added to it after a client's first call.
  cacheMiddleware: true,
} as const;

/** The same for a client of DynamoDB. */
export const DYNAMO_OPTIONS = { ...CLIENT_OPTIONS, protocol: PlainProtocol };
