import { expect, it } from 'vitest';
import { toldBy } from './runs.ts';
import { MINUTE, makeWorld, newId, SECOND, START } from './world.ts';

it('an app that floods the queue with high tasks keeps no other app waiting: a low task of another is told in the same turn', async () => {
  const world = await makeWorld({ maxInFlight: 75 });
  const mail = { ...world.settings, app: 'mail' };
  const flood = await world.enqueue(...Array.from({ length: 160 }, () => ({ level: 'high' as const, dueAt: START - MINUTE })));
  const [other] = await world.enqueue({ id: newId('mail'), app: 'mail', level: 'low', dueAt: START });
  const process = world.process();
  const run = world.run(process, { apps: [world.settings, mail] });
  await world.pass(0);
  const told = toldBy(process);
  expect(told).toContain(other?.id);
  await world.pass(3 * SECOND);
  // The flood itself goes no further than its own limit.
  expect(toldBy(process).filter((id) => flood.some((task) => task.id === id))).toHaveLength(75);
  await world.finish(run);
});
