import * as v from 'valibot';
import { app, taskId, taskName, version } from '../contract/fields.ts';
import { LEVELS, STATES } from '../core/task.ts';
import { LATEST_MS } from '../core/when.ts';

/** What a date can be: another would stop whoever writes it in words, or be read by nobody. */
const instant = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(LATEST_MS));
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** What can be raised for as long as anybody lives: a number of the next write must be one that is carried exactly. */
const count = v.pipe(whole, v.maxValue(2 ** 52));
const text = v.string();
const level = v.picklist(LEVELS);

const attempt = v.object({
  claim: count,
  claimedAt: instant,
  endedAt: instant,
  outcome: text,
  error: v.optional(v.object({ name: text, message: text, stack: v.optional(text) })),
  worker: v.optional(text),
});

const move = v.object({
  at: instant,
  move: text,
  from: v.optional(v.union([text, instant])),
  to: v.optional(v.union([text, instant])),
});

/**
 * What a row must be, so that everything that reads it as a task can: what it says can be told, shown and compared. Not
 * strict: a later release may add attributes, and words for what happened.
 */
const taskForm = v.object({
  id: taskId,
  app,
  name: taskName,
  version,
  payload: v.pipe(text, v.check(isJson)),
  request: text,
  level,
  position: v.picklist(['front', 'back']),
  dueAt: instant,
  deadlineAt: v.optional(instant),
  arrival: whole,
  createdAt: instant,
  state: v.picklist(STATES),
  rev: count,
  claim: count,
  attempt: count,
  deliveries: count,
  consecutiveFailures: count,
  maxAttempts: v.optional(count),
  traits: v.optional(v.array(text)),
  claimedBy: v.optional(text),
  claimedAt: v.optional(instant),
  claimedLevel: v.optional(level),
  leaseUntil: v.optional(instant),
  holder: v.optional(text),
  attempts: v.array(attempt),
  attemptsDropped: count,
  moves: v.optional(v.array(move)),
  movesDropped: v.optional(count),
  fingerprint: v.optional(text),
  listed: v.optional(v.boolean()),
  deathReason: v.optional(text),
  endedAt: v.optional(instant),
  expiresAtSeconds: v.optional(v.pipe(count, v.maxValue(LATEST_MS / 1_000))),
});

const indexed = v.object({ rev: count, version, deadlineAt: instant });

/** Whether the numbers that an index tells of a task are a task's. */
export const isIndexed = (numbers: v.InferOutput<typeof indexed>): boolean => v.is(indexed, numbers);

/** Whether the attributes of a row are a task's: of the app that its id names, and with a number to the claim that it is under. */
export const isTaskForm = (row: object): boolean =>
  v.is(taskForm, row) && row.id.startsWith(`${row.app}/`) && (row.claimedBy === undefined || row.claim > 0);

function isJson(payload: string): boolean {
  try {
    JSON.parse(payload);
    return true;
  } catch {
    return false;
  }
}
