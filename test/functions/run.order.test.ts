import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NewTask } from '../../core/actions.ts';
import { dueKey } from '../../core/lanes.ts';
import { inOrder } from '../../core/order.ts';
import { LEVELS } from '../../core/task.ts';
import { claimCallsOf, toldBy } from './runs.ts';
import { MINUTE, makeWorld, newId, SECOND, START } from './world.ts';

/** Few instants, so that many tasks are due at one; deadlines reached, close, and far. */
const parts = (now: number): fc.Arbitrary<Partial<NewTask>> =>
  fc
    .record({
      level: fc.constantFrom(...LEVELS),
      position: fc.constantFrom('front' as const, 'back' as const, 'back' as const),
      dueIn: fc.constantFrom(-MINUTE, -SECOND, 0, 0, 0, 400, 400, 1_300),
      deadlineIn: fc.constantFrom(undefined, undefined, undefined, -2 * SECOND, 0, 1, 900, MINUTE, MINUTE, 15 * MINUTE, 16 * MINUTE),
      traits: fc.constantFrom(undefined, undefined, ['unacknowledged'] as const),
    })
    .map(({ level, position, dueIn, deadlineIn, traits }) => ({
      level,
      position: dueIn > 0 ? 'back' : position,
      dueAt: now + dueIn,
      ...(deadlineIn === undefined ? {} : { deadlineAt: now + deadlineIn }),
      ...(traits === undefined ? {} : { traits }),
    }));

describe('a set of due tasks', () => {
  it.each(['first', 'last'] as const)(
    'is claimed and told exactly in order, escalated %s, and no escalation costs a write',
    async (escalated) => {
      const world = await makeWorld({ escalated, shards: 2 });
      let round = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(parts(0), { minLength: 20, maxLength: 110 }), async (generated) => {
          const now = world.clock.now();
          // An app of its own for each set: lanes, slots and limits begin anew.
          const settings = { ...world.settings, app: `app-${++round}` };
          const tasks = generated.map((one, i) =>
            world.task({
              ...one,
              id: newId(settings.app),
              app: settings.app,
              dueAt: now + (one.dueAt ?? 0),
              arrival: START * 1_000 + (i % 7),
              ...(one.deadlineAt === undefined ? {} : { deadlineAt: now + one.deadlineAt }),
            }),
          );
          await world.store.insert(tasks, settings.shards);
          const process = world.process();
          const summary = await world.finish(world.run(process, { apps: [settings] }));
          expect(summary).toMatchObject({ claimed: tasks.length, published: tasks.length, latestMs: expect.any(Number) });

          const waiting = tasks.map((task) => ({
            ...task,
            key: dueKey(task),
            dueAt: task.position === 'front' ? Number.NEGATIVE_INFINITY : task.dueAt,
          }));
          const expected = inOrder(waiting, { ...settings, now }).map(({ id }) => id);
          expect(claimCallsOf(process).flat()).toEqual(expected);
          expect(toldBy(process)).toEqual(expected);
          const written = process.faults.calls.filter(({ name }) => name === 'UpdateItem').map(({ input }) => input.Key.id.S as string);
          expect(written.every((id) => id.startsWith('~') || id.includes('/slot/'))).toBe(true);
          expect(claimCallsOf(process).flat()).toHaveLength(tasks.length);
        }),
        { numRuns: 5 },
      );
    },
  );
});
