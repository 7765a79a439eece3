import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../functions/identity.ts';
import { again, fail, failureWorld, HIDDEN, logged, message, SMTP } from './failureWorld.ts';
import { MINUTE } from './world.ts';

describe('a report', () => {
  it('that cannot be sent is tried again by one message of its batch, and counts nothing twice', async () => {
    const world = await failureWorld();
    const tasks = await world.out({ maxAttempts: 1 }, { maxAttempts: 1 }, {});
    const messages = tasks.map((task) => message(fail(task)));
    const desk = world.desk();
    desk.faults.inject('Publish', 'not sent');
    expect(await desk.settle(...messages)).toEqual([messages[0]?.messageId]);
    expect(desk.metrics()).toEqual({ Failed: 3, FailureRate: 3, Dead: 2 });
    world.goOn(HIDDEN);
    expect(await desk.settle(...messages.slice(0, 1).map(again))).toEqual([]);
    expect(desk.mails()).toHaveLength(2);
    expect(desk.mails()[1]?.Subject).toContain('3 failures, 2 dead');
    expect(desk.metrics()).toEqual({ Failed: 3, FailureRate: 3, Dead: 2 });
    world.goOn(HIDDEN);
    expect(await desk.settle(...messages.slice(0, 1).map(again))).toEqual([]);
    expect(desk.mails()).toHaveLength(2);
  });

  it('that its function did not live to send is sent by the next failure of the kind, and only then', async () => {
    const world = await failureWorld();
    const tasks = await world.out({ maxAttempts: 1 }, {}, {}, {}, {});
    const [first, second, third] = [tasks.slice(0, 3), tasks.slice(3, 4), tasks.slice(4)].map((some) =>
      some.map((task) => message(fail(task))),
    );
    if (!first || !second || !third) throw new Error('three batches');
    const dying = world.desk();
    dying.faults.inject('Publish', 'hangs');
    void dying.settle(...first);
    await world.settle();
    dying.crash();
    const desk = world.desk();
    // It may still be on its way.
    world.goOn(30_000);
    await desk.settle(...second);
    expect(desk.mails()).toEqual([]);
    world.goOn(31_000);
    await desk.settle(...third);
    expect(desk.mails()).toHaveLength(1);
    expect(desk.mails()[0]?.Subject).toContain('5 failures, 1 dead');
  });

  it('that was sent, which could not be noted, is sent once more at most', async () => {
    const world = await failureWorld();
    const tasks = await world.out({ maxAttempts: 1 }, {}, {}, {}, {});
    const desk = world.desk();
    const isNote = ({ input }: { input: { UpdateExpression: string } }) => input.UpdateExpression.startsWith('REMOVE');
    desk.faults.inject('UpdateItem', 'not sent', { when: isNote });
    expect(await desk.settle(...tasks.slice(0, 3).map((task) => message(fail(task))))).toEqual([]);
    expect(logged()).toContain('still owed');
    for (const task of tasks.slice(3)) {
      world.goOn(2 * MINUTE);
      await desk.settle(message(fail(task)));
    }
    expect(desk.mails()).toHaveLength(2);
  });

  it('comes at the third, the tenth and the hundredth failure of a storm, and at the first death', async () => {
    const world = await failureWorld();
    const desk = world.desk();
    const told: number[] = [];
    for (let batch = 0; batch < 11; batch++) {
      const tasks = await world.out(...Array.from({ length: 10 }, () => ({})));
      const before = desk.mails().length;
      await desk.settle(...tasks.map((task) => message(fail(task))));
      if (desk.mails().length > before) told.push(10 * (batch + 1));
      world.goOn(MINUTE);
    }
    // The third was in the first batch, and the tenth with it.
    expect(told).toEqual([10, 100]);
    expect(await world.book.get('billing', fingerprintOf('billing', 'send-invoice', SMTP), world.clock.now())).toMatchObject({
      count: 110,
      deaths: 0,
    });
    // One write a batch, and one a report.
    const { faults } = desk;
    expect(faults.count('UpdateItem', ({ input }) => input.Key.id.S.startsWith('~error'))).toBe(13);
  });
});
