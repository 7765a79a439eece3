import { describe, expect, it } from 'vitest';
import { entriesText, SLOT_SIZE, type SlotEntry } from '../../core/slots.ts';
import { Ledger, slotId } from '../../functions/dispatch/ledger.ts';
import { MINUTE, makeWorld, newId, START, type World } from './world.ts';

const entry = (changes: Partial<SlotEntry> = {}): SlotEntry => ({
  id: newId('billing'),
  rev: 1,
  leaseUntil: START + 5 * MINUTE,
  published: false,
  ...changes,
});
const entries = (count: number): SlotEntry[] => Array.from({ length: count }, () => entry());

/** A ledger of a run of its own that has read the slots. */
async function ledgerOf(world: World, { maxInFlight = 50, by = 'run-a', app = 'billing' } = {}) {
  const process = world.process();
  const ledger = new Ledger(process.dynamo, process.store, app, maxInFlight, by);
  await ledger.load();
  return { ledger, faults: process.faults };
}

const textIn = async (world: World, slot = 0) => (await world.item(slotId('billing', slot)))?.entries?.S;

describe('a slot', () => {
  it('is written by compare-and-set: of two runs that read it, one writes it, and the other learns what it wrote', async () => {
    const world = await makeWorld();
    const { ledger: a } = await ledgerOf(world);
    const { ledger: b } = await ledgerOf(world, { by: 'run-b' });
    const [ours, theirs] = [entry(), entry()];
    expect(await a.add(0, [ours])).toBe(true);
    expect(await b.add(0, [theirs])).toBe(false);
    expect(b.held).toEqual([{ slot: 0, entry: ours }]);
    expect(await textIn(world)).toBe(entriesText([ours]));
    expect(await b.add(0, [theirs])).toBe(true);
    expect(await a.add(0, entries(1))).toBe(false);
    expect(a.held.map(({ entry: { id } }) => id)).toEqual([ours.id, theirs.id]);
  });

  it('written by two at the same moment is written once', async () => {
    const world = await makeWorld();
    const ledgers = await Promise.all(['a', 'b', 'c'].map((by) => ledgerOf(world, { by })));
    const wrote = await Promise.all(ledgers.map(({ ledger }) => ledger.add(0, entries(3))));
    expect(wrote.filter(Boolean)).toHaveLength(1);
    expect((await ledgerOf(world)).ledger.held).toHaveLength(3);
  });

  it('whose answer was lost is known to be our own writing', async () => {
    const world = await makeWorld();
    const { ledger, faults } = await ledgerOf(world);
    faults.inject('UpdateItem', 'answer lost');
    const ours = entry();
    expect(await ledger.add(0, [ours])).toBe(true);
    expect(await textIn(world)).toBe(entriesText([ours]));
    faults.inject('UpdateItem', 'answer lost');
    expect(await ledger.add(0, [entry()])).toBe(true);
    expect(ledger.held).toHaveLength(2);
  });

  it('is not taken for our own writing where another run wrote the same', async () => {
    const world = await makeWorld();
    const { ledger: a } = await ledgerOf(world);
    const { ledger: b } = await ledgerOf(world, { by: 'run-b' });
    const same = entry();
    expect(await a.add(0, [same])).toBe(true);
    expect(await b.add(0, [same])).toBe(false);
  });

  it('keeps what is learned while it is being written', async () => {
    const world = await makeWorld();
    const { ledger, faults } = await ledgerOf(world);
    const [first, second, third] = [entry(), entry(), entry()];
    await ledger.add(0, [first, second]);
    faults.inject('UpdateItem', {
      before: async () => {
        ledger.published({ slot: 0, entry: first });
        ledger.freed({ slot: 0, entry: second });
      },
    });
    await ledger.add(0, [third]);
    expect(await textIn(world)).toBe(entriesText([first, second, third]));
    expect(ledger.held.map((one) => one.entry)).toEqual([{ ...first, published: true }, third]);
    await ledger.flush();
    expect(await textIn(world)).toBe(entriesText([{ ...first, published: true }, third]));
  });

  it('keeps what one run has learned of an entry when another has written the slot', async () => {
    const world = await makeWorld();
    const one = entry();
    const { ledger: a } = await ledgerOf(world);
    await a.add(0, [one]);
    const { ledger: b } = await ledgerOf(world, { by: 'run-b' });
    a.published({ slot: 0, entry: one });
    const other = entry();
    await b.add(0, [other]);
    await a.flush();
    expect(a.held.map(({ entry: { published } }) => published)).toEqual([true, false]);
    await a.flush();
    expect(await textIn(world)).toBe(entriesText([{ ...one, published: true }, other]));
  });

  it('is written at leave only if something was learned', async () => {
    const world = await makeWorld();
    const { ledger, faults } = await ledgerOf(world);
    const one = entry();
    await ledger.add(0, [one]);
    const before = faults.count('UpdateItem');
    await ledger.flush();
    expect(faults.count('UpdateItem')).toBe(before);
    ledger.leased({ slot: 0, entry: one }, START + 10 * MINUTE);
    await ledger.flush();
    await ledger.flush();
    expect(faults.count('UpdateItem')).toBe(before + 1);
    expect(await textIn(world)).toBe(entriesText([{ ...one, leaseUntil: START + 10 * MINUTE }]));
  });

  it('is written with others in one call, each on its own: one that another run wrote is not, and what it holds is learned', async () => {
    const world = await makeWorld();
    const at = (slot: number, one: SlotEntry) => ({ slot, entry: one });
    const { ledger: a, faults } = await ledgerOf(world, { maxInFlight: 100 });
    // What is not there yet is written on its own.
    expect(await a.addAll([0, 1, 2, 3].map((slot) => at(slot, entry())))).toEqual(new Set([0, 1, 2, 3]));
    const theirs = entry();
    const { ledger: b } = await ledgerOf(world, { by: 'run-b', maxInFlight: 100 });
    await b.add(2, [theirs]);
    const before = faults.calls.length;
    const ours = [0, 1, 2, 3].map((slot) => at(slot, entry()));
    expect(await a.addAll(ours)).toEqual(new Set([0, 1, 3]));
    expect(
      faults.calls
        .slice(before)
        .filter(({ name }) => name !== 'BatchGetItem')
        .map(({ name }) => name),
    ).toEqual(['BatchExecuteStatement']);
    expect(a.held.filter(({ slot }) => slot === 2).map((one) => one.entry.id)).toContain(theirs.id);
    for (const { slot, entry: one } of ours) expect((await textIn(world, slot))?.includes(entriesText([one]))).toBe(slot !== 2);
  });

  it('is known to be our own writing where the answer to several was lost, or says that DynamoDB had no time for them', async () => {
    const world = await makeWorld();
    const { ledger, faults } = await ledgerOf(world);
    const held = [0, 1].map((slot) => ({ slot, entry: entry() }));
    await ledger.addAll(held);
    for (const one of held) ledger.published(one);
    faults.inject('BatchExecuteStatement', 'answer lost');
    await ledger.flush();
    expect(ledger.held.every(({ entry: { published } }) => published)).toBe(true);
    for (const one of held) ledger.leased(one, START + 10 * MINUTE);
    const busy = { Responses: held.map(() => ({ Error: { Code: 'ThrottlingError' } })) };
    faults.inject('BatchExecuteStatement', { answer: (output) => Object.assign(output, busy) });
    await ledger.flush();
    for (const { slot, entry: one } of held) {
      expect(await textIn(world, slot)).toBe(entriesText([{ ...one, published: true, leaseUntil: START + 10 * MINUTE }]));
    }
  });

  it('forgets facts of entries that are gone: the same task at a later revision starts anew', async () => {
    const world = await makeWorld();
    const { ledger } = await ledgerOf(world);
    const one = entry();
    await ledger.add(0, [one]);
    ledger.published({ slot: 0, entry: one });
    ledger.freed({ slot: 0, entry: one });
    await ledger.flush();
    await ledger.add(0, [one]);
    expect(ledger.held).toEqual([{ slot: 0, entry: one }]);
  });

  it('full of the largest entries stays within 1 KB, one write unit', async () => {
    const world = await makeWorld();
    const app = 'a'.repeat(32);
    const { ledger } = await ledgerOf(world, { app, maxInFlight: 10_000, by: 'f'.repeat(12) });
    // A task on its 400th claim or so.
    const largest = () => entry({ id: newId(app), rev: 1_295, published: true, leaseUntil: Date.UTC(2050, 0, 1) });
    await ledger.add(0, Array.from({ length: SLOT_SIZE }, largest));
    const item = (await world.item(slotId(app, 0))) ?? {};
    // "Item sizes and formats": a name and a text take their UTF-8, a number a byte for every two digits and one more.
    const bytes = Object.entries(item).reduce(
      (sum, [name, { S, N = '' }]) => sum + name.length + (S?.length ?? Math.ceil(N.length / 2) + 1),
      0,
    );
    expect(bytes).toBeLessThanOrEqual(1_024);
    expect((await ledgerOf(world, { app })).ledger.held).toHaveLength(SLOT_SIZE);
  });
});

describe('the limit', () => {
  it.each([1, 24, 25, 26, 60, 500])('of %i is what all slots hold together', async (maxInFlight) => {
    const world = await makeWorld();
    const { ledger } = await ledgerOf(world, { maxInFlight });
    expect(ledger.room).toBe(maxInFlight);
    let added = 0;
    for (let place = ledger.place(SLOT_SIZE); place; place = ledger.place(SLOT_SIZE)) {
      expect(await ledger.add(place.slot, entries(place.room))).toBe(true);
      added += place.room;
    }
    expect(added).toBe(maxInFlight);
    expect(ledger.room).toBe(0);
    expect(ledger.place(1)).toBeUndefined();
  });

  it('is used by a trickle slot by slot, not a slot for each task', async () => {
    const world = await makeWorld();
    const { ledger } = await ledgerOf(world, { maxInFlight: 100 });
    const used: number[] = [];
    for (let i = 0; i < 26; i++) {
      const { slot } = ledger.place(1) ?? { slot: -1 };
      used.push(slot);
      await ledger.add(slot, [entry()]);
    }
    expect(new Set(used.slice(0, 25)).size).toBe(1);
    expect(used[25]).not.toBe(used[0]);
  });

  it('gives a batch the slot that it fits into best, and the emptiest if it fits into none', async () => {
    const world = await makeWorld();
    const { ledger } = await ledgerOf(world, { maxInFlight: 50 });
    await ledger.add(0, entries(20));
    await ledger.add(1, entries(10));
    expect(ledger.place(5)).toEqual({ slot: 0, room: 5 });
    expect(ledger.place(6)).toEqual({ slot: 1, room: 15 });
    expect(ledger.place(25)).toEqual({ slot: 1, room: 15 });
  });

  it('is free again where an entry is, at once and in the row', async () => {
    const world = await makeWorld();
    const { ledger } = await ledgerOf(world, { maxInFlight: 1 });
    const one = entry();
    await ledger.add(0, [one]);
    expect(ledger.place(1)).toBeUndefined();
    ledger.freed({ slot: 0, entry: one });
    expect(ledger.place(1)).toEqual({ slot: 0, room: 1 });
    const next = entry();
    await ledger.add(0, [next]);
    expect(await textIn(world)).toBe(entriesText([next]));
  });

  it('that is high costs a run that uses little one row to read: slots that were never in use are not read', async () => {
    const world = await makeWorld();
    const keysOf = async () => {
      const { faults } = await ledgerOf(world, { maxInFlight: 500 });
      return faults.calls.flatMap(({ input }) => input.RequestItems[world.table].Keys.map(({ id }: { id: { S: string } }) => id.S));
    };
    const { ledger } = await ledgerOf(world, { maxInFlight: 500 });
    await ledger.add(0, entries(1));
    expect(await keysOf()).toEqual(['billing/slot/0']);
    const { ledger: second } = await ledgerOf(world, { maxInFlight: 500, by: 'run-b' });
    await second.add(2, entries(1));
    expect(await keysOf()).toEqual([0, 1, 2].map((slot) => slotId('billing', slot)));
    // The first has not seen the other use a slot: it cannot write over it.
    expect(await ledger.add(2, entries(1))).toBe(false);
    expect((await ledgerOf(world, { maxInFlight: 500 })).ledger.held).toHaveLength(2);
  });

  it('that is lowered adds nothing, and still knows what is out beyond it until that has ended', async () => {
    const world = await makeWorld();
    const { ledger: before } = await ledgerOf(world, { maxInFlight: 60 });
    const beyond = entry();
    await before.add(2, [beyond]);
    await before.add(0, entries(20));
    const { ledger } = await ledgerOf(world, { maxInFlight: 10 });
    expect(ledger.room).toBe(0);
    expect(ledger.place(1)).toBeUndefined();
    expect(ledger.held).toContainEqual({ slot: 2, entry: beyond });
  });
});
