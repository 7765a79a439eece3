/** A metric that AWS puts, as its documentation has it. */
export interface AwsMetric {
  readonly namespace: string;
  readonly metric: string;
  /** All of these together; a metric that is asked for by fewer or more has no data. */
  readonly dimensions: readonly string[];
  readonly statistics: readonly string[];
  /** The page of the AWS documentation that says so. */
  readonly source: string;
}

const DYNAMODB = 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html';
const LAMBDA = 'https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html';
const SQS = 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html';

/** The metrics of AWS that alarms may stand on, from its documentation in November 2026. */
export const AWS_METRICS: readonly AwsMetric[] = [
  ...['ReadThrottleEvents', 'WriteThrottleEvents'].flatMap((metric) =>
    // With TableName alone a metric tells of the table without its indexes.
    [['TableName'], ['TableName', 'GlobalSecondaryIndexName']].map((dimensions) => ({
      namespace: 'AWS/DynamoDB',
      metric,
      dimensions,
      statistics: ['Sum', 'SampleCount'],
      source: DYNAMODB,
    })),
  ),
  ...['Errors', 'Invocations', 'Throttles'].map((metric) => ({
    namespace: 'AWS/Lambda',
    metric,
    dimensions: ['FunctionName'],
    statistics: ['Sum'],
    source: LAMBDA,
  })),
  {
    namespace: 'AWS/SQS',
    metric: 'ApproximateNumberOfMessagesVisible',
    dimensions: ['QueueName'],
    statistics: ['Average', 'Maximum', 'Minimum', 'Sum', 'SampleCount'],
    source: SQS,
  },
];
