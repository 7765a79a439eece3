import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvokeCommand, type InvokeCommandOutput, LambdaClient } from '@aws-sdk/client-lambda';
import type { DoorError } from '../contract/errors.ts';
import type { OperateRequest } from '../contract/operate.ts';
import type { ReportRequest } from '../contract/report.ts';
import type { SubmitRequest } from '../contract/submit.ts';
import { awsError } from './awsError.ts';
import type { Fields } from './check.ts';
import { errorOf, type PunctualError, UnavailableError } from './errors.ts';
import { type DoorKind, GRANTS, resolveDoor } from './resolveDoor.ts';

/** Where a door is and how it is reached. */
export interface DoorOptions {
  readonly arn?: unknown;
  readonly app?: unknown;
  readonly lambda?: LambdaClient | undefined;
  readonly region?: string | undefined;
}

/**
 * Calls of a door that answered "unavailable" or crashed, the first included. The SDK retries only what failed on the way.
 * Asking again is safe: every action of a door is idempotent, by its key or its claim.
 */
const CALLS = 3;
/** Milliseconds within which the second call is made; doubles with each further one. */
const BACKOFF_MS = 200;
/** A door answers within seconds. The SDK's own default is to wait for ever. */
const TIMEOUTS = { connectionTimeout: 3_000, requestTimeout: 30_000, throwOnRequestTimeout: true };

/** A door of an app, or the queue's own: a Lambda that is invoked, waited for, and answers in the contract's words. */
export class Door {
  readonly #kind: DoorKind;
  readonly #arn: string;
  readonly #lambda: LambdaClient;
  readonly #isOwn: boolean;
  readonly #end = new AbortController();

  constructor(kind: DoorKind, options: DoorOptions) {
    this.#kind = kind;
    // Each call listens: as many as run at once is not a leak.
    setMaxListeners(0, this.#end.signal);
    this.#arn = resolveDoor(kind, options);
    this.#isOwn = options.lambda === undefined;
    // The door's ARN says its region: the process need not be in it, nor configured for any.
    const region = options.region ?? this.#arn.split(':')[3];
    this.#lambda = options.lambda ?? new LambdaClient({ requestHandler: TIMEOUTS, ...(region ? { region } : {}) });
  }

  /** The door's answer. @throws the door's refusal, UnavailableError, AccessDeniedError */
  async call(request: SubmitRequest | ReportRequest | OperateRequest): Promise<Fields> {
    const payload = JSON.stringify(request);
    for (let call = 1; ; call++) {
      const response = await this.#invoke(payload);
      try {
        return answerOf(response);
      } catch (error) {
        if (!(error instanceof UnavailableError && error.retryable) || call === CALLS) throw error;
      }
      await sleep(Math.random() * BACKOFF_MS * 2 ** (call - 1), undefined, { signal: this.#end.signal });
    }
  }

  /** Ends the calls that run, and closes the connections unless the SDK client was given. */
  destroy(): void {
    this.#end.abort();
    if (this.#isOwn) this.#lambda.destroy();
  }

  async #invoke(payload: string): Promise<InvokeCommandOutput> {
    try {
      return await this.#lambda.send(
        new InvokeCommand({ FunctionName: this.#arn, InvocationType: 'RequestResponse', Payload: Buffer.from(payload) }),
        { abortSignal: this.#end.signal },
      );
    } catch (error) {
      throw awsError(error, `the ${this.#kind} door ${this.#arn}`, GRANTS[this.#kind]);
    }
  }
}

function answerOf({ FunctionError, Payload }: InvokeCommandOutput): Fields {
  const answer = parsed(Payload);
  if (FunctionError) {
    // What a crashed function answers: { errorType, errorMessage, … }. A timeout has no type.
    const { errorType = FunctionError, errorMessage = '' } = answer ?? {};
    throw new UnavailableError(`The door failed (${String(errorType)}): ${String(errorMessage)}`);
  }
  if (answer?.v === 1 && answer.ok === true) return answer;
  if (answer?.v === 1 && answer.ok === false) throw refusalOf(answer.error);
  throw unexpected('an answer of the contract, version 1');
}

/** The error that a door's answer, or one result of it, carries. */
export const refusalOf = (error: unknown): PunctualError => (isDoorError(error) ? errorOf(error) : unexpected('an error with its code'));

const isDoorError = (error: unknown): error is DoorError =>
  typeof error === 'object' &&
  error !== null &&
  typeof (error as Fields).code === 'string' &&
  typeof (error as Fields).message === 'string';

/** A door that does not speak the contract: the ARN of another function, or a release too far away. */
export const unexpected = (allowed: string): UnavailableError =>
  new UnavailableError(`The door's answer was not ${allowed}. Is its ARN that of a door?`, { allowed });

function parsed(bytes: Uint8Array | undefined): Fields | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes ?? []).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}
