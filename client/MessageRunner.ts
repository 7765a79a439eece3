import { LIMITS } from '../contract/limits.ts';
import type { Notification } from '../contract/notification.ts';
import type { ReportRequest } from '../contract/report.ts';
import type { TaskError } from '../core/task.ts';
import { type Fields, fieldsOf } from './check.ts';
import { type Door, unexpected } from './Door.ts';
import { schemaOf, type Tasks } from './defineTasks.ts';
import { durationMs } from './durationMs.ts';
import { BadRequestError, LeaseLostError, NotFoundError } from './errors.ts';
import type { ClaimedTask, Handler, HandlerContext } from './handlers.ts';
import { Lease } from './Lease.ts';
import { readNotification } from './readNotification.ts';
import type { OnError } from './reportError.ts';
import type { Stop } from './Stop.ts';
import { Snooze } from './snooze.ts';
import { taskErrorOf } from './taskErrorOf.ts';
import { validatePayload } from './validatePayload.ts';

/** An SQS message, from whichever side it came. */
export interface Message {
  readonly id: string;
  readonly body: string;
}

/**
 * What becomes of the message: `done`, the report was accepted; `dropped`, someone else has the task or it has ended;
 * `left`, it must come again. The first two leave the queue.
 */
export type Verdict = 'done' | 'dropped' | 'left';

/** What a handler's run comes to, as a report says it. */
type Word =
  | { readonly action: 'complete' }
  | { readonly action: 'fail'; readonly error: TaskError }
  | { readonly action: 'snooze'; readonly delayMs: number };

/** What a runner works with. */
export interface RunnerParts {
  readonly tasks: Tasks;
  readonly handlers: ReadonlyMap<string, Handler>;
  /** The app's report door. */
  readonly door: Door;
  /** The worker's name in reports. */
  readonly worker: string;
  readonly onError: OnError;
}

/** Works on one message: read, check, handle, report. The one place where Lambda and process workers do so. */
export class MessageRunner {
  readonly #parts: RunnerParts;

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
    // Its dispatcher has given the task to someone else, or will: to run it now would be one run too many.
    if (Date.parse(told.leaseUntil) <= Date.now()) return 'dropped';
    const lease = new Lease(new Date(told.leaseUntil), stop.signal);
    try {
      const word = await this.#work(told, { signal: lease.signal, extend: this.#extend(told, lease, onExtended) });
      if (stop.isHandedBack || (stop.signal.aborted && word.action === 'fail')) return 'left';
      return await this.#report(told, word);
    } finally {
      lease.end();
    }
  }

  async #work(told: Notification, context: HandlerContext): Promise<Word> {
    const handler = this.#parts.handlers.get(told.name);
    const schema = schemaOf(this.#parts.tasks, told.name);
    if (!handler || !schema) {
      return failed('NoHandler', `This worker has no handler for tasks named ${told.name}. Deploy one, or stop enqueueing them.`);
    }
    const validated = await validatePayload(schema, told.payload);
    if (!validated.ok) return failed('InvalidPayload', `The schema of ${told.name} refuses ${validated.paths.slice(0, 10).join(', ')}.`);
    try {
      const outcome = await handler(claimedTask(told, validated.value), context);
      return outcome instanceof Snooze ? { action: 'snooze', delayMs: outcome.delayMs } : { action: 'complete' };
    } catch (thrown) {
      return { action: 'fail', error: taskErrorOf(thrown) };
    }
  }

  async #report(told: Notification, word: Word): Promise<Verdict> {
    const { id, claim } = told;
    const { door, worker, onError } = this.#parts;
    try {
      await door.call({ v: 1, id, claim, worker, ...word } satisfies ReportRequest);
      return 'done';
    } catch (error) {
      if (error instanceof LeaseLostError || error instanceof NotFoundError) return 'dropped';
      onError(error instanceof Error ? error : new Error('The report failed.'));
      return 'left';
    }
  }

  #extend({ id, claim }: Notification, lease: Lease, onExtended: (until: Date) => void): HandlerContext['extend'] {
    return async (options = {}) => {
      lease.signal.throwIfAborted();
      const { lease: text } = fieldsOf(options, ['lease'], 'options');
      const leaseMs = text === undefined ? {} : { leaseMs: durationMs(text, 'lease', LIMITS.leaseMinMs, LIMITS.leaseMs) };
      try {
        const { worker, door } = this.#parts;
        const until = endOf(await door.call({ v: 1, action: 'extend', id, claim, worker, ...leaseMs }));
        lease.moveTo(until);
        onExtended(until);
        return until;
      } catch (error) {
        if (error instanceof LeaseLostError) lease.abort(error);
        throw error;
      }
    };
  }
}

const failed = (name: string, message: string): Word => ({ action: 'fail', error: { name, message } });

const unreadable = ({ id }: Message, field: string): BadRequestError =>
  new BadRequestError(`SQS message ${id} is not a notification of Punctual (see ${field}); it is left for the queue's redrive.`, { field });

function endOf({ leaseUntil }: Fields): Date {
  const until = new Date(typeof leaseUntil === 'string' ? leaseUntil : Number.NaN);
  if (Number.isNaN(until.getTime())) throw unexpected('a lease with its end');
  return until;
}

function claimedTask(told: Notification, payload: unknown): ClaimedTask {
  const { id, name, claim, attempt, priority, dueAt, deadlineAt, leaseUntil } = told;
  return {
    id,
    name,
    payload,
    claim,
    attempt,
    priority,
    dueAt: new Date(dueAt),
    ...(deadlineAt === undefined ? {} : { deadlineAt: new Date(deadlineAt) }),
    leaseUntil: new Date(leaseUntil),
  };
}
