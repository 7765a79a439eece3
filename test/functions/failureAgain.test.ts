import { describe, expect, it } from 'vitest';
import type { FailureRequest } from '../../functions/bus.ts';
import { fingerprintOf } from '../../functions/identity.ts';
import { again, type FailureWorld, fail, failureWorld, HIDDEN, message, SMTP } from './failureWorld.ts';
import { MINUTE } from './world.ts';

const FINGERPRINT = fingerprintOf('billing', 'send-invoice', SMTP);

const one = async (world: FailureWorld, parts = {}) => {
  const [task] = await world.out(parts);
  if (!task) throw new Error('a task');
  return task;
};
const seen = (world: FailureWorld, fingerprint = FINGERPRINT) => world.book.get('billing', fingerprint, world.clock.now());
const isOf = (id: string) => ({ when: ({ input }: { input: { Key: { id: { S: string } } } }) => input.Key.id.S.startsWith(id) });

describe('a failure counts once', () => {
  it('though its message comes again, as another message, and twice in one batch', async () => {
    const world = await failureWorld();
    const task = await one(world);
    const desk = world.desk();
    const first = message(fail(task));
    expect(await desk.settle(first, first, message(fail(task)))).toEqual([]);
    world.goOn(1_000);
    expect(await desk.settle(first, again(first), message(fail(task)))).toEqual([]);
    world.goOn(HIDDEN);
    expect(await world.desk().settle(again(first))).toEqual([]);
    expect(await seen(world)).toMatchObject({ count: 1 });
    expect(desk.metrics()).toEqual({ Failed: 1, FailureRate: 1 });
    expect((await world.read(task.id)).attempts).toHaveLength(1);
  });

  it('though two functions decide it in the same millisecond', async () => {
    const world = await failureWorld();
    const task = await one(world, { maxAttempts: 1 });
    const desks = [world.desk(), world.desk(), world.desk()];
    await Promise.all(desks.map((desk) => desk.settle(message(fail(task)))));
    expect(await seen(world)).toMatchObject({ count: 1, deaths: 1 });
    expect((await world.read(task.id)).rev).toBe(task.rev + 1);
  });

  it('though the answer to its write is lost', async () => {
    const world = await failureWorld();
    const task = await one(world, { maxAttempts: 1 });
    const desk = world.desk();
    desk.faults.inject('UpdateItem', 'answer lost', isOf(task.id));
    expect(await desk.settle(message(fail(task)))).toEqual([]);
    expect(desk.metrics()).toEqual({ Failed: 1, FailureRate: 1, Dead: 1 });
    expect(await seen(world)).toMatchObject({ count: 1, deaths: 1 });
    expect(desk.mails()).toHaveLength(1);
  });

  it.each(['answer lost', 'answer lost for good', 'not sent'] as const)(
    'though the count is written and its answer does not come: %s',
    async (fault) => {
      const world = await failureWorld();
      const task = await one(world, { maxAttempts: 1 });
      const desk = world.desk();
      desk.faults.inject('UpdateItem', fault, isOf('~error'));
      const first = message(fail(task));
      const handedBack = await desk.settle(first);
      expect(handedBack).toEqual(fault === 'answer lost' ? [] : [first.messageId]);
      world.goOn(HIDDEN);
      if (handedBack.length > 0) expect(await desk.settle(again(first))).toEqual([]);
      expect(await seen(world)).toMatchObject({ count: 1, deaths: 1 });
      expect(desk.mails()).toHaveLength(1);
    },
  );

  it.each([
    ['fail', SMTP],
    ['expire', { name: 'LeaseExpired', message: 'No worker reported before the lease ended.' }],
    ['refuse', SMTP],
  ] as const)('and is not lost where the function dies between its write and the count: %s', async (type, error) => {
    const world = await failureWorld();
    const task = await one(world);
    world.goOn(10 * MINUTE);
    const dying = world.desk();
    dying.faults.inject('GetItem', 'hangs', isOf('~error'));
    const request = { type, id: task.id, claim: 1, ...(type === 'expire' ? {} : { error }) };
    const first = message(request);
    void dying.settle(first);
    await world.settle();
    dying.crash();
    expect((await world.read(task.id)).attempts).toHaveLength(1);
    world.goOn(HIDDEN);
    const desk = world.desk();
    expect(await desk.settle(again(first), message(request))).toEqual([]);
    expect(await seen(world, fingerprintOf('billing', 'send-invoice', error))).toMatchObject({ count: 1 });
    expect(Object.values(desk.metrics())).toEqual([1, 1]);
  });

  it('and not as a death, where the function dies before it is counted and the task has died of its deadline since', async () => {
    const world = await failureWorld({ whenLate: 'expire' });
    const task = await one(world, { deadlineAt: world.clock.now() + MINUTE });
    const dying = world.desk();
    dying.faults.inject('GetItem', 'hangs', isOf('~error'));
    const first = message(fail(task));
    void dying.settle(first);
    await world.settle();
    dying.crash();
    world.goOn(HIDDEN);
    const desk = world.desk();
    expect(await desk.settle(message({ type: 'miss', id: task.id }))).toEqual([]);
    expect(await world.read(task.id)).toMatchObject({ state: 'dead', deathReason: 'deadline missed' });
    expect(await desk.settle(again(first))).toEqual([]);
    expect(await seen(world)).toMatchObject({ count: 1, deaths: 0 });
    expect(desk.metrics()).toMatchObject({ Failed: 1, Dead: 1 });
  });

  it('also as a death, where the function dies before it is counted and the task has been replayed since', async () => {
    const world = await failureWorld();
    const task = await one(world, { maxAttempts: 1 });
    const dying = world.desk();
    dying.faults.inject('GetItem', 'hangs', isOf('~error'));
    const first = message(fail(task));
    void dying.settle(first);
    await world.settle();
    dying.crash();
    world.goOn(HIDDEN);
    const desk = world.desk();
    await desk.settle(again(first));
    expect(await seen(world)).toMatchObject({ count: 1, deaths: 1 });
    await world.store.act(task.id, { type: 'replay', arrival: 1 }, world.clock.now(), world.settings);
    world.goOn(HIDDEN);
    expect(await desk.settle(again(again(first)))).toEqual([]);
    expect(await seen(world)).toMatchObject({ count: 1, deaths: 1 });
    expect((await world.read(task.id)).state).toBe('scheduled');
  });

  it('as the death of the attempt that was its last alone, whichever is counted first', async () => {
    const world = await failureWorld();
    const task = await one(world, { maxAttempts: 2 });
    const dying = world.desk();
    dying.faults.inject('GetItem', 'hangs', isOf('~error'));
    const first = message(fail(task));
    void dying.settle(first);
    await world.settle();
    dying.crash();
    const { rev } = await world.read(task.id);
    const claim = { type: 'claim', rev, by: '0.2.n', level: 'medium', leaseUntil: world.clock.now() + MINUTE } as const;
    await world.store.act(task.id, claim, world.clock.now(), world.settings);
    const desk = world.desk();
    await desk.settle(message(fail(task, { claim: 2 })));
    world.goOn(HIDDEN);
    await desk.settle(again(first));
    expect(await seen(world)).toMatchObject({ count: 2, deaths: 1 });
    expect(desk.metrics()).toEqual({ Failed: 2, FailureRate: 2, Dead: 1 });
  });

  it('also when it is told of anew after so many others that its error remembers it no more', async () => {
    const world = await failureWorld();
    const task = await one(world);
    const desk = world.desk();
    await desk.settle(message(fail(task)));
    world.goOn(1);
    const others = Array.from({ length: 60 }, (_, i) => ({ id: task.id, version: 1, isDead: false, key: `other-${i}` }));
    const { app, name } = task;
    await world.book.count({ app, name, fingerprint: FINGERPRINT, error: SMTP, tasks: others }, world.clock.now());
    await desk.settle(message(fail(task)));
    expect(await seen(world)).toMatchObject({ count: 61 });
  });

  it('and a claim that was already over does not, whatever is said of it', async () => {
    const world = await failureWorld();
    const task = await one(world);
    world.goOn(10 * MINUTE);
    const expired: FailureRequest = { type: 'expire', id: task.id, claim: 1 };
    const desk = world.desk();
    await desk.settle(message(expired));
    world.goOn(1);
    await desk.settle(message(fail(task)), message(expired), again(message(fail(task))));
    expect(desk.metrics()).toEqual({ Expired: 1, FailureRate: 1 });
    expect(await seen(world)).toBeUndefined();
  });
});

describe('a missed deadline is told of', () => {
  const LATE = { deadlineAt: Date.UTC(2026, 11, 24, 8, 1) };

  it.each(['fail', 'miss'] as const)('though the answer to the write is lost, or the bus does not take it at first: %s', async (type) => {
    const world = await failureWorld(type === 'miss' ? { whenLate: 'expire' } : {});
    const [task] = type === 'miss' ? await world.enqueue(LATE) : await world.out(LATE);
    if (!task) throw new Error('a task');
    world.goOn(2 * MINUTE);
    const desk = world.desk();
    desk.faults.inject('UpdateItem', 'answer lost', isOf(task.id));
    desk.faults.inject('PutEvents', 'not sent');
    const first = message(type === 'fail' ? fail(task) : { type, id: task.id });
    expect(await desk.settle(first)).toEqual([first.messageId]);
    expect(await world.failures()).toEqual([]);
    world.goOn(HIDDEN);
    expect(await desk.settle(again(first))).toEqual([]);
    expect(await world.failures()).toMatchObject([{ type: 'late', id: task.id }]);
    expect(desk.metrics()).toEqual(type === 'fail' ? { Failed: 1, FailureRate: 1 } : { Dead: 1 });
  });

  it('by nobody a second time or too early: not after a claim that was late itself, nor while it is ahead', async () => {
    const world = await failureWorld();
    const [task] = await world.enqueue(LATE);
    const early = await one(world, { deadlineAt: LATE.deadlineAt + 60 * MINUTE });
    if (!task) throw new Error('a task');
    world.goOn(2 * MINUTE);
    const claim = { type: 'claim', rev: 1, by: '0.1.n', level: 'high', leaseUntil: world.clock.now() + MINUTE } as const;
    await world.store.act(task.id, claim, world.clock.now(), world.settings);
    world.goOn(MINUTE);
    const first = message(fail(task));
    const desk = world.desk();
    for (const { id } of [task, early]) desk.faults.inject('UpdateItem', 'answer lost', isOf(id));
    expect(await desk.settle(first, message(fail(early)))).toEqual([]);
    expect(desk.metrics()).toEqual({ Failed: 2, FailureRate: 2 });
    expect(await world.failures()).toEqual([]);
  });
});
