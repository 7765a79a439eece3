import type { Action, Decision } from '../../core/actions.ts';
import type { AppSettings } from '../../core/policy.ts';
import { type Attempt, boundedError, type Task, type TaskError } from '../../core/task.ts';
import type { FailureRequest } from '../bus.ts';
import { appOf, fingerprintOf, occurrenceOf } from '../identity.ts';
import { log } from '../log.ts';
import { UnreadableRow } from '../rows.ts';
import { type QuarantinePorts, setAside } from './quarantine.ts';

/** A request that something be decided of a task; all but plain facts. */
export type Request = Exclude<FailureRequest, { type: 'late' }>;
type TaskRequest = Exclude<Request, { type: 'quarantine' }>;

/** What is needed to decide. */
export interface DecisionPorts extends QuarantinePorts {
  /** In [0, 1): spreads the retries. */
  random(): number;
}

/** A failure as it stands in its row, and what is to be told of it. */
export interface Failed {
  readonly type: Request['type'];
  readonly id: string;
  /** Absent: a row that names no app; it is in no book. */
  readonly app?: string;
  readonly name: string;
  readonly version: number;
  /** Tells it from every other. */
  readonly key: string;
  readonly error: TaskError;
  readonly fingerprint: string;
  readonly isDead: boolean;
  /** Of a task whose deadline it was the first to miss. */
  readonly missed?: number;
}

/** Which recurring error a failure is. */
export type Kind = Pick<Failed, 'app' | 'name' | 'error' | 'fingerprint'>;

/** What came of a request. */
export interface Decided {
  /** To be counted by this delivery; absent: it was stale, or another delivery counts it. */
  readonly failed?: Failed;
  /** An earlier delivery may have counted it and not come to its report, and the row says nothing of it any more. */
  readonly owed?: Kind;
  /** The task waits for another try. */
  readonly retry?: { readonly task: Task; readonly settings: AppSettings };
}

/** The errors of the system's own, by what was reported. */
const OWN_ERRORS = {
  expire: { name: 'LeaseExpired', message: 'No worker reported before the lease ended.' },
  miss: { name: 'DeadlineMissed', message: 'The deadline passed while the task waited, and it is of no use late.' },
  quarantine: { name: 'UnreadableRow', message: 'The row cannot be read as a task, and was set aside.' },
} as const satisfies Partial<Record<Request['type'], TaskError>>;

/** What a row is called whose task's name cannot be told. */
const NO_NAME = 'unreadable';

/** How an attempt ends by a request. */
const OUTCOMES = { fail: 'failed', expire: 'expired', refuse: 'refused' } as const satisfies Partial<
  Record<Request['type'], Attempt['outcome']>
>;

/**
 * Decides upon a request and writes what comes of it. A failure is told of by the delivery that wrote it, also where the
 * answer to its write was lost. `isAgain`: an earlier delivery of this very message did not come to its end, so what it may
 * have written is told of now.
 *
 * @throws if nothing could be decided: the request must come again
 */
export async function decideOn(request: Request, isAgain: boolean, now: number, ports: DecisionPorts): Promise<Decided> {
  if (request.type === 'quarantine') return quarantined(request.id, request.reason, isAgain, now, ports);
  const settings = await ports.settingsOf(appOf(request.id));
  if (!settings) throw new Error(`there are no settings of the app of ${request.id}`);
  try {
    return await decidedTask(request, isAgain, now, settings, ports);
  } catch (error) {
    if (error instanceof UnreadableRow) return quarantined(request.id, error.message, isAgain, now, ports);
    throw error;
  }
}

async function decidedTask(
  request: TaskRequest,
  isAgain: boolean,
  now: number,
  settings: AppSettings,
  { store, random }: DecisionPorts,
): Promise<Decided> {
  const reported = errorOf(request);
  const spread = random();
  let kind = kindOf(settings.app, undefined, reported);
  const decision = await store.act(
    request.id,
    (task) => {
      kind = kindOf(settings.app, task, reported);
      return actionOf(request, reported, kind.fingerprint, spread);
    },
    now,
    settings,
  );
  logDecision(request, decision);
  // A death by the deadline is in no attempt: once the task is replayed, nothing tells that an earlier delivery wrote it.
  if (decision.kind === 'refused') return isAgain && request.type === 'miss' ? { owed: kind } : {};
  const { task } = decision;
  // Rung for even if it was decided before: the answer to the first try may have been lost.
  const retry = task.state === 'scheduled' ? { retry: { task, settings } } : {};
  const recorded = recordOf(request, task);
  const isOurs = decision.kind === 'changed' || isAgain || recorded?.at === now;
  if (!recorded || !isOurs) return retry;
  const missed = decision.kind === 'changed' ? decision.missed : recorded.isFirstLate;
  return { failed: { type: request.type, ...failedOf(task, recorded, missed) }, ...retry };
}

function failedOf(task: Task, recorded: Recorded, missed: boolean): Omit<Failed, 'type'> {
  const { id, version, deadlineAt } = task;
  return {
    ...{ id, version },
    // Two requests of one claim may tell of different errors: what stands in the row is the one that counts.
    ...kindOf(task.app, task, recorded.error),
    key: occurrenceOf(id, recorded.occasion),
    isDead: recorded.isDead,
    ...(missed && deadlineAt !== undefined ? { missed: deadlineAt } : {}),
  };
}

const kindOf = (app: string, task: Task | undefined, error: TaskError): Kind => {
  const name = task?.name ?? NO_NAME;
  return { app, name, error, fingerprint: fingerprintOf(app, name, error) };
};

interface Recorded {
  readonly at: number;
  readonly occasion: number;
  readonly error: TaskError;
  readonly isDead: boolean;
  readonly isFirstLate: boolean;
}

/** What a task's row says of the request: when it was recorded, with which error, and whether the task died of it. */
function recordOf(request: TaskRequest, task: Task): Recorded | undefined {
  if (request.type === 'miss') {
    const { endedAt = 0 } = task;
    return { at: endedAt, occasion: endedAt, error: OWN_ERRORS.miss, isDead: true, isFirstLate: true };
  }
  const { claim, type } = request;
  const attempt = task.attempts.findLast((one) => one.claim === claim && one.outcome === OUTCOMES[type]);
  if (!attempt) return undefined;
  const { claimedAt, endedAt, error = OWN_ERRORS.expire } = attempt;
  const { deadlineAt } = task;
  // A claim made after the deadline has told of it itself.
  const isFirstLate = deadlineAt !== undefined && claimedAt <= deadlineAt && deadlineAt < endedAt;
  // A death by the deadline was of no attempt: its own request tells of it.
  const isOfAttempt = task.deathReason !== 'deadline missed' && task.attempts.at(-1) === attempt;
  return { at: endedAt, occasion: claim, error, isDead: task.state === 'dead' && isOfAttempt, isFirstLate };
}

function actionOf(request: TaskRequest, error: TaskError, fingerprint: string, random: number): Action {
  switch (request.type) {
    case 'fail': {
      const { claim, worker } = request;
      return { type: 'fail', claim, error, fingerprint, random, ...(worker === undefined ? {} : { worker }) };
    }
    case 'refuse':
      return { type: 'refuse', claim: request.claim, error, fingerprint, random };
    case 'expire':
      // Only with an error of SNS's: without one it was a worker that did not answer.
      return { type: 'expire', claim: request.claim, fingerprint, ...(request.error ? { error } : {}) };
    case 'miss':
      return { type: 'miss', fingerprint };
    default:
      return request satisfies never;
  }
}

/** As a history keeps it, in whole characters: half of one cannot be stored. */
function errorOf(request: TaskRequest): TaskError {
  const reported = 'error' in request && request.error ? request.error : request.type === 'miss' ? OWN_ERRORS.miss : OWN_ERRORS.expire;
  const { name, message, stack } = boundedError(reported);
  return { name: wellFormed(name), message: wellFormed(message), ...(stack === undefined ? {} : { stack: wellFormed(stack) }) };
}

const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, '\ufffd');

async function quarantined(id: string, reason: string, isAgain: boolean, now: number, ports: DecisionPorts): Promise<Decided> {
  const row = await setAside(ports, id, reason, now);
  if (!row) return {};
  const { isNew, endedAt, app, name = NO_NAME, version = 1 } = row;
  if (isNew) log('ERROR', 'a row cannot be read as a task; it was set aside as dead', { id, app });
  if (!isNew && !isAgain && endedAt !== now) return {};
  const error = OWN_ERRORS.quarantine;
  return {
    failed: {
      type: 'quarantine',
      ...{ id, name, version, error },
      ...(app === undefined ? {} : { app }),
      key: occurrenceOf(id, endedAt),
      fingerprint: fingerprintOf(app ?? '', name, error),
      isDead: true,
    },
  };
}

function logDecision(request: TaskRequest, decision: Decision): void {
  const { id, type } = request;
  const facts = { id, type, ...('claim' in request ? { claim: request.claim } : {}) };
  if (decision.kind === 'changed') {
    const { state, attempt, deliveries, level } = decision.task;
    log('INFO', 'a failure was decided', { ...facts, state, attempt, deliveries, priority: level });
  } else log('INFO', 'decided before, or stale', facts);
}
