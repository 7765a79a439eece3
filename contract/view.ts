import { instantKey } from '../core/lanes.ts';
import { hasTrait, type Outcome, type State, type Task } from '../core/task.ts';
import { type Happening, nextOf, timelineOf } from '../core/timeline.ts';

/** A task as `get` shows it. Instants are RFC 3339 UTC. */
export interface TaskView {
  readonly id: string;
  readonly app: string;
  readonly name: string;
  readonly version: number;
  readonly payload: unknown;
  readonly state: State;
  readonly priority: 'high' | 'medium' | 'low';
  readonly position: 'front' | 'back';
  readonly dueAt: string;
  readonly deadlineAt?: string;
  readonly createdAt: string;
  readonly endedAt?: string;
  readonly claim: number;
  readonly attempt: number;
  readonly deliveries: number;
  readonly leaseUntil?: string;
  readonly deathReason?: string;
  /** The latest ended claims, oldest first. */
  readonly attempts: readonly AttemptView[];
  /** Ended claims that no longer fit in `attempts`. */
  readonly attemptsDropped: number;
  /** Only where it is not as usual: what the task was made as. */
  readonly acknowledge?: false;
  readonly exclusive?: true;
  readonly expiresAfterDeadline?: true;
  readonly replayable?: false;
  /** The recurring error that its last failure was. */
  readonly fingerprint?: string;
  /** All that happened to it, as far as its history reaches, oldest first. */
  readonly timeline: readonly TimelineView[];
  /** What it waits for, the nearest first: its date and deadline, its lease's end, the deletion of its history. */
  readonly next: readonly TimelineView[];
}

/** One thing that happened to a task, or will. */
export interface TimelineView {
  readonly at: string;
  /** In words, such as `failed by worker-1: TypeError: …`. */
  readonly text: string;
}

export interface AttemptView {
  readonly claim: number;
  readonly claimedAt: string;
  readonly endedAt: string;
  readonly outcome: Outcome;
  readonly error?: { readonly name: string; readonly message: string; readonly stack?: string | undefined };
  readonly worker?: string;
}

/** An instant of the core as the wire writes it. */
export const wire = instantKey;

/** The task as its app may see it. */
export function viewOf(task: Task): TaskView {
  const { deadlineAt, endedAt, leaseUntil, deathReason, fingerprint } = task;
  return {
    id: task.id,
    app: task.app,
    name: task.name,
    version: task.version,
    payload: JSON.parse(task.payload),
    state: task.state,
    priority: task.level,
    position: task.position,
    dueAt: wire(task.dueAt),
    ...(deadlineAt === undefined ? {} : { deadlineAt: wire(deadlineAt) }),
    createdAt: wire(task.createdAt),
    ...(endedAt === undefined ? {} : { endedAt: wire(endedAt) }),
    claim: task.claim,
    attempt: task.attempt,
    deliveries: task.deliveries,
    ...(leaseUntil === undefined ? {} : { leaseUntil: wire(leaseUntil) }),
    ...(deathReason === undefined ? {} : { deathReason }),
    attempts: task.attempts.map((attempt) => ({ ...attempt, claimedAt: wire(attempt.claimedAt), endedAt: wire(attempt.endedAt) })),
    attemptsDropped: task.attemptsDropped,
    ...(hasTrait(task, 'unacknowledged') ? { acknowledge: false } : {}),
    ...(hasTrait(task, 'exclusive') ? { exclusive: true } : {}),
    ...(hasTrait(task, 'expires') ? { expiresAfterDeadline: true } : {}),
    ...(hasTrait(task, 'unreplayable') ? { replayable: false } : {}),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    timeline: timelineOf(task).map(wired),
    next: nextOf(task).map(wired),
  };
}

const wired = ({ at, text }: Happening): TimelineView => ({ at: wire(at), text });
