import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { INDEXES } from '../core/lanes.ts';

/** The table with the key schema and the projections that are shipped. */
export async function createTable(dynamo: DynamoDBClient, TableName: string): Promise<void> {
  const keys = ['id', ...Object.values(INDEXES).flatMap(({ partition, sort }) => [partition, sort])];
  await dynamo.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: Object.entries(INDEXES).map(([IndexName, { partition, sort, projected }]) => ({
        IndexName,
        KeySchema: [
          { AttributeName: partition, KeyType: 'HASH' },
          { AttributeName: sort, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...projected] },
      })),
    }),
  );
}
