import { CommanderError } from 'commander';
import { PunctualError } from '../client/errors.ts';
import { TasksFileError } from './tasks-file.ts';

/** How the command ends. Part of the contract with scripts: never renumbered. */
export const EXIT = { ok: 0, failure: 1, usage: 2, notFound: 3, conflict: 4, interrupted: 130 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** What went wrong, as `--json` says it. */
export interface Failure {
  /** A code of the doors or of the client, or `Usage`, `BadFile`, `ConfirmationNeeded`, `Declined`, `TimedOut`, `Interrupted`. */
  readonly code: string;
  readonly message: string;
  readonly field?: string;
  readonly got?: string;
  readonly allowed?: string;
  /** Whether the same command may succeed later. */
  readonly retryable?: boolean;
}

/** What the command line itself refuses, or ends with. */
export class CliError extends Error {
  override name = 'CliError';
  readonly code: string;
  readonly exit: Exit;

  constructor(message: string, code: string, exit: Exit) {
    super(message);
    this.code = code;
    this.exit = exit;
  }
}

/** A command that was not given as it must be. */
export const usage = (message: string): CliError => new CliError(message, 'Usage', EXIT.usage);

/** A flag or cell that must be something else, in the words that the doors use. */
export const mustBe = (field: string, got: string | undefined, allowed: string): CliError =>
  usage(`${field} must be ${allowed}; got ${got === undefined ? 'nothing' : JSON.stringify(got)}.`);

const EXIT_OF: Readonly<Record<string, Exit>> = {
  BadRequest: EXIT.usage,
  PayloadTooLarge: EXIT.usage,
  NotFound: EXIT.notFound,
  IdempotencyConflict: EXIT.conflict,
  WrongState: EXIT.conflict,
  LeaseLost: EXIT.conflict,
  Held: EXIT.conflict,
};

/** The exit code that a failure has by its own code. */
export const exitOf = (code: string): Exit => EXIT_OF[code] ?? EXIT.failure;

/** What is said of a caught error, and the exit code; undefined for what is no mistake that is known of: a bug. */
export function failureOf(error: unknown): { readonly failure: Failure; readonly exit: Exit } | undefined {
  if (error instanceof PunctualError) return { failure: punctualFailure(error), exit: exitOf(error.code) };
  if (error instanceof CliError) return { failure: { code: error.code, message: error.message }, exit: error.exit };
  if (error instanceof TasksFileError) return { failure: { code: 'BadFile', message: error.message }, exit: EXIT.usage };
  if (error instanceof CommanderError) {
    return {
      failure: { code: 'Usage', message: error.message.replace(/^error: /, '') },
      exit: error.exitCode === 0 ? EXIT.ok : EXIT.usage,
    };
  }
  return undefined;
}

export function punctualFailure({ code, message, field, got, allowed, retryable }: PunctualError): Failure {
  return {
    code,
    message,
    ...(field === undefined ? {} : { field }),
    ...(got === undefined ? {} : { got }),
    ...(allowed === undefined ? {} : { allowed }),
    retryable,
  };
}
