import { QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { PublishCommand } from '@aws-sdk/client-sns';
import { dueLane } from '../../core/lanes.ts';
import { bodyOf } from '../../functions/notification.ts';
import { type Item, taskOf } from '../../functions/rows.ts';
import { type Ground, SETTINGS, TABLE } from './ground.ts';

const PAGE = 100;
const LANE = dueLane(SETTINGS.app, 'medium', 0);

/** How a design without batches does it: a page of what is due is queried, then each task is claimed, told and noted as told by three calls. */
export async function oneByOne({ dynamo, sns }: Ground['clients'], leaseUntil: number): Promise<number> {
  let count = 0;
  for (;;) {
    const { Items = [] } = await dynamo.send(
      new QueryCommand({
        TableName: TABLE,
        IndexName: 'due',
        KeyConditionExpression: 'priority = :lane',
        ExpressionAttributeValues: { ':lane': { S: LANE } },
        Limit: PAGE,
      }),
    );
    if (Items.length === 0) return count;
    for (const { id, rev } of Items as { id: { S: string }; rev: { N: string } }[]) {
      const row = await claim(dynamo, id, Number(rev.N), leaseUntil);
      const task = taskOf(row);
      await sns.send(
        new PublishCommand({
          TopicArn: SETTINGS.topicArn,
          Message: bodyOf(task, Date.now()),
          MessageAttributes: { name: { DataType: 'String', StringValue: task.name } },
        }),
      );
      await noteTold(dynamo, id, task.rev);
      count++;
    }
  }
}

/** Conditional on the row as the index showed it; answers the row, of which the index has no more than its keys. */
async function claim(dynamo: Ground['clients']['dynamo'], id: { S: string }, rev: number, leaseUntil: number): Promise<Item> {
  const { Attributes = {} } = await dynamo.send(
    new UpdateItemCommand({
      TableName: TABLE,
      Key: { id },
      UpdateExpression: 'SET #state = :leased, rev = :next, claimedBy = :by, leaseUntil = :until ADD claim :one REMOVE priority',
      ConditionExpression: 'rev = :rev AND #state = :scheduled',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: {
        ':leased': { S: 'leased' },
        ':scheduled': { S: 'scheduled' },
        ':rev': { N: String(rev) },
        ':next': { N: String(rev + 1) },
        ':by': { S: 'one-by-one' },
        ':until': { N: String(leaseUntil) },
        ':one': { N: '1' },
      },
      ReturnValues: 'ALL_NEW',
    }),
  );
  return Attributes;
}

async function noteTold(dynamo: Ground['clients']['dynamo'], id: { S: string }, rev: number): Promise<void> {
  await dynamo.send(
    new UpdateItemCommand({
      TableName: TABLE,
      Key: { id },
      UpdateExpression: 'SET rev = :next, told = :true',
      ConditionExpression: 'rev = :rev',
      ExpressionAttributeValues: { ':rev': { N: String(rev) }, ':next': { N: String(rev + 1) }, ':true': { BOOL: true } },
    }),
  );
}
