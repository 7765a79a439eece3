import { describe, expect, it } from 'vitest';
import { entriesText } from '../../core/slots.ts';
import { slotId } from '../../functions/dispatch/ledger.ts';
import { Run } from '../../functions/dispatch/run.ts';
import { settingsId } from '../../functions/shards.ts';
import { ValveStore } from '../../functions/valves.ts';
import { entryOf } from './leases.ts';
import { toldBy } from './runs.ts';
import { MINUTE, makeWorld, SECOND, START, type World } from './world.ts';

const ADOPTION = 'tasks-restored arn:stack';

/** A run of the dispatcher of a queue that was made on this table. */
async function tick(world: World, adoption = ADOPTION) {
  const process = world.process();
  const run = new Run({ ...process.ports, adoption }, [world.settings], 'b'.repeat(12), world.clock.now() + 100 * SECOND, process.warm);
  await world.finish(run.run());
  return { told: toldBy(process), calls: process.faults.calls.map(({ name }) => name), asked: JSON.stringify(process.faults.calls) };
}
const valvesOf = (world: World, adoption = ADOPTION) => new ValveStore(world.admin.dynamo, world.store, world.seat, adoption);
const readValves = async (world: World, adoption = ADOPTION) => (await valvesOf(world, adoption).read(['billing'])).get('billing');

/** As a table is found that was restored: tasks that wait, that were out and untold, and that are worthless by now. */
async function restoredWorld() {
  const world = await makeWorld();
  const [waiting, untold, worthless] = await world.enqueue({}, {}, { deadlineAt: START - MINUTE, traits: ['expires'] });
  if (!waiting || !untold || !worthless) throw new Error('three were enqueued');
  const claim = { type: 'claim', rev: 1, by: '0.1.n', level: 'medium', leaseUntil: START + 60 * MINUTE } as const;
  await world.store.act(untold.id, claim, START, world.settings);
  const entry = { ...entryOf(await world.read(untold.id)), published: false };
  await world.replace({ id: { S: slotId('billing', 0) }, rev: { N: '1' }, entries: { S: entriesText([entry]) } });
  return { world, waiting, untold, worthless };
}

describe('a queue that was made on a table that was there before', () => {
  it('tells nothing, claims nothing, ends nothing and writes to no task or slot, tick by tick, until it is resumed', async () => {
    const { world, waiting, untold, worthless } = await restoredWorld();
    const before = (await world.rows()).filter(({ id }) => id?.S !== '~seat');
    for (let minute = 0; minute < 3; minute++) {
      world.clock.set(START + minute * MINUTE);
      // Somebody enqueues, and rings for it.
      await world.seat.ring('billing', world.clock.now());
      const { told, calls, asked } = await tick(world);
      expect(told).toEqual([]);
      expect(calls.filter((name) => ['Query', 'BatchExecuteStatement', 'PutEvents', 'PublishBatch'].includes(name))).toEqual([]);
      expect(asked).not.toContain(slotId('billing', 0));
    }
    expect((await world.rows()).filter(({ id }) => id?.S !== '~seat')).toEqual(before);
    expect(await world.failures()).toEqual([]);

    await valvesOf(world).set('billing', undefined, undefined);
    expect((await tick(world)).told.sort()).toEqual([waiting.id, untold.id].sort());
    expect(await world.failures()).toMatchObject([{ type: 'miss', id: worthless.id }]);
  });

  it('goes on within a beat of a run that lives for another app', async () => {
    const { world, waiting, untold } = await restoredWorld();
    const mail = { ...world.settings, app: 'mail' };
    await valvesOf(world).set('mail', undefined, undefined);
    await world.put({ ...world.task({ dueAt: START + 50 * SECOND }), id: 'mail/UOAJYGIB_-1wCHxkHfpOTf', app: 'mail' });
    const process = world.process();
    const ports = { ...process.ports, adoption: ADOPTION };
    const run = new Run(ports, [world.settings, mail], 'b'.repeat(12), START + 100 * SECOND, process.warm).run();
    await world.pass(5 * SECOND);
    expect(toldBy(process)).toEqual([]);
    await valvesOf(world).set('billing', undefined, undefined);
    await world.pass(2 * SECOND);
    expect(toldBy(process).sort()).toEqual([waiting.id, untold.id].sort());
    await world.finish(run);
  });

  it('is not let go by what was set in the table’s earlier life, nor in another adoption; names that were paused stay so', async () => {
    const { world } = await restoredWorld();
    await world.valves.set('billing', 'remind', 'paused');
    expect(await readValves(world)).toEqual({ app: 'paused', names: { remind: 'paused' }, held: true });
    await valvesOf(world, 'an earlier adoption').set('billing', undefined, undefined);
    expect(await readValves(world, 'an earlier adoption')).toEqual({ names: { remind: 'paused' } });
    expect(await readValves(world)).toEqual({ app: 'paused', names: { remind: 'paused' }, held: true });
    await valvesOf(world).set('billing', undefined, undefined);
    expect(await readValves(world)).toEqual({ names: { remind: 'paused' } });
  });

  it('is held as long as only its names are set, or it is paused once more; a rate lets it go; then a pause is a pause', async () => {
    const { world } = await restoredWorld();
    const valves = valvesOf(world);
    expect(await valves.set('billing', 'remind', 'paused')).toMatchObject({ app: 'paused', held: true });
    expect(await valves.set('billing', undefined, 'paused')).toMatchObject({ app: 'paused', held: true });
    expect(await valves.set('billing', 'remind', undefined)).toEqual({ app: 'paused', names: {}, held: true });
    expect(await readValves(world)).toEqual({ app: 'paused', names: {}, held: true });
    const rate = { perMinute: 60, since: START };
    expect(await valves.set('billing', undefined, rate)).toEqual({ app: rate, names: {} });
    expect(await valves.set('billing', undefined, 'paused')).toEqual({ app: 'paused', names: {} });
    expect(await readValves(world)).toEqual({ app: 'paused', names: {} });
    expect((await world.item(settingsId('billing')))?.adoption).toEqual({ S: ADOPTION });
  });

  it('is unlike one with a table of its own, which is told of what it finds', async () => {
    const { world, waiting, untold } = await restoredWorld();
    const process = world.process();
    await world.finish(world.run(process));
    expect(toldBy(process).sort()).toEqual([waiting.id, untold.id].sort());
  });
});
