/** What AWS publishes as a limit. `isAdjustable`: the value is a default, more is given where it is asked for. */
export interface Limit {
  readonly value: number;
  readonly of: string;
  readonly source: string;
  readonly isAdjustable: boolean;
}

const DYNAMODB = 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide';
const LAMBDA = 'https://docs.aws.amazon.com/lambda/latest/dg';
const SNS = 'https://docs.aws.amazon.com/general/latest/gr/sns.html';

const fixed = (value: number, of: string, source: string): Limit => ({ value, of, source, isAdjustable: false });
const byDefault = (value: number, of: string, source: string): Limit => ({ value, of, source, isAdjustable: true });

/** As looked up in November 2026. */
export const PUBLISHED = {
  /**
   * "Every partition … is designed to deliver a maximum capacity of 3,000 read units per second and 1,000 write units per second";
   * of an index as of a table. A lane is one key, and its sort keys grow with time: AWS splits such a key no further.
   */
  partitionWrites: fixed(1_000, 'write units a second of a partition', `${DYNAMODB}/bp-partition-key-design.html`),
  partitionReads: fixed(3_000, 'read units a second of a partition', `${DYNAMODB}/bp-partition-key-design.html`),
  /** "The maximum read and write capacity units that are available for any table, or any individual GSI within that table." */
  tableWrites: byDefault(40_000, 'write units a second of a table, and of each index', `${DYNAMODB}/ServiceQuotas.html`),
  statements: fixed(
    25,
    'statements of a BatchExecuteStatement',
    'https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html',
  ),
  messages: fixed(10, 'messages of a PublishBatch', 'https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html'),
  /** Environments at once; each serves "up to 10 requests per second", so that short calls meet that bound first. */
  lambdaConcurrency: byDefault(1_000, 'Lambda environments at once, all functions of a region', `${LAMBDA}/gettingstarted-limits.html`),
  lambdaRequests: fixed(10, 'requests a second for each of them', `${LAMBDA}/lambda-concurrency.html`),
  lambdaScaling: fixed(1_000, 'more environments of a function every 10 s', `${LAMBDA}/scaling-behavior.html`),
  lambdaVcpuMegabytes: fixed(1_769, 'MB of a function that has one vCPU', `${LAMBDA}/configuration-memory.html`),
  ruleTargets: fixed(5, 'targets of an EventBridge rule', 'https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html'),
  queueInFlight: byDefault(
    120_000,
    'messages in flight of an SQS queue, whose sends and receives are nearly unlimited',
    'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html',
  ),
} as const satisfies Record<string, Limit>;

/** Messages a second and account. "Combining Publish and PublishBatch": messages count, not calls. */
export const SNS_MESSAGES = {
  'us-east-1': byDefault(30_000, 'SNS messages a second in N. Virginia', SNS),
  'eu-west-1': byDefault(9_000, 'SNS messages a second in Ireland and Oregon', SNS),
  'eu-central-1': byDefault(1_500, 'SNS messages a second in Ohio, N. California, Frankfurt, Mumbai, Seoul, Singapore, Sydney, Tokyo', SNS),
  elsewhere: byDefault(300, 'SNS messages a second in every other region', SNS),
} as const satisfies Record<string, Limit>;
