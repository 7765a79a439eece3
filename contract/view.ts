import type { State, Task } from '../core/task.ts';

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
}

export interface AttemptView {
  readonly claim: number;
  readonly claimedAt: string;
  readonly endedAt: string;
  readonly outcome: 'completed' | 'failed' | 'expired' | 'snoozed';
  readonly error?: { readonly name: string; readonly message: string; readonly stack?: string | undefined };
  readonly worker?: string;
}

/** An instant of the core as the wire writes it. */
export const wire = (ms: number): string => new Date(ms).toISOString();

/** The task as its app may see it. */
export function viewOf(task: Task): TaskView {
  const { deadlineAt, endedAt, leaseUntil, deathReason } = task;
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
  };
}
