import { ConditionalCheckFailedException, type DynamoDBClient, type UpdateItemCommand } from '@aws-sdk/client-dynamodb';

/** Sends a conditional write. Answers false if its condition did not hold; everything else that goes wrong is thrown. */
export async function writeIf(dynamo: DynamoDBClient, command: UpdateItemCommand): Promise<boolean> {
  try {
    await dynamo.send(command);
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
