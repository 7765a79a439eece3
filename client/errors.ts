import type { DoorError, ErrorCode } from '../contract/errors.ts';

/** Why something failed: the doors' codes, and what only the client can see. Never renamed. */
export type PunctualErrorCode = ErrorCode | 'AccessDenied' | 'Stopped';

/** The parts of an error beside its message. */
export interface ErrorDetails {
  /** The part of the input at fault, such as `dueAt.timeZone` or `tasks[3].payload.invoice`. */
  readonly field?: string;
  /** What stood there, short; of a payload only its kind. */
  readonly got?: string;
  /** What would have been taken. */
  readonly allowed?: string;
  /** The error underneath, such as the AWS SDK's. */
  readonly cause?: unknown;
}

/** What every function of the client throws. Tell the kinds apart by `code` or by `instanceof`. */
export abstract class PunctualError extends Error {
  readonly code: PunctualErrorCode;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  declare readonly field?: string;
  declare readonly got?: string;
  declare readonly allowed?: string;

  constructor(code: PunctualErrorCode, retryable: boolean, message: string, { cause, ...details }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = retryable;
    const { field, got, allowed } = details;
    if (field !== undefined) this.field = field;
    if (got !== undefined) this.got = got;
    if (allowed !== undefined) this.allowed = allowed;
  }
}

/** The input cannot be understood or is not allowed: `field`, `got` and `allowed` say why. Not retryable. */
export class BadRequestError extends PunctualError {
  static {
    BadRequestError.prototype.name = 'BadRequestError';
  }
  readonly #issues: readonly unknown[];

  constructor(message: string, details: ErrorDetails & { readonly issues?: readonly unknown[] } = {}) {
    super('BadRequest', false, message, details);
    this.#issues = details.issues ?? [];
  }

  /**
   * The schema's own words where it refused a payload, else empty. They may quote the payload, so they are not printed
   * or serialized with the error.
   */
  get issues(): readonly unknown[] {
    return this.#issues;
  }
}

/** The notification that would be made of the task is over 256 KiB. Store the data elsewhere and send a reference. */
export class PayloadTooLargeError extends PunctualError {
  static {
    PayloadTooLargeError.prototype.name = 'PayloadTooLargeError';
  }
  constructor(message: string, details: ErrorDetails = {}) {
    super('PayloadTooLarge', false, message, details);
  }
}

/** No such task in this app, or its history has expired. */
export class NotFoundError extends PunctualError {
  static {
    NotFoundError.prototype.name = 'NotFoundError';
  }
  constructor(message: string, details: ErrorDetails = {}) {
    super('NotFound', false, message, details);
  }
}

/** The idempotency key belongs to another request. */
export class IdempotencyConflictError extends PunctualError {
  static {
    IdempotencyConflictError.prototype.name = 'IdempotencyConflictError';
  }
  constructor(message: string, details: ErrorDetails = {}) {
    super('IdempotencyConflict', false, message, details);
  }
}

/** The claim no longer holds: the lease has ended, the task has been notified again, or it has ended. Stop the work. */
export class LeaseLostError extends PunctualError {
  static {
    LeaseLostError.prototype.name = 'LeaseLostError';
  }
  constructor(message: string, details: ErrorDetails = {}) {
    super('LeaseLost', false, message, details);
  }
}

/** Another run of a worker does this exclusive task under the same claim. Drop the notification. */
export class HeldError extends PunctualError {
  static {
    HeldError.prototype.name = 'HeldError';
  }
  constructor(message: string, details: ErrorDetails = {}) {
    super('Held', false, message, details);
  }
}

/**
 * The task's state, or what it was made as, does not allow the action: such as cancelling a task that is being worked on, or
 * replaying one that was enqueued with `replayable: false`.
 */
export class WrongStateError extends PunctualError {
  static {
    WrongStateError.prototype.name = 'WrongStateError';
  }
  constructor(message: string, details: ErrorDetails = {}) {
    super('WrongState', false, message, details);
  }
}

/** It could not be carried out now: the network, AWS, or the door failed. Retryable unless asking again cannot help. */
export class UnavailableError extends PunctualError {
  static {
    UnavailableError.prototype.name = 'UnavailableError';
  }
  constructor(message: string, { retryable = true, ...details }: ErrorDetails & { readonly retryable?: boolean } = {}) {
    super('Unavailable', retryable, message, details);
  }
}

/** IAM does not let this identity in: the message names the resource and the grant that is missing. */
export class AccessDeniedError extends PunctualError {
  static {
    AccessDeniedError.prototype.name = 'AccessDeniedError';
  }
  constructor(message: string, details: ErrorDetails = {}) {
    super('AccessDenied', false, message, details);
  }
}

/** The reason of a handler's signal when its process is about to end; the task is handed back and no attempt is spent. */
export class StoppedError extends PunctualError {
  static {
    StoppedError.prototype.name = 'StoppedError';
  }
  constructor(message: string, details: ErrorDetails = {}) {
    super('Stopped', true, message, details);
  }
}

/** The error that a door's refusal is to the caller. */
export function errorOf(refusal: DoorError): PunctualError {
  const { code, message, field, got, allowed, retryable } = refusal;
  const details = {
    ...(field === undefined ? {} : { field }),
    ...(got === undefined ? {} : { got }),
    ...(allowed === undefined ? {} : { allowed }),
  };
  switch (code) {
    case 'BadRequest':
      return new BadRequestError(message, details);
    case 'PayloadTooLarge':
      return new PayloadTooLargeError(message, details);
    case 'NotFound':
      return new NotFoundError(message, details);
    case 'IdempotencyConflict':
      return new IdempotencyConflictError(message, details);
    case 'LeaseLost':
      return new LeaseLostError(message, details);
    case 'Held':
      return new HeldError(message, details);
    case 'WrongState':
      return new WrongStateError(message, details);
    case 'Unavailable':
      return new UnavailableError(message, { ...details, retryable });
    default:
      code satisfies never;
      return new UnavailableError(`The door answered with a code that this client does not know: ${String(code)}. Update the client.`, {
        retryable: false,
      });
  }
}
