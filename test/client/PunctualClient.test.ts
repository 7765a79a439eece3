import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AccessDeniedError, type ClientOptions, PunctualClient, UnavailableError } from '../../client/index.ts';
import { Edge, enqueued, INVOICE_ID, refusal, SUBMIT } from './edge.ts';
import { tasks } from './tasks.ts';
import { thrownBy } from './workbench.ts';

let edge: Edge;
const clientOf = (options: Omit<ClientOptions, 'tasks'> = {}) =>
  new PunctualClient({ tasks, submitArn: SUBMIT, lambda: edge.lambda(), ...options });
beforeEach(async () => {
  edge = await Edge.open();
});
afterEach(() => edge.close());

const good = { name: 'send-invoice', payload: { invoice: 42 } } as const;
const sent = () => edge.requests.map(({ request }) => request);

describe('enqueue', () => {
  it('sends what the contract says and answers with the task', async () => {
    edge.submit = () => ({ answer: enqueued({ deadlineAt: '2026-12-24T12:00:00.000Z' }) });
    const task = await clientOf().enqueue({
      ...good,
      dueAt: { local: '2026-12-24T09:00', timeZone: 'Europe/Paris' },
      deadlineAt: new Date('2026-12-24T12:00:00Z'),
      priority: 'high',
      idempotencyKey: 'invoice-42',
      maxAttempts: 3,
    });
    expect(sent()).toEqual([
      {
        v: 1,
        action: 'enqueue',
        name: 'send-invoice',
        payload: { invoice: 42 },
        version: 1,
        dueAt: { local: '2026-12-24T09:00', timeZone: 'Europe/Paris' },
        deadlineAt: '2026-12-24T12:00:00.000Z',
        priority: 'high',
        idempotencyKey: 'invoice-42',
        maxAttempts: 3,
      },
    ]);
    expect(task).toEqual({
      id: INVOICE_ID,
      created: true,
      state: 'scheduled',
      priority: 'medium',
      dueAt: '2026-12-24T08:00:00.000Z',
      deadlineAt: '2026-12-24T12:00:00.000Z',
    });
  });

  it.each([
    ['2h', 7_200_000],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['7d', 604_800_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['1m500ms', 60_500],
    ['0s', 0],
  ])('a delay of %s is %i ms', async (delay, delayMs) => {
    await clientOf().enqueue({ ...good, delay });
    expect(sent()).toMatchObject([{ delayMs }]);
  });

  it('sends what the schema takes, not what it makes of it', async () => {
    await clientOf().enqueue({ name: 'remind', payload: { at: '2026-12-24T08:00:00Z' } });
    expect(sent()).toMatchObject([{ payload: { at: '2026-12-24T08:00:00Z' } }]);
  });

  it('sends null for no payload, and asks asynchronous schemas', async () => {
    await clientOf().enqueue({ name: 'tick' });
    await clientOf().enqueue({ name: 'audit', payload: { ledger: 'open' } });
    expect(sent()).toMatchObject([{ payload: null }, { payload: { ledger: 'open' } }]);
  });

  it('sends the payload as it was when it was given', async () => {
    const payload = { ledger: 'open' };
    const call = clientOf().enqueue({ name: 'audit', payload });
    payload.ledger = 'changed meanwhile';
    await call;
    expect(sent()).toMatchObject([{ payload: { ledger: 'open' } }]);
  });

  it('says what sets the task apart', async () => {
    const traits = { acknowledge: false, expiresAfterDeadline: true, replayable: false, deadlineAt: '2027-01-01T00:00:00Z' };
    await clientOf().enqueue({ ...good, ...traits });
    await clientOf().enqueue({ ...good, exclusive: true, acknowledge: true, expiresAfterDeadline: false, replayable: true });
    expect(sent()).toMatchObject([traits, { exclusive: true, acknowledge: true, expiresAfterDeadline: false, replayable: true }]);
  });

  it('without tasks takes any name and any JSON', async () => {
    await new PunctualClient({ submitArn: SUBMIT, lambda: edge.lambda() }).enqueue({ name: 'anything', payload: [1, 'two'] });
    expect(sent()).toMatchObject([{ name: 'anything', payload: [1, 'two'] }]);
  });
});

describe('a call that is retried is one task', () => {
  it.each([
    ['Lambda failed', { status: 500, error: 'ServiceException' }],
    ['Lambda throttled', { status: 429, error: 'TooManyRequestsException' }],
    ['the connection broke', { cut: true }],
    ['the door crashed', { crash: { errorType: 'Runtime.ExitError', errorMessage: 'exit' } }],
    ['the door was unavailable', refusal('Unavailable')],
  ] as const)('%s', async (_what, reply) => {
    edge.replies.push(reply);
    await expect(clientOf().enqueue(good)).resolves.toMatchObject({ id: INVOICE_ID });
    const [first, second, ...more] = sent();
    expect(more).toEqual([]);
    expect(second).toEqual(first);
    expect(first?.idempotencyKey).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('which it has made, though the door found it there: only under a key of the app’s own another may have made it', async () => {
    edge.submit = ({ tasks }) => ({
      answer: Array.isArray(tasks)
        ? { v: 1, ok: true, results: tasks.map(() => ({ ...enqueued({ created: false }), v: undefined })) }
        : enqueued({ created: false }),
    });
    const client = clientOf();
    const named = { ...good, idempotencyKey: 'invoice-42' };
    expect(await client.enqueue(good)).toMatchObject({ created: true });
    expect(await client.enqueue(named)).toMatchObject({ created: false });
    expect(await client.enqueueBatch([named, good])).toMatchObject([{ created: false }, { created: true }]);
  });

  it('and another call is another task', async () => {
    const client = clientOf();
    await client.enqueue(good);
    await client.enqueue(good);
    const [first, second] = sent();
    expect(first?.idempotencyKey).not.toBe(second?.idempotencyKey);
  });
});

describe('errors', () => {
  it('names the door and the grant when IAM says no, at once', async () => {
    edge.replies.push({ status: 403, error: 'AccessDeniedException', message: 'not authorized' });
    const error = await thrownBy(clientOf().enqueue(good));
    expect(error).toBeInstanceOf(AccessDeniedError);
    expect(error).toMatchObject({ code: 'AccessDenied', retryable: false, cause: { name: 'AccessDeniedException' } });
    const { message } = error as Error;
    for (const part of [SUBMIT, 'connect', 'grantEnqueue']) expect(message).toContain(part);
    expect(edge.requests).toHaveLength(1);
  });

  it('a door that does not exist is unavailable, and asking again will not help', async () => {
    edge.replies.push({ status: 404, error: 'ResourceNotFoundException' });
    const error = await thrownBy(clientOf().enqueue(good));
    expect(error).toMatchObject({ code: 'Unavailable', retryable: false, cause: { name: 'ResourceNotFoundException' } });
  });

  it('a network that stays away is unavailable, retryable, with its cause', async () => {
    edge.submit = () => ({ cut: true });
    const error = await thrownBy(clientOf().enqueue(good));
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).toMatchObject({ retryable: true, cause: expect.any(Error) });
  });

  it('a door that keeps crashing is unavailable after three calls', async () => {
    edge.submit = () => ({ crash: { errorMessage: 'Task timed out after 10.00 seconds' } });
    const error = await thrownBy(clientOf().enqueue(good));
    expect(error).toMatchObject({ code: 'Unavailable', retryable: true, message: expect.stringContaining('timed out') });
    expect(edge.requests).toHaveLength(3);
  });

  it.each([
    ['no JSON', 'hello'],
    ['null', null],
    ['another version', { ...enqueued(), v: 2 }],
    ['no task', { v: 1, ok: true }],
    ['an unknown state', enqueued({ state: 'asleep' })],
    ['an error without code', { v: 1, ok: false, error: {} }],
  ])('an answer that is %s is unavailable', async (_what, answer) => {
    edge.submit = () => ({ answer });
    expect(await thrownBy(clientOf().enqueue(good))).toMatchObject({ code: 'Unavailable' });
  });

  it('a refusal of the door is thrown as it was said, once', async () => {
    edge.submit = () => refusal('IdempotencyConflict', { field: 'idempotencyKey', got: '"a"', allowed: 'a key of its own' });
    const error = await thrownBy(clientOf().enqueue({ ...good, idempotencyKey: 'a' }));
    expect(error).toMatchObject({ code: 'IdempotencyConflict', field: 'idempotencyKey', allowed: 'a key of its own', retryable: false });
    expect(edge.requests).toHaveLength(1);
  });
});
