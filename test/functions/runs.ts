import { expect } from 'vitest';
import type { AppSettings } from '../../core/policy.ts';
import { entriesOf, type SlotEntry } from '../../core/slots.ts';
import { slotId } from '../../functions/dispatch/ledger.ts';
import { makeWorld, type Process, START, type World } from './world.ts';

/** A world whose seat was left in peace: no sweep is due, nobody is unsure. */
export async function readyWorld(changes: Partial<AppSettings> = {}): Promise<World> {
  const world = await makeWorld(changes);
  await world.quietSeat();
  world.clock.set(START);
  return world;
}

/** The next tick's run, to its end. */
export async function nextTick(world: World) {
  const process = world.process();
  const summary = await world.finish(world.run(process));
  expect(process.timers).toBe(0);
  return { process, summary };
}

/** What a slot's row holds. */
export const entriesIn = async (world: World, slot = 0): Promise<SlotEntry[]> =>
  entriesOf('billing', (await world.item(slotId('billing', slot)))?.entries?.S ?? '');

/** How often a process called each operation. Metrics are put beside the work. */
export function callsOf({ faults }: Process): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name } of faults.calls) if (name !== 'PutMetricData') counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** What a process asked SNS to tell, in order. */
export const toldBy = ({ faults }: Process): string[] =>
  faults.calls
    .filter(({ name }) => name === 'PublishBatch')
    .flatMap(({ input }) => input.PublishBatchRequestEntries.map(({ Message }: { Message: string }) => JSON.parse(Message).id));

/** The ids of each batch that a process asked to claim. */
export const claimCallsOf = ({ faults }: Process): string[][] =>
  faults.calls
    .filter(({ name, input }) => name === 'BatchExecuteStatement' && input.Statements[0].Statement.includes('SET "claim"'))
    .map(({ input }) => input.Statements.map(({ Parameters }: { Parameters: { S: string }[] }) => Parameters.at(-3)?.S));
