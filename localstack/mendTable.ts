import { type DynamoDBClient, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';

/** Gap: MiniStack's CloudFormation ignores `TimeToLiveSpecification`; its DynamoDB API knows it. */
export async function mendTable(dynamo: DynamoDBClient, TableName: string, properties: Record<string, unknown>): Promise<void> {
  const wanted = properties.TimeToLiveSpecification as { AttributeName?: string; Enabled?: boolean } | undefined;
  const { AttributeName, Enabled } = wanted ?? {};
  if (!Enabled || !AttributeName) return;
  await dynamo.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { AttributeName, Enabled } }));
}
