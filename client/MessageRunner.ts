import type { Notification } from '../contract/notification.ts';
import { Claim, type ClaimParts, type Word } from './Claim.ts';
import type { Tasks } from './defineTasks.ts';
import { BadRequestError, HeldError, LeaseLostError, NotFoundError, UnavailableError, WrongStateError } from './errors.ts';
import type { CheckedHandlers, ClaimedTask, HandlerContext } from './handlers.ts';
import { prepareRun } from './prepareRun.ts';
import { readNotification } from './readNotification.ts';
import type { Stop } from './Stop.ts';
import { Snooze } from './snooze.ts';
import { taskErrorOf } from './taskErrorOf.ts';

/** An SQS message, from whichever side it came. */
export interface Message {
  readonly id: string;
  readonly body: string;
  /** When SQS got it, epoch milliseconds; undefined where that is not known. */
  readonly sentAt?: number | undefined;
}

/** When SQS got a message, of its attribute `SentTimestamp`. */
export function sentAtOf(timestamp: string | undefined): number | undefined {
  const at = Number(timestamp);
  return at > 0 ? at : undefined;
}

/**
 * What becomes of the message: `done`, the report was accepted, or none was needed; `dropped`, someone else has the task or
 * it has ended; `left`, it must come again. The first two leave the queue.
 */
export type Verdict = 'done' | 'dropped' | 'left';

/** What a runner works with. */
export interface RunnerParts extends ClaimParts {
  readonly tasks: Tasks;
  readonly handlers: ReadonlyMap<string, CheckedHandlers>;
}

/** A task of a version that this build does not know is given back for so long, and up to half as long again. */
const GIVEN_BACK_MS = 45_000;
/** That is said once in so long of each name and version: as many as wait may come. */
const SAID_EVERY_MS = 60_000;

/** Works on one message: read, check, handle, report. The one place where Lambda and process workers do so. */
export class MessageRunner {
  readonly #parts: RunnerParts;
  /** When each name and version was last said not to be handled here. */
  readonly #said = new Map<string, number>();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Never throws. `onExtended` hears of a lease that was moved. */
  async run(message: Message, stop: Stop, onExtended: (until: Date) => void = () => {}): Promise<Verdict> {
    const read = readNotification(message.body);
    if (!read.ok) {
      this.#parts.onError(unreadable(message, read.field));
      return 'left';
    }
    const { told } = read;
    if (told.acknowledge === false) return this.#unreported(told, stop);
    // Its dispatcher has given the task to someone else, or will: to run it now would be one run too many.
    if (Date.parse(told.leaseUntil) <= Date.now()) return 'dropped';
    const claim = new Claim(told, this.#parts, { sentAt: message.sentAt, stop: stop.signal, onExtended });
    try {
      return await this.#claimed(told, claim, stop);
    } finally {
      claim.end();
    }
  }

  async #claimed(told: Notification, claim: Claim, stop: Stop): Promise<Verdict> {
    const start = told.exclusive ? await this.#tell(claim.start()) : 'done';
    if (start !== 'done') return start;
    const extended = claim.isPastHalf ? await this.#tell(claim.extend()) : 'done';
    if (extended !== 'done') return extended;
    if (claim.signal.aborted) return stop.signal.aborted ? 'left' : 'dropped';
    const word = await this.#work(told, claim);
    if (stop.isHandedBack || (stop.signal.aborted && word.action === 'fail')) return 'left';
    return this.#tell(claim.report(word));
  }

  async #work(told: Notification, context: HandlerContext): Promise<Word> {
    const run = await prepareRun(this.#parts.tasks, this.#parts.handlers, told);
    if (run.kind === 'failed') return { action: 'fail', error: run.error };
    if (run.kind === 'unsupported') {
      this.#sayUnsupported(told, run.why);
      return { action: 'snooze', delayMs: Math.round(GIVEN_BACK_MS * (1 + Math.random() / 2)) };
    }
    try {
      const outcome = await run.handle(claimedTask(told, run.payload), { signal: context.signal, extend: context.extend });
      return outcome instanceof Snooze ? { action: 'snooze', delayMs: outcome.delayMs } : { action: 'complete' };
    } catch (thrown) {
      return { action: 'fail', error: taskErrorOf(thrown) };
    }
  }

  /** A task that is done already: nobody waits for a report. What nothing was run for is left to the queue's redrive. */
  async #unreported(told: Notification, stop: Stop): Promise<Verdict> {
    const run = await prepareRun(this.#parts.tasks, this.#parts.handlers, told);
    if (run.kind !== 'ready') {
      this.#sayUnsupported(told, run.kind === 'unsupported' ? run.why : `This worker cannot run ${told.name}: ${run.error.name}.`);
      return 'left';
    }
    // A signal of its own: what a handler adds to that of the process would stay there.
    const controller = new AbortController();
    const onStop = () => controller.abort(stop.signal.reason);
    stop.signal.addEventListener('abort', onStop, { once: true });
    try {
      const outcome = await run.handle(claimedTask(told, run.payload), { signal: controller.signal, extend: noLease });
      if (outcome instanceof Snooze) throw new WrongStateError('A task that was enqueued with acknowledge: false cannot be snoozed.');
    } catch (cause) {
      if (stop.signal.aborted) return 'left';
      this.#parts.onError(unreportedFailure(told, cause));
    } finally {
      stop.signal.removeEventListener('abort', onStop);
    }
    return stop.isHandedBack ? 'left' : 'done';
  }

  /** What the door makes of a word: taken; no longer wanted; or not now. */
  async #tell(word: Promise<unknown>): Promise<Verdict> {
    try {
      await word;
      return 'done';
    } catch (error) {
      if (error instanceof LeaseLostError || error instanceof NotFoundError || error instanceof HeldError) return 'dropped';
      this.#parts.onError(error instanceof Error ? error : new Error('The report failed.'));
      return 'left';
    }
  }

  #sayUnsupported({ name, version }: Notification, why: string): void {
    const key = `${name} ${version}`;
    const now = performance.now();
    if (now < (this.#said.get(key) ?? Number.NEGATIVE_INFINITY) + SAID_EVERY_MS) return;
    this.#said.set(key, now);
    this.#parts.onError(new UnavailableError(`${why} Its tasks are given back, no attempt is spent.`));
  }
}

const noLease: HandlerContext['extend'] = async () => {
  throw new WrongStateError('A task that was enqueued with acknowledge: false has no lease to extend.');
};

/** What was thrown is the cause alone: the message of a handler's error may tell of its payload. */
const unreportedFailure = ({ id, name }: Notification, cause: unknown): UnavailableError =>
  new UnavailableError(`The handler of ${name} threw for ${id}, which is not tried again: it was enqueued with acknowledge: false.`, {
    cause,
    retryable: false,
  });

const unreadable = ({ id }: Message, field: string): BadRequestError =>
  new BadRequestError(`SQS message ${id} is not a notification of Punctual (see ${field}); it is left for the queue's redrive.`, { field });

function claimedTask(told: Notification, payload: unknown): ClaimedTask {
  const { id, name, version, claim, attempt, priority, dueAt, deadlineAt, leaseUntil } = told;
  return {
    id,
    name,
    version,
    payload,
    claim,
    attempt,
    priority,
    dueAt: new Date(dueAt),
    ...(deadlineAt === undefined ? {} : { deadlineAt: new Date(deadlineAt) }),
    leaseUntil: new Date(leaseUntil),
  };
}
