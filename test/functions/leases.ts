import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { claimTag, entriesText, type SlotEntry } from '../../core/slots.ts';
import type { Task } from '../../core/task.ts';
import { slotId } from '../../functions/dispatch/ledger.ts';
import { START, type World } from './world.ts';

/** The task as it is once it was claimed under a slot. */
export const lease = (task: Task, slot: number, leaseUntil: number): Task => ({
  ...task,
  state: 'leased',
  rev: task.rev + 1,
  claim: task.claim + 1,
  claimedBy: claimTag(slot, task.rev, 'n'),
  claimedAt: START,
  claimedLevel: task.level,
  leaseUntil,
});

/** The entry that a leased task has in its slot. */
export const entryOf = ({ id, rev, leaseUntil = 0 }: Pick<Task, 'id' | 'rev' | 'leaseUntil'>): SlotEntry => ({
  id,
  rev: rev - 1,
  leaseUntil,
  published: true,
});

/** Writes a slot as it is, with the entries of tasks that are out. */
export async function putSlot(world: World, slot: number, tasks: readonly Task[], slots?: number): Promise<void> {
  const Item = {
    id: { S: slotId(world.settings.app, slot) },
    rev: { N: '1' },
    entries: { S: entriesText(tasks.map(entryOf)) },
    ...(slots === undefined ? {} : { slots: { N: String(slots) } }),
  };
  await world.admin.dynamo.send(new PutItemCommand({ TableName: world.table, Item }));
}
