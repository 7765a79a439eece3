import { describe, expect, it } from 'vitest';
import type { Action } from '../../core/actions.ts';
import { claimBatch } from '../../functions/dispatch/claims.ts';
import { Contended } from '../../functions/store.ts';
import { MINUTE, makeWorld, SECOND, START, type World } from './world.ts';

const DAY = 24 * 60 * MINUTE;
const ERROR = { name: 'SmtpError', message: 'no route' };

/** A task that waits, and one that is out under claim 1. */
async function given(world: World) {
  const [waiting, leased] = await world.enqueue({}, {});
  if (!waiting || !leased) throw new Error('two tasks');
  await claim(world, leased.id);
  return { waiting, leased: await world.read(leased.id) };
}

const claim = (world: World, id: string, rev = 1) =>
  claimBatch(world.store, [{ id, rev, tag: `0.${rev}.n`, level: 'medium', leaseUntil: START + 5 * MINUTE }], START, world.settings);

/** A promise that is fulfilled by hand. */
function gate() {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, before: () => opened };
}

describe('an action', () => {
  it('is one reading and one conditional write of what changed', async () => {
    const world = await makeWorld();
    const { leased } = await given(world);
    const { store, faults } = world.process();
    await store.act(leased.id, { type: 'extend', claim: 1, leaseMs: 10 * MINUTE }, START, world.settings);
    expect(faults.calls.map(({ name }) => name)).toEqual(['GetItem', 'UpdateItem']);
    const { input } = faults.calls[1] ?? {};
    expect(input.ConditionExpression).toBe('#rev = :rev');
    expect(Object.values(input.ExpressionAttributeNames).sort()).toEqual(['leaseUntil', 'rev', 'rev']);
  });

  it('that comes second is decided anew: a claim that won refuses the cancel', async () => {
    const world = await makeWorld();
    const { waiting } = await given(world);
    const slow = world.process();
    const { open, before } = gate();
    slow.faults.inject('UpdateItem', { before });
    const cancel = slow.store.act(waiting.id, { type: 'cancel' }, START, world.settings);
    await world.settle();
    await claim(world, waiting.id);
    open();
    expect(await cancel).toMatchObject({ kind: 'refused', refusal: { reason: 'wrong state', state: 'leased' } });
    expect(await world.read(waiting.id)).toMatchObject({ state: 'leased', rev: 2, claim: 1 });
  });

  it('that comes second is decided anew: what still holds takes effect on what the first wrote', async () => {
    const world = await makeWorld();
    const { leased } = await given(world);
    const slow = world.process();
    const { open, before } = gate();
    slow.faults.inject('UpdateItem', { before });
    const complete = slow.store.act(leased.id, { type: 'complete', claim: 1 }, START, world.settings);
    await world.settle();
    await world.store.act(leased.id, { type: 'extend', claim: 1, leaseMs: DAY }, START, world.settings);
    open();
    expect(await complete).toMatchObject({ kind: 'changed', task: { state: 'completed', rev: leased.rev + 2 } });
  });

  it('done by two at the same moment takes effect once', async () => {
    const world = await makeWorld();
    const { leased } = await given(world);
    const complete = () => world.process().store.act(leased.id, { type: 'complete', claim: 1 }, START, world.settings);
    const kinds = (await Promise.all([complete(), complete(), complete()])).map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['changed', 'unchanged', 'unchanged']);
    expect(await world.read(leased.id)).toMatchObject({ state: 'completed', rev: leased.rev + 1, attempts: [{ claim: 1 }] });
  });

  it('that loses every race says so, and has changed nothing', async () => {
    const world = await makeWorld();
    const { leased } = await given(world);
    const unlucky = world.process();
    let lease = DAY;
    const before = () => {
      lease += SECOND;
      return world.store.act(leased.id, { type: 'extend', claim: 1, leaseMs: lease }, START, world.settings);
    };
    unlucky.faults.inject('UpdateItem', { before }, { times: 100 });
    await expect(unlucky.store.act(leased.id, { type: 'complete', claim: 1 }, START, world.settings)).rejects.toThrow(Contended);
    expect((await world.read(leased.id)).state).toBe('leased');
  });

  it.each<[string, 'waiting' | 'leased', Action]>([
    ['complete', 'leased', { type: 'complete', claim: 1, worker: 'w' }],
    ['snooze', 'leased', { type: 'snooze', claim: 1, until: START + MINUTE }],
    ['extend', 'leased', { type: 'extend', claim: 1, leaseMs: 10 * MINUTE }],
    ['fail', 'leased', { type: 'fail', claim: 1, error: ERROR, random: 0.5 }],
    ['cancel', 'waiting', { type: 'cancel' }],
    ['reschedule', 'waiting', { type: 'reschedule', dueAt: START + MINUTE }],
  ])('whose answer was lost is answered like the first time: %s', async (_, which, action) => {
    const world = await makeWorld();
    const task = (await given(world))[which];
    const { store, faults } = world.process();
    faults.inject('UpdateItem', 'answer lost');
    const decision = await store.act(task.id, action, START, world.settings);
    const row = await world.read(task.id);
    expect(faults.count('UpdateItem')).toBe(1);
    expect(decision).toEqual({ kind: 'unchanged', task: row });
    expect(row.rev).toBe(task.rev + 1);
  });

  it('that was not sent, or that DynamoDB refuses, is an error and no refusal', async () => {
    const world = await makeWorld();
    const { waiting } = await given(world);
    const { store, faults } = world.process();
    faults.inject('UpdateItem', 'not sent');
    await expect(store.act(waiting.id, { type: 'cancel' }, START, world.settings)).rejects.toThrow('cut');
    expect(await world.read(waiting.id)).toEqual(waiting);
  });
});

describe('inserting', () => {
  it('writes 60 tasks in three batches', async () => {
    const world = await makeWorld();
    const tasks = Array.from({ length: 60 }, () => world.task());
    const { store, faults } = world.process();
    expect(await store.insert(tasks, 1)).toEqual(tasks.map(() => ({ created: true })));
    expect(faults.calls.map(({ name, input }) => [name, input.Statements.length])).toEqual([
      ['BatchExecuteStatement', 25],
      ['BatchExecuteStatement', 25],
      ['BatchExecuteStatement', 10],
    ]);
    const rows = await store.readItems(
      tasks.map(({ id }) => id),
      true,
    );
    expect(rows.size).toBe(60);
  });

  it('writes its batches side by side: one that fails keeps none of the others from being written', async () => {
    const world = await makeWorld();
    const tasks = Array.from({ length: 60 }, () => world.task());
    const { store, faults } = world.process();
    faults.inject('BatchExecuteStatement', 'not sent');
    await expect(store.insert(tasks, 1)).rejects.toThrow('cut');
    const rows = await store.readItems(
      tasks.map(({ id }) => id),
      true,
    );
    expect([...rows.keys()].sort()).toEqual(
      tasks
        .slice(25)
        .map(({ id }) => id)
        .sort(),
    );
  });

  it('leaves a row that is there as it is, and shows it', async () => {
    const world = await makeWorld();
    const { waiting, leased } = await given(world);
    const fresh = world.task();
    const again = [{ ...waiting, payload: '"other"', arrival: 1 }, fresh, { ...leased, state: 'scheduled' as const, arrival: 2 }];
    expect(await world.process().store.insert(again, 1)).toEqual([
      { created: false, existing: waiting },
      { created: true },
      { created: false, existing: leased },
    ]);
    expect(await world.read(waiting.id)).toEqual(waiting);
    expect(await world.read(leased.id)).toEqual(leased);
  });

  it('by two at once of the same key makes one task, whose maker knows it', async () => {
    const world = await makeWorld();
    const task = world.task();
    const insert = (arrival: number) => world.process().store.insert([{ ...task, arrival }], 1);
    const answers = (await Promise.all([1, 2, 3, 4].map(insert))).flat();
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    const { arrival } = await world.read(task.id);
    expect(answers.findIndex(({ created }) => created)).toBe(arrival - 1);
  });

  it('whose answer was lost is answered like the first time', async () => {
    const world = await makeWorld();
    const tasks = [world.task(), world.task()];
    const { store, faults } = world.process();
    faults.inject('BatchExecuteStatement', 'answer lost');
    expect(await store.insert(tasks, 1)).toEqual([{ created: true }, { created: true }]);
  });

  it('of a task that DynamoDB turns away for the moment says that nothing is known of it', async () => {
    const world = await makeWorld();
    const tasks = [world.task(), world.task()];
    const { store, faults } = world.process();
    const answer = (output: { Responses: object[] }) => {
      output.Responses[1] = { Error: { Code: 'ThrottlingError' } };
    };
    faults.inject('BatchExecuteStatement', { answer });
    // It may have been written all the same: then it is found, and known for our own.
    expect(await store.insert(tasks, 1)).toEqual([{ created: true }, { created: true }]);
    faults.inject('BatchExecuteStatement', { answer });
    faults.inject('BatchGetItem', { answer: (output) => Object.assign(output, { Responses: {} }) });
    expect((await store.insert([world.task(), world.task()], 1))[1]).toEqual({ created: false, existing: undefined });
  });

  it('promises nothing for a task that the answer does not speak of', async () => {
    const world = await makeWorld();
    const tasks = [world.task(), world.task()];
    const { store, faults } = world.process();
    faults.inject('BatchExecuteStatement', { answer: (output) => Object.assign(output, { Responses: output.Responses.slice(0, 1) }) });
    faults.inject('BatchGetItem', { answer: (output) => Object.assign(output, { Responses: {} }) });
    expect(await store.insert(tasks, 1)).toEqual([{ created: true }, { created: false, existing: undefined }]);
  });

  it('takes no answer of a batch for one of the batch before, which lacks its last', async () => {
    const world = await makeWorld();
    const tasks = Array.from({ length: 30 }, () => world.task());
    const { store, faults } = world.process();
    faults.inject('BatchExecuteStatement', { answer: (output) => Object.assign(output, { Responses: output.Responses.slice(0, 24) }) });
    faults.inject('BatchGetItem', { answer: (output) => Object.assign(output, { Responses: {} }) });
    const inserted = await store.insert(tasks, 1);
    expect(inserted.flatMap(({ created }, i) => (created ? [] : [i]))).toEqual([24]);
  });

  it('is split in halves where a batch is refused as a whole', async () => {
    const world = await makeWorld();
    const { store, faults } = world.process();
    const tasks = Array.from({ length: 8 }, () => world.task());
    const bad = tasks[5]?.id;
    const names = (input: { Statements: { Parameters: { S?: string }[] }[] }) =>
      input.Statements.some(({ Parameters }) => Parameters.some(({ S }) => S === bad));
    // AWS refuses a batch that names a key twice; the emulator does not, so the refusal is put in.
    const refusal = Object.assign(new Error('Duplicate items'), { name: 'ValidationException' });
    faults.inject('BatchExecuteStatement', refusal, { times: 3, when: ({ input }) => names(input) && input.Statements.length > 1 });
    expect(await store.insert(tasks, 1)).toEqual(tasks.map(() => ({ created: true })));
    expect(faults.calls.map(({ input }) => input.Statements.length)).toEqual([8, 4, 4, 2, 1, 1, 2]);
  });

  it('hands on an error of the whole batch that no halving can mend', async () => {
    const world = await makeWorld();
    const { store, faults } = world.process();
    faults.inject('BatchExecuteStatement', 'not sent');
    await expect(store.insert([world.task(), world.task()], 1)).rejects.toThrow('cut');
    faults.inject('BatchExecuteStatement', Object.assign(new Error('bad'), { name: 'ValidationException' }));
    await expect(store.insert([world.task()], 1)).rejects.toThrow('bad');
  });
});

describe('reading', () => {
  it('takes more rows than one call may name, and keys named twice', async () => {
    const world = await makeWorld();
    const tasks = Array.from({ length: 110 }, () => world.task());
    await world.store.insert(tasks, 1);
    const { store, faults } = world.process();
    const ids = tasks.map(({ id }) => id);
    expect([...(await store.readItems([...ids, ...ids, 'billing/none'], false)).keys()].sort()).toEqual(ids.sort());
    expect(faults.calls.map(({ input }) => input.RequestItems[world.table].Keys.length)).toEqual([100, 11]);
    expect(faults.calls.map(({ input }) => input.RequestItems[world.table].ConsistentRead)).toEqual([false, false]);
  });

  it('asks again for keys that DynamoDB had no time for', async () => {
    const world = await makeWorld();
    const [one, two] = await world.enqueue({}, {});
    if (!one || !two) throw new Error('two tasks');
    const { store, faults } = world.process();
    faults.inject('BatchGetItem', {
      answer: (output) => {
        output.Responses[world.table] = output.Responses[world.table].filter(({ id }: { id: { S: string } }) => id.S === one.id);
        output.UnprocessedKeys = { [world.table]: { Keys: [{ id: { S: two.id } }] } };
      },
    });
    expect((await store.readItems([one.id, two.id], true)).size).toBe(2);
  });
});
