import type { SQSHandler } from 'aws-lambda';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  createHandler,
  defineTasks,
  type EnqueueResult,
  type Handlers,
  type PunctualClient,
  type PunctualError,
  snooze,
  type TaskInput,
} from '../../client/index.ts';
import { REPORT } from './edge.ts';
import { tasks } from './tasks.ts';

type Schemas = typeof tasks.schemas;

// Checked by the compiler; never called.
const compiled = (client: PunctualClient<Schemas>, anyClient: PunctualClient) => {
  void client.enqueue({ name: 'send-invoice', payload: { invoice: 1 } });
  void client.enqueue({ name: 'remind', payload: { at: '2026-12-24T08:00:00Z' }, dueAt: new Date() });
  void client.enqueue({ name: 'tick' });
  void client.enqueueBatch([{ name: 'tick' }, { name: 'send-invoice', payload: { invoice: 1 } }]);
  void anyClient.enqueue({ name: 'whatever', payload: { any: 'JSON' } });
  // @ts-expect-error no such task
  void client.enqueue({ name: 'send-invoices', payload: { invoice: 1 } });
  // @ts-expect-error the payload of another task
  void client.enqueue({ name: 'send-invoice', payload: { at: 'x' } });
  // @ts-expect-error the payload is missing
  void client.enqueue({ name: 'send-invoice' });
  // @ts-expect-error enqueue takes the schema's input, not its output
  void client.enqueue({ name: 'remind', payload: { at: new Date() } });
  // @ts-expect-error a delay has a unit
  void client.enqueue({ name: 'tick', delay: 5_000 });
  // @ts-expect-error no such priority
  void client.enqueue({ name: 'tick', priority: 'urgent' });
  // @ts-expect-error no such field
  void client.enqueue({ name: 'tick', delayMs: 5 });
};

const handlers: Handlers<Schemas> = {
  'send-invoice': (task) => {
    expectTypeOf(task.name).toEqualTypeOf<'send-invoice'>();
    expectTypeOf(task.payload.invoice).toEqualTypeOf<number>();
    expectTypeOf(task.dueAt).toEqualTypeOf<Date>();
  },
  remind: async (task, { signal, extend }) => {
    expectTypeOf(task.payload.at).toEqualTypeOf<Date>();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    expectTypeOf(extend).returns.resolves.toEqualTypeOf<Date>();
    return snooze('10m');
  },
  audit: async () => {},
  tick: () => snooze('1h'),
  anything: async () => {},
};

describe('types', () => {
  it('of tasks are checked by the compiler', () => expectTypeOf(compiled).toBeFunction());

  it('of a handler made for Lambda are those of a Lambda on SQS', () => {
    const handler = createHandler(tasks, handlers, { reportArn: REPORT });
    expectTypeOf(handler).toExtend<SQSHandler>();
    const { tick: _tick, ...incomplete } = handlers;
    // @ts-expect-error a handler is missing
    expect(() => createHandler(tasks, incomplete, { reportArn: REPORT })).toThrow('handlers.tick');
    // @ts-expect-error no such task
    expect(() => createHandler(tasks, { ...handlers, tock: async () => {} }, { reportArn: REPORT })).toThrow('handlers.tock');
    // @ts-expect-error an outcome is a snooze or nothing
    createHandler(tasks, { ...handlers, tick: async () => ({ snooze: '10m' }) }, { reportArn: REPORT });
  });

  it('of results tell success from refusal', () => {
    expectTypeOf<Extract<EnqueueResult, { ok: true }>['dueAt']>().toEqualTypeOf<string>();
    expectTypeOf<Extract<EnqueueResult, { ok: false }>['error']>().toEqualTypeOf<PunctualError>();
    expectTypeOf<TaskInput<Schemas>['name']>().toEqualTypeOf<'send-invoice' | 'remind' | 'audit' | 'tick' | 'anything'>();
  });

  it('of definitions refuse what is no schema, and so does the call', () => {
    // @ts-expect-error not a Standard Schema
    expect(() => defineTasks({ bad: { parse: () => 1 } })).toThrow('schemas.bad');
    expect(() => defineTasks({})).toThrow('at least one');
    expect(() => defineTasks({ 'a/b': tasks.schemas.tick })).toThrow('a/b');
    expect(() => defineTasks(undefined as never)).toThrow('schemas');
  });
});
