import { effectiveLevel } from './order.ts';
import { type AppSettings, policyFor } from './policy.ts';
import { type DeathReason, hasTrait, LEASE_SKEW_MS, lastError, MAX_DELIVERIES, type Task } from './task.ts';
import type { Valves } from './valves.ts';
import { isWorthless } from './waiting.ts';

/** What a task's own row does not know, but its way depends on. */
export interface Surroundings {
  readonly settings: AppSettings;
  readonly valves: Valves;
  /** Tasks of its app that are out now. */
  readonly inFlight: number;
  /** Of a due task: how many are notified before it, as far as that was counted; absent: nobody counted. */
  readonly ahead?: { readonly count: number; readonly isMore: boolean };
}

/** Why a task is where it is and what happens next, in one sentence. Instants are RFC 3339 UTC. */
export function explainTask(task: Task, now: number, surroundings: Surroundings): string {
  switch (task.state) {
    case 'scheduled':
      return `${waiting(task, now, surroundings)}.`;
    case 'leased':
      return `${leased(task, now, surroundings.settings)}.`;
    case 'completed':
      return `${completed(task)}.`;
    case 'cancelled':
      return `Cancelled at ${instant(task.endedAt)}${replayHint(task)}.`;
    case 'dead':
      return `${dead(task, surroundings.settings)}.`;
    default:
      return task.state satisfies never;
  }
}

function waiting(task: Task, now: number, surroundings: Surroundings): string {
  if (isWorthless(task, now, surroundings.settings)) {
    return `Late since its deadline ${instant(task.deadlineAt)} and worthless then: it will be dead (deadline missed) instead of being notified`;
  }
  const isDue = task.position === 'front' || task.dueAt <= now;
  const place = isDue ? due(task, now, surroundings) : notDue(task, surroundings.settings);
  return [place, ...hindrances(task, isDue, surroundings)].join('; ');
}

function notDue(task: Task, settings: AppSettings): string {
  const date = instant(task.dueAt);
  const last = whyItWaits(task);
  const error = last?.error === undefined ? '' : ` with ${last.error.name}`;
  switch (last?.outcome) {
    case 'failed':
      return `Retry at ${date}, after attempt ${task.attempt} of ${maxAttempts(task, settings)} failed${error}`;
    case 'snoozed':
      return `Snoozed until ${date} by its worker`;
    case 'refused':
      return `Notified again at ${date}, after SNS refused its notification${error} (${task.deliveries} of ${MAX_DELIVERIES} times)`;
    default:
      return `Not due until ${date}`;
  }
}

/** The claim that gave the task its date; undefined if somebody has given it another since, or nobody has claimed it. */
function whyItWaits({ attempts, moves }: Task) {
  const last = attempts.at(-1);
  const dated = moves?.findLast(({ move }) => move === 'rescheduled' || move === 'replayed');
  return last !== undefined && (dated === undefined || dated.at < last.endedAt) ? last : undefined;
}

function due(task: Task, now: number, { ahead }: Surroundings): string {
  const since = task.position === 'front' ? 'Due, at the front' : `Due since ${instant(task.dueAt)}`;
  const escalated = effectiveLevel(task, now) === task.level ? '' : `, counted as high since its deadline ${instant(task.deadlineAt)}`;
  return `${since}${escalated}${ahead === undefined ? '' : aheadText(ahead)}`;
}

function aheadText({ count, isMore }: Exclude<Surroundings['ahead'], undefined>): string {
  if (count === 0) return isMore ? '' : ', and next';
  return `, ${isMore ? 'at least ' : ''}${count} ahead of it`;
}

/** What holds it up besides its place. */
function hindrances(task: Task, isDue: boolean, { settings, valves, inFlight }: Surroundings): string[] {
  const name = Object.hasOwn(valves.names, task.name) ? valves.names[task.name] : undefined;
  const isFull = isDue && inFlight >= settings.maxInFlight;
  return [
    ...valveText(`app ${task.app}`, valves.app, isDue),
    ...valveText(`task name ${task.name}`, name, isDue),
    ...(isFull ? [`app ${task.app} is at its in-flight limit (${inFlight} of ${settings.maxInFlight} out)`] : []),
  ];
}

function valveText(what: string, valve: Valves['app'], isDue: boolean): string[] {
  if (valve === 'paused') return [`${what} is paused: nothing is notified until it is resumed`];
  return valve !== undefined && isDue ? [`${what} is limited to ${valve.perMinute} a minute`] : [];
}

function leased(task: Task, now: number, settings: AppSettings): string {
  const attempt = `attempt ${task.attempt + 1} of ${maxAttempts(task, settings)}`;
  const by = `claim ${task.claim}${task.holder === undefined ? '' : `, exclusively by ${task.holder},`}`;
  if (now < (task.leaseUntil ?? 0) + LEASE_SKEW_MS) {
    return `Leased by ${by} until ${instant(task.leaseUntil)} (${attempt}); without a word from its worker by then it ${redelivery(task)}`;
  }
  return `The lease of ${by} ended at ${instant(task.leaseUntil)} without a word from its worker (${attempt}): it ${redelivery(task)}`;
}

const redelivery = ({ deliveries }: Task): string =>
  deliveries + 1 < MAX_DELIVERIES ? 'will be notified again' : `will be dead (no worker answered, ${MAX_DELIVERIES} times)`;

function completed(task: Task): string {
  const how = hasTrait(task, 'unacknowledged') ? ', as it was notified: nobody has to acknowledge it' : ` by claim ${task.claim}`;
  return `Completed at ${instant(task.endedAt)}${how}`;
}

function dead(task: Task, settings: AppSettings): string {
  const { deathReason = 'attempts exhausted', endedAt } = task;
  const spent = deathReason === 'attempts exhausted' ? ` (${task.attempt} of ${maxAttempts(task, settings)})` : '';
  const error = lastError(task);
  const last = error === undefined || deathReason === 'deadline missed' ? '' : `, the last error was ${error.name}`;
  return `Dead since ${instant(endedAt)} because ${BECAUSE[deathReason]}${spent}${last}${replayHint(task)}`;
}

const BECAUSE: Record<DeathReason, string> = {
  'attempts exhausted': 'its attempts are exhausted',
  'no worker answered': `no worker answered ${MAX_DELIVERIES} notifications in a row`,
  'notification refused': 'its notification was refused',
  'deadline missed': 'its deadline was missed',
  unreadable: 'its row could not be read as a task',
};

function replayHint(task: Task): string {
  if (hasTrait(task, 'unreplayable')) return '; it must not be replayed (replayable: false)';
  const until = task.expiresAtSeconds === undefined ? '' : ` until ${instant(task.expiresAtSeconds * 1_000)}`;
  return `; it can be replayed${until}: punctual replay ${task.id}`;
}

const maxAttempts = (task: Task, settings: AppSettings): number => task.maxAttempts ?? policyFor(settings, task.name).maxAttempts;

const instant = (ms: number | undefined): string => (ms === undefined ? 'an unknown instant' : new Date(ms).toISOString());
