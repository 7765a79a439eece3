import { type CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import type { Clients } from './clientsFor.ts';
import type { LocalAws } from './localAws.ts';
import { mendQueue } from './mendQueue.ts';
import { mendRole } from './mendRole.ts';
import { mendTable } from './mendTable.ts';
import { mendTopic } from './mendTopic.ts';
import type { Stack } from './readAssembly.ts';

/**
 * Sets by API what MiniStack 1.5.33 leaves out of deployed stacks although behaviour depends on it; nothing elsewhere.
 * Runs when all stacks are there: a stack may add policies to the roles of another.
 */
export async function mendForEmulator(aws: Omit<LocalAws, 'stop'>, clients: Clients, stacks: readonly Stack[]): Promise<void> {
  if (aws.emulator !== 'ministack') return;
  for (const stack of stacks) {
    const physical = await physicalIds(clients.cloudFormation, stack.name);
    for (const [id, { Type, Properties = {} }] of Object.entries(stack.template.Resources)) {
      const name = physical.get(id);
      if (name === undefined) continue;
      if (Type === 'AWS::DynamoDB::Table' || Type === 'AWS::DynamoDB::GlobalTable') await mendTable(clients.dynamo, name, Properties);
      if (Type === 'AWS::IAM::Role') await mendRole(clients.iam, name);
      if (Type === 'AWS::SQS::Queue') await mendQueue(clients.sqs, name);
      if (Type === 'AWS::SNS::Topic') await mendTopic(clients.sns, name);
    }
  }
}

async function physicalIds(cloudFormation: CloudFormationClient, StackName: string): Promise<Map<string, string>> {
  const { StackResources = [] } = await cloudFormation.send(new DescribeStackResourcesCommand({ StackName }));
  return new Map(StackResources.map(({ LogicalResourceId = '', PhysicalResourceId = '' }) => [LogicalResourceId, PhysicalResourceId]));
}
