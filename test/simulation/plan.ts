import type { TaskRequest } from '../../contract/submit.ts';
import { type AppSettings, DEFAULT_LIMITS, DEFAULT_POLICY } from '../../core/policy.ts';
import { LEVELS } from '../../core/task.ts';
import { Chance } from './chance.ts';

const SECOND = 1_000;
/** For how long things go wrong. */
export const TROUBLE_MS = 200 * SECOND;
/** What may be out at once where more than that falls due, and several dispatchers share it. */
const CROWD_LIMIT = 50;
/** Stands in every payload and in no log. */
export const CANARY = 'canary-4711';

/** What somebody wants of one task, or of the app, and when. */
export type Intent = { readonly atMs: number } & (
  | { readonly type: 'enqueue'; readonly request: TaskRequest }
  | { readonly type: 'cancel' | 'reschedule' | 'reprioritize' | 'moveToFront' | 'replay'; readonly key: string; readonly toMs: number }
  | { readonly type: 'pause' | 'resume'; readonly name?: string; readonly perMinute?: number }
);

/** How many dispatchers and shards there are from an instant on. */
export interface Deployment {
  readonly atMs: number;
  readonly dispatchers: number;
  readonly shards: number;
}

export interface Plan {
  readonly settings: AppSettings;
  /** The first of them is there from the beginning. */
  readonly deployments: readonly Deployment[];
  readonly intents: readonly Intent[];
}

/** What a history begins with: how the app is set, and what is asked of it. `tasks`: only so many of them. */
export function planOf(seed: number, tasks = Number.POSITIVE_INFINITY): Plan {
  const chance = new Chance(seed, 'plan');
  // Now and then more at once than the first page of a lane.
  const isCrowd = chance.hits(0.08);
  const deployments = deploymentsOf(new Chance(seed, 'deployments'), isCrowd);
  const settings = { ...settingsOf(chance, isCrowd), ...deployments.limits };
  const most = settings.maxInFlight === CROWD_LIMIT ? 75 : 45;
  const count = isCrowd ? chance.int(most - 10, most) : chance.int(1, 10);
  const intents: Intent[] = [];
  for (let i = 0; i < Math.min(count, tasks); i++) intents.push(...lifeOf(new Chance(seed, `task ${i}`), `key-${i}`, isCrowd));
  if (chance.hits(0.3)) intents.push(...valvesOf(chance));
  return { settings, deployments: deployments.all, intents: intents.sort((a, b) => a.atMs - b.atMs) };
}

/** One dispatcher and a shard or two; or several of both, changed once while tasks wait, also to fewer. */
function deploymentsOf(chance: Chance, isCrowd: boolean): { all: Deployment[]; limits: Partial<AppSettings> } {
  const one = (atMs: number): Deployment => ({ atMs, dispatchers: chance.int(1, 3), shards: chance.int(1, 4) });
  if (chance.hits(0.4)) return { all: [{ atMs: 0, dispatchers: 1, shards: chance.oneOf([1, 1, 2]) }], limits: {} };
  const all = [one(0), ...(chance.hits(0.7) ? [one(chance.int(5, 180) * SECOND)] : [])];
  // An app is dealt out from two full slots on.
  return { all, limits: chance.hits(0.8) ? { maxInFlight: isCrowd ? CROWD_LIMIT : chance.oneOf([50, 60, 80]) } : {} };
}

function settingsOf(chance: Chance, isCrowd: boolean): AppSettings {
  return {
    ...DEFAULT_LIMITS,
    app: 'billing',
    topicArn: 'topic',
    policy: {
      ...DEFAULT_POLICY,
      maxAttempts: chance.int(1, 3),
      backoffBaseMs: chance.oneOf([200, 1_000, 3_000]),
      backoffCapMs: 8 * SECOND,
      demoteAfter: chance.int(1, 2),
      // Also longer than a run looks ahead, so that its end is left to a later one.
      leaseMs: chance.oneOf([6, 12, 30, 120]) * SECOND,
    },
    tasks: {},
    maxInFlight: isCrowd ? chance.oneOf([4, 30]) : chance.oneOf([1, 1, 2, 3, 5]),
    deadlineLeadMs: 30 * SECOND,
    whenLate: chance.hits(0.2) ? 'expire' : 'run',
    escalated: chance.oneOf(['first', 'last']),
    listCompleted: chance.hits(0.3),
  };
}

/** What is asked of one task in its life. */
function lifeOf(chance: Chance, key: string, isCrowd: boolean): Intent[] {
  const atMs = chance.int(0, (isCrowd ? 10 : 120) * SECOND);
  const request = { ...requestOf(chance, key, atMs), ...(isCrowd && chance.hits(0.8) ? ({ priority: 'medium' } as const) : {}) };
  const life: Intent[] = [{ atMs, type: 'enqueue', request }];
  if (chance.hits(0.15)) life.push({ atMs: atMs + chance.int(0, 30 * SECOND), type: 'enqueue', request });
  if (chance.hits(0.05))
    life.push({ atMs: atMs + chance.int(1, 30 * SECOND), type: 'enqueue', request: { ...request, payload: `${CANARY} other` } });
  while (chance.hits(0.25)) {
    const type = chance.weighted({ cancel: 2, reschedule: 2, reprioritize: 1, moveToFront: 1, replay: 4 });
    life.push({ atMs: atMs + chance.int(0, 80 * SECOND), type, key, toMs: chance.int(0, 40 * SECOND) });
  }
  return life;
}

function requestOf(chance: Chance, key: string, atMs: number): TaskRequest {
  const delayMs = chance.hits(0.5) ? chance.int(0, 90 * SECOND) : undefined;
  const isUnacknowledged = chance.hits(0.2);
  const hasDeadline = chance.hits(0.25);
  return {
    name: chance.weighted({ fine: 6, poison: 2, slow: 1, snoozer: 1 }),
    payload: `${CANARY} ${key}`,
    idempotencyKey: key,
    priority: chance.oneOf(LEVELS),
    ...(delayMs === undefined ? { position: chance.hits(0.2) ? 'front' : 'back' } : { delayMs }),
    // As an instant once the story has its beginning: see `withDeadline`.
    ...(hasDeadline
      ? { deadlineAt: String(atMs + (delayMs ?? 0) + chance.int(5, 60) * SECOND), expiresAfterDeadline: chance.hits(0.4) }
      : {}),
    ...(isUnacknowledged ? { acknowledge: false } : { exclusive: chance.hits(0.2) }),
    replayable: chance.hits(0.9),
  } as TaskRequest;
}

/** A deadline is planned in milliseconds from the story's beginning: so it is one request, however often it is sent. */
export const withDeadline = (request: TaskRequest, beginning: number): TaskRequest =>
  typeof request.deadlineAt === 'string'
    ? { ...request, deadlineAt: new Date(beginning + Number(request.deadlineAt)).toISOString() }
    : request;

function valvesOf(chance: Chance): Intent[] {
  const atMs = chance.int(0, 100 * SECOND);
  const name = chance.hits(0.5) ? { name: chance.oneOf(['fine', 'poison']) } : {};
  const perMinute = chance.hits(0.4) ? { perMinute: chance.int(10, 120) } : {};
  return [
    { atMs, type: 'pause', ...name },
    { atMs: atMs + chance.int(1, 60) * SECOND, type: 'resume', ...name, ...perMinute },
  ];
}
