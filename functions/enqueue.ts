import { randomInt } from 'node:crypto';
import type { Result } from '../contract/answer.ts';
import { badField, doorError, refusedField } from '../contract/errors.ts';
import { jsonProblem } from '../contract/json.ts';
import { NOTIFICATION_BYTES } from '../contract/limits.ts';
import { parseRequest } from '../contract/parse.ts';
import { type Enqueued, type TaskRequest, taskRequest } from '../contract/submit.ts';
import { wire } from '../contract/view.ts';
import type { NewTask } from '../core/actions.ts';
import { decide } from '../core/decide.ts';
import type { AppSettings } from '../core/policy.ts';
import type { Task } from '../core/task.ts';
import { instantOf } from './dates.ts';
import { errorOf, Refused } from './door.ts';
import { requestDigest, taskIdOf } from './identity.ts';
import { bytesOver } from './notification.ts';
import { refusalError } from './refusals.ts';
import type { Inserted, Store } from './store.ts';

/** Digits that numbers of a notification may grow by in a task's life: claims, attempts, a later lease. */
const WORST = { claim: Number.MAX_SAFE_INTEGER, attempt: 100, leaseUntil: 0 } as const;

/** What an absent field means: to ask for it in words is the same request. */
const DEFAULTS = { version: 1, priority: 'medium' } as const;

/** Two instances of a door that are asked in the same millisecond give other microseconds, as a rule. */
const OFFSET = randomInt(1_000);

let lastArrival = 0;

/** The order of arrival: microseconds, no two alike from one instance of a door. */
function arrivalAt(now: number): number {
  lastArrival = Math.max(lastArrival + 1, now * 1_000 + OFFSET);
  return lastArrival;
}

/** Enqueues tasks, each on its own: one that is refused does not refuse the others. Answers in the order asked. */
export async function enqueueAll(
  store: Store,
  settings: AppSettings,
  requests: readonly unknown[],
  now: number,
  field: (index: number) => string,
): Promise<Result<Enqueued>[]> {
  const prepared = requests.map((request, index) => attempt(() => prepare(settings, request, now, field(index))));
  // One key named twice in a batch: the first is written, the others are held against it.
  const first = new Map<string, Task>();
  for (const task of prepared) if (!('ok' in task) && !first.has(task.id)) first.set(task.id, task);
  const inserted = await store.insert([...first.values()], settings.shards);
  const outcome = new Map([...first.keys()].map((id, i) => [id, inserted[i]]));
  const results: Result<Enqueued>[] = [];
  for (const task of prepared) {
    if ('ok' in task) results.push(task);
    else results.push(await settled(store, settings, task, first.get(task.id) as Task, outcome.get(task.id), now));
  }
  return results;
}

/** What became of one: `first` is the task that was written, or tried, under its id. */
async function settled(
  store: Store,
  settings: AppSettings,
  task: Task,
  first: Task,
  outcome: Inserted | undefined,
  now: number,
): Promise<Result<Enqueued>> {
  if (outcome?.created && first === task) return { ok: true, ...enqueuedOf(task, true) };
  try {
    const existing = outcome?.created ? first : outcome?.existing;
    return { ok: true, ...(await repeated(store, settings, task, existing, now)) };
  } catch (error) {
    return { ok: false, error: errorOf(error) };
  }
}

function attempt<T>(make: () => T): T | { ok: false; error: ReturnType<typeof errorOf> } {
  try {
    return make();
  } catch (error) {
    return { ok: false, error: errorOf(error) };
  }
}

/** The task that a request asks for: every date resolved, every default applied, small enough to be told. */
function prepare(settings: AppSettings, input: unknown, now: number, prefix: string): Task {
  const parsed = parseRequest(taskRequest, input, prefix);
  if (!parsed.ok) throw new Refused(parsed.error);
  const { payload = null, idempotencyKey, ...request } = parsed.value;
  const problem = jsonProblem(payload, prefix ? `${prefix}.payload` : 'payload');
  if (problem) throw new Refused(refusedField(problem.path, problem.got, problem.allowed));
  const task: NewTask = {
    id: taskIdOf(settings.app, idempotencyKey),
    app: settings.app,
    name: request.name,
    version: request.version ?? DEFAULTS.version,
    payload: JSON.stringify(payload),
    request: requestDigest({ ...DEFAULTS, ...request, payload }),
    level: request.priority ?? DEFAULTS.priority,
    arrival: arrivalAt(now),
    ...place(request, now, prefix),
    ...(request.maxAttempts === undefined ? {} : { maxAttempts: request.maxAttempts }),
  };
  const decision = decide(undefined, { type: 'enqueue', task }, now, settings);
  if (decision.kind === 'refused') throw new Refused(refusalError(decision.refusal, task.id));
  const over = bytesOver({ ...decision.task, ...WORST });
  if (over === 0) return decision.task;
  const bytes = `${NOTIFICATION_BYTES + over} bytes`;
  const message = `The notification of this task would be ${bytes} (UTF-8, envelope included). Keep the payload elsewhere and send a reference.`;
  throw new Refused(
    doorError('PayloadTooLarge', message, {
      field: `${prefix && `${prefix}.`}payload`,
      got: bytes,
      allowed: `at most ${NOTIFICATION_BYTES} bytes`,
    }),
  );
}

/** Where in time the task stands. Without a date it is due now; with a deadline that has passed, it was due then. */
function place(
  request: Omit<TaskRequest, 'idempotencyKey' | 'payload'>,
  now: number,
  prefix: string,
): Pick<NewTask, 'dueAt' | 'deadlineAt' | 'position'> {
  const name = (field: string) => (prefix ? `${prefix}.${field}` : field);
  const dated = instantOf(name('dueAt'), request.dueAt, request.delayMs, now);
  const deadlineAt = instantOf(name('deadlineAt'), request.deadlineAt, undefined, now);
  if (request.position !== undefined && dated !== undefined) {
    throw new Refused(badField(name('position'), request.position, 'absent where a date is given: its place is by its date'));
  }
  const dueAt = dated ?? Math.min(now, deadlineAt ?? now);
  if (deadlineAt !== undefined && deadlineAt < dueAt) {
    throw new Refused(badField(name('deadlineAt'), wire(deadlineAt), `no earlier than dueAt, ${wire(dueAt)}`));
  }
  return { dueAt, position: request.position ?? 'back', ...(deadlineAt === undefined ? {} : { deadlineAt }) };
}

/** The answer to a request whose row was there before: the same task, a conflict, or a row whose history has expired. */
async function repeated(store: Store, settings: AppSettings, task: Task, existing: Task | undefined, now: number): Promise<Enqueued> {
  const decision = existing && decide(existing, { type: 'enqueue', task }, now, settings);
  if (decision?.kind === 'refused') throw new Refused(refusalError(decision.refusal, task.id));
  if (decision?.kind === 'unchanged') return enqueuedOf(decision.task, false);
  if (existing && decision && (await store.write(existing, decision.task, settings.shards))) return enqueuedOf(decision.task, true);
  throw new Refused(doorError('Unavailable', 'The task could not be stored now. Nothing is half done: send it again.'));
}

const enqueuedOf = ({ id, state, level, dueAt, deadlineAt }: Task, created: boolean): Enqueued => ({
  id,
  created,
  state,
  priority: level,
  dueAt: wire(dueAt),
  ...(deadlineAt === undefined ? {} : { deadlineAt: wire(deadlineAt) }),
});
