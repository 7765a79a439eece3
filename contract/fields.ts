import * as v from 'valibot';
import { isWellFormed } from './json.ts';
import { APP_NAME, FINGERPRINT, LIMITS, TASK_ID, TASK_NAME } from './limits.ts';

/** Every message below completes the sentence "<field> must be …": see `parseRequest`. */
const integer = (min: number, max: number) => {
  const allowed = `a whole number from ${min} to ${max}`;
  return v.pipe(v.number(allowed), v.integer(allowed), v.minValue(min, allowed), v.maxValue(max, allowed));
};

const matching = (pattern: RegExp, allowed: string) => v.pipe(v.string(allowed), v.regex(pattern, allowed));

/** Text a person or program may choose freely, short and on one line. */
const line = (max: number) => {
  const allowed = `a text of 1 to ${max} characters without control characters or lone surrogates`;
  return v.pipe(
    v.string(allowed),
    v.minLength(1, allowed),
    v.maxLength(max, allowed),
    v.check((text) => text.trim() !== '' && !hasControl(text) && isWellFormed(text), allowed),
  );
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const hasControl = (text: string): boolean => /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text);

export const contractVersion = v.literal(1, '1, the version of this contract');
export const app = matching(APP_NAME, 'an app name: a-z, then a-z, 0-9 and -, 32 characters at most');
export const taskName = matching(TASK_NAME, 'a task name: letters, digits and . _ : -, 128 characters at most');
export const taskId = matching(TASK_ID, 'a task id as enqueue answered it, such as billing/3q2-7wAbCdEfGhIjKlMnOp');
export const version = integer(1, LIMITS.version);
export const priority = v.picklist(['high', 'medium', 'low'], 'high, medium or low');
export const position = v.picklist(['front', 'back'], 'front or back');
export const idempotencyKey = line(LIMITS.idempotencyKey);
export const worker = line(LIMITS.worker);
export const maxAttempts = integer(1, LIMITS.maxAttempts);
export const claim = integer(1, Number.MAX_SAFE_INTEGER);
export const leaseMs = integer(LIMITS.leaseMinMs, LIMITS.leaseMs);
/** Tasks that `next` looks ahead: as many as one page of a lane shows. */
export const nextCount = integer(1, 25);
export const delayMs = integer(0, LIMITS.delayMs);

const WHEN = 'an instant in RFC 3339 with its offset, or { local, timeZone, disambiguation? }';

/** The shape of a date; whether it exists is decided by the door, which knows the zones (`resolveWhen`). */
export const when = v.union(
  [
    v.string(),
    v.strictObject({
      local: v.string('a local date and time without offset, such as 2026-12-24T09:00'),
      timeZone: v.string('an IANA time zone, such as Europe/Paris'),
      disambiguation: v.optional(v.picklist(['compatible', 'earlier', 'later', 'reject'], 'compatible, earlier, later or reject')),
    }),
  ],
  WHEN,
);

const yesOrNo = v.boolean('true or false');
/** Whether a worker must report; false: done once SNS has accepted the notification. */
export const acknowledge = yesOrNo;
/** Whether at most one run of a worker may do the task under one claim. */
export const exclusive = yesOrNo;
/** Whether the task is worthless after its deadline: then it is dead instead of being notified. */
export const expiresAfterDeadline = yesOrNo;
/** Whether the task may be replayed. */
export const replayable = yesOrNo;
/** Names one run of a worker. */
export const holder = line(LIMITS.worker);
export const state = v.picklist(
  ['scheduled', 'leased', 'completed', 'cancelled', 'dead'],
  'scheduled, leased, completed, cancelled or dead',
);
/** Tasks of one page of a list. */
export const pageSize = integer(1, LIMITS.page);
/** Where the next page starts, as the page before said. */
export const cursor = v.pipe(
  v.string('a cursor as the page before answered it'),
  v.maxLength(4_000, 'a cursor as the page before answered it'),
);
export const fingerprint = matching(FINGERPRINT, 'a fingerprint as errors lists it');
/** Claims a minute. */
export const perMinute = integer(1, LIMITS.perMinute);
