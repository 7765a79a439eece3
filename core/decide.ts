import type { Action, Decision, NewTask } from './actions.ts';
import { complete, expire, extend, fail, refuse, snooze, start } from './claimed.ts';
import { refused, unchanged } from './decision.ts';
import type { AppSettings } from './policy.ts';
import { replay } from './replay.ts';
import { isExpired, type Task } from './task.ts';
import { cancel, claim, miss, moveToFront, reprioritize, reschedule } from './waiting.ts';

/**
 * The one place where a task changes: what comes of `action` on `task` (undefined: there is none) at `now`.
 * Pure. The caller writes a changed task on the condition that its `rev` is still the one decided upon.
 */
export function decide(task: Task | undefined, action: Action, now: number, settings: AppSettings): Decision {
  if (action.type === 'enqueue') return enqueue(task, action.task, now);
  if (!task || isExpired(task, now)) return refused({ reason: 'not found' });
  switch (action.type) {
    case 'claim':
      return claim(task, action, now, settings);
    case 'start':
      return start(task, action, now);
    case 'complete':
      return complete(task, action, now, settings);
    case 'fail':
      return fail(task, action, now, settings);
    case 'expire':
      return expire(task, action, now, settings);
    case 'refuse':
      return refuse(task, action, now, settings);
    case 'miss':
      return miss(task, action, now, settings);
    case 'extend':
      return extend(task, action, now, settings);
    case 'snooze':
      return snooze(task, action, now);
    case 'cancel':
      return cancel(task, now, settings);
    case 'reschedule':
      return reschedule(task, action, now);
    case 'reprioritize':
      return reprioritize(task, action, now);
    case 'moveToFront':
      return moveToFront(task, action, now);
    case 'replay':
      return replay(task, action, now);
    default:
      return action satisfies never;
  }
}

function enqueue(existing: Task | undefined, request: NewTask, now: number): Decision {
  // A key is held until the history behind it has expired, whether or not TTL has deleted the row yet.
  const held = existing && !isExpired(existing, now);
  if (held) return existing.request === request.request ? unchanged(existing) : refused({ reason: 'idempotency conflict' });
  const task: Task = {
    createdAt: now,
    state: 'scheduled',
    attempt: 0,
    deliveries: 0,
    consecutiveFailures: 0,
    attempts: [],
    // Not first: V8 makes a slow object of one that begins as another's copy and then grows by a dozen fields.
    ...request,
    // The front's key carries no instant and counts as due: a date to come wins over the place, or it would be notified early.
    position: request.dueAt > now ? 'back' : request.position,
    // Over an expired row they go on: neither may ever fall.
    rev: (existing?.rev ?? 0) + 1,
    claim: existing?.claim ?? 0,
    attemptsDropped: existing?.claim ?? 0,
  };
  // Not `changed`: a deadline that has passed already is told of by the claim.
  return { kind: 'changed', task, missed: false };
}
