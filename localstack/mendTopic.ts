import { GetTopicAttributesCommand, SetTopicAttributesCommand, type SNSClient } from '@aws-sdk/client-sns';
import { mendResourcePolicy, type Policy } from './mendResourcePolicy.ts';

const DEFAULT_POLICY = '__default_policy_ID';

/**
 * Gap: MiniStack's default policy of a topic lets everybody of the account publish. AWS's does not: its one statement has a
 * condition (`AWS:SourceOwner`) that no role or user meets. A policy of the topic's own: see `mendResourcePolicy`.
 */
export async function mendTopic(sns: SNSClient, TopicArn: string): Promise<void> {
  const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
  if (!Attributes?.Policy) return;
  const policy = JSON.parse(Attributes.Policy) as Policy;
  const mended = policy.Id === DEFAULT_POLICY ? closed(policy, Attributes.Owner ?? '') : mendResourcePolicy(policy);
  await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue: JSON.stringify(mended) }));
}

function closed(policy: Policy, owner: string): Policy {
  const Condition = { StringEquals: { 'AWS:SourceOwner': owner } };
  return { ...policy, Statement: [policy.Statement].flat().map((statement) => ({ ...statement, Condition })) };
}
