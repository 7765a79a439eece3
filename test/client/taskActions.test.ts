import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PunctualClient } from '../../client/index.ts';
import { Edge, INVOICE_ID, refusal, SUBMIT } from './edge.ts';
import { tasks } from './tasks.ts';
import { thrownBy } from './workbench.ts';

let edge: Edge;
const clientOf = () => new PunctualClient({ tasks, submitArn: SUBMIT, lambda: edge.lambda() });
beforeEach(async () => {
  edge = await Edge.open();
});
afterEach(() => edge.close());

const sent = () => edge.requests.map(({ request }) => request);

describe('what is asked of one task', () => {
  const view = { id: INVOICE_ID, state: 'cancelled', dueAt: '2026-12-24T08:00:00.000Z', attempts: [] };

  it('ask for one task by its id', async () => {
    edge.submit = () => ({ answer: { v: 1, ok: true, task: view } });
    const client = clientOf();
    expect(await client.get(INVOICE_ID)).toEqual(view);
    await client.cancel(INVOICE_ID);
    await client.reschedule(INVOICE_ID, { delay: '10m', deadlineAt: null });
    await client.reschedule(INVOICE_ID, { dueAt: new Date('2026-12-24T08:00:00Z') });
    expect(sent()).toEqual([
      { v: 1, action: 'get', id: INVOICE_ID },
      { v: 1, action: 'cancel', id: INVOICE_ID },
      { v: 1, action: 'reschedule', id: INVOICE_ID, delayMs: 600_000, deadlineAt: null },
      { v: 1, action: 'reschedule', id: INVOICE_ID, dueAt: '2026-12-24T08:00:00.000Z' },
    ]);
  });

  it('is in the words of the contract', async () => {
    edge.submit = () => ({ answer: { v: 1, ok: true, task: view } });
    const client = clientOf();
    await client.reprioritize(INVOICE_ID, 'low');
    await client.moveToFront(INVOICE_ID);
    await client.replay(INVOICE_ID);
    await client.replay(INVOICE_ID, { payload: { invoice: 'any JSON' }, delay: '2h' });
    expect(await client.replay(INVOICE_ID, { payload: null, dueAt: new Date('2026-12-24T08:00:00Z') })).toEqual(view);
    const head = (action: string) => ({ v: 1, action, id: INVOICE_ID });
    expect(sent()).toEqual([
      { ...head('reprioritize'), priority: 'low' },
      head('moveToFront'),
      head('replay'),
      { ...head('replay'), payload: { invoice: 'any JSON' }, delayMs: 7_200_000 },
      { ...head('replay'), payload: null, dueAt: '2026-12-24T08:00:00.000Z' },
    ]);
  });

  it('explain answers with one sentence', async () => {
    const explanation = { id: INVOICE_ID, state: 'scheduled', text: 'It is not due until 2026-12-24T08:00:00.000Z.' };
    edge.submit = () => ({ answer: { v: 1, ok: true, ...explanation } });
    expect(await clientOf().explain(INVOICE_ID)).toEqual(explanation);
    expect(sent()).toEqual([{ v: 1, action: 'explain', id: INVOICE_ID }]);
    edge.submit = () => ({ answer: { v: 1, ok: true, ...explanation, text: undefined } });
    expect(await thrownBy(clientOf().explain(INVOICE_ID))).toMatchObject({ code: 'Unavailable' });
  });

  it('next shows what would be notified, without claiming it', async () => {
    const next = [{ id: INVOICE_ID, name: 'send-invoice', priority: 'high' }];
    edge.submit = () => ({ answer: { v: 1, ok: true, next } });
    expect(await clientOf().next()).toEqual(next);
    expect(await clientOf().next({ count: 25 })).toEqual(next);
    expect(sent()).toEqual([
      { v: 1, action: 'next' },
      { v: 1, action: 'next', count: 25 },
    ]);
    expect(await thrownBy(clientOf().next({ count: 26 }))).toMatchObject({ code: 'BadRequest', field: 'count' });
    edge.submit = () => ({ answer: { v: 1, ok: true } });
    expect(await thrownBy(clientOf().next())).toMatchObject({ code: 'Unavailable' });
  });

  it('an answer without its task is unavailable', async () => {
    edge.submit = () => ({ answer: { v: 1, ok: true, ...view } });
    expect(await thrownBy(clientOf().get(INVOICE_ID))).toMatchObject({ code: 'Unavailable' });
  });

  it.each(['NotFound', 'WrongState'] as const)('throw what the door says: %s', async (code) => {
    edge.submit = () => refusal(code);
    expect(await thrownBy(clientOf().cancel(INVOICE_ID))).toMatchObject({ code, name: `${code}Error` });
  });
});

describe('list', () => {
  const listed = (id: string) => ({ id, name: 'send-invoice', version: 1, state: 'dead', priority: 'low' });

  it('shows one page, and where the next begins', async () => {
    edge.submit = () => ({ answer: { v: 1, ok: true, tasks: [listed('a')], cursor: 'next' } });
    expect(await clientOf().list({ state: 'dead', limit: 1, from: new Date('2026-12-24T08:00:00Z') })).toEqual({
      tasks: [listed('a')],
      cursor: 'next',
    });
    expect(await clientOf().list()).toMatchObject({ cursor: 'next' });
    expect(sent()).toEqual([
      { v: 1, action: 'list', state: 'dead', limit: 1, from: '2026-12-24T08:00:00.000Z' },
      { v: 1, action: 'list' },
    ]);
  });

  it('of all walks the pages, empty ones too, only as far as is asked for', async () => {
    const pages = [
      { tasks: [listed('a'), listed('b')], cursor: '2' },
      { tasks: [], cursor: '3' },
      { tasks: [listed('c')], cursor: '4' },
      { tasks: [] },
    ];
    edge.submit = ({ cursor = '1' }) => ({ answer: { v: 1, ok: true, ...pages[Number(cursor) - 1] } });
    const ids: string[] = [];
    for await (const { id } of clientOf().listAll({ state: 'dead', limit: 2 })) ids.push(id);
    expect(ids).toEqual(['a', 'b', 'c']);
    const request = { v: 1, action: 'list', state: 'dead', limit: 2 };
    expect(sent()).toEqual([request, { ...request, cursor: '2' }, { ...request, cursor: '3' }, { ...request, cursor: '4' }]);
    for await (const _task of clientOf().listAll({ cursor: '3' })) break;
    expect(sent().slice(4)).toEqual([{ v: 1, action: 'list', cursor: '3' }]);
  });

  it.each([
    ['no tasks', {}],
    ['a task without id', { tasks: [{ state: 'dead' }] }],
    ['a task of an unknown state', { tasks: [{ id: 'a', state: 'asleep' }] }],
  ])('takes no page with %s', async (_what, answer) => {
    edge.submit = () => ({ answer: { v: 1, ok: true, ...answer } });
    expect(await thrownBy(clientOf().list())).toMatchObject({ code: 'Unavailable' });
  });
});
