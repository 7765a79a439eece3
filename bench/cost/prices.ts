/** What something costs. */
export interface Price {
  readonly dollars: number;
  readonly per: string;
  readonly source: string;
}

const price = (dollars: number, per: string, source: string): Price => ({ dollars, per, source });
const MILLION = 1_000_000;

const DYNAMODB = 'https://aws.amazon.com/dynamodb/pricing/on-demand/';
const LAMBDA = 'https://aws.amazon.com/lambda/pricing/';
const SNS = 'https://aws.amazon.com/sns/pricing/';
const SQS = 'https://aws.amazon.com/sqs/pricing/';
const EVENTBRIDGE = 'https://aws.amazon.com/eventbridge/pricing/';
const CLOUDWATCH = 'https://aws.amazon.com/cloudwatch/pricing/';

/** When the pages were last looked at. */
export const SEEN = 'November 2026';

/** List prices of us-east-1, on demand, without what is free of charge each month. */
export const PRICES = {
  writeUnit: price(0.625 / MILLION, 'write unit', DYNAMODB),
  readUnit: price(0.125 / MILLION, 'read unit', DYNAMODB),
  storedGbMonth: price(0.25, 'GB-month', DYNAMODB),
  recoverableGbMonth: price(0.2, 'GB-month of point-in-time recovery', DYNAMODB),
  lambdaCall: price(0.2 / MILLION, 'call', LAMBDA),
  /** arm64. */
  lambdaGbSecond: price(0.0000133334, 'GB-s', LAMBDA),
  durableOperation: price(8 / MILLION, 'durable operation', LAMBDA),
  durableGbWritten: price(0.25, 'GB written', LAMBDA),
  durableGbMonth: price(0.15, 'GB-month', LAMBDA),
  /** "Each 64KB chunk of published data is billed as 1 request": of a batch of ten small messages too. Deliveries to SQS cost nothing. */
  snsRequest: price(0.5 / MILLION, 'request of up to 64 KB', SNS),
  sqsRequest: price(0.4 / MILLION, 'request', SQS),
  schedulerCall: price(1 / MILLION, 'invocation', EVENTBRIDGE),
  busEvent: price(1 / MILLION, 'event', EVENTBRIDGE),
  stateTransition: price(25 / MILLION, 'state transition', 'https://aws.amazon.com/step-functions/pricing/'),
  alarmMonth: price(0.1, 'alarm a month', CLOUDWATCH),
  metricMonth: price(0.3, 'metric a month', CLOUDWATCH),
  dashboardMonth: price(3, 'dashboard a month', CLOUDWATCH),
  putMetricData: price(10 / MILLION, 'call', CLOUDWATCH),
  logGb: price(0.5, 'GB taken in', CLOUDWATCH),
  kmsKeyMonth: price(1, 'key a month', 'https://aws.amazon.com/kms/pricing/'),
  kmsRequest: price(3 / MILLION, 'request', 'https://aws.amazon.com/kms/pricing/'),
} as const satisfies Record<string, Price>;

/** So much of something that has a price. */
export interface Line {
  readonly what: string;
  readonly count: number;
  readonly price: Price;
}

export const line = (what: string, count: number, of: keyof typeof PRICES): Line => ({ what, count, price: PRICES[of] });

export const dollarsOf = (lines: readonly Line[]): number => lines.reduce((sum, { count, price }) => sum + count * price.dollars, 0);
