import { LIMITS, NOTIFICATION_BYTES } from '../../../contract/limits.ts';
import { NO_REQUESTS, type Refusal, TASK_REQUESTS } from './refusals.ts';
import { batch, enqueue, NO_TASK, nested, raw, task, without } from './requests.ts';

/** Tasks that the submit door does not take. */
export const REFUSED_TASKS: readonly Refusal[] = [
  { what: 'no version of the contract', request: without('v', enqueue()), field: 'v' },
  { what: 'a later version of the contract', request: { ...enqueue(), v: 2 }, field: 'v' },
  { what: 'the version as a text', request: { ...enqueue(), v: '1' }, field: 'v' },
  { what: 'a field that is not known', request: enqueue({ colour: 'red' }), field: 'colour' },
  { what: 'a field named __proto__', request: raw(enqueue(), '').replace('{', '{"__proto__":{"v":1},'), field: '__proto__' },
  { what: 'a field named constructor', request: enqueue({ constructor: 1 }), field: 'constructor' },
  {
    what: 'a field that is not known in a date',
    request: enqueue({ delayMs: undefined, dueAt: { local: '2030-01-01T00:00', timeZone: 'UTC', zone: 1 } }),
    field: 'dueAt.zone',
  },
  { what: 'no name', request: without('name', enqueue()), field: 'name' },
  { what: 'a name that is a number', request: enqueue({ name: 1 }), field: 'name' },
  { what: 'a name that is too long', request: enqueue({ name: 'n'.repeat(LIMITS.name + 1) }), field: 'name' },
  { what: 'a priority that is none', request: enqueue({ priority: 'urgent' }), field: 'priority' },
  { what: 'a priority that is a number', request: enqueue({ priority: 1 }), field: 'priority' },
  { what: 'a position together with a date', request: enqueue({ position: 'front' }), field: 'position' },
  { what: 'a date without an offset', request: enqueue({ delayMs: undefined, dueAt: '2030-01-01T00:00:00' }), field: 'dueAt' },
  {
    what: 'a date in no zone',
    request: enqueue({ delayMs: undefined, dueAt: { local: '2030-01-01T00:00', timeZone: 'Mars/Base' } }),
    field: 'dueAt.timeZone',
  },
  { what: 'a delay that is a text', request: enqueue({ delayMs: '1h' }), field: 'delayMs' },
  { what: 'a delay that is negative', request: enqueue({ delayMs: -1 }), field: 'delayMs' },
  { what: 'a deadline before the date', request: enqueue({ deadlineAt: '2020-01-01T00:00:00Z' }), field: 'deadlineAt' },
  { what: 'more attempts than allowed', request: enqueue({ maxAttempts: LIMITS.maxAttempts + 1 }), field: 'maxAttempts' },
  { what: 'half an attempt', request: enqueue({ maxAttempts: 1.5 }), field: 'maxAttempts' },
  { what: 'a version 0 of the payload', request: enqueue({ version: 0 }), field: 'version' },
  { what: 'acknowledge as a text', request: enqueue({ acknowledge: 'no' }), field: 'acknowledge' },
  { what: 'exclusive as a number', request: enqueue({ exclusive: 1 }), field: 'exclusive' },
  {
    what: 'an exclusive task that nobody acknowledges',
    request: enqueue({ exclusive: true, acknowledge: false }),
    field: 'exclusive',
  },
  { what: 'expiry after no deadline', request: enqueue({ expiresAfterDeadline: true }), field: 'expiresAfterDeadline' },
  { what: 'replayable as null', request: enqueue({ replayable: null }), field: 'replayable' },
  { what: 'no key', request: without('idempotencyKey', enqueue()), field: 'idempotencyKey' },
  { what: 'a key that is empty', request: enqueue({ idempotencyKey: '' }), field: 'idempotencyKey' },
  { what: 'a key of blanks', request: enqueue({ idempotencyKey: '   ' }), field: 'idempotencyKey' },
  { what: 'a key that is too long', request: enqueue({ idempotencyKey: 'k'.repeat(LIMITS.idempotencyKey + 1) }), field: 'idempotencyKey' },
  { what: 'a key with a line break', request: enqueue({ idempotencyKey: 'a\nb' }), field: 'idempotencyKey' },
  { what: 'a key with a lone surrogate', request: raw(enqueue({ idempotencyKey: 'HERE' }), '"k\\ud800"'), field: 'idempotencyKey' },
  {
    what: 'a number in the payload that loses digits',
    request: raw(enqueue({ payload: { no: 'HERE' } }), '9007199254740993'),
    field: 'payload.no',
  },
  {
    what: 'a payload of one level too many',
    request: enqueue({ payload: nested(LIMITS.payloadDepth + 1) }),
    field: `payload${'[0]'.repeat(LIMITS.payloadDepth)}`,
  },
  { what: 'a payload too large', request: enqueue({ payload: 'x'.repeat(NOTIFICATION_BYTES) }), code: 'PayloadTooLarge', field: 'payload' },
  {
    what: 'a payload too large in bytes, not in characters',
    request: enqueue({ payload: '€'.repeat(NOTIFICATION_BYTES / 3) }),
    code: 'PayloadTooLarge',
    field: 'payload',
  },
  { what: 'a batch of none', request: batch([]), field: 'tasks' },
  { what: 'a batch of one too many', request: batch(Array.from({ length: LIMITS.batch + 1 }, () => task())), field: 'tasks' },
  { what: 'a batch that is no array', request: batch({ 0: task(), length: 1 }), field: 'tasks' },
  { what: 'a batch with a field that is not known', request: { ...batch([task()]), atomic: true }, field: 'atomic' },
];

/** What else it does not take, but for a bad field of a question or of an action on one task. */
export const REFUSED_SUBMITS: readonly Refusal[] = [
  ...NO_REQUESTS,
  { what: 'an action of the report door', request: { v: 1, action: 'complete', id: NO_TASK, claim: 1 }, field: 'action' },
  { what: 'an action of the operate door', request: { v: 1, action: 'pause', app: 'billing' }, field: 'action' },
  { what: 'to list the tasks of another app', request: { v: 1, action: 'list', app: 'mail' }, field: 'app' },
  { what: 'to look ahead in another app', request: { v: 1, action: 'next', app: 'mail' }, field: 'app' },
  ...Object.entries(TASK_REQUESTS).map(([action, { right }]) => ({
    what: `to ${action} no task`,
    request: { v: 1, action, ...right },
    code: 'NotFound',
    field: 'id',
  })),
];
