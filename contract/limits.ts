/** What the doors take. Every number here is checked by the client before a request leaves and by the door again. */
export const LIMITS = {
  /** Tasks in one `enqueueBatch`. */
  batch: 100,
  /** Levels of arrays and objects in a payload. */
  payloadDepth: 32,
  /** Characters of a task name. */
  name: 128,
  /** Characters of an idempotency key. */
  idempotencyKey: 512,
  /** Characters of a worker's name. */
  worker: 128,
  /** Highest version of a payload's shape. */
  version: 1_000_000,
  /** Attempts a task may be given, the first included. */
  maxAttempts: 100,
  /** Milliseconds of the longest lease that may be asked for: as long as SQS can hide a message (12 hours). */
  leaseMs: 43_200_000,
  /** Milliseconds of the shortest lease. */
  leaseMinMs: 1_000,
  /** Milliseconds of the longest `delayMs`: 100 years. */
  delayMs: 3_155_760_000_000,
  /** Tasks of one page of a list, or of one step of a replay. */
  page: 100,
  /** Claims a minute that a resumed app or name may be held to. */
  perMinute: 1_000_000,
} as const;

/**
 * Bytes of the largest notification, envelope included. SNS and SQS take 256 KiB a message (262,144 bytes, "Amazon SNS
 * endpoints and quotas"); 1 KiB of it is kept for the message attributes and for values that grow between attempts.
 */
export const NOTIFICATION_BYTES = 262_144 - 1_024;

/**
 * Bytes of the largest request to a door. Lambda takes 1 MiB for asynchronous and 6 MB for synchronous calls ("Lambda
 * quotas"); doors are called synchronously.
 */
export const REQUEST_BYTES = 6_000_000;

/** Tasks of an app that may be out at once, at the highest limit that it can be given. */
export const MAX_IN_FLIGHT = 10_000;

/** Shards of an app at most. */
export const MAX_SHARDS = 64;

/** Names of apps: they stand inside keys, resource names and ids. */
export const APP_NAME = /^[a-z][a-z0-9-]{0,31}$/;
/** Names of tasks: letters, digits and `. _ : -`, the first a letter or digit. */
export const TASK_NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
/** An id as the door makes it: the app, a slash, 22 characters of base64url. */
export const TASK_ID = /^[a-z][a-z0-9-]{0,31}\/[A-Za-z0-9_-]{22}$/;
/** A recurring error's fingerprint: 22 characters of base64url. */
export const FINGERPRINT = /^[A-Za-z0-9_-]{22}$/;
