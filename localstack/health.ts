import { setTimeout as pause } from 'node:timers/promises';
import { type Emulator, LocalAwsError } from './localAws.ts';

/** A connection that is refused is known at once; what takes as long as this to answer is busy. */
const ANSWER_WITHIN_MS = 20_000;
/** Of one that was just started: it is asked again. */
const START_WITHIN_MS = 2_000;
const ASK_EVERY_MS = 50;

/** What answers at an endpoint, and whether it enforces IAM. */
export interface Health {
  emulator: Emulator;
  enforcesIam: boolean;
}

/** Asks once; undefined when nothing answers in time. @param withinMs in milliseconds. @default 20000 */
export async function askHealth(endpoint: string, withinMs: number = ANSWER_WITHIN_MS): Promise<Health | undefined> {
  const paths = ['/_ministack/health', '/_localstack/health'];
  const [ministack, localstack] = await Promise.all(paths.map((path) => get(`${endpoint}${path}`, withinMs)));
  if (ministack?.json && 'auth' in ministack.json) {
    return { emulator: 'ministack', enforcesIam: ministack.json.auth === 'enabled' };
  }
  if (localstack?.json && 'services' in localstack.json) return { emulator: 'localstack', enforcesIam: false };
  return (ministack ?? localstack) ? { emulator: 'unknown', enforcesIam: false } : undefined;
}

/**
 * Asks until an emulator answers.
 * @param deathOf says why what was started is dead, undefined while it lives: a dead child ends the waiting at once.
 * @throws LocalAwsError when it died, or when `deadlineMs` have passed.
 */
export async function waitForHealth(endpoint: string, deadlineMs: number, deathOf: () => string | undefined): Promise<Health> {
  const end = performance.now() + deadlineMs;
  while (performance.now() < end) {
    const dead = deathOf();
    if (dead !== undefined) throw new LocalAwsError(dead);
    const health = await askHealth(endpoint, START_WITHIN_MS);
    if (health && health.emulator !== 'unknown' && deathOf() === undefined) return health;
    await pause(ASK_EVERY_MS);
  }
  throw new LocalAwsError(`The local AWS did not answer at ${endpoint} within ${deadlineMs / 1000} s: stop it and start it again.`);
}

async function get(url: string, withinMs: number): Promise<{ json: Record<string, unknown> | undefined } | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(withinMs), headers: { connection: 'close' } });
    return { json: parse(await answer.text()) };
  } catch {
    return undefined;
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
