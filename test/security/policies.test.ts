import { describe, expect, it } from 'vitest';
import { ofType, readable, wholeStack } from '../infra/fixture.ts';

const { resources } = wholeStack();

describe('who may publish', () => {
  const statementsOf = (policy: string): string[] => {
    const [found] = ofType(resources, 'AWS::SNS::TopicPolicy').filter(([id]) => readable({ Ref: id }) === policy);
    return found?.[1].Properties.PolicyDocument.Statement.map(
      ({ Effect, Principal, Action, Condition }: Record<string, unknown>) =>
        `${Effect} ${readable(Principal)} ${Action} ${Condition ? readable(Condition) : 'always'}`,
    );
  };

  it('to the topic of an app: the dispatcher alone', () => {
    expect(statementsOf('TasksbillingTopicPolicy')).toEqual([
      'Deny * sns:Publish {"Bool":{"aws:SecureTransport":"false"}}',
      expect.stringMatching(/^Allow \{"AWS":\{"Fn::GetAtt":\["TasksDispatcherRole[0-9A-F]{8}","Arn"\]\}\} sns:Publish always$/),
    ]);
  });

  it('to the alerts topic: alarms of this account, and by its own role the failure function', () => {
    expect(statementsOf('TasksAlertsPolicy')).toEqual([
      'Deny * sns:Publish {"Bool":{"aws:SecureTransport":"false"}}',
      expect.stringContaining(
        'Allow {"Service":"cloudwatch.amazonaws.com"} sns:Publish {"StringEquals":{"aws:SourceAccount":{"Ref":"AWS::AccountId"}}',
      ),
    ]);
  });
});

describe('services', () => {
  it('act only in the name of a resource or an account that is named', () => {
    const statements = [...ofType(resources, 'AWS::SNS::TopicPolicy'), ...ofType(resources, 'AWS::SQS::QueuePolicy')].flatMap(
      ([, { Properties }]) => Properties.PolicyDocument.Statement,
    );
    const byServices = statements.filter(({ Principal }) => Principal?.Service);
    expect(
      byServices.map(({ Principal, Action, Condition: { ArnEquals, ArnLike } }) => {
        const { 'aws:SourceArn': source } = ArnEquals ?? ArnLike;
        return `${Principal.Service} ${Action} for ${readable(source)}`;
      }),
    ).toEqual([
      'cloudwatch.amazonaws.com sns:Publish for arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm:*',
      'events.amazonaws.com sqs:SendMessage for TasksDispatcherTick',
      'events.amazonaws.com sqs:SendMessage for TasksDispatcherGoOn',
      'events.amazonaws.com sqs:SendMessage for TasksFailurePathRule',
      'events.amazonaws.com sqs:SendMessage,sqs:GetQueueAttributes,sqs:GetQueueUrl for TasksFailurePathRule',
      'sns.amazonaws.com sqs:SendMessage for TasksbillingTopic',
      'sns.amazonaws.com sqs:SendMessage for TasksbillingTopic',
      'sns.amazonaws.com sqs:SendMessage for TasksopsteamTopic',
      'sns.amazonaws.com sqs:SendMessage for TasksopsteamTopic',
    ]);
    const permissions = ofType(resources, 'AWS::Lambda::Permission');
    const callers = permissions.map(([, { Properties }]) => readable(Properties.SourceArn));
    expect(callers.sort()).toEqual(['TasksDispatcherGoOn', 'TasksDispatcherTick']);
  });

  it('reach topics and queues over TLS alone', () => {
    for (const [kind, policy, target, count] of [
      ['AWS::SNS::Topic', 'AWS::SNS::TopicPolicy', 'Topics', 3],
      ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy', 'Queues', 7],
    ] as const) {
      const all = ofType(resources, kind).map(([id]) => readable({ Ref: id }));
      const tlsOnly = ofType(resources, policy)
        .filter(([, { Properties }]) =>
          Properties.PolicyDocument.Statement.some(
            (one: Record<string, unknown>) =>
              one.Effect === 'Deny' && JSON.stringify(one.Condition) === '{"Bool":{"aws:SecureTransport":"false"}}',
          ),
        )
        .flatMap(([, { Properties }]) => Properties[target].map(readable));
      expect(all.length).toBe(count);
      expect(tlsOnly.sort()).toEqual(all.sort());
    }
  });
});
