import { describe, expect, it } from 'vitest';
import { wire } from '../../contract/view.ts';
import type { Task } from '../../core/task.ts';
import { dead, FINGERPRINTS, given, makeDoors } from './lambdas.ts';
import { MINUTE } from './world.ts';

const HOUR = 60 * MINUTE;

describe('a replay of many', () => {
  const HOURS = [1, 2, 3, 4, 5, 6, 7];

  async function graveyard() {
    const doors = await makeDoors({ shards: 3 });
    Object.assign(doors.world.settings, { shards: 3 });
    const now = Date.now();
    const tasks = await given(
      doors.world,
      HOURS.map((hours) => dead(now - hours * HOUR, hours % 2 ? {} : { fingerprint: FINGERPRINTS[1] })),
    );
    const walk = async (request: object, between: () => Promise<unknown> = async () => {}) => {
      const steps = [];
      for (let cursor: string | undefined; steps.length === 0 || cursor; ) {
        const step = await doors.operate({ action: 'replayAll', app: 'billing', limit: 2, ...request, ...(cursor ? { cursor } : {}) });
        expect(step).toMatchObject({ ok: true });
        steps.push(step);
        cursor = step.cursor;
        await between();
      }
      return {
        matched: steps.flatMap((step) => step.matched),
        replayed: steps.flatMap((step) => step.replayed),
        refused: steps.flatMap((step) => step.refused),
      };
    };
    return { ...doors, now, tasks, ids: tasks.map(({ id }) => id), walk };
  }

  it('only says what it would do unless told otherwise', async () => {
    const { ids, tasks, walk, world, rings } = await graveyard();
    expect(await walk({})).toEqual({ matched: ids, replayed: [], refused: [] });
    expect(await world.read(ids[3] as string)).toEqual(tasks[3]);
    expect(await rings()).toBe(0);
  });

  it('replays all of a filter, skips none though what is replayed leaves, meets none twice though it dies again, and rings', async () => {
    const { ids, now, walk, world, rings } = await graveyard();
    const again = async () => world.put({ ...(await world.read(ids[0] as string)), ...dead(Date.now()) } as Task);
    expect(await walk({ dryRun: false }, again)).toEqual({ matched: ids, replayed: ids, refused: [] });
    expect(await world.read(ids[6] as string)).toMatchObject({ state: 'scheduled', attempt: 0, claim: 2, moves: [{ move: 'replayed' }] });
    expect((await world.read(ids[6] as string)).dueAt).toBeGreaterThanOrEqual(now);
    expect(await rings()).toBeGreaterThan(0);
  });

  it('takes an error, a name and a time of death', async () => {
    const { ids, now, walk } = await graveyard();
    expect((await walk({ fingerprint: FINGERPRINTS[1] })).matched).toEqual([ids[1], ids[3], ids[5]]);
    const between = { from: wire(now - 5 * HOUR), to: wire(now - 2 * HOUR) };
    expect((await walk({ ...between, fingerprint: FINGERPRINTS[0], dryRun: false })).replayed).toEqual([ids[2], ids[4]]);
    expect((await walk({ ...between })).matched).toEqual([ids[3]]);
    expect((await walk({ name: 'remind' })).matched).toEqual([]);
  });

  it('refuses each that may not be replayed, or has ended otherwise since, with its reason; the others go on', async () => {
    const { ids, now, tasks, operate, world } = await graveyard();
    const [a, b, c, d, e] = ids as [string, string, string, string, string];
    // What the index shows is behind: these have moved on in their rows alone.
    const lag = { watch: { S: '' }, watchAt: { S: '' } };
    const behind = async (i: number, parts: Partial<Task>) => {
      const item = await world.item(ids[i] as string);
      if (!item?.watch || !item.watchAt) throw new Error('in its lane');
      Object.assign(lag, { watch: item.watch, watchAt: item.watchAt });
      await world.put({ ...(tasks[i] as Task), rev: 9, ...parts }, lag);
    };
    await behind(0, { traits: ['unreplayable'] });
    await behind(1, { state: 'completed', endedAt: now });
    await behind(2, { endedAt: now });
    await behind(3, { state: 'leased' });
    await world.put(tasks[4] as Task, { rev: { S: 'x' } });
    const { replayed, refused } = await operate({ action: 'replayAll', app: 'billing', dryRun: false });
    const reasons = Object.fromEntries(refused.map(({ id, reason }: { id: string; reason: string }) => [id, reason]));
    expect(reasons[a]).toContain('replayable: false');
    expect(reasons[b]).toContain('completed');
    expect(reasons[c]).toContain('dead');
    expect(reasons[e]).toContain('cannot be read');
    expect(Object.keys(reasons)).toHaveLength(5);
    expect(replayed).toEqual([ids[5], ids[6]]);
    for (const id of [b, d]) expect((await world.read(id)).state).not.toBe('scheduled');
  });
});
