import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { convertToNative } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { app, taskId, taskName, version } from '../contract/fields.ts';
import { LEVELS, STATES, type Task } from '../core/task.ts';
import { LATEST_MS } from '../core/when.ts';
import type { Item } from './rows.ts';

type Check = (value: unknown) => boolean;
/** The value of an attribute; undefined: it is not what it must be. */
type Reader = (attribute: AttributeValue) => unknown;

const text: Reader = ({ S }) => S;
const textLike =
  (schema: v.GenericSchema): Reader =>
  ({ S }) =>
    S !== undefined && v.is(schema, S) ? S : undefined;
const oneOf =
  (words: readonly string[]): Reader =>
  ({ S }) =>
    S !== undefined && words.includes(S) ? S : undefined;
/** A text that is JSON. */
const json: Reader = ({ S }) => {
  try {
    JSON.parse(S as string);
    return S;
  } catch {
    return undefined;
  }
};
const flag: Reader = ({ BOOL }) => BOOL;
const number =
  (is: Check): Reader =>
  ({ N }) => {
    const value = N === undefined ? Number.NaN : Number(N);
    return is(value) ? value : undefined;
  };
const listLike =
  (schema: v.GenericSchema): Reader =>
  (attribute) => {
    if (attribute.L?.length === 0) return [];
    const values = nativeOf(attribute);
    return v.is(schema, values) ? values : undefined;
  };

/** Undefined where a number is larger than any number here. */
function nativeOf(attribute: AttributeValue): unknown {
  try {
    return convertToNative(attribute);
  } catch {
    return undefined;
  }
}

const upTo =
  (most: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
/** What a date can be: another would stop whoever writes it in words, or be read by nobody. */
const isInstant = upTo(LATEST_MS);
/** What can be raised for as long as anybody lives: a number of the next write must be one that is carried exactly. */
const isCount = upTo(2 ** 52);
const isVersion: Check = (value) => v.is(version, value);
const instant = number(isInstant);
const count = number(isCount);

const attempts = v.array(
  v.object({
    claim: v.custom(isCount),
    claimedAt: v.custom(isInstant),
    endedAt: v.custom(isInstant),
    outcome: v.string(),
    error: v.optional(v.object({ name: v.string(), message: v.string(), stack: v.optional(v.string()) })),
    worker: v.optional(v.string()),
  }),
);

const place = v.optional(v.union([v.string(), v.custom(isInstant)]));
const moves = v.array(v.object({ at: v.custom(isInstant), move: v.string(), from: place, to: place }));

/**
 * What a row must be, so that everything that reads it as a task can: what it says can be told, shown and compared. Not
 * strict: a later release may add attributes, and words for what happened. Attribute by attribute, and not as one schema of
 * the library: a dispatcher reads each row that it claims, and that costs it several times as much.
 */
const ALWAYS = {
  id: textLike(taskId),
  app: textLike(app),
  name: textLike(taskName),
  version: number(isVersion),
  payload: json,
  request: text,
  level: oneOf(LEVELS),
  position: oneOf(['front', 'back']),
  dueAt: instant,
  arrival: number(upTo(Number.MAX_SAFE_INTEGER)),
  createdAt: instant,
  state: oneOf(STATES),
  rev: count,
  claim: count,
  attempt: count,
  deliveries: count,
  consecutiveFailures: count,
  attempts: listLike(attempts),
  attemptsDropped: count,
} satisfies Partial<Record<keyof Task, Reader>>;
const AT_TIMES: Readonly<Record<Exclude<keyof Task, keyof typeof ALWAYS>, Reader>> = {
  deadlineAt: instant,
  maxAttempts: count,
  traits: listLike(v.array(v.string())),
  claimedBy: text,
  claimedAt: instant,
  claimedLevel: oneOf(LEVELS),
  leaseUntil: instant,
  holder: text,
  moves: listLike(moves),
  movesDropped: count,
  fingerprint: text,
  listed: flag,
  deathReason: text,
  endedAt: instant,
  expiresAtSeconds: number(upTo(LATEST_MS / 1_000)),
};
/** In a row, `dueAt` is the sort key of the `due` index. */
const FORM = Object.entries<Reader>({ ...ALWAYS, ...AT_TIMES }).map(([name, read]) => ({
  name,
  read,
  attribute: name === 'dueAt' ? 'dueAtMs' : name,
  isOptional: name in AT_TIMES,
}));

/** The task that a row is: of the app that its id names, and with a number to the claim that it is under. Undefined: it is none. */
export function readForm(item: Item): Task | undefined {
  const values: Record<string, unknown> = {};
  for (const { name, read, attribute, isOptional } of FORM) {
    const found = item[attribute];
    if (found === undefined && isOptional) continue;
    const value = found ? read(found) : undefined;
    if (value === undefined) return undefined;
    values[name] = value;
  }
  const task = values as unknown as Task;
  const isNumbered = task.claimedBy === undefined || task.claim > 0;
  return task.id.startsWith(`${task.app}/`) && isNumbered ? task : undefined;
}

/** Whether the numbers that an index tells of a task are a task's. */
export const isIndexed = ({ rev, version, deadlineAt }: Readonly<Record<'rev' | 'version' | 'deadlineAt', number>>): boolean =>
  isCount(rev) && isVersion(version) && isInstant(deadlineAt);
