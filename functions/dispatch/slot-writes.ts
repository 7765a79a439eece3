import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { entriesText, type Slot } from '../../core/slots.ts';
import type { Item } from '../rows.ts';
import type { Statement } from '../store.ts';

/** Which row a slot is written to, and by which run. */
export interface SlotWriter {
  readonly table: string;
  readonly id: string;
  readonly by: string;
}

const number = (value: number) => ({ N: String(value) });

/** Writes a slot on condition that its revision is as it was found; undefined: there was none. */
export const slotCommand = ({ table, id, by }: SlotWriter, { rev, entries }: Slot, found: Item[string] | undefined): UpdateItemCommand =>
  new UpdateItemCommand({
    TableName: table,
    Key: { id: { S: id } },
    UpdateExpression: 'SET #rev = :next, #entries = :entries, #by = :by',
    ConditionExpression: found === undefined ? 'attribute_not_exists(#rev)' : '#rev = :rev',
    ExpressionAttributeNames: { '#rev': 'rev', '#entries': 'entries', '#by': 'by' },
    ExpressionAttributeValues: {
      ':next': number(rev),
      ':entries': { S: entriesText(entries) },
      ':by': { S: by },
      ...(found === undefined ? {} : { ':rev': found }),
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });

/** The same as a statement of a batch, for a slot that has a revision. */
export const slotStatement = ({ table, id, by }: SlotWriter, { rev, entries }: Slot): Statement => ({
  Statement: `UPDATE "${table}" SET "rev"=? SET "entries"=? SET "by"=? WHERE "id"=? AND "rev"=? RETURNING ALL NEW *`,
  Parameters: [number(rev), { S: entriesText(entries) }, { S: by }, { S: id }, number(rev - 1)],
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
});
