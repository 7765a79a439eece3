import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHandler, defineTasks, type Handlers, PunctualClient, rangesOf } from '../../client/index.ts';
import { Edge, REPORT, SUBMIT } from './edge.ts';
import { eventOf, failuresOf, thrownBy } from './workbench.ts';

/** `charge` was `{ total: '12.50' }`, then `{ euros: 12.5 }`, and is `{ cents: 1250 }`; of `mail` version 1 has no way up. */
const tasks = defineTasks({
  charge: {
    version: 3,
    schema: v.object({ cents: v.pipe(v.number(), v.integer()) }),
    upcasters: {
      1: async (old: { total: string }) => ({ euros: Number(old.total) }),
      2: (old: { euros: number }) => ({ cents: old.euros * 100 }),
    },
  },
  mail: { version: 2, schema: v.object({ to: v.string() }) },
  tick: v.null(),
});

let edge: Edge;
let errors: Error[];
beforeEach(async () => {
  edge = await Edge.open();
  errors = [];
});
afterEach(() => edge.close());

const clientOf = () => new PunctualClient({ tasks, submitArn: SUBMIT, lambda: edge.lambda() });
const sent = () => edge.requests.map(({ request }) => request);
type All = Handlers<typeof tasks.schemas>;
const nothing = async () => {};
const idle: All = { charge: nothing, mail: nothing, tick: nothing };
const lambdaOf = (handlers: Partial<All>) =>
  createHandler(tasks, { ...idle, ...handlers }, { reportArn: REPORT, lambda: edge.lambda(), onError: (error) => errors.push(error) });

describe('enqueue', () => {
  it('says the current version of the name, 1 where it was never raised', async () => {
    await clientOf().enqueue({ name: 'charge', payload: { cents: 1250 } });
    await clientOf().enqueueBatch([{ name: 'mail', payload: { to: 'a@b' } }, { name: 'tick' }]);
    expect(sent()).toMatchObject([{ version: 3 }, { tasks: [{ version: 2 }, { version: 1 }] }]);
  });

  it('without tasks says version 1', async () => {
    await new PunctualClient({ submitArn: SUBMIT, lambda: edge.lambda() }).enqueue({ name: 'charge', payload: 1 });
    expect(sent()).toMatchObject([{ version: 1 }]);
  });

  it('takes an old payload as it is, if it can be led up', async () => {
    const client = clientOf() as unknown as PunctualClient;
    await client.enqueue({ name: 'charge', payload: { total: '12.50' }, version: 1 });
    expect(sent()).toMatchObject([{ version: 1, payload: { total: '12.50' } }]);
    const bad = { name: 'charge', payload: { total: 'much' }, version: 1 };
    expect(await thrownBy(client.enqueue(bad))).toMatchObject({ code: 'BadRequest', field: expect.stringContaining('payload') });
    const worse = await thrownBy(client.enqueue({ name: 'charge', payload: null, version: 1 }));
    expect(worse).toMatchObject({
      code: 'BadRequest',
      field: 'payload',
      allowed: expect.stringContaining('version 1'),
      cause: expect.any(TypeError),
    });
    expect(edge.requests).toHaveLength(1);
  });

  it('sends the payload as it was given, whatever an upcaster does to it', async () => {
    const upcasters = { 1: (old: { cents?: number; total?: number }) => Object.assign(old, { cents: old.total, total: undefined }) };
    const careless = defineTasks({ charge: { version: 2, schema: v.looseObject({ cents: v.number() }), upcasters } });
    const client = new PunctualClient({ tasks: careless, submitArn: SUBMIT, lambda: edge.lambda() }) as unknown as PunctualClient;
    await client.enqueue({ name: 'charge', payload: { total: 5 }, version: 1 });
    expect(sent()[0]?.payload).toEqual({ total: 5 });
  });

  it.each([
    ['charge', 4, '1 to 3'],
    ['mail', 1, '2, as mail'],
    ['tick', 2, '1, as tick'],
  ])('refuses %s in version %i, which no worker of these tasks would take', async (name, version, allowed) => {
    const client = clientOf() as unknown as PunctualClient;
    const error = await thrownBy(client.enqueueBatch([{ name, payload: null, version }]).then(([result]) => Promise.reject(result)));
    expect(error).toMatchObject({ error: { code: 'BadRequest', field: 'tasks[0].version', got: `${version}` } });
    expect((error as { error: Error }).error.message).toContain(allowed);
    expect(edge.requests).toEqual([]);
  });
});

describe('a handler', () => {
  it.each([
    [1, { total: '12.50' }],
    [2, { euros: 12.5 }],
    [3, { cents: 1250 }],
  ])('is given version %i as the current one', async (version, payload) => {
    const charge = vi.fn(nothing);
    await lambdaOf({ charge })(eventOf(edge.notify({ name: 'charge', version, payload })));
    expect(charge).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ version, payload: { cents: 1250 } }), expect.anything());
    expect(edge.reports()).toMatchObject([{ action: 'complete' }]);
  });

  it('of old versions is given them as they were enqueued, and goes before the upcasters', async () => {
    const charge = vi.fn(nothing);
    const first = vi.fn(nothing);
    const lambda = lambdaOf({ charge: [charge, { versions: '1', handle: first }] });
    await lambda(
      eventOf(
        edge.notify({ name: 'charge', version: 1, payload: ['odd'] }),
        edge.notify({ name: 'charge', version: 2, payload: { euros: 1 } }),
      ),
    );
    expect(first).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ version: 1, payload: ['odd'] }), expect.anything());
    expect(charge).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ version: 2, payload: { cents: 100 } }), expect.anything());
  });

  it('is not given what an upcaster or the schema refuses: the attempt has failed', async () => {
    const charge = vi.fn(nothing);
    const notify = (payload: unknown) => edge.notify({ name: 'charge', version: 1, payload });
    await lambdaOf({ charge })(eventOf(notify(null), notify({ total: 'much' })));
    expect(edge.reports('fail')).toHaveLength(2);
    expect(
      edge
        .reports('fail')
        .map(({ error }) => (error as Error).name)
        .sort(),
    ).toEqual(['InvalidPayload', 'TypeError']);
    expect(charge).not.toHaveBeenCalled();
  });
});

describe('a version that this build cannot handle', () => {
  it.each([
    ['charge', 4, '1-3', 'Deploy a worker that knows it'],
    ['mail', 1, '2', 'an upcaster or a handler'],
  ])('of %s, %i, is given back for about a minute, no attempt is spent', async (name, version, known, next) => {
    const handler = vi.fn(nothing);
    const message = edge.notify({ name, version });
    expect(await failuresOf(lambdaOf({ charge: handler, mail: handler })(eventOf(message)))).toEqual([]);
    const [report, ...others] = edge.reports();
    expect(report).toMatchObject({ action: 'snooze', claim: 1 });
    expect(report?.delayMs).toBeGreaterThanOrEqual(45_000);
    expect(report?.delayMs).toBeLessThanOrEqual(67_500);
    expect([others, handler.mock.calls]).toEqual([[], []]);
    expect(errors).toMatchObject([
      { code: 'Unavailable', message: expect.stringContaining(`${name} in version ${known}, not in version ${version}`) },
    ]);
    expect(errors[0]?.message).toContain(next);
  });

  it('is told of once, however many come', async () => {
    const five = Array.from({ length: 5 }, () => edge.notify({ name: 'charge', version: 4 }));
    await lambdaOf({})(eventOf(...five, edge.notify({ name: 'charge', version: 5 })));
    expect(edge.reports('snooze')).toHaveLength(6);
    expect(errors.map(({ message }) => /not in version (\d)/.exec(message)?.[1]).sort()).toEqual(['4', '5']);
    // Not all at one instant again.
    expect(new Set(edge.reports('snooze').map(({ delayMs }) => delayMs)).size).toBeGreaterThan(1);
  });

  it('and needs no report is left for another build', async () => {
    const message = edge.notify({ name: 'charge', version: 4, acknowledge: false });
    expect(await failuresOf(lambdaOf({})(eventOf(message)))).toEqual([message.id]);
    expect(edge.reports()).toEqual([]);
    expect(errors).toHaveLength(1);
  });
});

describe('rangesOf', () => {
  it('tells which versions a build can handle, as plain JSON', () => {
    const ranges = rangesOf(tasks);
    expect(JSON.parse(JSON.stringify(ranges))).toEqual({ charge: '1-3', mail: '2', tick: '1' });
  });

  it('counts the handlers of old versions, with a gap or without', () => {
    const old = (versions: string) => ({ versions, handle: nothing });
    expect(rangesOf(tasks, { ...idle, mail: [nothing, old('1')] })).toMatchObject({ mail: '1-2' });
    const far = defineTasks({ mail: { version: 9, schema: v.string(), upcasters: { 8: String } } });
    expect(rangesOf(far, { mail: [nothing, old('5-6'), old('1'), old('3-4')] })).toEqual({ mail: '1,3-6,8-9' });
    expect(rangesOf(far, { mail: [nothing, old('1-8')] })).toEqual({ mail: '1-9' });
  });

  it('refuses what is no build', () => {
    expect(() => rangesOf({} as never)).toThrow('defineTasks');
    expect(() => rangesOf(tasks, { ...idle, mail: undefined as never })).toThrow('handlers.mail');
  });
});

describe('at definition', () => {
  const schema = v.unknown();
  const up = (payload: unknown) => payload;
  it.each([
    ['no version', { schema }, 'schemas.mail.version'],
    ['a version of 0', { version: 0, schema }, 'schemas.mail.version'],
    ['a version of 1.5', { version: 1.5, schema }, 'schemas.mail.version'],
    ['no schema', { version: 2 }, 'schemas.mail'],
    ['a schema that is none', { version: 2, schema: {} }, 'schemas.mail.schema'],
    ['an unknown field', { version: 2, schema, upcaster: up }, 'schemas.mail.upcaster'],
    ['an upcaster that is none', { version: 2, schema, upcasters: { 1: 'up' } }, 'schemas.mail.upcasters.1'],
    ['an upcaster from the current version', { version: 2, schema, upcasters: { 2: up } }, 'schemas.mail.upcasters'],
    ['an upcaster from version 0', { version: 2, schema, upcasters: { 0: up, 1: up } }, 'schemas.mail.upcasters'],
    ['an upcaster that is named', { version: 2, schema, upcasters: { first: up } }, 'schemas.mail.upcasters'],
    ['an upcaster that leads nowhere', { version: 4, schema, upcasters: { 1: up, 3: up } }, 'schemas.mail.upcasters'],
    ['upcasters in a list', { version: 2, schema, upcasters: [up] }, 'schemas.mail.upcasters'],
  ])('%s is refused by name', (_what, definition, field) => {
    expect(() => defineTasks({ mail: definition as never })).toThrow(expect.objectContaining({ code: 'BadRequest', field }));
  });

  it('an upcaster from the current version is told which there may be', () => {
    expect(() => defineTasks({ mail: { version: 2, schema, upcasters: { 2: up } } })).toThrow('whole numbers from 1 to 1');
  });

  it('an upcaster from half a version leads nowhere', () => {
    expect(() => defineTasks({ mail: { version: 3, schema, upcasters: { 1.5: up } } })).toThrow('leads to 2.5');
  });

  it.each([
    ['no function', ['x'], 'handlers.mail[0]'],
    ['nothing', [], 'handlers.mail[0]'],
    ['no list and no function', {}, 'handlers.mail'],
    ['versions that are none', [nothing, { versions: 'old', handle: nothing }], 'handlers.mail[1].versions'],
    ['versions the wrong way round', [nothing, { versions: '3-1', handle: nothing }], 'handlers.mail[1].versions'],
    ['version 0', [nothing, { versions: '0', handle: nothing }], 'handlers.mail[1].versions'],
    ['the current version', [nothing, { versions: '1-2', handle: nothing }], 'handlers.mail[1].versions'],
    ['a version twice', [nothing, { versions: '1', handle: nothing }, { versions: '1', handle: nothing }], 'handlers.mail[2].versions'],
    ['no handler of old versions', [nothing, { versions: '1' }], 'handlers.mail[1].handle'],
    ['an unknown field', [nothing, { version: '1', handle: nothing }], 'handlers.mail[1].version'],
  ])('a list of handlers with %s is refused by name', (_what, mail, field) => {
    expect(() => lambdaOf({ mail: mail as never })).toThrow(expect.objectContaining({ code: 'BadRequest', field }));
  });
});
