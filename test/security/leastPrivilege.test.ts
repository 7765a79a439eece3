import { describe, expect, it } from 'vitest';
import { ofType, permissionsOf, readable, wholeStack } from '../infra/fixture.ts';
import { type Called, calledOperations } from './calledOperations.ts';

const { resources } = wholeStack();

/** The action that IAM asks about, by the SDK's command ("Service Authorization Reference", actions of each service). */
const ACTIONS: Readonly<Record<string, string>> = {
  BatchGetItem: 'dynamodb:BatchGetItem',
  GetItem: 'dynamodb:GetItem',
  Query: 'dynamodb:Query',
  UpdateItem: 'dynamodb:UpdateItem',
  Invoke: 'lambda:InvokeFunction',
  Publish: 'sns:Publish',
  PublishBatch: 'sns:Publish',
  PutEvents: 'events:PutEvents',
  PutMetricData: 'cloudwatch:PutMetricData',
  GetParametersByPath: 'ssm:GetParametersByPath',
  ReceiveMessage: 'sqs:ReceiveMessage',
  DeleteMessage: 'sqs:DeleteMessage',
  ChangeMessageVisibility: 'sqs:ChangeMessageVisibility',
};
/** `BatchExecuteStatement` has no action of its own: IAM asks about each statement ("IAM security policies with PartiQL"). */
const STATEMENTS: Readonly<Record<string, string>> = {
  INSERT: 'dynamodb:PartiQLInsert',
  UPDATE: 'dynamodb:PartiQLUpdate',
};

/** What AWS does in the name of a role, and no code of ours calls. */
const WRITES_LOGS: Readonly<Record<string, string>> = {
  'logs:CreateLogStream': 'Lambda writes the function’s log',
  'logs:PutLogEvents': 'Lambda writes the function’s log',
};
const POLLS: Readonly<Record<string, string>> = {
  'sqs:ReceiveMessage': 'Lambda polls the queue that feeds the function',
  'sqs:DeleteMessage': 'Lambda polls the queue that feeds the function',
  'sqs:ChangeMessageVisibility': 'Lambda hands back what failed',
  'sqs:GetQueueAttributes': 'Lambda polls the queue that feeds the function',
  'sqs:GetQueueUrl': 'the CDK’s SqsEventSource grants it; it tells no more than the queue’s address',
};

const SYSTEM: readonly (readonly [role: string, file: string, byAws: Readonly<Record<string, string>>])[] = [
  [
    'TasksDispatcherRole',
    'functions/dispatcher.ts',
    { ...WRITES_LOGS, 'sqs:SendMessage': 'Lambda puts what it could not call the function with into its dead-letter queue' },
  ],
  ['TasksFailurePathFailureRole', 'functions/failure.ts', { ...WRITES_LOGS, ...POLLS }],
  ['TasksOperateRole', 'functions/operate.ts', WRITES_LOGS],
  ['TasksbillingSubmitRole', 'functions/submit.ts', WRITES_LOGS],
  ['TasksbillingReportRole', 'functions/report.ts', WRITES_LOGS],
  ['TasksopsteamSubmitRole', 'functions/submit.ts', WRITES_LOGS],
  ['TasksopsteamReportRole', 'functions/report.ts', WRITES_LOGS],
];
/** What a user's role is granted, and the client's code that runs with it. */
const USERS: typeof SYSTEM = [
  ['Enqueuer', 'client/PunctualClient.ts', {}],
  ['OnCall', 'client/PunctualOperator.ts', {}],
  ['Container', 'client/Worker.ts', { 'sqs:GetQueueAttributes': 'the CDK’s grantConsumeMessages', 'sqs:GetQueueUrl': 'the same' }],
];

const called = calledOperations([...new Set([...SYSTEM, ...USERS].map(([, file]) => file))]);

/** @throws if there is no word on a command: whoever calls a new operation says here what IAM asks for it */
function actionsOf({ commands, statements }: Called): string[] {
  const named = (name: string, table: Readonly<Record<string, string>>): string => {
    const action = table[name];
    if (action === undefined) throw new Error(`${name} is called, and no IAM action is known for it`);
    return action;
  };
  return [
    ...[...commands].filter((name) => name !== 'BatchExecuteStatement').map((name) => named(name, ACTIONS)),
    ...(commands.has('BatchExecuteStatement') ? [...statements].map((word) => named(word, STATEMENTS)) : []),
  ];
}

/** By its own policies and by those of topics that name it. */
function grantedTo(role: string): string[] {
  const byTopics = ofType(resources, 'AWS::SNS::TopicPolicy')
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
    .filter(({ Effect, Principal }) => Effect === 'Allow' && readable(Principal?.AWS ?? '') === role)
    .flatMap(({ Action }) => Action);
  return [...permissionsOf(resources, role).map((line) => line.split(' ')[0] ?? ''), ...byTopics];
}

const distinct = (names: readonly string[]): string[] => [...new Set(names)].sort();

describe('least privilege', () => {
  it.each([...SYSTEM, ...USERS])('%s may do exactly what %s calls, and what AWS does in its name', (role, file, byAws) => {
    const calls = actionsOf(called.get(file) as Called);
    expect(calls.length).toBeGreaterThan(0);
    expect(distinct(grantedTo(role))).toEqual(distinct([...calls, ...Object.keys(byAws)]));
  });
});
