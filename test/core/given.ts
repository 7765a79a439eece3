import { expect } from 'vitest';
import type { Action, Decision, NewTask, Refusal } from '../../core/actions.ts';
import { decide } from '../../core/decide.ts';
import { type AppSettings, DEFAULT_LIMITS, DEFAULT_POLICY } from '../../core/policy.ts';
import type { Level, Task } from '../../core/task.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** When every story begins. */
export const START = Date.UTC(2026, 11, 24, 8);

/** The settings that a story is told under: the defaults, unless it says otherwise. */
export const settingsOf = (changes: Partial<AppSettings> = {}): AppSettings => ({
  app: 'billing',
  topicArn: 'arn:aws:sns:us-east-1:000000000000:billing',
  policy: DEFAULT_POLICY,
  tasks: {},
  ...DEFAULT_LIMITS,
  ...changes,
});

/** What is asked of a task: an action, or one made from the task as it stands. */
export type Ask = Action | ((task: Task, now: number) => Action);

/** What has happened so far: actions that were taken, and milliseconds that went by. */
export type Past = readonly (Ask | number)[];

/** `given(what happened).when(what is asked).then(what comes of it)`. */
export function given(...past: Past) {
  return tell(past, settingsOf());
}

function tell(past: Past, settings: AppSettings) {
  return {
    /** The same story under other settings. */
    under: (changes: Partial<AppSettings>) => tell(past, { ...settings, ...changes }),
    when(ask: Ask) {
      const { task, now } = fold(past, settings);
      return outcomeOf(task, decideFrozen(task, actionOf(ask, task, now), now, settings));
    },
    /** The task that the past has made. */
    task: (): Task => existing(fold(past, settings).task),
  };
}

function outcomeOf(before: Task | undefined, decision: Decision) {
  return {
    decision,
    /** The task after a change. */
    task: (): Task => (decision.kind === 'changed' ? decision.task : existing(undefined, decision)),
    thenChanged(to: Partial<Task>): Task {
      expect(decision).toMatchObject({ kind: 'changed', task: to });
      return this.task();
    },
    thenUnchanged() {
      expect(decision.kind).toBe('unchanged');
      expect(decision.kind === 'unchanged' && decision.task).toBe(before);
    },
    thenRefused: (refusal: Refusal) => expect(decision).toEqual({ kind: 'refused', refusal }),
  };
}

function fold(past: Past, settings: AppSettings): { task: Task | undefined; now: number } {
  let task: Task | undefined;
  let now = START;
  for (const step of past) {
    if (typeof step === 'number') now += step;
    else {
      const decision = decideFrozen(task, actionOf(step, task, now), now, settings);
      task = decision.kind === 'changed' ? decision.task : existing(undefined, decision);
    }
  }
  return { task, now };
}

export const actionOf = (ask: Ask, task: Task | undefined, now: number): Action =>
  typeof ask === 'function' ? ask(task ?? ABSENT, now) : ask;

/** Every decision of these tests is made upon frozen data: to change what it was given would throw. */
export const decideFrozen = (task: Task | undefined, action: Action, now: number, settings: AppSettings): Decision =>
  deepFreeze(decide(deepFreeze(task), deepFreeze(action), now, deepFreeze(settings)));

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}

function existing(task: Task | undefined, decision?: Decision): Task {
  if (!task) throw new Error(`A story's past must be made of changes, but one step was: ${JSON.stringify(decision)}`);
  return task;
}

const NEW: NewTask = {
  id: 'billing/AAAAAAAAAAAAAAAAAAAAAA',
  app: 'billing',
  name: 'send-invoice',
  version: 1,
  payload: '{"invoice":42}',
  request: 'digest-1',
  level: 'medium',
  position: 'back',
  dueAt: START,
  arrival: START * 1_000,
};

export const enqueue = (changes: Partial<NewTask> = {}): Action => ({ type: 'enqueue', task: { ...NEW, ...changes } });

/** Claims the task as it stands, with the policy's lease unless another end is given. */
export const claim =
  (changes: Partial<Action & { type: 'claim' }> = {}): Ask =>
  (task, now) => ({
    type: 'claim',
    rev: task.rev,
    by: `0.${task.rev}.nonce`,
    level: task.level,
    leaseUntil: now + DEFAULT_POLICY.leaseMs,
    ...changes,
  });

export const ERROR = { name: 'SmtpError', message: 'no route to host', stack: 'at send (mail.ts:1)' };

/** Reports carry the claim that holds, unless another is given. */
export const complete =
  (claimed?: number): Ask =>
  (task) => ({ type: 'complete', claim: claimed ?? task.claim, worker: 'worker-1' });

export const fail =
  (changes: Partial<Action & { type: 'fail' }> = {}): Ask =>
  (task) => ({ type: 'fail', claim: task.claim, error: ERROR, worker: 'worker-1', random: 0.5, ...changes });

export const expire =
  (claimed?: number): Ask =>
  (task) => ({ type: 'expire', claim: claimed ?? task.claim });

export const extend =
  (leaseMs?: number, claimed?: number): Ask =>
  (task) => ({ type: 'extend', claim: claimed ?? task.claim, ...(leaseMs === undefined ? {} : { leaseMs }) });

export const snooze =
  (until: number, claimed?: number): Ask =>
  (task) => ({ type: 'snooze', claim: claimed ?? task.claim, until });

export const start =
  (holder: string, claimed?: number): Ask =>
  (task) => ({ type: 'start', claim: claimed ?? task.claim, holder });

export const refuse =
  (changes: Partial<Action & { type: 'refuse' }> = {}): Ask =>
  (task) => ({ type: 'refuse', claim: task.claim, error: REFUSED, random: 0.5, ...changes });

export const REFUSED = { name: 'InvalidParameter', message: 'the message is too long' };

export const miss: Action = { type: 'miss' };

export const cancel: Action = { type: 'cancel' };

export const reschedule = (changes: { dueAt?: number; deadlineAt?: number | null }): Action => ({ type: 'reschedule', ...changes });

export const reprioritize = (level: Level): Action => ({ type: 'reprioritize', level });

/** The stamp is the instant's, as a door gives it. */
export const moveToFront: Ask = (_, now) => ({ type: 'moveToFront', arrival: now * 1_000 });

export const replay =
  (changes: Partial<Action & { type: 'replay' }> = {}): Ask =>
  (_, now) => ({ type: 'replay', arrival: now * 1_000, ...changes });

/** `times` times the same steps. */
export const again = (times: number, ...steps: Past): (Ask | number)[] => Array.from({ length: times }, () => steps).flat();

const ABSENT: Task = {
  ...NEW,
  createdAt: START,
  state: 'scheduled',
  rev: 0,
  claim: 0,
  attempt: 0,
  deliveries: 0,
  consecutiveFailures: 0,
  attempts: [],
  attemptsDropped: 0,
};
