import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../core/decide.ts';
import type { Task } from '../../core/task.ts';
import { type Claim, claimBatch } from '../../functions/dispatch/claims.ts';
import { itemOf, rowOf } from '../../functions/rows.ts';
import { anyTask } from './anyTask.ts';
import { MINUTE, makeWorld, START, type World } from './world.ts';

const claimOf = (id: string, changes: Partial<Claim> = {}): Claim => ({
  id,
  rev: 1,
  tag: '0.1.nonce-a',
  level: 'medium',
  leaseUntil: START + 5 * MINUTE,
  ...changes,
});

/** What an index tells of a task. */
const traitsOf = ({ deadlineAt, traits }: Task): Partial<Claim> => ({
  ...(deadlineAt === undefined ? {} : { deadlineAt }),
  ...(traits === undefined ? {} : { traits }),
});

const claimedBy = async (world: World, ids: readonly string[]) => Promise.all(ids.map(async (id) => (await world.read(id)).claimedBy));

async function waiting(world: World, count: number): Promise<string[]> {
  return (await world.enqueue(...Array.from({ length: count }, () => ({ deadlineAt: START + MINUTE })))).map(({ id }) => id);
}

describe('a batch of claims', () => {
  it('writes exactly what the core decides: the same row, out of both indexes, or none at all', async () => {
    const world = await makeWorld();
    const claims = fc.array(
      fc.record({
        task: anyTask('billing'),
        behind: fc.constantFrom(0, 0, 0, 1, -1),
        level: fc.constantFrom('high' as const, 'medium' as const),
        leaseUntil: fc.integer({ min: START, max: START + 1e9 }),
      }),
      { minLength: 1, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(claims, fc.boolean(), async (wanted, listCompleted) => {
        const settings = { ...world.settings, listCompleted, shards: 3 };
        await world.store.insert(
          wanted.map(({ task }) => task),
          settings.shards,
        );
        const batch = wanted.map(({ task, behind, level, leaseUntil }) =>
          claimOf(task.id, { ...traitsOf(task), rev: task.rev + behind, tag: `3.${task.rev}.n`, level, leaseUntil }),
        );
        const answered = await claimBatch(world.store, batch, START, settings);
        for (const [i, { task }] of wanted.entries()) {
          const { tag: by, deadlineAt: _deadlineAt, traits: _traits, ...claim } = batch[i] as Claim;
          const decision = decide(task, { type: 'claim', by, ...claim }, START, settings);
          const expected = decision.kind === 'changed' ? decision.task : task;
          expect(await world.item(task.id)).toEqual(itemOf(rowOf(expected, settings.shards)));
          expect(answered.get(task.id)).toEqual(expected);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is one call where every claim is answered', async () => {
    const world = await makeWorld();
    const ids = await waiting(world, 25);
    const { store, faults } = world.process();
    const rows = await claimBatch(
      store,
      ids.map((id) => claimOf(id)),
      START,
      world.settings,
    );
    expect(faults.calls.map(({ name }) => name)).toEqual(['BatchExecuteStatement']);
    expect([...rows.values()].every((row) => typeof row === 'object' && row.claim === 1 && row.claimedBy === '0.1.nonce-a')).toBe(true);
  });

  it.each(['answer lost', 'answer lost for good'] as const)('whose answer is lost is read back, and is ours: %s', async (fault) => {
    const world = await makeWorld();
    const ids = await waiting(world, 10);
    const { store, faults } = world.process();
    faults.inject('BatchExecuteStatement', fault);
    const rows = await claimBatch(
      store,
      ids.map((id) => claimOf(id)),
      START,
      world.settings,
    );
    for (const id of ids) expect(rows.get(id)).toMatchObject({ state: 'leased', claim: 1, claimedBy: '0.1.nonce-a', rev: 2 });
    expect(
      faults.calls.filter(({ name }) => name === 'BatchGetItem').every(({ input }) => input.RequestItems[world.table].ConsistentRead),
    ).toBe(true);
  });

  it('that was never sent is read back too, and is nobody’s', async () => {
    const world = await makeWorld();
    const ids = await waiting(world, 3);
    const { store, faults } = world.process();
    faults.inject('BatchExecuteStatement', 'not sent');
    const rows = await claimBatch(
      store,
      ids.map((id) => claimOf(id)),
      START,
      world.settings,
    );
    for (const id of ids) expect(rows.get(id)).toMatchObject({ state: 'scheduled', claim: 0, rev: 1 });
  });

  it('of 25 with one taken already claims the other 24', async () => {
    const world = await makeWorld();
    const ids = await waiting(world, 25);
    const taken = ids[7] as string;
    await claimBatch(world.store, [claimOf(taken, { tag: '4.1.nonce-b' })], START, world.settings);
    const rows = await claimBatch(
      world.process().store,
      ids.map((id) => claimOf(id)),
      START,
      world.settings,
    );
    for (const id of ids) {
      expect(rows.get(id)).toMatchObject({ claim: 1, claimedBy: id === taken ? '4.1.nonce-b' : '0.1.nonce-a' });
    }
  });

  it('made by two dispatchers at the same moment gives each task to one of them', async () => {
    const world = await makeWorld();
    const ids = await waiting(world, 25);
    const nonces = ['a', 'b', 'c'];
    const answers = await Promise.all(
      nonces.map((nonce) =>
        claimBatch(
          world.process().store,
          ids.map((id) => claimOf(id, { tag: `0.1.${nonce}` })),
          START,
          world.settings,
        ),
      ),
    );
    const owners = await claimedBy(world, ids);
    for (const [i, id] of ids.entries()) {
      for (const rows of answers) expect(rows.get(id)).toMatchObject({ claim: 1, rev: 2, claimedBy: owners[i] });
    }
  });

  it('never tells a dispatcher that another’s claim is its own, though slot, revision and lost answer are alike', async () => {
    const world = await makeWorld();
    const [id] = (await waiting(world, 1)) as [string];
    await claimBatch(world.store, [claimOf(id, { tag: '0.1.nonce-b' })], START, world.settings);
    const { store, faults } = world.process();
    faults.inject('BatchExecuteStatement', 'answer lost for good');
    expect((await claimBatch(store, [claimOf(id)], START, world.settings)).get(id)).toMatchObject({ claimedBy: '0.1.nonce-b' });
  });

  it('on a nomination that is behind burns nothing', async () => {
    const world = await makeWorld();
    const [id] = (await waiting(world, 1)) as [string];
    await world.store.act(id, { type: 'reschedule', dueAt: START + 1 }, START, world.settings);
    const before = await world.item(id);
    const rows = await claimBatch(world.store, [claimOf(id)], START, world.settings);
    expect(rows.get(id)).toMatchObject({ state: 'scheduled', rev: 2, claim: 0 });
    expect(await world.item(id)).toEqual(before);
  });

  it('tells of a row that is gone by leaving it out, and of one that cannot be read by saying so', async () => {
    const world = await makeWorld();
    const [good, bad] = [world.task(), world.task()];
    await world.put(good);
    await world.put(bad, { payload: { NULL: true } });
    const rows = await claimBatch(world.store, [claimOf(good.id), claimOf(bad.id), claimOf('billing/gone')], START, world.settings);
    expect(rows.get(good.id)).toMatchObject({ state: 'leased' });
    expect(rows.get(bad.id)).toBe('unreadable');
    expect(rows.has('billing/gone')).toBe(false);
  });

  it('holds 25 at most', async () => {
    const world = await makeWorld();
    const claims = Array.from({ length: 26 }, (_, i) => claimOf(`billing/${i}`));
    await expect(claimBatch(world.store, claims, START, world.settings)).rejects.toThrow('at most 25 claims a batch; got 26');
  });
});
