import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListedTask } from '../../contract/tasks.ts';
import { wire } from '../../contract/view.ts';
import { dueKey, watchKey } from '../../core/lanes.ts';
import { type AppSettings, DEFAULT_LIMITS, DEFAULT_POLICY } from '../../core/policy.ts';
import { LEVELS, STATES, type State, type Task } from '../../core/task.ts';
import { cursorOf } from '../../functions/cursor.ts';
import { Refused } from '../../functions/doors/door.ts';
import { type ListRequest, listTasks } from '../../functions/doors/list.ts';
import { lease, putSlot } from './leases.ts';
import { MINUTE, makeWorld, SECOND, START, type World } from './world.ts';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NAMES = ['send-invoice', 'remind'] as const;
const FINGERPRINTS = ['A', 'B'].map((one) => one.repeat(22));

const list = (world: World, request: ListRequest = {}, now = START) => listTasks(world.admin, world.settings, request, now);

/** All pages, one after the other. */
async function walk(world: World, request: ListRequest): Promise<{ tasks: ListedTask[]; pages: number }> {
  const tasks: ListedTask[] = [];
  for (let cursor: string | undefined, pages = 1; ; pages++) {
    const page = await list(world, { ...request, cursor });
    expect(page.tasks.length).toBeLessThanOrEqual(request.limit ?? 25);
    tasks.push(...page.tasks);
    if (page.cursor === undefined) return { tasks, pages };
    expect(page.cursor).not.toBe(cursor);
    cursor = page.cursor;
  }
}

const SETTINGS: AppSettings = { app: 'billing', topicArn: '', policy: DEFAULT_POLICY, tasks: {}, ...DEFAULT_LIMITS };

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => (error instanceof Refused ? error.error : error),
  );

/** Instants of a few, so that many tasks share one. */
const instant = fc.integer({ min: -5, max: 5 }).map((minutes) => START + minutes * MINUTE);
const anyParts = fc.record({
  level: fc.constantFrom(...LEVELS),
  name: fc.constantFrom(...NAMES),
  dueAt: instant,
  endedAt: fc.integer({ min: 0, max: 5 }).map((minutes) => START - minutes * MINUTE),
  isFront: fc.boolean(),
  state: fc.constantFrom<State>('scheduled', 'scheduled', 'leased', 'dead', 'cancelled', 'completed'),
  fingerprint: fc.constantFrom(...FINGERPRINTS),
});

function taskOf(
  world: World,
  { endedAt, isFront, state, fingerprint, ...parts }: typeof anyParts extends fc.Arbitrary<infer T> ? T : never,
): Task {
  const isDue = parts.dueAt <= START;
  const task = world.task({ ...parts, version: 3, position: isFront && isDue ? 'front' : 'back', deadlineAt: parts.dueAt + HOUR });
  if (state === 'scheduled') return task;
  if (state === 'leased') return lease(task, 0, START + (task.arrival % 7) * SECOND);
  return { ...task, state, endedAt, fingerprint, listed: true, expiresAtSeconds: (endedAt + 14 * DAY) / 1_000 };
}

/** What a list of these tasks must show, in its order. */
function expected(tasks: readonly Task[], { state = 'scheduled', name, from, to, fingerprint }: ListRequest): string[] {
  const instantOf = (task: Task) => {
    if (state === 'scheduled') return task.position === 'front' ? Number.NEGATIVE_INFINITY : task.dueAt;
    return state === 'leased' ? task.dueAt : (task.endedAt ?? 0);
  };
  const key = (task: Task) => {
    if (state === 'scheduled') return dueKey(task);
    return watchKey((state === 'leased' ? task.leaseUntil : task.endedAt) ?? 0, task.id);
  };
  const sorted = tasks
    .filter((task) => task.state === state && (name === undefined || task.name === name))
    .filter((task) => fingerprint === undefined || task.fingerprint === fingerprint)
    .filter((task) => from === undefined || instantOf(task) >= Date.parse(from as string))
    .filter((task) => to === undefined || instantOf(task) < Date.parse(to as string))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return (state === 'scheduled' || state === 'leased' ? sorted : sorted.reverse()).map(({ id }) => id);
}

/** One of every kind: each state, with and without each filter. */
const REQUESTS: ListRequest[] = STATES.flatMap((state) =>
  [{}, { from: wire(START - 2 * MINUTE) }, { to: wire(START - MINUTE) }, { from: wire(START - 4 * MINUTE), to: wire(START) }].flatMap(
    (range) =>
      [{}, { name: NAMES[1] }, ...(state === 'dead' ? [{ fingerprint: FINGERPRINTS[0] }] : [])].map((filter) => ({
        state,
        limit: 5,
        ...range,
        ...filter,
      })),
  ),
);

describe('a list', () => {
  it('in pages is the whole in its order, whatever is asked for: nothing is left out, nothing shown twice', async () => {
    const world = await makeWorld({ shards: 3, listCompleted: true });
    const [parts = []] = fc.sample(fc.array(anyParts, { minLength: 100, maxLength: 100 }), { numRuns: 1, seed: 7 });
    const tasks = parts.map((one) => taskOf(world, one));
    await Promise.all(tasks.map((task) => world.put(task)));
    await putSlot(
      world,
      0,
      tasks.filter(({ state }) => state === 'leased'),
    );
    for (const request of REQUESTS) {
      const whole = expected(tasks, request);
      expect((await walk(world, request)).tasks.map(({ id }) => id)).toEqual(whole);
      expect(whole.length).toBeGreaterThan(0);
    }
  });

  it('shows what the indexes know of a task, and no date of one at the front', async () => {
    const world = await makeWorld();
    const deadlineAt = START + HOUR;
    const [front, back] = await world.enqueue(
      { position: 'front', level: 'high', dueAt: START - DAY },
      { dueAt: START + 1, version: 2, deadlineAt },
    );
    const shown = { state: 'scheduled', name: 'send-invoice' };
    expect((await list(world)).tasks).toEqual([
      { id: front?.id, version: 1, priority: 'high', ...shown },
      { id: back?.id, version: 2, priority: 'medium', dueAt: wire(START + 1), deadlineAt: wire(deadlineAt), ...shown },
    ]);
    const [gone] = await world.enqueue({ level: 'low' });
    await world.put({ ...(gone as Task), state: 'dead', endedAt: START - 1, fingerprint: FINGERPRINTS[0] as string });
    expect((await list(world, { state: 'dead' })).tasks).toEqual([
      {
        id: gone?.id,
        version: 1,
        priority: 'low',
        ...shown,
        state: 'dead',
        dueAt: wire(START),
        endedAt: wire(START - 1),
        fingerprint: FINGERPRINTS[0],
      },
    ]);
  });

  it('takes from as included and to as excluded, to the millisecond', async () => {
    const world = await makeWorld();
    const [a, b, c] = await world.enqueue({ dueAt: START }, { dueAt: START + 1 }, { dueAt: START + 2 });
    const between = { from: wire(START), to: wire(START + 2) };
    expect((await list(world, between)).tasks.map(({ id }) => id)).toEqual([a?.id, b?.id]);
    for (const [task, endedAt] of [
      [a, START - 2],
      [b, START - 1],
      [c, START],
    ] as [Task, number][])
      await world.put({ ...task, state: 'dead', endedAt });
    const ended = { state: 'dead', from: wire(START - 2), to: wire(START) } as const;
    expect((await list(world, ended)).tasks.map(({ id }) => id)).toEqual([b?.id, a?.id]);
  });

  it('reads a bounded part of each lane: where a filter wants what is rare, a page may be empty though more follow', async () => {
    const world = await makeWorld();
    const at = (seconds: number, parts: object = {}) => ({ dueAt: START + seconds * SECOND, ...parts });
    const many = (parts: object) => Array.from({ length: 400 }, () => parts);
    await world.enqueue(...many(at(0, { level: 'high' })), ...many(at(2)));
    const name = 'remind';
    const rare = await world.enqueue(at(1, { name, level: 'high' }), at(3, { name }), at(4, { name, level: 'low' }));
    const { dynamo, store, faults } = world.process();
    const page = await listTasks({ dynamo, store }, world.settings, { name }, START);
    expect(page).toMatchObject({ tasks: [], cursor: expect.any(String) });
    expect(faults.calls.map((call) => [call.name, call.input.Limit, call.input.FilterExpression])).toEqual(
      Array(3).fill(['Query', 335, undefined]),
    );
    // None is left out and none shown twice, though the lanes are read at a different pace.
    expect((await walk(world, { name })).tasks.map(({ id }) => id)).toEqual(rare.map(({ id }) => id));
    faults.calls.length = 0;
    await listTasks({ dynamo, store }, world.settings, { limit: 9 }, START);
    expect(faults.calls.map(({ input }) => input.Limit)).toEqual([10, 10, 10]);
  });

  it('shows a task once that is seen in two lanes while it changes them', async () => {
    const world = await makeWorld();
    const tasks = await world.enqueue({}, {}, {});
    const { dynamo, store, faults } = world.process();
    const items = await Promise.all(tasks.map(({ id }) => world.item(id)));
    // The index runs behind: what it showed as medium it shows as low already.
    const answer = (output: { Items: unknown[] }) => output.Items.push(...items);
    faults.inject('Query', { answer }, { when: ({ input }) => input.ExpressionAttributeValues[':lane'].S === 'billing#low#0' });
    const page = await listTasks({ dynamo, store }, world.settings, {}, START);
    expect(page.tasks.map(({ id }) => id)).toEqual(tasks.map(({ id }) => id));
  });

  it('ends with its last task: no empty page follows a full one', async () => {
    const world = await makeWorld();
    await world.enqueue(...Array.from({ length: 4 }, () => ({})));
    expect((await walk(world, { limit: 2 })).pages).toBe(2);
    expect(await list(world, { limit: 4 })).not.toHaveProperty('cursor');
  });

  it('of ended tasks leaves out those whose history has expired, deleted or not', async () => {
    const world = await makeWorld();
    const [kept, expired] = await world.enqueue({}, {});
    const { retentionMs } = world.settings;
    await world.put({ ...(kept as Task), state: 'cancelled', endedAt: START - retentionMs + 1 });
    await world.put({ ...(expired as Task), state: 'cancelled', endedAt: START - retentionMs });
    expect((await list(world, { state: 'cancelled' })).tasks.map(({ id }) => id)).toEqual([kept?.id]);
    expect((await list(world, { state: 'cancelled', from: wire(START - 2 * retentionMs) })).tasks).toHaveLength(1);
    expect((await list(world, { state: 'cancelled', to: wire(START - 2 * retentionMs) })).tasks).toEqual([]);
  });

  it('of what is out leaves out what a slot holds though it is done, gone, or out under another slot', async () => {
    const world = await makeWorld({ maxInFlight: 30 });
    const [a, b, c, moved] = await world.enqueue({}, {}, {}, {});
    const out = [a, b, c].map((task, i) => lease(task as Task, 0, START + (3 - i) * MINUTE)) as [Task, Task, Task];
    const elsewhere = lease(moved as Task, 7, START + 10 * MINUTE);
    for (const task of [out[0], { ...out[1], state: 'completed' as const, endedAt: START }, out[2], elsewhere]) await world.put(task);
    const [claimedNext] = (await world.enqueue({})) as [Task];
    await putSlot(world, 0, [{ ...claimedNext, rev: 2 }, ...out, { ...elsewhere, leaseUntil: START }, lease(world.task(), 0, START)], 8);
    // Beyond the limit, which was lowered.
    await putSlot(world, 7, [elsewhere]);
    const { tasks } = await list(world, { state: 'leased' });
    expect(tasks.map(({ id, leaseUntil }) => [id, leaseUntil])).toEqual([
      [out[2].id, wire(START + MINUTE)],
      [out[0].id, wire(START + 3 * MINUTE)],
      [elsewhere.id, wire(START + 10 * MINUTE)],
    ]);
    expect((await walk(world, { state: 'leased', limit: 1 })).tasks).toEqual(tasks);
  });

  it('shows rows that nobody can read as far as it can, and they stop nobody', async () => {
    const world = await makeWorld();
    const [whole, damaged, out] = await world.enqueue({}, {}, {});
    const dead = { ...(damaged as Task), state: 'dead' as const, endedAt: START };
    await world.put(dead, { name: { N: '7' }, level: { S: 'urgent' }, deadlineAt: { N: '1e99' }, dueAt: { S: '?' } });
    await world.put({ ...(whole as Task), state: 'dead', endedAt: START - 1 });
    expect((await list(world, { state: 'dead' })).tasks).toMatchObject([
      { id: dead.id, name: '', priority: 'medium', endedAt: wire(START) },
      { id: whole?.id, name: 'send-invoice' },
    ]);
    const leased = lease(out as Task, 0, START + MINUTE);
    await world.put(leased, { attempts: { S: 'none' } });
    await putSlot(world, 0, [leased]);
    expect(await list(world, { state: 'leased' })).toEqual({ tasks: [] });
  });

  it.each<[string, ListRequest, string, string]>([
    ['completed tasks where the app does not list them', { state: 'completed' }, 'state', 'listCompleted: true in addApp'],
    ['an error of tasks that are not dead', { state: 'cancelled', fingerprint: FINGERPRINTS[0] }, 'fingerprint', 'dead'],
    ['a range without room', { from: wire(START), to: wire(START) }, 'to', `later than from, ${wire(START)}`],
    ['a date that does not exist', { from: '2026-02-29T00:00:00Z' }, 'from', 'a date that exists'],
    ['a cursor that is none', { cursor: 'AAAA' }, 'cursor', 'absent, or a cursor'],
    ['a cursor of no text', { cursor: Buffer.from('["billing/scheduled",7]').toString('base64url') }, 'cursor', 'absent, or a cursor'],
    ['a cursor of another state', { state: 'dead', cursor: cursorOf('billing/scheduled', 'x') }, 'cursor', 'absent, or a cursor'],
    ['a cursor of another app', { cursor: cursorOf('mail/scheduled', 'x') }, 'cursor', 'absent, or a cursor'],
  ])('refuses %s, by the field’s name', async (_, request, field, allowed) => {
    // Before anything is read: there is no table.
    const error = await refusal(listTasks({} as World['admin'], SETTINGS, request, START));
    expect(error).toMatchObject({ code: 'BadRequest', field, allowed: expect.stringContaining(allowed) });
  });
});
