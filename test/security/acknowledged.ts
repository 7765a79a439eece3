/** A finding that is known, and why it is right as it is. */
export interface Acknowledged {
  /** The rule's id, as cdk-nag writes it. */
  readonly rule: string;
  /** The paths, below the stack, of what it is found on. */
  readonly at: RegExp;
  readonly reason: string;
}

const FUNCTION = /\/Function$/;

/** Every finding of cdk-nag that stays. Whoever adds one says why here; one that is found no more is taken out. */
export const ACKNOWLEDGED: readonly Acknowledged[] = [
  {
    rule: 'AwsSolutions-IAM5[Resource::*]',
    at: /^Tasks\/(Dispatcher\/Dispatcher|FailurePath\/Failure|billing\/Report|ops-team\/Report)\/Role\/DefaultPolicy$/,
    reason: 'The action cloudwatch:PutMetricData knows no resources; a condition keeps it to the namespace Punctual.',
  },
  {
    rule: 'AwsSolutions-SQS3',
    at: /^Tasks\/Dispatcher\/DeadLetters$/,
    reason: 'It is the dead-letter queue of a function and of a rule; the rule of cdk-nag knows those of queues alone.',
  },
  {
    rule: 'Serverless-SQSRedrivePolicy',
    at: /\/DeadLetters$/,
    reason: 'They are the dead-letter queues: an alarm watches each, and messages stay for 14 days.',
  },
  {
    rule: 'Serverless-LambdaDLQ',
    at: /^Tasks\/Dispatcher\/Dispatcher\/Function$/,
    reason: 'It has one, as a destination of its asynchronous calls (EventInvokeConfig), which tells more than a dead-letter target.',
  },
  {
    rule: 'Serverless-LambdaDLQ',
    at: /^Tasks\/FailurePath\/Failure\/Function$/,
    reason: 'It is called by an SQS queue alone, whose redrive policy keeps what fails.',
  },
  {
    rule: 'Serverless-LambdaDLQ',
    at: /^Tasks\/(Operate|billing\/(Submit|Report)|ops-team\/(Submit|Report))\/Function$/,
    reason: 'A door is called synchronously: its caller is told of a failure, and a dead-letter target would never be used.',
  },
  {
    rule: 'Serverless-LambdaTracing',
    at: FUNCTION,
    reason:
      'X-Ray bills each traced call and asks for a permission on every resource; what happened to a task is in its own history, and lateness in the metrics.',
  },
  {
    rule: 'Serverless-LambdaEventSourceMappingDestination',
    at: /\/SqsEventSource:[^/]*$/,
    reason: 'A mapping of an SQS queue has none: what fails goes to the dead-letter queue of the queue itself.',
  },
  {
    rule: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    at: /^Worker\/ServiceRole$/,
    reason: 'The worker is a function of the user; the CDK gives it this policy, and we add to it what it needs.',
  },
  ...['DLQ', 'Tracing', 'DefaultMemorySize', 'DefaultTimeout'].map((lacking) => ({
    rule: `Serverless-Lambda${lacking}`,
    at: /^Worker$/,
    reason: 'The worker is a function of the user.',
  })),
];
