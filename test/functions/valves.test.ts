import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { NO_VALVES } from '../../core/valves.ts';
import type { Item } from '../../functions/rows.ts';
import { settingsId } from '../../functions/shards.ts';
import { Contended } from '../../functions/store.ts';
import { ValveStore, valvesView } from '../../functions/valves.ts';
import { MINUTE, makeWorld, START, type World } from './world.ts';

function operatorOf(world: World) {
  const { dynamo, store, seat, faults } = world.process();
  return { faults, valves: new ValveStore(dynamo, store, seat) };
}

const rate = (perMinute: number, since = START) => ({ perMinute, since });
const announced = async (world: World): Promise<number> => (await world.seat.read()).settings;
const damage = (world: World, parts: Item) =>
  world.admin.dynamo.send(new PutItemCommand({ TableName: world.table, Item: { id: { S: settingsId('billing') }, ...parts } }));

describe('the valves of an app', () => {
  it('are set for the app and for names, each on its own, and opened again', async () => {
    const world = await makeWorld();
    const { valves } = operatorOf(world);
    expect(await valves.read(['billing', 'mail'])).toEqual(new Map());
    await valves.set('billing', undefined, 'paused');
    await valves.set('billing', 'constructor', rate(60));
    expect(await valves.set('billing', 'remind', 'paused')).toEqual({ app: 'paused', names: { constructor: rate(60), remind: 'paused' } });
    await valves.set('mail', 'remind', 'paused');
    expect(await valves.set('billing', undefined, undefined)).toEqual({ names: { constructor: rate(60), remind: 'paused' } });
    expect(await valves.set('billing', 'constructor', undefined)).toEqual({ names: { remind: 'paused' } });
    expect(await valves.read(['billing', 'mail', 'none'])).toEqual(
      new Map([
        ['billing', { names: { remind: 'paused' } }],
        ['mail', { names: { remind: 'paused' } }],
      ]),
    );
    expect(await announced(world)).toBe(6);
  });

  it('that are set as they are stay as they are, and the seat is told all the same: the first word may not have reached it', async () => {
    const world = await makeWorld();
    const { valves, faults } = operatorOf(world);
    faults.inject('UpdateItem', 'not sent', { when: ({ input }) => input.Key.id.S === '~seat' });
    await expect(valves.set('billing', 'remind', 'paused')).rejects.toThrow('cut');
    expect(await announced(world)).toBe(0);
    expect(await valves.set('billing', 'remind', 'paused')).toEqual({ names: { remind: 'paused' } });
    expect(await announced(world)).toBe(1);
    expect(faults.count('UpdateItem', ({ input }) => input.Key.id.S === settingsId('billing'))).toBe(1);
  });

  it('with a rate that holds already go on by it, and begin anew by another, or after a pause', async () => {
    const world = await makeWorld();
    const { valves } = operatorOf(world);
    const later = START + MINUTE;
    await valves.set('billing', undefined, rate(60));
    expect(await valves.set('billing', undefined, rate(60, later))).toMatchObject({ app: rate(60) });
    expect(await valves.set('billing', undefined, rate(30, later))).toMatchObject({ app: rate(30, later) });
    await valves.set('billing', 'constructor', rate(60));
    expect(await valves.set('billing', 'constructor', rate(60, later))).toMatchObject({ names: { constructor: rate(60) } });
    await valves.set('billing', undefined, 'paused');
    expect(await valves.set('billing', undefined, rate(30, later + 1))).toMatchObject({ app: rate(30, later + 1) });
  });

  it('set by many at once are all set, none over another', async () => {
    const world = await makeWorld();
    const names = ['a', 'b', 'c'];
    await Promise.all(names.map((name) => operatorOf(world).valves.set('billing', name, 'paused')));
    const found = (await operatorOf(world).valves.read(['billing'])).get('billing');
    expect(found).toEqual({ names: { a: 'paused', b: 'paused', c: 'paused' } });
    expect(await announced(world)).toBe(3);
  });

  it('whose answer was lost are set once', async () => {
    const world = await makeWorld();
    const { valves, faults } = operatorOf(world);
    faults.inject('UpdateItem', 'answer lost');
    expect(await valves.set('billing', undefined, rate(60))).toEqual({ app: rate(60), names: {} });
    expect((await world.item(settingsId('billing')))?.rev?.N).toBe('1');
    expect(await announced(world)).toBe(1);
  });

  it('that lose every race say so', async () => {
    const world = await makeWorld();
    const { valves: other } = operatorOf(world);
    const { valves, faults } = operatorOf(world);
    let n = 0;
    const before = () => other.set('billing', 'remind', rate(++n));
    faults.inject('UpdateItem', { before }, { times: 100, when: ({ input }) => input.Key.id.S !== '~seat' });
    await expect(valves.set('billing', undefined, 'paused')).rejects.toThrow(Contended);
    expect(await other.read(['billing'])).toEqual(new Map([['billing', { names: { remind: rate(n) } }]]));
  });

  it.each<[string, Item]>([
    ['no valves', {}],
    ['no JSON', { valves: { S: '{' } }],
    ['no object', { valves: { S: 'null' } }],
    ['names that are none', { valves: { S: '{"names":null}' } }],
    ['another kind', { valves: { N: '7' } }],
    ['a revision that is none', { rev: { S: 'x' }, valves: { S: '{' } }],
    ['a revision too large', { rev: { N: '1e30' }, valves: { S: '{' } }],
  ])('that cannot be read hold nothing up, and can be set and opened anew: %s', async (_, parts) => {
    const world = await makeWorld();
    const { valves } = operatorOf(world);
    await damage(world, parts);
    expect((await valves.read(['billing'])).get('billing')).toEqual(NO_VALVES);
    expect(await valves.set('billing', undefined, undefined)).toEqual(NO_VALVES);
    expect((await world.item(settingsId('billing')))?.valves?.S ?? '{"names":{}}').toBe('{"names":{}}');
    await damage(world, parts);
    expect(await valves.set('billing', undefined, 'paused')).toEqual({ app: 'paused', names: {} });
    expect((await valves.read(['billing'])).get('billing')).toEqual({ app: 'paused', names: {} });
  });

  it('are read as far as they can be: one that is none leaves the others', async () => {
    const world = await makeWorld();
    const names: Record<string, unknown> = {
      a: 'paused',
      b: 'shut',
      c: rate(1),
      d: { perMinute: '60', since: 0 },
      e: { perMinute: 0, since: 0 },
      f: { perMinute: 1 },
      g: null,
    };
    await damage(world, { rev: { N: '1' }, valves: { S: JSON.stringify({ app: 'ajar', names }) } });
    const { valves } = operatorOf(world);
    expect(await valves.read(['billing'])).toEqual(new Map([['billing', { names: { a: 'paused', c: rate(1) } }]]));
  });

  it('are shown by a state', () => {
    expect(valvesView('billing', { names: { archive: 'paused', remind: rate(60) } })).toEqual({
      app: 'billing',
      valve: { state: 'open' },
      names: { archive: { state: 'paused' }, remind: { state: 'limited', perMinute: 60 } },
    });
  });
});
