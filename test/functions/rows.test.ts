import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimBatch } from '../../functions/dispatch/claims.ts';
import { itemOf, rowOf, taskOf, UnreadableRow } from '../../functions/rows.ts';
import { anyTask } from './anyTask.ts';
import { makeWorld, START } from './world.ts';

describe('a row', () => {
  it('is the task, there and back', () => {
    fc.assert(
      fc.property(anyTask('billing'), fc.integer({ min: 1, max: 64 }), (task, shards) => {
        expect(taskOf(itemOf(rowOf(task, shards)))).toEqual(task);
      }),
    );
  });

  it('is the task, there and back through DynamoDB', async () => {
    const world = await makeWorld();
    await fc.assert(
      fc.asyncProperty(anyTask('billing'), async (task) => {
        await world.put(task);
        expect(await world.store.read(task.id)).toEqual(task);
      }),
      { numRuns: 20 },
    );
  });

  it('keeps what this release does not know, whoever writes it: a claim, an action, a row written by a release to come', async () => {
    const world = await makeWorld();
    const task = world.task();
    const extra = { novelty: { M: { deep: { L: [{ N: '1' }, { NULL: true }] } } }, tags: { SS: ['a', 'b'] } };
    await world.put(task, extra);
    await claimBatch(world.store, [{ id: task.id, rev: 1, tag: '0.1.n', level: 'high', leaseUntil: START + 1 }], START, world.settings);
    expect(await world.item(task.id)).toMatchObject(extra);
    await world.complete(task);
    expect((await world.read(task.id)).state).toBe('completed');
    expect(await world.item(task.id)).toMatchObject(extra);
  });

  it.each([
    ['no state', { state: { S: 'asleep' } }],
    ['no level', { level: { S: 'urgent' } }],
    ['no number where one is due', { rev: { S: '1' } }],
    ['no payload', { payload: { NULL: true } }],
    ['traits that are none', { traits: { S: 'exclusive' } }],
    ['no history', { attempts: { S: '[]' } }],
    ['no instant', { dueAtMs: { NULL: true } }],
  ])('cannot be read with %s', async (_, damage) => {
    const world = await makeWorld();
    const task = world.task();
    await world.put(task, damage);
    await expect(world.store.read(task.id)).rejects.toThrow(UnreadableRow);
  });

  it('of another kind is no task', () => {
    expect(() => taskOf({ id: { S: 'billing/slot/0' }, rev: { N: '1' }, entries: { S: '' } })).toThrow('billing/slot/0');
    expect(() => taskOf({})).toThrow(UnreadableRow);
  });
});
