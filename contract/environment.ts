/** Names of the environment variables that the stack sets. */
export const ENV = {
  /** In apps: `{"billing":{"submit":"arn…","report":"arn…"}}`. Set by `connect` and `addWorker`. */
  apps: 'PUNCTUAL_APPS',
  /** In worker processes: the URL of the SQS queue that `addWorker` made. */
  queueUrl: 'PUNCTUAL_QUEUE_URL',
  /** In those who operate the queue: ARN of the operate door. */
  operate: 'PUNCTUAL_OPERATE',
  /** In the system's own functions: the queue's name, */
  queue: 'PUNCTUAL_QUEUE',
  /** its table, */
  table: 'PUNCTUAL_TABLE',
  /** its bus, */
  bus: 'PUNCTUAL_BUS',
  /** its dispatcher, */
  dispatcher: 'PUNCTUAL_DISPATCHER',
  /** in its dispatcher: how many of them there are, if more than one, */
  dispatchers: 'PUNCTUAL_DISPATCHERS',
  /** the topic of its alerts, */
  alerts: 'PUNCTUAL_ALERTS',
  /** the name of its operate door, */
  operateName: 'PUNCTUAL_OPERATE_NAME',
  /** where its table was there before the queue: which table was taken over, and by which stack, */
  adoption: 'PUNCTUAL_ADOPTION',
  /** and, in a door, the settings of its app as JSON (see `parseSettings`). */
  settings: 'PUNCTUAL_SETTINGS',
} as const;

/** The doors of an app, as they stand in `PUNCTUAL_APPS`. */
export interface Doors {
  /** ARN of the submit door; absent for a worker that may not enqueue. */
  readonly submit?: string;
  /** ARN of the report door; absent for an app that only enqueues. */
  readonly report?: string;
}

/** SSM path below which each app of a queue has its settings. */
export const settingsPath = (queue: string): string => `/punctual/${queue}/apps`;
