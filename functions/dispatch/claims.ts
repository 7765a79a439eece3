import { ending, isNewlyLate, markedLate } from '../../core/decision.ts';
import { historyLane, shardOf, watchKey } from '../../core/lanes.ts';
import { effectiveLevel, type Nomination } from '../../core/order.ts';
import type { AppSettings } from '../../core/policy.ts';
import { hasTrait, type Level, type Task } from '../../core/task.ts';
import { log, reasonOf } from '../log.ts';
import { attributeOf, type Item, type Row, readTask } from '../rows.ts';
import { type Answers, STATEMENTS_PER_BATCH, type Statement, type Store } from '../store.ts';

/** One claim to be made: which row at which revision, under which tag, as which level, until when. */
export interface Claim extends Pick<Task, 'deadlineAt' | 'traits'> {
  readonly id: string;
  readonly rev: number;
  readonly tag: string;
  readonly level: Level;
  readonly leaseUntil: number;
}

/**
 * Rows by id. Absent: there is no row. `unreadable`: there is one, but not in a form that this release can read.
 * `quarantined`: such a one, which the failure function has set aside.
 */
export type Rows = ReadonlyMap<string, Task | 'unreadable' | 'quarantined'>;

/**
 * Claims up to 25 rows at once, each on condition that it still waits at the nominated revision (see `decide`, claim).
 *
 * Answers the rows as they stand after it. A row that a statement's answer shows under our own tag is ours beyond doubt;
 * every other is read back, consistently: so a lost answer, an error of one statement or an SDK's second try burns no task.
 */
export async function claimBatch(store: Store, claims: readonly Claim[], now: number, settings: AppSettings): Promise<Rows> {
  const rows = new Map<string, Item>();
  const unproven: string[] = [];
  const answers = await attempt(store, claims, now, settings);
  for (const [i, { id, tag }] of claims.entries()) {
    const item = answers[i]?.Item ?? answers[i]?.Error?.Item;
    if (item?.claimedBy?.S === tag) rows.set(id, item);
    else unproven.push(id);
  }
  for (const [id, item] of await store.readItems(unproven, true)) rows.set(id, item);
  return readable(rows);
}

async function attempt(store: Store, claims: readonly Claim[], now: number, settings: AppSettings): Promise<Answers> {
  if (claims.length > STATEMENTS_PER_BATCH) throw new RangeError(`at most ${STATEMENTS_PER_BATCH} claims a batch; got ${claims.length}`);
  try {
    const statements: Statement[] = [];
    for (const claim of claims) statements.push(statementOf(store.table, claim, now, settings));
    return await store.execute(statements);
  } catch (error) {
    // Nothing is known of any of them: all are read back.
    log('WARN', 'a batch of claims was not answered', { reason: reasonOf(error), claims: claims.length });
    return [];
  }
}

/** Mirrors the core's `claim`: raises `rev` and `claim`, leaves the lanes, bears the tag. A test holds the two equal. */
function statementOf(table: string, claim: Claim, now: number, settings: AppSettings): Statement {
  const set = changesOf(claim, now, settings);
  const names: string[] = [];
  const Parameters: Item[string][] = [];
  for (const name in set) {
    if (set[name] === undefined) continue;
    names.push(name);
    Parameters.push(attributeOf(set[name]));
  }
  Parameters.push({ S: claim.id }, { N: String(claim.rev) }, { S: 'scheduled' });
  return { Statement: textOf(table, names), Parameters, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' };
}

/** The same for nearly all claims. */
const texts = new Map<string, string>();

function textOf(table: string, names: readonly string[]): string {
  const key = `${table} ${names}`;
  let text = texts.get(key);
  if (text === undefined) {
    const sets = names.map((name) => `SET "${name}"=?`);
    const removes = ['priority', 'watch', 'watchAt'].filter((name) => !names.includes(name)).map((name) => `REMOVE "${name}"`);
    text = `UPDATE "${table}" ${sets.join(' ')} SET "claim"="claim"+1 ${removes.join(' ')} WHERE "id"=? AND "rev"=? AND "state"=? RETURNING ALL NEW *`;
    texts.set(key, text);
  }
  return text;
}

/** What a claim writes. An unacknowledged task ends with it, and keeps the claim until its history is written anew. */
function changesOf(claim: Claim, now: number, settings: AppSettings): Row {
  const { id, rev, tag, level, leaseUntil } = claim;
  const end = hasTrait(claim, 'unacknowledged') ? ending('completed', now, settings) : undefined;
  return {
    state: 'leased',
    rev: rev + 1,
    claimedBy: tag,
    claimedAt: now,
    claimedLevel: level,
    leaseUntil,
    ...(isNewlyLate(claim, now) ? { traits: markedLate(claim).traits } : {}),
    ...end,
    ...(end?.listed ? { watch: historyLane(settings.app, 'completed', shardOf(id, settings.shards)), watchAt: watchKey(now, id) } : {}),
  };
}

/** Reads rows as tasks. One that cannot be read stops nobody. */
export function readable(items: ReadonlyMap<string, Item>): Rows {
  const rows = new Map<string, Task | 'unreadable' | 'quarantined'>();
  for (const [id, item] of items) {
    const task = readTask(item);
    rows.set(id, task === 'unreadable' && item.state?.S === 'dead' ? 'quarantined' : task);
  }
  return rows;
}

/** The level a task is claimed as: that of its due instant, if it is claimed ahead of it. */
export const claimLevel = (nomination: Pick<Nomination, 'level' | 'deadlineAt'>, dueAt: number, now: number): Level =>
  effectiveLevel(nomination, Math.max(dueAt, now));
