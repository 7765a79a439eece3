import { describe, expect, it } from 'vitest';
import type { Notification } from '../../contract/notification.ts';
import type { NewTask } from '../../core/actions.ts';
import type { Task, TaskError } from '../../core/task.ts';
import { Publisher } from '../../functions/dispatch/publisher.ts';
import type { Held } from '../../functions/dispatch/slot-memory.ts';
import type { Faults } from './faults.ts';
import { MINUTE, makeWorld, SECOND, START, type World } from './world.ts';

const KB = 1_024;
const LEASE = 5 * MINUTE;

/** A task as a claim made it. */
const claimed = (world: World, parts: Partial<NewTask> = {}, leaseUntil = START + LEASE): Task => {
  const task = world.task(parts);
  return { ...task, state: 'leased', claim: 1, claimedLevel: task.level, leaseUntil };
};

function publisherOf(world: World) {
  const { sns, clock, faults } = world.process();
  const accepted: string[] = [];
  const refused: [string, TaskError][] = [];
  const publisher = new Publisher(sns, clock, world.settings, {
    accepted: ({ task }) => accepted.push(task.id),
    refused: ({ task }, error) => refused.push([task.id, error]),
  });
  const add = (...tasks: Task[]) => {
    for (const task of tasks) publisher.add({ task, held: heldOf(task) });
  };
  return { publisher, faults, accepted, refused, add };
}

const heldOf = ({ id, leaseUntil = 0 }: Task): Held => ({ slot: 0, entry: { id, rev: 1, leaseUntil, published: false } });

/** The ids of each call, in order. */
const callsOf = (faults: Faults): string[][] => faults.calls.map(({ input }) => bodiesOf(input).map(({ id }) => id));
const bodiesOf = (input: { PublishBatchRequestEntries: { Message: string }[] }): Notification[] =>
  input.PublishBatchRequestEntries.map(({ Message }) => JSON.parse(Message));

describe('publishing', () => {
  it('tells the app what it needs, and SNS what a filter needs', async () => {
    const world = await makeWorld();
    const { publisher, add, faults } = publisherOf(world);
    const task = {
      ...claimed(world, { deadlineAt: START, level: 'low', payload: '{"b":1,"a":"é\\u0000"}' }),
      claimedLevel: 'high' as const,
      attempt: 2,
    };
    add(task);
    await publisher.publish();
    expect(await world.told()).toEqual([
      {
        v: 1,
        id: task.id,
        app: 'billing',
        name: 'send-invoice',
        version: 1,
        claim: 1,
        attempt: 2,
        priority: 'high',
        dueAt: '2026-12-24T08:00:00.000Z',
        deadlineAt: '2026-12-24T08:00:00.000Z',
        leaseUntil: '2026-12-24T08:05:00.000Z',
        payload: { b: 1, a: 'é\u0000' },
      },
    ]);
    expect(faults.calls[0]?.input.PublishBatchRequestEntries[0].MessageAttributes).toEqual({
      name: { DataType: 'String', StringValue: 'send-invoice' },
      priority: { DataType: 'String', StringValue: 'high' },
      attempt: { DataType: 'Number', StringValue: '2' },
    });
  });

  it('goes in the order of the comparator, in calls of ten', async () => {
    const world = await makeWorld();
    const { publisher, add, faults, accepted } = publisherOf(world);
    const at = (parts: Partial<NewTask>) => claimed(world, parts);
    const ordered = [
      at({ level: 'low', deadlineAt: START - SECOND, dueAt: START - MINUTE }),
      at({ level: 'high', position: 'front' }),
      at({ level: 'high', dueAt: START - MINUTE }),
      at({ level: 'high' }),
      at({ level: 'medium', deadlineAt: START + MINUTE }),
      at({ level: 'medium', deadlineAt: START + 2 * MINUTE }),
      at({ level: 'medium', dueAt: START - SECOND }),
      ...Array.from({ length: 14 }, () => at({ level: 'low' })),
    ];
    const shuffled = ordered.map((task, i) => ({ task, key: (i * 8) % 21 })).sort((a, b) => a.key - b.key);
    add(...shuffled.map(({ task }) => task));
    await publisher.publish();
    const ids = ordered.map(({ id }) => id);
    expect(callsOf(faults)).toEqual([ids.slice(0, 10), ids.slice(10, 20), ids.slice(20)]);
    expect(accepted).toEqual(ids);
    expect((await world.told()).map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(publisher.size).toBe(0);
  });

  it('counts as high what has reached its deadline since it was claimed, and says so', async () => {
    const world = await makeWorld();
    const { publisher, add, faults } = publisherOf(world);
    const [other, late] = [claimed(world, { level: 'medium' }), claimed(world, { level: 'low', deadlineAt: START })];
    add(other, late);
    await publisher.publish();
    expect(late.claimedLevel).toBe('low');
    const messages = faults.calls[0]?.input.PublishBatchRequestEntries ?? [];
    const bodies = messages.map(({ Message }: { Message: string }) => JSON.parse(Message));
    expect(bodies.map(({ id, priority }: Notification) => [id, priority])).toEqual([
      [late.id, 'high'],
      [other.id, 'medium'],
    ]);
    expect(messages.map(({ MessageAttributes }: { MessageAttributes: { priority: object } }) => MessageAttributes.priority)).toEqual([
      { DataType: 'String', StringValue: 'high' },
      { DataType: 'String', StringValue: 'medium' },
    ]);
  });

  it('keeps each call within 256 KiB, attributes and all', async () => {
    const world = await makeWorld();
    const { publisher, add, faults } = publisherOf(world);
    const payload = (kb: number) => JSON.stringify('é'.repeat((kb * KB) / 2));
    add(...[100, 100, 56, 250, 3, 3].map((kb) => claimed(world, { payload: payload(kb) })));
    await publisher.publish();
    const sizes = faults.calls.map(({ input }) =>
      input.PublishBatchRequestEntries.reduce(
        (sum: number, { Message, MessageAttributes }: { Message: string; MessageAttributes: object }) =>
          sum + Buffer.byteLength(Message) + Buffer.byteLength(JSON.stringify(MessageAttributes)),
        0,
      ),
    );
    expect(callsOf(faults).map(({ length }) => length)).toEqual([2, 1, 2, 1]);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * KB);
    expect(await world.told()).toHaveLength(6);
  });

  it('never happens before the due instant, whatever the clock does', async () => {
    const world = await makeWorld();
    const { publisher, add, faults } = publisherOf(world);
    add(claimed(world, { dueAt: START + 400 }), claimed(world, { dueAt: START + 401 }));
    expect(publisher.wakeAt).toBe(START + 400);
    for (const now of [START, START + 399, START - MINUTE]) {
      world.clock.set(now);
      await publisher.publish();
    }
    expect(faults.calls).toEqual([]);
    world.clock.set(START + 400);
    await publisher.publish();
    expect(callsOf(faults).map(({ length }) => length)).toEqual([1]);
    expect(publisher.wakeAt).toBe(START + 401);
  });

  it('tells again, a beat later, what SNS refused, and only that', async () => {
    const world = await makeWorld();
    const { publisher, add, faults, accepted } = publisherOf(world);
    const [a, b, c] = [claimed(world), claimed(world), claimed(world)];
    add(a, b, c);
    faults.inject('PublishBatch', {
      answer: (output) => {
        output.Failed = [{ Id: '1', Code: 'InternalError', SenderFault: false }];
      },
    });
    await publisher.publish();
    expect(accepted).toEqual([a.id, c.id]);
    expect([publisher.size, publisher.has(b.id), publisher.wakeAt]).toEqual([1, true, START + SECOND]);
    await publisher.publish();
    expect(faults.calls).toHaveLength(1);
    world.clock.set(START + SECOND);
    await publisher.publish();
    expect(callsOf(faults)).toEqual([[a.id, b.id, c.id], [b.id]]);
    expect(accepted).toEqual([a.id, c.id, b.id]);
    expect(publisher.counts).toMatchObject({ published: 3, refused: 1, latestMs: SECOND });
  });

  it.each(['not sent', 'answer lost for good'] as const)('tells again what was not answered: %s', async (fault) => {
    const world = await makeWorld();
    const { publisher, add, faults, accepted } = publisherOf(world);
    const [a, b] = [claimed(world), claimed(world)];
    add(a, b);
    faults.inject('PublishBatch', fault);
    await publisher.publish();
    expect(accepted).toEqual([]);
    world.clock.set(START + SECOND);
    await publisher.publish();
    expect(accepted).toEqual([a.id, b.id]);
    const told = (await world.told()).map(({ id, claim }) => `${id} ${claim}`);
    expect(new Set(told)).toEqual(new Set([`${a.id} 1`, `${b.id} 1`]));
  });

  it('gives a task up when its lease ends: then it is the expiry’s affair', async () => {
    const world = await makeWorld();
    const { publisher, add, faults } = publisherOf(world);
    add(claimed(world, {}, START + 3 * SECOND));
    faults.inject('PublishBatch', 'not sent', { times: 100 });
    for (let second = 0; second < 6; second++) {
      world.clock.set(START + second * SECOND);
      await publisher.publish();
    }
    expect(faults.calls).toHaveLength(3);
    expect(publisher.size).toBe(0);
  });

  it('is one call at a time: what comes meanwhile goes after it', async () => {
    const world = await makeWorld();
    const { publisher, add, faults } = publisherOf(world);
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    faults.inject('PublishBatch', { before: () => gate });
    const low = claimed(world, { level: 'low' });
    add(low);
    const first = publisher.publish();
    await world.settle();
    const high = claimed(world, { level: 'high' });
    add(high);
    const second = publisher.publish();
    await world.settle();
    expect(callsOf(faults)).toEqual([[low.id]]);
    expect(publisher.wakeAt).toBe(Number.POSITIVE_INFINITY);
    open();
    await Promise.all([first, second]);
    expect(callsOf(faults)).toEqual([[low.id], [high.id]]);
  });
});
