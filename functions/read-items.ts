import { setTimeout } from 'node:timers/promises';
import {
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  type BatchGetItemCommandOutput,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { Item } from './rows.ts';

/** Keys in one `BatchGetItem` (DynamoDB API reference: "as many as 100 items"). */
const KEYS_PER_BATCH = 100;
/** Milliseconds before keys that were throttled are asked for again, doubled each time. */
const PAUSE_MS = { first: 25, last: 1_000 } as const;

/** Rows by id; absent: no such row. */
export async function readItems(
  dynamo: DynamoDBClient,
  table: string,
  ids: readonly string[],
  consistent: boolean,
): Promise<Map<string, Item>> {
  const found = new Map<string, Item>();
  // A key named twice is refused.
  const distinct = [...new Set(ids)];
  for (let from = 0; from < distinct.length; from += KEYS_PER_BATCH) {
    let keys: Item[] | undefined = distinct.slice(from, from + KEYS_PER_BATCH).map((id) => ({ id: { S: id } }));
    for (let pauseMs = 0; keys && keys.length > 0; pauseMs = Math.min(2 * pauseMs + PAUSE_MS.first, PAUSE_MS.last)) {
      // What was not processed was throttled.
      if (pauseMs > 0) await setTimeout(pauseMs);
      const request: BatchGetItemCommandInput = { RequestItems: { [table]: { Keys: keys, ConsistentRead: consistent } } };
      const { Responses, UnprocessedKeys }: BatchGetItemCommandOutput = await dynamo.send(new BatchGetItemCommand(request));
      for (const item of Responses?.[table] ?? []) found.set(item.id?.S ?? '', item);
      keys = UnprocessedKeys?.[table]?.Keys;
    }
  }
  return found;
}
