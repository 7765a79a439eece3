import type { Result } from '../../contract/answer.ts';
import { badField, doorError } from '../../contract/errors.ts';
import { parseRequest } from '../../contract/parse.ts';
import { type Enqueued, type TaskRequest, taskRequest } from '../../contract/submit.ts';
import { wire } from '../../contract/view.ts';
import type { NewTask } from '../../core/actions.ts';
import { decide } from '../../core/decide.ts';
import type { AppSettings } from '../../core/policy.ts';
import type { Task, Trait } from '../../core/task.ts';
import { requestDigest, taskIdOf } from '../identity.ts';
import type { Inserted, Store } from '../store.ts';
import { arrivalAt } from './arrival.ts';
import { instantOf } from './dates.ts';
import { errorOf, Refused } from './door.ts';
import { payloadText, refuseTooLarge } from './payload.ts';
import { refusalError } from './refusals.ts';

/** What an absent field means: to ask for it in words is the same request. */
const DEFAULTS = { version: 1, priority: 'medium' } as const;

/** What a task is made as where a field is not as usual, and how it is asked for. */
const MADE_AS = [
  ['acknowledge', false, 'unacknowledged'],
  ['exclusive', true, 'exclusive'],
  ['expiresAfterDeadline', true, 'expires'],
  ['replayable', false, 'unreplayable'],
] as const satisfies readonly (readonly [keyof TaskRequest, boolean, Trait])[];

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
  const name = (field: string) => (prefix ? `${prefix}.${field}` : field);
  const text = payloadText(payload, name('payload'));
  refuseContradiction(request, name);
  const traits: Trait[] = [];
  for (const [field, unusual, trait] of MADE_AS) if (request[field] === unusual) traits.push(trait);
  const task: NewTask = {
    id: taskIdOf(settings.app, idempotencyKey),
    app: settings.app,
    name: request.name,
    version: request.version ?? DEFAULTS.version,
    payload: text,
    request: requestDigest(withoutUsual({ ...DEFAULTS, ...request, payload })),
    level: request.priority ?? DEFAULTS.priority,
    arrival: arrivalAt(now),
    ...place(request, now, name),
    ...(request.maxAttempts === undefined ? {} : { maxAttempts: request.maxAttempts }),
    ...(traits.length === 0 ? {} : { traits }),
  };
  const decision = decide(undefined, { type: 'enqueue', task }, now, settings);
  if (decision.kind === 'refused') throw new Refused(refusalError(decision.refusal, task.id));
  refuseTooLarge(decision.task, name('payload'));
  return decision.task;
}

type Fields = Omit<TaskRequest, 'idempotencyKey' | 'payload'>;

function refuseContradiction(request: Fields, name: (field: string) => string): void {
  if (request.expiresAfterDeadline === true && request.deadlineAt === undefined) {
    throw new Refused(
      badField(name('expiresAfterDeadline'), true, 'absent or false where there is no deadlineAt: nothing to expire after'),
    );
  }
  if (request.acknowledge === false && request.exclusive === true) {
    throw new Refused(badField(name('exclusive'), true, 'absent or false where acknowledge is false: there is no lease to hold'));
  }
}

/** What is asked for as usual is left out: the digest is that of a request that does not speak of it. */
function withoutUsual(request: object): object {
  const spoken: Record<string, unknown> = { ...request };
  for (const [field, unusual] of MADE_AS) if (spoken[field] !== unusual) spoken[field] = undefined;
  return spoken;
}

/** Where in time the task stands. Without a date it is due now; with a deadline that has passed, it was due then. */
function place(request: Fields, now: number, name: (field: string) => string): Pick<NewTask, 'dueAt' | 'deadlineAt' | 'position'> {
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
async function repeated(store: Store, settings: AppSettings, task: Task, found: Task | undefined, now: number): Promise<Enqueued> {
  // Nothing was learned of the row, or it cannot be read, which is said here.
  const existing = found ?? (await store.read(task.id));
  const decision = existing && decide(existing, { type: 'enqueue', task }, now, settings);
  if (decision?.kind === 'refused') throw new Refused(refusalError(decision.refusal, task.id));
  // With our own stamp it is the row that this request made: only the answer had been lost.
  if (decision?.kind === 'unchanged') return enqueuedOf(decision.task, decision.task.arrival === task.arrival);
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
