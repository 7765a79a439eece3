import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadRequestError, PunctualClient, PunctualError } from '../../client/index.ts';
import { Edge, INVOICE_ID, SUBMIT } from './edge.ts';
import { tasks } from './tasks.ts';

let edge: Edge;
let client: PunctualClient;
beforeAll(async () => {
  edge = await Edge.open();
  // As JavaScript would call it: the types refuse most of what follows.
  client = new PunctualClient({ tasks, submitArn: SUBMIT, lambda: edge.lambda() }) as unknown as PunctualClient;
});
afterAll(() => edge.close());

const good = { name: 'send-invoice', payload: { invoice: 42 } };

describe('a call that cannot be meant is refused before it leaves', () => {
  it.each([
    ['none', [], 'an array of 0'],
    ['101', Array(101).fill(good), 'an array of 101'],
    ['10,000', Array(10_000).fill(good), 'an array of 10000'],
    ['one task, not in an array', good, 'an object'],
  ])('a batch of %s', async (_what, batch, got) => {
    const error = await client.enqueueBatch(batch as never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ field: 'tasks', got, allowed: expect.stringContaining('1 to 100') });
  });

  it.each([
    ['get', () => client.get('billing/../x'), 'id'],
    ['get without id', () => client.get(undefined as never), 'id'],
    ['cancel', () => client.cancel('billing/slot/1'), 'id'],
    ['reschedule without id', () => client.reschedule('', { delay: '1h' }), 'id'],
    ['reschedule to nothing', () => client.reschedule(INVOICE_ID, {}), 'changes'],
    ['reschedule another field', () => client.reschedule(INVOICE_ID, { priority: 'low' } as never), 'changes.priority'],
    ['reschedule badly', () => client.reschedule(INVOICE_ID, { dueAt: 'tomorrow' }), 'changes.dueAt'],
    ['reprioritize to no level', () => client.reprioritize(INVOICE_ID, 'urgent' as never), 'priority'],
    ['replay of an undefined payload', () => client.replay(INVOICE_ID, { payload: undefined }), 'options.payload'],
    ['replay of no JSON', () => client.replay(INVOICE_ID, { payload: [1n] }), 'options.payload[0]'],
    ['replay by another word', () => client.replay(INVOICE_ID, { at: 'x' } as never), 'options.at'],
    ['next by a number', () => client.next(3 as never), 'options'],
    ['next of none', () => client.next({ count: 0 }), 'count'],
    ['list of no state', () => client.list({ state: 'asleep' as never }), 'state'],
    ['list to no date', () => client.list({ to: 5 as never }), 'filter.to'],
    ['list of all, a page of 0', () => client.listAll({ limit: 0 }).next(), 'limit'],
    ['reschedule twice', () => client.reschedule(INVOICE_ID, { dueAt: new Date(), delay: '1h' }), 'changes.delay'],
  ])('%s', async (_what, call, field) => {
    const before = edge.requests.length;
    const error = await call().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PunctualError);
    expect(error).toMatchObject({ code: 'BadRequest', field });
    expect(edge.requests.length).toBe(before);
  });
});
