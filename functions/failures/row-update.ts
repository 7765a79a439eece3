import { type AttributeValue, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Item } from '../rows.ts';

/** A change of a row as it was read, whatever that was. */
export interface RowUpdate {
  readonly table: string;
  readonly id: string;
  /** As it was read; undefined: there was none. */
  readonly before: Item | undefined;
  /** Attributes that must still have the very value that was read, or still be absent. */
  readonly unchanged: readonly string[];
  readonly set: Item;
  readonly removed: readonly string[];
}

/** The change as one conditional write of raw attributes; for rows whose revision may not even be a number. */
export function rowUpdate({ table, id, before, unchanged, set, removed }: RowUpdate): UpdateItemCommand {
  const values: Record<string, AttributeValue> = {};
  const parts = unchanged.map((name) => {
    const value = before?.[name];
    if (value) values[`:was_${name}`] = value;
    return value ? `#${name} = :was_${name}` : `attribute_not_exists(#${name})`;
  });
  for (const [name, value] of Object.entries(set)) values[`:${name}`] = value;
  const sets = Object.keys(set);
  const named = new Set([...sets, ...removed, ...(before ? unchanged : []), 'id']);
  return new UpdateItemCommand({
    TableName: table,
    Key: { id: { S: id } },
    UpdateExpression: [
      sets.length > 0 ? `SET ${sets.map((name) => `#${name} = :${name}`).join(', ')}` : '',
      removed.length > 0 ? `REMOVE ${removed.map((name) => `#${name}`).join(', ')}` : '',
    ].join(' '),
    // An update would make a row anew that was deleted meanwhile.
    ConditionExpression: before ? ['attribute_exists(#id)', ...parts].join(' AND ') : 'attribute_not_exists(#id)',
    ExpressionAttributeNames: Object.fromEntries([...named].map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: values,
  });
}
