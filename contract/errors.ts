/** What can go wrong at a door. The codes are part of the contract: they are never renamed. */
export const ERROR_CODES = [
  /** The request cannot be understood or is not allowed; `field`, `got` and `allowed` say why. */
  'BadRequest',
  /** The notification that would be made of the task is over 256 KiB. */
  'PayloadTooLarge',
  /** No such task in this app (or its history has expired). */
  'NotFound',
  /** The idempotency key belongs to another request. */
  'IdempotencyConflict',
  /** The claim that the report carries no longer holds: the task has been notified again, or has ended. */
  'LeaseLost',
  /** Another run of a worker does this exclusive task under the same claim. */
  'Held',
  /** The task's state, or what it was made as, does not allow the action. */
  'WrongState',
  /** The request was right, but could not be carried out now; asked again it may be. */
  'Unavailable',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** A door's refusal, as it stands in its answer. */
export interface DoorError {
  readonly code: ErrorCode;
  /** A sentence that says what is wrong and what to do. */
  readonly message: string;
  /** The part of the request at fault, such as `tasks[3].dueAt.timeZone`. */
  readonly field?: string;
  /** The value found there, cut to 200 characters; never a payload. */
  readonly got?: string;
  /** What would have been taken. */
  readonly allowed?: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
}

/** Makes a refusal out of its parts. */
export const doorError = (code: ErrorCode, message: string, parts: Pick<DoorError, 'field' | 'got' | 'allowed'> = {}): DoorError => ({
  code,
  message,
  ...parts,
  retryable: code === 'Unavailable',
});

/** The refusal of one field: names it, the value found and what is allowed. */
export const badField = (field: string, got: unknown, allowed: string): DoorError => refusedField(field, shown(got), allowed);

/** The same, with the value found already in words. */
export const refusedField = (field: string, got: string, allowed: string): DoorError =>
  doorError('BadRequest', `${field || 'The request'} must be ${allowed}; got ${got}.`, { field, got, allowed });

const SHOWN_CHARACTERS = 200;

/** A value as an error may show it: short, on one line, never an object's content (it could be a payload). */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return shortened(`${value}n`);
  return shortened(typeof value === 'string' ? JSON.stringify(value) : Object.is(value, -0) ? '-0' : String(value));
}

/** A text as an error may carry it: 200 characters at most, never cut within one. */
export const shortened = (text: string): string =>
  text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS - 1).replace(/\p{Surrogate}$/u, '')}…`;
