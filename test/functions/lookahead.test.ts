import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wire } from '../../contract/view.ts';
import { dueKey } from '../../core/lanes.ts';
import { compareDue, inOrder } from '../../core/order.ts';
import type { AppSettings } from '../../core/policy.ts';
import { LEVELS, type Task } from '../../core/task.ts';
import { isPaused, NO_VALVES, type Valves } from '../../core/valves.ts';
import { isWorthless } from '../../core/waiting.ts';
import { countAhead, nextTasks } from '../../functions/doors/lookahead.ts';
import { lease, putSlot } from './leases.ts';
import { MINUTE, makeWorld, SECOND, START, type World } from './world.ts';

const HOUR = 60 * MINUTE;
const NAMES = ['send-invoice', 'remind', 'archive'] as const;

const minutes = (min: number, max: number) => fc.integer({ min, max }).map((one) => START + one * MINUTE);
/** Of few instants and few deadlines, so that there are ties of every kind. */
const anyParts = fc.record(
  {
    // Few are High, so that what is next is of every level.
    level: fc.oneof({ weight: 1, arbitrary: fc.constant(LEVELS[0]) }, { weight: 25, arbitrary: fc.constantFrom(...LEVELS.slice(1)) }),
    name: fc.constantFrom(...NAMES),
    dueAt: minutes(-3, 1),
    position: fc.constantFrom('front' as const, 'back' as const, 'back' as const, 'back' as const),
    deadlineAt: minutes(-1, 50),
    traits: fc.constantFrom([], [], ['expires' as const]),
  },
  { requiredKeys: ['level', 'name', 'dueAt', 'position', 'traits'] },
);

const anyQuestion = fc.record({
  now: minutes(-2, 2),
  count: fc.integer({ min: 1, max: 25 }),
  deadlineLeadMs: fc.constantFrom(0, 5 * MINUTE, 15 * MINUTE),
  escalated: fc.constantFrom('first' as const, 'last' as const),
  whenLate: fc.constantFrom('run' as const, 'run' as const, 'expire' as const),
  valves: fc.constantFrom<Valves>(NO_VALVES, { names: { remind: 'paused' } }, { names: { remind: 'paused', 'send-invoice': 'paused' } }),
});

/** As an index shows it. */
const waiting = (task: Task) => ({ ...task, key: dueKey(task), dueAt: task.position === 'front' ? Number.NEGATIVE_INFINITY : task.dueAt });

/** What may be notified, by all that is known of every task. */
const eligible = (tasks: readonly Task[], now: number, valves: Valves, settings: AppSettings) =>
  tasks.map(waiting).filter((task) => !isPaused(valves, task.name) && !isWorthless(task, Math.max(task.dueAt, now), settings));

const ask = (world: World, parts: Partial<{ now: number; valves: Valves; settings: AppSettings }> = {}) => ({
  dynamo: world.admin.dynamo,
  store: world.store,
  settings: world.settings,
  valves: NO_VALVES,
  now: START,
  ...parts,
});

async function manyTasks(count: number) {
  const world = await makeWorld({ shards: 2 });
  const [parts = []] = fc.sample(fc.array(anyParts, { minLength: count, maxLength: count }), { numRuns: 1, seed: 11 });
  return { world, tasks: await world.enqueue(...parts) };
}

describe('what is next', () => {
  it('is exactly the order of all that may be notified, of every kind, whatever is paused', async () => {
    const { world, tasks } = await manyTasks(250);
    await fc.assert(
      fc.asyncProperty(anyQuestion, async ({ now, count, valves, ...changes }) => {
        const settings = { ...world.settings, ...changes };
        const expected = inOrder(eligible(tasks, now, valves, settings), { ...settings, now }).slice(0, count);
        const next = await nextTasks(ask(world, { now, valves, settings }), count);
        expect(next.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
      }),
      { numRuns: 35 },
    );
  });

  it('among many of one deadline is the first to have come, and never what will be worthless by its date', async () => {
    const world = await makeWorld();
    const deadlineAt = START + MINUTE;
    const many = (length: number, parts: object) => Array.from({ length }, () => parts);
    await world.enqueue(...many(30, { dueAt: START - MINUTE }));
    // The deadlines are in the order of the ids, and its is the last of more than one page.
    const [first] = (await world.enqueue({ id: `billing/${'z'.repeat(22)}`, deadlineAt }, ...many(30, { deadlineAt }))) as [Task];
    expect(await nextTasks(ask(world), 1)).toMatchObject([{ id: first.id }]);
    // As a retry leaves it: due after its deadline.
    const [late] = (
      await world.enqueue(
        { name: 'remind', dueAt: START + 2 * MINUTE, deadlineAt, traits: ['expires'] },
        { name: 'remind', dueAt: START + HOUR },
      )
    ).reverse();
    expect(await nextTasks(ask(world, { valves: { names: { 'send-invoice': 'paused' } } }), 1)).toMatchObject([{ id: late?.id }]);
  });

  it('is told with the level it will count as, its dates, and the instant predicted for it', async () => {
    const world = await makeWorld();
    const [late, front, later] = await world.enqueue(
      { level: 'low', deadlineAt: START },
      { position: 'front', level: 'high', dueAt: START - MINUTE },
      { level: 'low', dueAt: START + MINUTE, deadlineAt: START + MINUTE },
    );
    const now = wire(START);
    expect(await nextTasks(ask(world), 5)).toEqual([
      { id: late?.id, name: 'send-invoice', priority: 'high', dueAt: now, deadlineAt: now, predictedAt: now },
      { id: front?.id, name: 'send-invoice', priority: 'high', predictedAt: now },
      {
        id: later?.id,
        name: 'send-invoice',
        priority: 'high',
        dueAt: wire(START + MINUTE),
        deadlineAt: wire(START + MINUTE),
        predictedAt: wire(START + MINUTE),
      },
    ]);
    expect(await nextTasks(ask(world, { valves: { app: 'paused', names: {} } }), 5)).toEqual([]);
  });

  it('waits for a free place where all are taken, by what is still out alone, and for the rate', async () => {
    const world = await makeWorld({ maxInFlight: 2 });
    const [a, b, c, done] = (await world.enqueue({}, {}, {}, {})) as [Task, Task, Task, Task];
    const out = lease(a, 0, START + 5 * MINUTE);
    await world.put(out);
    await world.put({ ...lease(done, 0, START + MINUTE), state: 'completed' });
    await putSlot(world, 0, [out, lease(done, 0, START + MINUTE)]);
    const predicted = async (valves: Valves) =>
      (await nextTasks(ask(world, { valves }), 3)).map(({ id, predictedAt }) => [id, predictedAt]);
    expect(await predicted(NO_VALVES)).toEqual([
      [b.id, wire(START)],
      [c.id, wire(START + 5 * MINUTE)],
    ]);
    expect((await predicted({ app: { perMinute: 1, since: START }, names: {} }))[0]).toEqual([b.id, wire(START + MINUTE)]);
  });

  it('reads rows of what is out only where places are short', async () => {
    const world = await makeWorld({ maxInFlight: 4 });
    const out = lease(world.task(), 0, START + MINUTE);
    await putSlot(world, 0, [out]);
    await world.enqueue({});
    const { dynamo, store, faults } = world.process();
    const asked = async (count: number) => {
      faults.calls.length = 0;
      await nextTasks({ ...ask(world), dynamo, store }, count);
      return faults.calls.map(({ name }) => name).sort();
    };
    expect(await asked(3)).toEqual(['BatchGetItem', 'Query', 'Query', 'Query']);
    expect(await asked(4)).toEqual(['BatchGetItem', 'BatchGetItem', 'Query', 'Query', 'Query']);
    // Of a paused app nothing is.
    faults.calls.length = 0;
    await nextTasks({ ...ask(world, { valves: { app: 'paused', names: {} } }), dynamo, store }, 1);
    expect(faults.calls).toEqual([]);
  });
});

describe('how many are ahead of a due task', () => {
  it('is its place in the order of all that is due', async () => {
    const { world, tasks } = await manyTasks(150);
    const anyTask = fc.constantFrom(...tasks.filter(({ dueAt }) => dueAt <= START));
    await fc.assert(
      fc.asyncProperty(anyQuestion, anyTask, async ({ now: at, count: _, valves, ...changes }, task) => {
        const now = Math.max(at, task.dueAt);
        const settings = { ...world.settings, ...changes };
        const due = eligible(tasks, now, valves, settings).filter(({ dueAt }) => dueAt <= now);
        const ahead = due.filter((one) => one.id !== task.id && compareDue(one, waiting(task), { ...settings, now }) < 0);
        expect(await countAhead(ask(world, { now, valves, settings }), task)).toEqual({ count: ahead.length, isMore: false });
      }),
      { numRuns: 35 },
    );
  });

  it('counts what is High by nature before what has escalated, where the app says so', async () => {
    const world = await makeWorld();
    const [escalated] = (await world.enqueue(
      { level: 'low', dueAt: START - MINUTE, deadlineAt: START },
      { level: 'high' },
      { level: 'high' },
    )) as [Task];
    const ahead = (escalation: 'first' | 'last') =>
      countAhead(ask(world, { settings: { ...world.settings, escalated: escalation } }), escalated);
    expect(await ahead('last')).toEqual({ count: 2, isMore: false });
    expect(await ahead('first')).toEqual({ count: 0, isMore: false });
  });

  it('is counted as far as a bounded reading goes', async () => {
    const world = await makeWorld();
    const tasks = await world.enqueue(...Array.from({ length: 1_100 }, () => ({ dueAt: START - SECOND })));
    expect(await countAhead(ask(world), tasks.at(-1) as Task)).toEqual({ count: 1_025, isMore: true });
    expect(await countAhead(ask(world), tasks[1] as Task)).toEqual({ count: 1, isMore: false });
    // A deadline that is close passes all of them: none of them is read.
    const [hasty] = (await world.enqueue({ deadlineAt: START + MINUTE })) as [Task];
    expect(await countAhead(ask(world), hasty)).toEqual({ count: 0, isMore: false });
  });
});
