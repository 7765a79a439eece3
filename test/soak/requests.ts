import type { Chance } from '../simulation/chance.ts';
import type { Request, Work } from './records.ts';

/** How a soak's tasks are spread over time. */
export interface Spread {
  /** The lease of the app: some work takes longer. */
  readonly leaseMs: number;
  /** The furthest date. */
  readonly aheadMs: number;
}

const KINDS = { work: 70, hint: 12, single: 18 } as const;
const DOES = { finish: 78, 'fail once': 10, fail: 6, 'snooze once': 6 } as const;
const LENGTHS = { short: 82, long: 14, overLease: 4 } as const;
const DATES = { none: 55, soon: 30, far: 15 } as const;

/** A task of any kind; the same key and chance give the same. */
export function requestOf(key: string, chance: Chance, now: number, spread: Spread): Request {
  const name = chance.weighted(KINDS);
  const date = chance.weighted(DATES);
  const ahead = {
    none: 0,
    soon: chance.int(300, Math.min(3_000, spread.aheadMs)),
    far: Math.round(spread.aheadMs * (0.7 + 0.3 * chance.next())),
  };
  const dueAt = now + ahead[date];
  const payload = workOf(key, chance, spread);
  return {
    name,
    payload,
    idempotencyKey: key,
    priority: chance.oneOf(['high', 'medium', 'low'] as const),
    ...(date === 'none' ? {} : { dueAt: instant(dueAt) }),
    ...(name === 'hint' ? { acknowledge: false } : {}),
    ...(name === 'single' ? { exclusive: true } : {}),
    ...(payload.do === 'fail' ? { maxAttempts: 2 } : {}),
    ...deadlineOf(chance, dueAt),
  };
}

function workOf(key: string, chance: Chance, { leaseMs }: Spread): Work {
  const length = chance.weighted(LENGTHS);
  const ms = { short: chance.int(0, 300), long: chance.int(1_000, Math.round(leaseMs / 2)), overLease: leaseMs + chance.int(500, 2_000) };
  return { key, do: chance.weighted(DOES), ms: ms[length] };
}

function deadlineOf(chance: Chance, dueAt: number): Pick<Request, 'deadlineAt' | 'expiresAfterDeadline'> {
  if (!chance.hits(0.3)) return {};
  const deadlineAt = instant(dueAt + chance.int(200, 5_000));
  return chance.hits(0.3) ? { deadlineAt, expiresAfterDeadline: true } : { deadlineAt };
}

const instant = (ms: number): string => new Date(ms).toISOString();
