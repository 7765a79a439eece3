import { PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { ErrorBook, type KeyedOccurrences } from '../../functions/failures/error-book.ts';
import { fingerprintOf } from '../../functions/identity.ts';
import { type FailureWorld, failureWorld, logged, SMTP } from './failureWorld.ts';
import { MINUTE, newId, START } from './world.ts';

const DAY = 24 * 60 * MINUTE;
const fingerprintFor = (name: string) => fingerprintOf('billing', name, SMTP);

let keys = 0;
/** So many failures of tasks of one name. */
function seen(name: string, count = 1, parts: Partial<KeyedOccurrences['tasks'][number]> = {}): KeyedOccurrences {
  const tasks = Array.from({ length: count }, () => ({ id: newId('billing'), version: 1, isDead: false, key: `k${++keys}`, ...parts }));
  return { app: 'billing', fingerprint: fingerprintFor(name), name, error: SMTP, tasks };
}

const bookOf = (world: FailureWorld) => {
  const { dynamo, store, faults } = world.process();
  return { book: new ErrorBook(dynamo, store), faults };
};
const rowId = (name: string) => `~error/billing/${fingerprintFor(name)}`;

/** Writes over parts of an error's row, as somebody might by hand. */
const damage = (
  world: FailureWorld,
  name: string,
  UpdateExpression: string,
  field: string,
  values?: Record<string, { N: string } | { S: string }>,
) =>
  world.admin.dynamo.send(
    new UpdateItemCommand({
      TableName: world.table,
      Key: { id: { S: rowId(name) } },
      UpdateExpression,
      ExpressionAttributeNames: { '#x': field },
      ...(values ? { ExpressionAttributeValues: values } : {}),
    }),
  );

describe('an error', () => {
  it('is one row, whose count is one reading and one write that touches no key of an index', async () => {
    const world = await failureWorld();
    const { book, faults } = bookOf(world);
    await book.count(seen('a'), START);
    const first = await world.item(rowId('a'));
    expect((await book.count(seen('a', 2, { version: 3 }), START + 1_234)).fresh.size).toBe(2);
    const second = await world.item(rowId('a'));
    expect(faults.calls.map(({ name }) => name)).toEqual(['GetItem', 'UpdateItem', 'GetItem', 'UpdateItem']);
    expect(second).toMatchObject({ watch: { S: 'billing#error#0' }, watchAt: { S: `2026-12-24T08:00:00.000Z#${rowId('a')}` } });
    for (const projected of ['watch', 'watchAt', 'name', 'version', 'rev', 'level', 'dueAt', 'deadlineAt', 'traits', 'fingerprint']) {
      expect(second?.[projected]).toEqual(first?.[projected]);
    }
    expect(second?.priority).toBeUndefined();
    expect(second?.expiresAtSeconds).toEqual({ N: String(Math.ceil((START + 1_234 + 30 * DAY) / 1_000)) });
    expect(await book.get('billing', fingerprintFor('a'), START)).toMatchObject({
      count: 3,
      versions: [1, 3],
      firstSeenAt: START,
      lastSeenAt: START + 1_234,
    });
  });

  it('counted by many at once loses nothing and is reported once', async () => {
    const world = await failureWorld();
    const counts = await Promise.all(Array.from({ length: 5 }, () => bookOf(world).book.count(seen('a', 4), START)));
    expect(counts.map(({ fresh }) => fresh.size)).toEqual([4, 4, 4, 4, 4]);
    expect(counts.filter(({ report }) => report)).toHaveLength(1);
    expect(await world.book.get('billing', fingerprintFor('a'), START)).toMatchObject({ count: 20 });
  });

  it('remembers what it counted last, and no more than that', async () => {
    const world = await failureWorld();
    const old = seen('a');
    await world.book.count(old, START);
    const last = seen('a', 50);
    await world.book.count(last, START);
    expect((await world.book.count({ ...last, tasks: [...last.tasks, ...last.tasks] }, START)).fresh.size).toBe(0);
    expect((await world.item(rowId('a')))?.recent?.L).toHaveLength(50);
    expect((await world.book.count(old, START)).fresh.size).toBe(1);
  });

  it.each([
    ['a count that is no number', 'SET #x = :x', { ':x': { S: 'many' } }, 'count'],
    ['a number beyond all numbers', 'SET #x = :x', { ':x': { N: '9'.repeat(37) } }, 'firstSeenAt'],
    ['a number too long for any here', 'SET #x = :x', { ':x': { N: `${'9'.repeat(30)}.5` } }, 'count'],
    ['no revision', 'REMOVE #x', undefined, 'revision'],
    ['a revision that is no number', 'SET #x = :x', { ':x': { S: 'x' } }, 'revision'],
  ])('that was damaged, %s, breaks no reader and is counted anew', async (_, expression, values, field) => {
    const world = await failureWorld();
    await world.book.count(seen('a', 2), START);
    await world.book.count(seen('b'), START);
    await damage(world, 'a', expression, field, values);
    expect((await world.book.list('billing', undefined, START)).errors.map(({ name }) => name)).toEqual(['b']);
    expect(await world.book.get('billing', fingerprintFor('a'), START)).toBeUndefined();
    expect(await world.book.resolve('billing', fingerprintFor('a'), START)).toBeUndefined();
    expect(logged()).toContain('cannot be read');
    expect(logged()).not.toContain('mx.example');
    expect((await world.book.count(seen('a'), START + MINUTE)).fresh.size).toBe(1);
    expect(await world.book.get('billing', fingerprintFor('a'), START)).toMatchObject({ count: 1, firstSeenAt: START + MINUTE });
  });

  it('that expired is gone for every reader, and begins anew, over the old row', async () => {
    const world = await failureWorld();
    await world.book.count(seen('a', 2), START);
    const later = START + 31 * DAY;
    expect(await world.book.get('billing', fingerprintFor('a'), later - 2 * DAY)).toBeDefined();
    expect(await world.book.get('billing', fingerprintFor('a'), later)).toBeUndefined();
    expect((await world.book.list('billing', undefined, later)).errors).toEqual([]);
    await world.book.count(seen('a'), later);
    expect(await world.book.get('billing', fingerprintFor('a'), later)).toMatchObject({ count: 1, firstSeenAt: later, rev: 2 });
  });

  it('that is resolved begins a new count of reports at its next occurrence, and answers the same when resolved again', async () => {
    const world = await failureWorld();
    const { book, faults } = bookOf(world);
    expect((await book.count(seen('a', 1, { isDead: true }), START)).report).toMatchObject({ windowCount: 1, windowDeaths: 1 });
    faults.inject('UpdateItem', 'answer lost');
    const resolved = await book.resolve('billing', fingerprintFor('a'), START + MINUTE);
    expect(resolved).toMatchObject({ count: 1, resolvedAt: START + MINUTE });
    expect(await book.resolve('billing', fingerprintFor('a'), START + 2 * MINUTE)).toEqual(resolved);
    expect((await world.item(rowId('a')))?.owedSince).toBeUndefined();
    const { report } = await book.count(seen('a', 1, { isDead: true }), START + 3 * MINUTE);
    expect(report).toMatchObject({ count: 2, windowCount: 1, windowDeaths: 1 });
    expect(report?.resolvedAt).toBeUndefined();
    expect((await world.item(rowId('a')))?.resolvedAt).toBeUndefined();
    expect(await book.resolve('billing', 'A'.repeat(22), START)).toBeUndefined();
  });

  it('counted and resolved at the same moment keeps both', async () => {
    const world = await failureWorld();
    await world.book.count(seen('a'), START);
    const { book, faults } = bookOf(world);
    faults.inject('UpdateItem', { before: () => world.book.count(seen('a'), START) });
    expect(await book.resolve('billing', fingerprintFor('a'), START)).toMatchObject({ count: 2, resolvedAt: START });
  });

  it('whose report is owed is claimed by one, whose own lost answer is no loss, and noted by who sent it last', async () => {
    const world = await failureWorld();
    const death = seen('a', 1, { isDead: true });
    const first = (await world.book.count(death, START)).report;
    const { book, faults } = bookOf(world);
    faults.inject('UpdateItem', 'answer lost');
    const second = (await book.count(death, START + MINUTE)).report;
    expect(second).toMatchObject({ count: 1, reportedAt: START + MINUTE });
    expect((await world.book.count(death, START + MINUTE)).report).toBeUndefined();
    if (!first || !second) throw new Error('two reports');
    await world.book.reported(first);
    expect((await world.item(rowId('a')))?.owedSince).toEqual({ N: String(START + MINUTE) });
    await world.book.reported(second);
    expect((await world.book.count(death, START + 10 * MINUTE)).report).toBeUndefined();
  });

  it('that loses every race says so', async () => {
    const world = await failureWorld();
    const { book, faults } = bookOf(world);
    faults.inject('UpdateItem', { before: () => world.book.count(seen('a'), START) }, { times: 100 });
    await expect(book.count(seen('a'), START)).rejects.toThrow('another count was first');
    await expect(book.resolve('billing', fingerprintFor('a'), START)).rejects.toThrow('another count was first');
  });
});

describe('the list of errors', () => {
  it('is read from the index in pages, the last that was first seen first, of one app alone', async () => {
    const world = await failureWorld();
    const names = Array.from({ length: 30 }, (_, i) => `n${i}`);
    for (const [i, name] of names.entries()) await world.book.count(seen(name), START + i);
    await world.book.count({ ...seen('other'), app: 'elsewhere' }, START);
    await world.admin.dynamo.send(
      new PutItemCommand({
        TableName: world.table,
        Item: { id: { S: '~error/billing/x' }, watch: { S: 'billing#error#0' }, watchAt: { S: '2026-12-25T08:00:00.000Z#x' } },
      }),
    );
    const { book, faults } = bookOf(world);
    const first = await book.list('billing', undefined, START);
    const second = await book.list('billing', first.cursor, START);
    expect([...first.errors, ...second.errors].map(({ name }) => name)).toEqual(names.reverse());
    expect(first.errors).toHaveLength(24);
    expect(second.cursor).toBeUndefined();
    expect(faults.calls.map(({ name }) => name)).toEqual(['Query', 'BatchGetItem', 'Query', 'BatchGetItem']);
    await expect(book.list('elsewhere', first.cursor, START)).rejects.toThrow('cursor');
    await expect(book.list('billing', 'nonsense', START)).rejects.toThrow('cursor');
  });
});
