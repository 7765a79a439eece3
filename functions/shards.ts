import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { MAX_SHARDS } from '../contract/limits.ts';
import type { AppSettings } from '../core/policy.ts';
import { writeIf } from './conditional.ts';
import type { Item } from './rows.ts';
import { Seat } from './seat.ts';

/** Key of what was set for an app at run time, and of how many shards it has ever used. */
export const settingsId = (app: string): string => `~settings/${app}`;

/** The count that rows are written under, and whether the dispatchers were told of it. */
const USED = 'shards';
const TOLD = 'shardsTold';

/**
 * How many shards an app has ever used, on record. Whoever is about to put a row into a lane says so first, so that those who
 * read the lanes look at all of them, whatever settings they have: older ones, or ones that were lowered.
 */
export class Shards {
  readonly #dynamo: DynamoDBClient;
  readonly #table: string;
  /** By app: the highest count that is known to be on record. */
  readonly #open = new Map<string, number>();

  constructor(dynamo: DynamoDBClient, table: string) {
    this.#dynamo = dynamo;
    this.#table = table;
  }

  /** Rows may be written under this count once it returns. It asks AWS once for each app and count, and never of one shard. */
  async open(app: string, count: number): Promise<void> {
    if (count <= (this.#open.get(app) ?? 1)) return;
    const key = { TableName: this.#table, Key: { id: { S: settingsId(app) } } };
    const { Item } = await this.#dynamo.send(new GetItemCommand({ ...key, ConsistentRead: true }));
    if (countIn(Item, USED) < count) await this.#raise(app, USED, count);
    if (countIn(Item, TOLD) < count) {
      await new Seat(this.#dynamo, this.#table).announceSettings();
      // Last: whoever finds the count untold tells of it, because its first writer may have died between the two.
      await this.#raise(app, TOLD, count);
    }
    this.#open.set(app, count);
  }

  async #raise(app: string, name: string, count: number): Promise<void> {
    const command = new UpdateItemCommand({
      TableName: this.#table,
      Key: { id: { S: settingsId(app) } },
      UpdateExpression: 'SET #count = :count',
      ConditionExpression: 'attribute_not_exists(#count) OR #count < :count',
      ExpressionAttributeNames: { '#count': name },
      ExpressionAttributeValues: { ':count': { N: String(count) } },
    });
    // False: another has raised it as high, or higher.
    await writeIf(this.#dynamo, command);
  }
}

/** How many shards an app has ever used, by its row of run-time settings. What is no such number overlooks none. */
export const shardsUsed = (item: Item | undefined): number => countIn(item, USED);

function countIn(item: Item | undefined, name: string): number {
  if (!item?.[name]) return 1;
  const count = Number(item[name].N);
  return Number.isSafeInteger(count) && count >= 1 && count <= MAX_SHARDS ? count : MAX_SHARDS;
}

/** The settings by which an app's lanes are read: all that it has ever used. */
export const readingAll = (settings: AppSettings, used = 1): AppSettings =>
  used > settings.shards ? { ...settings, shards: used } : settings;
