import type { BatchStatementResponse } from '@aws-sdk/client-dynamodb';
import { effectiveLevel, type Nomination } from '../../core/order.ts';
import type { Level, Task } from '../../core/task.ts';
import { log, reasonOf } from '../log.ts';
import { type Item, readTask } from '../rows.ts';
import { STATEMENTS_PER_BATCH, type Statement, type Store } from '../store.ts';

/** One claim to be made: which row at which revision, under which tag, as which level, until when. */
export interface Claim {
  readonly id: string;
  readonly rev: number;
  readonly tag: string;
  readonly level: Level;
  readonly leaseUntil: number;
}

/** Rows by id. Absent: there is no row. `unreadable`: there is one, but not in a form that this release can read. */
export type Rows = ReadonlyMap<string, Task | 'unreadable'>;

/**
 * Claims up to 25 rows at once, each on condition that it still waits at the nominated revision (see `decide`, claim).
 *
 * Answers the rows as they stand after it. A row that a statement's answer shows under our own tag is ours beyond doubt;
 * every other is read back, consistently: so a lost answer, an error of one statement or an SDK's second try burns no task.
 */
export async function claimBatch(store: Store, claims: readonly Claim[], now: number): Promise<Rows> {
  const rows = new Map<string, Item>();
  const answers = await attempt(store, claims, now);
  claims.forEach(({ id, tag }, i) => {
    const item = answers[i]?.Item ?? answers[i]?.Error?.Item;
    if (item?.claimedBy?.S === tag) rows.set(id, item);
  });
  const unproven = claims.filter(({ id }) => !rows.has(id)).map(({ id }) => id);
  for (const [id, item] of await store.readItems(unproven, true)) rows.set(id, item);
  return readable(rows);
}

async function attempt(store: Store, claims: readonly Claim[], now: number): Promise<BatchStatementResponse[]> {
  if (claims.length > STATEMENTS_PER_BATCH) throw new RangeError(`at most ${STATEMENTS_PER_BATCH} claims a batch; got ${claims.length}`);
  try {
    return await store.execute(claims.map((claim) => statementOf(store.table, claim, now)));
  } catch (error) {
    // Nothing is known of any of them: all are read back.
    log('WARN', 'a batch of claims was not answered', { reason: reasonOf(error), claims: claims.length });
    return [];
  }
}

/** Mirrors the core's `claim`: raises `rev` and `claim`, leaves the lanes, bears the tag. A test holds the two equal. */
function statementOf(table: string, { id, rev, tag, level, leaseUntil }: Claim, now: number): Statement {
  const set = ['state', 'rev', 'claimedBy', 'claimedAt', 'claimedLevel', 'leaseUntil'].map((name) => `SET "${name}"=?`).join(' ');
  const text = (value: string) => ({ S: value });
  const number = (value: number) => ({ N: String(value) });
  return {
    Statement: `UPDATE "${table}" ${set} SET "claim"="claim"+1 REMOVE "priority" REMOVE "watch" REMOVE "watchAt" WHERE "id"=? AND "rev"=? AND "state"=? RETURNING ALL NEW *`,
    Parameters: [
      text('leased'),
      number(rev + 1),
      text(tag),
      number(now),
      text(level),
      number(leaseUntil),
      text(id),
      number(rev),
      text('scheduled'),
    ],
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
}

/** Reads rows as tasks. One that cannot be read stops nobody. */
export const readable = (items: ReadonlyMap<string, Item>): Rows => new Map([...items].map(([id, item]) => [id, readTask(item)]));

/** The level a task is claimed as: that of its due instant, if it is claimed ahead of it. */
export const claimLevel = (nomination: Pick<Nomination, 'level' | 'deadlineAt'>, dueAt: number, now: number): Level =>
  effectiveLevel(nomination, Math.max(dueAt, now));
