import { type AttributeValue, DeleteItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import type { Item } from '../../functions/rows.ts';
import { again, type FailureWorld, fail, failureWorld, HIDDEN, logged, message } from './failureWorld.ts';
import { MINUTE, newId, START } from './world.ts';

const DAY_SECONDS = 86_400;
const quarantine = (id: string) => message({ type: 'quarantine', id, reason: 'its level is unheard of' });

/** Ids in a lane of an index. */
async function lane(world: FailureWorld, IndexName: 'due' | 'watch', value: string): Promise<string[]> {
  const { Items = [] } = await world.admin.dynamo.send(
    new QueryCommand({
      TableName: world.table,
      IndexName,
      KeyConditionExpression: '#lane = :lane',
      ExpressionAttributeNames: { '#lane': IndexName === 'due' ? 'priority' : 'watch' },
      ExpressionAttributeValues: { ':lane': { S: value } },
    }),
  );
  return Items.map(({ id }) => id?.S ?? '');
}

/** A task's row with parts that are not as they should be; undefined takes a part away. */
async function damaged(world: FailureWorld, damage: Record<string, AttributeValue | undefined>, id?: string): Promise<Item> {
  const task = world.task();
  await world.put(task);
  const row = Object.fromEntries(
    Object.entries({ ...(await world.item(task.id)), ...(id === undefined ? {} : { id: { S: id } }), ...damage }).filter(
      ([, value]) => value,
    ),
  ) as Item;
  if (id !== undefined) await world.put({ ...task, state: 'leased' });
  await world.admin.dynamo.send(new PutItemCommand({ TableName: world.table, Item: row }));
  return row;
}

describe('a row that cannot be read', () => {
  it('is dead, out of its lane, among the dead, for its retention; what was damaged stays; and it is told of', async () => {
    const world = await failureWorld({ shards: 4, alarms: true });
    const row = await damaged(world, { level: { S: 'urgent' }, priority: { S: 'billing#medium#0' } });
    const id = row.id?.S ?? '';
    const desk = world.desk();
    expect(await desk.settle(quarantine(id))).toEqual([]);
    const after = await world.item(id);
    expect(after).toEqual({
      ...Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'priority')),
      state: { S: 'dead' },
      rev: { N: '2' },
      deathReason: { S: 'unreadable' },
      endedAt: { N: String(START) },
      expiresAtSeconds: { N: String(START / 1_000 + 14 * DAY_SECONDS) },
      unreadable: {
        M: { reason: { S: 'its level is unheard of' }, was: { M: { state: { S: 'scheduled' }, priority: { S: 'billing#medium#0' } } } },
      },
      watch: expect.anything(),
      watchAt: { S: `2026-12-24T08:00:00.000Z#${id}` },
    });
    expect(await lane(world, 'due', 'billing#medium#0')).toEqual([]);
    expect(await lane(world, 'watch', after?.watch?.S ?? '')).toEqual([id]);
    expect(after?.watch?.S).toMatch(/^billing#dead#[0-3]$/);
    expect(desk.metrics()).toEqual({ Dead: 1, 'Dead billing': 1 });
    expect(desk.mails()).toHaveLength(1);
    expect(desk.mails()[0]?.Message).toContain('UnreadableRow');
    expect(logged()).toContain('set aside');
  });

  it('is set aside once, and told of once, however often it is asked for, and by whoever dies at it', async () => {
    const world = await failureWorld();
    const { id: { S: id = '' } = {} } = await damaged(world, { claim: { S: 'one' } });
    const dying = world.desk();
    dying.faults.inject('GetItem', 'hangs', { when: ({ input }) => input.Key.id.S.startsWith('~error') });
    const first = quarantine(id);
    void dying.settle(first);
    await world.settle();
    dying.crash();
    const once = await world.item(id);
    world.goOn(HIDDEN);
    const desk = world.desk();
    expect(await desk.settle(quarantine(id), again(first), quarantine(id))).toEqual([]);
    world.goOn(HIDDEN);
    await desk.settle(again(first), quarantine(id));
    expect(await world.item(id)).toEqual(once);
    // Also by those whose error has seen so many others that it remembers this one no more.
    const { app, name, fingerprint } = (await world.book.list('billing', undefined, START)).errors[0] ?? {};
    if (!app || !name || !fingerprint) throw new Error('an error');
    const others = Array.from({ length: 60 }, (_, i) => ({ id, version: 1, isDead: false, key: `other-${i}` }));
    await world.book.count({ app, name, fingerprint, error: { name: 'E', message: 'm' }, tasks: others }, START);
    await desk.settle(quarantine(id));
    expect(desk.metrics()).toEqual({ Dead: 1 });
    expect(desk.mails()).toHaveLength(1);
  });

  it('whose answer is lost is told of all the same', async () => {
    const world = await failureWorld();
    const { id: { S: id = '' } = {} } = await damaged(world, { payload: undefined });
    const desk = world.desk();
    desk.faults.inject('UpdateItem', 'answer lost', { when: ({ input }) => input.Key.id.S === id });
    await desk.settle(quarantine(id));
    expect(desk.metrics()).toEqual({ Dead: 1 });
  });

  it.each<[string, Record<string, AttributeValue | undefined>, object]>([
    ['no revision', { rev: undefined }, {}],
    ['a revision that is a map', { rev: { M: { a: { L: [{ N: '1' }] } } } }, { rev: { M: { a: { L: [{ N: '1' }] } } } }],
    ['a revision beyond all numbers', { rev: { N: '9'.repeat(37) } }, { rev: { N: '9'.repeat(37) } }],
    ['no state', { state: undefined }, {}],
    ['a state that is none', { state: { BOOL: true } }, { unreadable: { M: { was: { M: { state: { BOOL: true } } } } } }],
    ['no name', { name: undefined }, {}],
    ['an empty name, which no claim could read in the lane', { name: { S: '' } }, {}],
    ['a number in the place of a list', { attempts: { N: '1' } }, { attempts: { N: '1' } }],
  ])('is set aside with %s, and stays so', async (_, damage, expected) => {
    const world = await failureWorld();
    const { id: { S: id = '' } = {} } = await damaged(world, damage);
    const desk = world.desk();
    expect(await desk.settle(quarantine(id))).toEqual([]);
    expect(await world.item(id)).toMatchObject({ state: { S: 'dead' }, deathReason: { S: 'unreadable' }, ...expected });
    expect(await lane(world, 'due', 'billing#medium#0')).toEqual([]);
    expect(desk.metrics()).toEqual({ Dead: 1 });
    world.goOn(MINUTE);
    expect(await desk.settle(quarantine(id))).toEqual([]);
    expect(desk.metrics()).toEqual({ Dead: 1 });
  });

  it('is left alone where it can be read, is gone, or was mended at the very moment', async () => {
    const world = await failureWorld();
    const [waiting, out] = [...(await world.enqueue({})), ...(await world.out({}))];
    const { id: { S: id = '' } = {} } = await damaged(world, { level: { S: 'urgent' } });
    const desk = world.desk();
    const mended = { ...world.task(), id, rev: 7 };
    desk.faults.inject('UpdateItem', { before: () => world.put(mended) });
    expect(await desk.settle(...[waiting?.id, out?.id, newId('billing'), id].map((one) => quarantine(one ?? '')))).toEqual([]);
    expect(await world.read(waiting?.id ?? '')).toEqual(waiting);
    expect(await world.read(out?.id ?? '')).toEqual(out);
    expect(await world.read(id)).toEqual(mended);
    expect(desk.metrics()).toEqual({});
  });

  it('is not made anew where it was deleted at the very moment', async () => {
    const world = await failureWorld();
    const { id: { S: id = '' } = {} } = await damaged(world, { rev: undefined, state: undefined });
    const desk = world.desk();
    const deleted = new DeleteItemCommand({ TableName: world.table, Key: { id: { S: id } } });
    desk.faults.inject('UpdateItem', { before: () => world.admin.dynamo.send(deleted) });
    expect(await desk.settle(quarantine(id))).toEqual([]);
    expect(await world.item(id)).toBeUndefined();
  });

  it('is not dead where it was mended by hand at the very moment, its revision as it was', async () => {
    const world = await failureWorld();
    const row = await damaged(world, { state: { S: 'asleep' } });
    const desk = world.desk();
    const mended = { ...row, state: { S: 'scheduled' } };
    desk.faults.inject('UpdateItem', {
      before: () => world.admin.dynamo.send(new PutItemCommand({ TableName: world.table, Item: mended })),
    });
    await desk.settle(quarantine(row.id?.S ?? ''));
    expect(await world.item(row.id?.S ?? '')).toEqual(mended);
  });

  it.each([
    ['a text for a list', { attempts: { S: '[]' } }],
    ['a number too long for any here', { attempt: { N: `${'9'.repeat(30)}.5` } }],
  ])('is found by its failure too: a row that was damaged while it was out, %s', async (_, damage) => {
    const world = await failureWorld();
    const [task, good] = await world.out({}, {});
    if (!task || !good) throw new Error('two tasks');
    await world.put(task, damage);
    const desk = world.desk();
    expect(await desk.settle(message(fail(task)), message(fail(good)))).toEqual([]);
    expect(await world.item(task.id)).toMatchObject({ state: { S: 'dead' }, deathReason: { S: 'unreadable' } });
    expect((await world.read(good.id)).attempts).toHaveLength(1);
    expect(desk.metrics()).toEqual({ Dead: 1, Failed: 1, FailureRate: 1 });
  });
});

describe('an id of any kind', () => {
  it.each([
    ['of no app', 'nonsense', 'billing#dead#0'],
    ['of an app that is gone', `gone/${'x'.repeat(22)}`, 'billing#dead#0'],
    ['of odd letters', 'billing/ü#\n/\u{1f600}', 'billing#dead#0'],
    ['too long for an index', `billing/${'x'.repeat(1_500)}`, undefined],
  ])('%s ends, by the lane in which its row stands', async (_, id, watch) => {
    const world = await failureWorld();
    await damaged(world, { level: { S: 'urgent' } }, id);
    const desk = world.desk();
    expect(await desk.settle(quarantine(id))).toEqual([]);
    const row = await world.item(id);
    expect(row).toMatchObject({ state: { S: 'dead' } });
    expect([row?.priority, row?.watch?.S]).toEqual([undefined, watch]);
    expect(desk.metrics()).toEqual({ Dead: 1 });
    expect(await desk.settle(again(quarantine(id)))).toEqual([]);
  });

  it('whose row names no app at all is dead without a place, and only the log and the metric tell of it', async () => {
    const world = await failureWorld();
    const id = 'nonsense';
    await damaged(world, { priority: undefined, app: undefined, state: { S: 'leased' } }, id);
    const desk = world.desk();
    expect(await desk.settle(quarantine(id))).toEqual([]);
    expect(await world.item(id)).toMatchObject({ state: { S: 'dead' }, expiresAtSeconds: { N: String(START / 1_000 + 14 * DAY_SECONDS) } });
    expect((await world.item(id))?.watch).toBeUndefined();
    expect(desk.metrics()).toEqual({ Dead: 1 });
    expect(desk.mails()).toEqual([]);
  });

  it.each(['', '~seat', '~settings/billing', '~error/billing/x', 'billing/slot/3', 'billing/payload/abc', 'x'.repeat(3_000)])(
    'of no task is never touched, and does not come again: %s',
    async (id) => {
      const world = await failureWorld();
      const Item = { id: { S: id }, epoch: { N: '1' } };
      const isKey = id !== '' && id.length < 2_048;
      if (isKey) await world.admin.dynamo.send(new PutItemCommand({ TableName: world.table, Item }));
      const desk = world.desk();
      expect(await desk.settle(quarantine(id))).toEqual([]);
      expect(desk.faults.calls).toEqual([]);
      if (isKey) expect(await world.item(id)).toEqual(Item);
    },
  );
});
