import type { SQSHandler } from 'aws-lambda';
import * as v from 'valibot';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  createHandler,
  defineTasks,
  type EnqueueResult,
  type Handlers,
  type PunctualClient,
  type PunctualError,
  type PunctualOperator,
  rangesOf,
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
  void client.enqueue({ name: 'tick', exclusive: true, replayable: false, deadlineAt: new Date(), expiresAfterDeadline: true });
  void client.next({ count: 3 }).then(([first]) => expectTypeOf(first?.predictedAt).toEqualTypeOf<string | undefined>());
  void client.list({ state: 'dead', limit: 5 }).then(({ cursor }) => expectTypeOf(cursor).toEqualTypeOf<string | undefined>());
  void client.replay('billing/x', { payload: { any: 'JSON' }, delay: '2h' });
  // @ts-expect-error options, not a number
  void client.next(3);
  // @ts-expect-error no such state
  void client.list({ state: 'asleep' });
  // @ts-expect-error no such level
  void client.reprioritize('billing/x', 'urgent');
  // @ts-expect-error true or false
  void client.enqueue({ name: 'tick', acknowledge: 'no' });
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

const versioned = defineTasks({
  charge: {
    version: 3,
    schema: v.object({ cents: v.number() }),
    upcasters: { 1: (old: { total: string }) => ({ euros: Number(old.total) }), 2: (old) => old },
  },
  tick: v.null(),
});

// As above: of versions, and of an operator.
const compiledVersions = (client: PunctualClient<typeof versioned.schemas>, operator: PunctualOperator) => {
  void client.enqueue({ name: 'charge', payload: { cents: 1 } });
  // @ts-expect-error an old shape
  void client.enqueue({ name: 'charge', payload: { total: '1' } });
  const charge: Handlers<typeof versioned.schemas>['charge'] = [
    ({ payload }) => {
      expectTypeOf(payload.cents).toEqualTypeOf<number>();
    },
    {
      versions: '1-2',
      handle: ({ payload, name }) => {
        expectTypeOf(payload).toEqualTypeOf<unknown>();
        expectTypeOf(name).toEqualTypeOf<'charge'>();
      },
    },
  ];
  expectTypeOf(rangesOf(versioned, { charge, tick: () => {} })).toEqualTypeOf<Record<string, string>>();
  // @ts-expect-error the current handler comes first
  rangesOf(versioned, { charge: [{ versions: '1', handle: () => {} }], tick: () => {} });
  // @ts-expect-error an upcaster is a function
  defineTasks({ charge: { version: 2, schema: v.null(), upcasters: { 1: 'up' } } });
  // @ts-expect-error a version has a schema
  defineTasks({ charge: { version: 2 } });
  void operator.stats('billing').then(({ waiting }) => expectTypeOf(waiting.high.count).toEqualTypeOf<number>());
  void operator.replayAll('billing', {
    dryRun: false,
    onStep: ({ replayed }) => expectTypeOf(replayed).toEqualTypeOf<readonly string[]>(),
  });
  // @ts-expect-error an app must be named
  void operator.next();
  // @ts-expect-error a rate is a number
  void operator.resume('billing', { perMinute: '60' });
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
  it('of tasks, versions and operators are checked by the compiler', () => {
    expectTypeOf(compiled).toBeFunction();
    expectTypeOf(compiledVersions).toBeFunction();
  });

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
