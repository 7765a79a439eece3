import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { onTestFinished } from 'vitest';
import { INDEXES } from '../../core/lanes.ts';
import { unique } from './world.ts';

/** Where DynamoDB Local listens, if somebody has started it: `PUNCTUAL_DYNAMODB_LOCAL=http://localhost:8000`. */
export const DYNAMODB_LOCAL = process.env.PUNCTUAL_DYNAMODB_LOCAL;

/** A table on it as it is shipped, and a client of it, until the test ends. */
export async function onDynamoDbLocal() {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const dynamo = new DynamoDBClient({ endpoint: DYNAMODB_LOCAL ?? '', region: 'us-east-1', credentials });
  const TableName = unique('table');
  const key = (AttributeName: string, KeyType: 'HASH' | 'RANGE') => ({ AttributeName, KeyType });
  const names = ['id', ...Object.values(INDEXES).flatMap(({ partition, sort }) => [partition, sort])];
  await dynamo.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [key('id', 'HASH')],
      GlobalSecondaryIndexes: Object.entries(INDEXES).map(([IndexName, { partition, sort, projected }]) => ({
        IndexName,
        KeySchema: [key(partition, 'HASH'), key(sort, 'RANGE')],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...projected] },
      })),
    }),
  );
  onTestFinished(async () => {
    await dynamo.send(new DeleteTableCommand({ TableName }));
    dynamo.destroy();
  });
  return { dynamo, TableName, catchUp: async () => {} };
}
