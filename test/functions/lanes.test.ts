import { describe, expect, it } from 'vitest';
import { claimBatch } from '../../functions/dispatch/claims.ts';
import { Lanes } from '../../functions/dispatch/lanes.ts';
import { MINUTE, makeWorld, SECOND, START, type World } from './world.ts';

const HOUR = 60 * MINUTE;

/** Lanes as a run of its own knows them, and what it asked. */
async function lanesOf(world: World) {
  const { dynamo, faults } = world.process();
  const lanes = new Lanes(dynamo, world.table, world.settings);
  await lanes.rewind();
  return {
    lanes,
    asked: () => faults.calls.map(({ input }) => `${input.IndexName} ${input.ExpressionAttributeValues[':lane'].S} ${input.Limit}`),
  };
}

const ids = (tasks: readonly { id: string }[]) => tasks.map(({ id }) => id);
const many = (count: number, parts: (i: number) => object = () => ({})) => Array.from({ length: count }, (_, i) => parts(i));

describe('lanes', () => {
  it('are read with one query each, of 25 rows', async () => {
    const world = await makeWorld({ shards: 2 });
    const { lanes, asked } = await lanesOf(world);
    expect(asked().sort()).toEqual(['high', 'low', 'medium'].flatMap((level) => [0, 1].map((shard) => `due billing#${level}#${shard} 25`)));
    expect(lanes.nextDueAt).toBe(Number.POSITIVE_INFINITY);
    expect(await lanes.nominate(START + HOUR)).toEqual([]);
  });

  it('come in order: front before back, the latest at the front first, then by date, then by arrival', async () => {
    const world = await makeWorld();
    const [late, early, front1, sameFirst, front2, sameSecond] = await world.enqueue(
      { dueAt: START - SECOND },
      { dueAt: START - MINUTE },
      { position: 'front' },
      { dueAt: START - 2 * SECOND },
      { position: 'front' },
      { dueAt: START - 2 * SECOND },
    );
    const { lanes } = await lanesOf(world);
    const expected = [front2, front1, early, sameFirst, sameSecond, late].map((task) => task?.id);
    expect(ids(await lanes.nominate(START))).toEqual(expected);
    expect(lanes.nextDueAt).toBe(Number.NEGATIVE_INFINITY);
  });

  it('tell when the next task falls due, the earliest of all lanes, whatever its level', async () => {
    const world = await makeWorld({ shards: 4 });
    await world.enqueue({ dueAt: START + MINUTE, level: 'high' }, { dueAt: START + SECOND, level: 'low' }, { dueAt: START + HOUR });
    const { lanes } = await lanesOf(world);
    expect(lanes.nextDueAt).toBe(START + SECOND);
  });

  it('nominate what is due at the horizon, to the millisecond', async () => {
    const world = await makeWorld();
    const [at] = await world.enqueue({ dueAt: START + SECOND }, { dueAt: START + SECOND + 1 });
    const { lanes } = await lanesOf(world);
    expect(await lanes.nominate(START + SECOND - 1)).toEqual([]);
    expect(ids(await lanes.nominate(START + SECOND))).toEqual([at?.id]);
  });

  it('are read on as they are used up, page by page, to the last task, none twice', async () => {
    const world = await makeWorld();
    const tasks = await world.enqueue(...many(160));
    const { lanes, asked } = await lanesOf(world);
    const seen: string[] = [];
    for (;;) {
      const batch = (await lanes.nominate(START)).slice(0, 25);
      if (batch.length === 0) break;
      expect(lanes.nextDueAt).toBeLessThanOrEqual(START);
      seen.push(...ids(batch));
      lanes.remove(new Set(ids(batch)));
    }
    expect(seen).toEqual(ids(tasks));
    expect(lanes.nextDueAt).toBe(Number.POSITIVE_INFINITY);
    expect(asked().filter((one) => one.startsWith('due billing#medium'))).toEqual([
      'due billing#medium#0 25',
      'due billing#medium#0 100',
      'due billing#medium#0 100',
    ]);
  });

  it('with a used-up page of a longer lane are due for reading on', async () => {
    const world = await makeWorld();
    await world.enqueue(...many(30, () => ({ dueAt: START + HOUR })));
    const { lanes } = await lanesOf(world);
    expect(lanes.nextDueAt).toBe(START + HOUR);
    lanes.remove(new Set(ids(await lanes.nominate(START + 2 * HOUR)).slice(0, 25)));
    expect(lanes.nextDueAt).toBeLessThanOrEqual(START + HOUR);
  });

  it('are not read on while their next task is not due', async () => {
    const world = await makeWorld();
    await world.enqueue(...many(24), ...many(10, () => ({ dueAt: START + HOUR })));
    const { lanes, asked } = await lanesOf(world);
    expect(await lanes.nominate(START)).toHaveLength(24);
    expect(asked()).toHaveLength(3);
  });

  it('ask for close deadlines only where they hold more than was read', async () => {
    const world = await makeWorld();
    await world.enqueue(...many(24, (i) => ({ deadlineAt: START + i * SECOND })));
    const short = await lanesOf(world);
    await short.lanes.nominate(START);
    expect(short.asked().filter((one) => one.startsWith('watch'))).toEqual([]);

    await world.enqueue(...many(120));
    const [far, reached, close] = await world.enqueue(
      { dueAt: START, deadlineAt: START + HOUR },
      { dueAt: START, deadlineAt: START },
      { dueAt: START, deadlineAt: START + MINUTE },
    );
    const long = await lanesOf(world);
    const found = ids(await long.lanes.nominate(START));
    expect(long.asked().filter((one) => one.startsWith('watch'))).toEqual(['watch billing#deadline#medium#0 100']);
    expect(found).toContain(reached?.id);
    expect(found).toContain(close?.id);
    expect(found).not.toContain(far?.id);
    expect(new Set(found).size).toBe(found.length);
  });

  it('do not nominate a task by its deadline before its date', async () => {
    const world = await makeWorld();
    await world.enqueue(...many(40));
    const [later] = await world.enqueue({ dueAt: START + MINUTE, deadlineAt: START + MINUTE });
    const { lanes } = await lanesOf(world);
    expect(ids(await lanes.nominate(START))).not.toContain(later?.id);
    expect(ids(await lanes.nominate(START + MINUTE))).toContain(later?.id);
  });

  it('show a newcomer once they are read anew: the high ones alone, or all', async () => {
    const world = await makeWorld();
    const { lanes, asked } = await lanesOf(world);
    const [low, high] = await world.enqueue({ level: 'low' }, { level: 'high' });
    expect(await lanes.nominate(START)).toEqual([]);
    await lanes.rewindAbove('medium');
    expect(ids(await lanes.nominate(START))).toEqual([high?.id]);
    expect(asked().slice(3)).toEqual(['due billing#high#0 25']);
    await lanes.rewind();
    expect(ids(await lanes.nominate(START))).toEqual([high?.id, low?.id]);
  });

  it('pass over a row that lacks what a claim needs, even a page full of them', async () => {
    const world = await makeWorld();
    for (let i = 0; i < 26; i++) await world.put(world.task({ dueAt: START - HOUR }), { level: { S: 'urgent' } });
    await world.put(world.task(), { dueAt: { S: 'soon' } });
    const [good] = await world.enqueue({});
    const { lanes } = await lanesOf(world);
    expect(lanes.nextDueAt).toBe(START - HOUR);
    expect(ids(await lanes.nominate(START))).toEqual([good?.id]);
    expect(lanes.nextDueAt).toBe(START);
  });

  it('tell of a task’s traits, those of a later release too: the claim that marks it as late writes them all', async () => {
    const world = await makeWorld();
    const task = world.task({ deadlineAt: START - 1 });
    await world.put(task, { traits: { L: [{ S: 'exclusive' }, { S: 'novel' }] } });
    const { lanes } = await lanesOf(world);
    const [found] = await lanes.nominate(START);
    expect(found).toMatchObject({ id: task.id, deadlineAt: START - 1, traits: ['exclusive', 'novel'] });
    await claimBatch(world.store, [{ ...(found as NonNullable<typeof found>), tag: '0.1.n', leaseUntil: START }], START, world.settings);
    expect((await world.read(task.id)).traits).toEqual(['exclusive', 'novel', 'late']);
  });
});
