import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ClientOptions, PunctualClient } from '../../client/index.ts';
import { REQUEST_BYTES } from '../../contract/limits.ts';
import { Edge, enqueued, SUBMIT } from './edge.ts';
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

describe('enqueueBatch', () => {
  const byKey = () => {
    edge.submit = ({ tasks: asked }) => ({
      answer: {
        v: 1,
        ok: true,
        results: (asked as { idempotencyKey: string }[]).map(({ idempotencyKey: key }, index) =>
          key === 'conflict'
            ? {
                ok: false,
                error: {
                  code: 'IdempotencyConflict',
                  message: `tasks[${index}].idempotencyKey is taken.`,
                  field: `tasks[${index}].idempotencyKey`,
                  retryable: false,
                },
              }
            : { ...enqueued(), v: undefined, id: `billing/${key.padStart(22, '0')}` },
        ),
      },
    });
  };

  it('answers in the order of the tasks, each on its own, numbered as the caller counts', async () => {
    byKey();
    const results = await clientOf().enqueueBatch([
      { ...good, idempotencyKey: 'a' },
      { ...good, idempotencyKey: 'b', delay: 'soon' },
      { ...good, idempotencyKey: 'conflict' },
      { ...good, idempotencyKey: 'd' },
    ]);
    expect(results).toMatchObject([
      { ok: true, id: 'billing/000000000000000000000a' },
      { ok: false, error: { code: 'BadRequest', field: 'tasks[1].delay', got: '"soon"' } },
      { ok: false, error: { code: 'IdempotencyConflict', field: 'tasks[2].idempotencyKey', message: 'tasks[2].idempotencyKey is taken.' } },
      { ok: true, id: 'billing/000000000000000000000d' },
    ]);
    expect(sent()).toMatchObject([
      { v: 1, action: 'enqueueBatch', tasks: [{ idempotencyKey: 'a' }, { idempotencyKey: 'conflict' }, { idempotencyKey: 'd' }] },
    ]);
  });

  it('splits 100 large tasks by bytes, and one part that fails does not touch the others', async () => {
    byKey();
    const note = '€'.repeat(80_000);
    const many = Array.from({ length: 100 }, (_, index) => ({
      name: 'send-invoice' as const,
      payload: { invoice: index, note },
      idempotencyKey: `k${index}`,
    }));
    edge.replies.push({ status: 404, error: 'ResourceNotFoundException' });
    const results = await clientOf().enqueueBatch(many);
    const sizes = sent().map((request) => Buffer.byteLength(JSON.stringify(request)));
    expect(sizes.length).toBe(5);
    for (const size of sizes) expect(size).toBeLessThanOrEqual(REQUEST_BYTES);
    const first = (sent()[0] as { tasks: unknown[] }).tasks.length;
    expect(results.map((result) => (result.ok ? result.id : result.error.code))).toEqual(
      many.map(({ idempotencyKey }, index) => (index < first ? 'Unavailable' : `billing/${idempotencyKey.padStart(22, '0')}`)),
    );
  });

  it('refuses 101 by saying what to do', async () => {
    const error = await thrownBy(clientOf().enqueueBatch(Array(101).fill(good)));
    expect(error).toMatchObject({
      code: 'BadRequest',
      field: 'tasks',
      message: expect.stringContaining('Call enqueueBatch once for every 100'),
    });
  });

  it('a door that answers another number of results is unavailable for each', async () => {
    edge.submit = () => ({ answer: { v: 1, ok: true, results: [] } });
    expect(await clientOf().enqueueBatch([good, good])).toMatchObject([{ ok: false, error: { code: 'Unavailable' } }, { ok: false }]);
  });

  it('sends nothing when nothing is right', async () => {
    expect(await clientOf().enqueueBatch([{ ...good, delay: '?' }])).toMatchObject([{ ok: false }]);
    expect(edge.requests).toEqual([]);
  });
});
