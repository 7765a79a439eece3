import type { Policy } from '../../core/policy.ts';
import type { Item } from './aws/expressions.ts';
import type { Process } from './process.ts';

// The guarantees of one row, said anew from RELIABILITY's list: nothing here is asked of the code that is judged.

const LEGAL: Readonly<Record<string, readonly string[]>> = {
  scheduled: ['scheduled', 'leased', 'cancelled', 'dead', 'completed'],
  leased: ['leased', 'scheduled', 'completed', 'dead'],
  completed: [],
  cancelled: [],
  dead: [],
};
const MAX_DELIVERIES = 5;
const BELOW: Readonly<Record<string, string>> = { high: 'medium', medium: 'low', low: 'low' };

export const text = (item: Item | undefined, name: string): string | undefined => item?.[name]?.S;
export const number = (item: Item | undefined, name: string): number => Number(item?.[name]?.N ?? Number.NaN);
export const stateOf = (item: Item | undefined): string => text(item, 'state') ?? 'none';
export const hasTrait = (item: Item | undefined, trait: string): boolean => item?.traits?.L?.some(({ S }) => S === trait) ?? false;
export const isUnacknowledged = (item: Item | undefined): boolean => hasTrait(item, 'unacknowledged');

/** How the entry of a row's claim begins in its slot, and in which slot. */
export function placeOf(item: Item | undefined): { slot: number; rev: number } | undefined {
  const [, slot, rev] = /^(\d+)\.(\d+)\./.exec(text(item, 'claimedBy') ?? '') ?? [];
  return slot === undefined ? undefined : { slot: Number(slot), rev: Number(rev) };
}

const endedClaims = (item: Item | undefined): number => (item?.attempts?.L?.length ?? 0) + (number(item, 'attemptsDropped') || 0);
const lastMove = (item: Item | undefined): string | undefined => item?.moves?.L?.at(-1)?.M?.move?.S;
export const lastOutcome = (item: Item | undefined): string | undefined => item?.attempts?.L?.at(-1)?.M?.outcome?.S;

/** What a write of a task's row must be; the ones that do not hold come back. */
export function brokenBy(before: Item | undefined, after: Item, by: Process, id: string, policy: Policy): string[] {
  const rules = {
    'attempt ≤ maxAttempts': number(after, 'attempt') <= policy.maxAttempts,
    'deliveries ≤ their bound': number(after, 'deliveries') <= MAX_DELIVERIES,
    ...(before
      ? {
          ...rulesOfChange(before, after, by, id),
          ...rulesOfPriority(before, after),
          ...rulesOfCounts(before, after),
          ...rulesOfRetry(before, after, policy),
        }
      : { 'a task is born waiting': stateOf(after) === 'scheduled' && number(after, 'rev') === 1 }),
  };
  return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [rule]));
}

function rulesOfChange(before: Item, after: Item, by: Process, id: string) {
  const [was, is] = [stateOf(before), stateOf(after)];
  const isClaim = was === 'scheduled' && (is === 'leased' || is === 'completed');
  const isEnded = endedClaims(after) > endedClaims(before);
  const isReplay = lastMove(after) === 'replayed' && is === 'scheduled' && (after.moves?.L?.length ?? 0) > 0;
  const isUndone = isUnacknowledged(before) && was === 'completed' && lastOutcome(after) === 'refused';
  return {
    'rev grows by 1': number(after, 'rev') === number(before, 'rev') + 1,
    'the claim number grows by 1 at a claim and never else': number(after, 'claim') === number(before, 'claim') + (isClaim ? 1 : 0),
    'only legal moves': (LEGAL[was] ?? []).includes(is) || (isReplay && was !== 'leased') || isUndone,
    'only the dispatcher claims': !isClaim || by.name.startsWith('dispatcher'),
    'only an unacknowledged task is completed by its claim': was !== 'scheduled' || is !== 'completed' || isUnacknowledged(after),
    'a waiting task dies by its deadline alone': was !== 'scheduled' || is !== 'dead' || text(after, 'deathReason') === 'deadline missed',
    'a report counts under the current claim alone': !isReport(by) || by.isAbout(id, number(before, 'claim')),
    'a lease is never shortened': was !== 'leased' || is !== 'leased' || number(after, 'leaseUntil') >= number(before, 'leaseUntil'),
    'a holder is never changed under its claim':
      before.holder === undefined || is !== 'leased' || text(after, 'holder') === text(before, 'holder'),
    'a claim ends in the history': was !== 'leased' || is === 'leased' || isEnded,
    'history is append-only': isAppended(before, after),
    'identity stays': ['id', 'app', 'name', 'request', 'createdAt'].every((name) => same(before, after, name)),
    'a payload stays': same(before, after, 'payload'),
  };
}

/** How a task's level may change, and as what it is claimed. */
function rulesOfPriority(before: Item, after: Item) {
  const [was, is] = [text(before, 'level'), text(after, 'level')];
  const isMoved = moves(after) > moves(before);
  const counts = number(after, 'deadlineAt') <= Math.max(number(after, 'dueAtMs'), number(after, 'claimedAt')) ? 'high' : is;
  return {
    'a level changes by a move of its own alone': was === is || (isMoved && ['demoted', 'reprioritized'].includes(lastMove(after) ?? '')),
    'a claim counts a reached deadline as high, and nothing else':
      number(after, 'claim') === number(before, 'claim') || text(after, 'claimedLevel') === counts,
  };
}

/** What comes of an attempt that failed: a pause within its bound, a level lower after so many in a row, or its end. */
function rulesOfRetry(before: Item, after: Item, { backoffBaseMs, backoffCapMs, demoteAfter, maxAttempts }: Policy) {
  const isFailure = endedClaims(after) > endedClaims(before) && lastOutcome(after) === 'failed';
  const waits = isFailure && stateOf(after) === 'scheduled';
  const failures = number(after, 'consecutiveFailures');
  const pauseMs = number(after, 'dueAtMs') - number(after.attempts?.L?.at(-1)?.M, 'endedAt');
  const [was, is] = [text(before, 'level') ?? '', text(after, 'level') ?? ''];
  const isFallDue = failures % demoteAfter === 0;
  return {
    'a failure is retried until its attempts are spent': !isFailure || waits === number(after, 'attempt') < maxAttempts,
    'a retry comes within its backoff': !waits || (pauseMs >= 0 && pauseMs <= Math.min(backoffCapMs, backoffBaseMs * 2 ** (failures - 1))),
    'a task falls by a level after so many failures in a row': !waits || is === (isFallDue ? BELOW[was] : was),
  };
}

const moves = (item: Item): number => (item.moves?.L?.length ?? 0) + (number(item, 'movesDropped') || 0);

/** The counts of a row are those of its history, write by write. */
function rulesOfCounts(before: Item, after: Item) {
  const isReplayed = moves(after) > moves(before) && lastMove(after) === 'replayed';
  const outcome = endedClaims(after) > endedClaims(before) ? lastOutcome(after) : undefined;
  const isFailed = outcome === 'failed';
  const isLost = outcome === 'expired' || outcome === 'refused';
  const isHeard = isFailed || outcome === 'snoozed';
  const folded = (name: string, isOneMore: boolean, isAnew = false) =>
    number(after, name) === (isReplayed || isAnew ? 0 : number(before, name) + (isOneMore ? 1 : 0));
  return {
    'attempts fold to their count': folded('attempt', isFailed),
    'failures in a row fold to their count': folded('consecutiveFailures', isFailed),
    'deliveries in vain fold to their count': folded('deliveries', isLost, isHeard),
  };
}

/** The failure function decides of claims that were told it, workers report theirs: all others are about no claim. */
const isReport = (by: Process): boolean => by.name.startsWith('report') || by.name.startsWith('failure');

const same = (before: Item, after: Item, name: string): boolean => JSON.stringify(before[name]) === JSON.stringify(after[name]);

function isAppended(before: Item, after: Item): boolean {
  const grown = endedClaims(after) - endedClaims(before);
  const dropped = number(after, 'attemptsDropped') - number(before, 'attemptsDropped');
  const kept = (before.attempts?.L ?? []).slice(dropped);
  return grown >= 0 && grown <= 1 && kept.every((attempt, i) => JSON.stringify(attempt) === JSON.stringify(after.attempts?.L?.[i]));
}
