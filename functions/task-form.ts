import * as v from 'valibot';
import { app, taskId, taskName, version } from '../contract/fields.ts';
import { LEVELS, STATES, type Task } from '../core/task.ts';
import { LATEST_MS } from '../core/when.ts';

type Check = (value: unknown) => boolean;

const by =
  (schema: v.GenericSchema): Check =>
  (value) =>
    v.is(schema, value);
const oneOf =
  (words: readonly string[]): Check =>
  (value) =>
    words.includes(value as string);
const wholeUpTo =
  (most: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
/** What a date can be: another would stop whoever writes it in words, or be read by nobody. */
const instant = wholeUpTo(LATEST_MS);
const whole = wholeUpTo(Number.MAX_SAFE_INTEGER);
/** What can be raised for as long as anybody lives: a number of the next write must be one that is carried exactly. */
const count = wholeUpTo(2 ** 52);
const text: Check = (value) => typeof value === 'string';
const isVersion = by(version);

const attempts = v.array(
  v.object({
    claim: v.custom(count),
    claimedAt: v.custom(instant),
    endedAt: v.custom(instant),
    outcome: v.string(),
    error: v.optional(v.object({ name: v.string(), message: v.string(), stack: v.optional(v.string()) })),
    worker: v.optional(v.string()),
  }),
);

const place = v.optional(v.union([v.string(), v.custom(instant)]));
const moves = v.array(v.object({ at: v.custom(instant), move: v.string(), from: place, to: place }));

/**
 * What a row must be, so that everything that reads it as a task can: what it says can be told, shown and compared. Not
 * strict: a later release may add attributes, and words for what happened. Attribute by attribute, and not as one schema of
 * the library: a dispatcher checks each row that it claims, and that costs it several times as much.
 */
const ALWAYS = {
  id: by(taskId),
  app: by(app),
  name: by(taskName),
  version: isVersion,
  payload: isJson,
  request: text,
  level: oneOf(LEVELS),
  position: oneOf(['front', 'back']),
  dueAt: instant,
  arrival: whole,
  createdAt: instant,
  state: oneOf(STATES),
  rev: count,
  claim: count,
  attempt: count,
  deliveries: count,
  consecutiveFailures: count,
  attempts: by(attempts),
  attemptsDropped: count,
} satisfies Partial<Record<keyof Task, Check>>;
const AT_TIMES: Readonly<Record<Exclude<keyof Task, keyof typeof ALWAYS>, Check>> = {
  deadlineAt: instant,
  maxAttempts: count,
  traits: by(v.array(v.string())),
  claimedBy: text,
  claimedAt: instant,
  claimedLevel: oneOf(LEVELS),
  leaseUntil: instant,
  holder: text,
  moves: by(moves),
  movesDropped: count,
  fingerprint: text,
  listed: (value) => typeof value === 'boolean',
  deathReason: text,
  endedAt: instant,
  expiresAtSeconds: wholeUpTo(LATEST_MS / 1_000),
};
const CHECKS = new Map<string, Check>(Object.entries({ ...ALWAYS, ...AT_TIMES }));
const REQUIRED = Object.keys(ALWAYS);

/** Whether the attributes of a row are a task's: of the app that its id names, and with a number to the claim that it is under. */
export function isTaskForm(row: object): boolean {
  const values = row as Readonly<Record<string, unknown>>;
  for (const name in values) if (CHECKS.get(name)?.(values[name]) === false) return false;
  for (const name of REQUIRED) if (values[name] === undefined) return false;
  const { id, app, claim, claimedBy } = row as Task;
  return id.startsWith(`${app}/`) && (claimedBy === undefined || claim > 0);
}

/** Whether the numbers that an index tells of a task are a task's. */
export const isIndexed = ({ rev, version, deadlineAt }: Readonly<Record<'rev' | 'version' | 'deadlineAt', number>>): boolean =>
  count(rev) && isVersion(version) && instant(deadlineAt);

function isJson(payload: unknown): boolean {
  try {
    JSON.parse(payload as string);
    return typeof payload === 'string';
  } catch {
    return false;
  }
}
