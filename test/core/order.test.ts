import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueAtOfKey, dueKey } from '../../core/lanes.ts';
import { inOrder as ahead, compareDue, demoted, effectiveLevel, type Nomination, type OrderContext } from '../../core/order.ts';
import { LEVELS, type Level, type Task } from '../../core/task.ts';
import { EARLIEST_MS, LATEST_MS } from '../../core/when.ts';
import { HOUR, MINUTE, START } from './given.ts';

type Waiting = Pick<Task, 'id' | 'level' | 'position' | 'dueAt' | 'arrival' | 'deadlineAt'>;

const CONTEXT: OrderContext = { now: START, deadlineLeadMs: 15 * MINUTE, escalated: 'first' };
const LAST: OrderContext = { ...CONTEXT, escalated: 'last' };

const nominate = (task: Waiting): Nomination => {
  const { id, level, deadlineAt } = task;
  return { id, level, name: 'n', rev: 1, key: dueKey(task), ...(deadlineAt === undefined ? {} : { deadlineAt }) };
};

const comparing = (context: OrderContext) => (a: Waiting, b: Waiting) => Math.sign(compareDue(nominate(a), nominate(b), context));
const compare = comparing(CONTEXT);

/** Few distinct values, so that ties and borders are met often; and the widest, so that widths are. */
const oneOf = (...values: number[]) => fc.constantFrom(...values);
const waiting: fc.Arbitrary<Waiting> = fc
  .record({
    id: fc.constantFrom('a/0', 'a/00', 'a/A', 'a/_', 'a/a'),
    level: fc.constantFrom(...LEVELS),
    position: fc.constantFrom('front' as const, 'back' as const),
    dueAt: oneOf(EARLIEST_MS, START - HOUR, START - 1, START, LATEST_MS),
    arrival: oneOf(0, 9, 10, 999_999_999_999_999, START * 1_000, START * 1_000 + 1, Number.MAX_SAFE_INTEGER),
    deadline: fc.option(oneOf(EARLIEST_MS, START - 1, START, START + 1, START + 15 * MINUTE, START + 15 * MINUTE + 1, LATEST_MS)),
  })
  .map(({ deadline, ...task }) => (deadline === null ? task : { ...task, deadlineAt: deadline }));

/** What the order is meant to be, told by the fields and not by the keys. */
function intended(a: Waiting, b: Waiting, { escalated }: OrderContext): number {
  const isReached = ({ deadlineAt = LATEST_MS + 1 }: Waiting) => deadlineAt <= CONTEXT.now;
  const ofReached = ({ level }: Waiting) => (escalated === 'last' && level !== 'high' ? 0.5 : 0);
  const rank = (task: Waiting) => (isReached(task) ? ofReached(task) : LEVELS.indexOf(task.level));
  const deadline = ({ deadlineAt }: Waiting) =>
    deadlineAt !== undefined && deadlineAt <= CONTEXT.now + CONTEXT.deadlineLeadMs ? deadlineAt : LATEST_MS + 1;
  return Math.sign(rank(a) - rank(b) || deadline(a) - deadline(b) || byPlace(a, b));
}

function byPlace(a: Waiting, b: Waiting): number {
  const byId = a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  if (a.position !== b.position) return a.position === 'front' ? -1 : 1;
  if (a.position === 'front') return b.arrival - a.arrival || byId;
  return a.dueAt - b.dueAt || a.arrival - b.arrival || byId;
}

describe.each([CONTEXT, LAST])('compareDue is a total order, the escalated $escalated', (context) => {
  const compare = comparing(context);

  it('antisymmetric, and total: only a task and itself are equal', () => {
    fc.assert(
      fc.property(waiting, waiting, (a, b) => {
        expect(compare(a, b) + compare(b, a)).toBe(0);
        expect(compare(a, a)).toBe(0);
        if (a.id !== b.id) expect(compare(a, b)).not.toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('transitive', () => {
    fc.assert(
      fc.property(waiting, waiting, waiting, (a, b, c) => {
        const [first, second, third] = [a, b, c].sort(compare) as [Waiting, Waiting, Waiting];
        expect([compare(first, second), compare(second, third), compare(first, third)].every((sign) => sign <= 0)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is the order intended, whatever the widths of instants and stamps', () => {
    fc.assert(
      fc.property(waiting, waiting, (a, b) => {
        expect(compare(a, b)).toBe(intended(a, b, context));
      }),
      { numRuns: 5_000 },
    );
  });

  it('puts the same tasks in the same order, in whatever order they are found', () => {
    const tasks = fc.uniqueArray(waiting, { selector: ({ id }) => id, minLength: 2 });
    fc.assert(
      fc.property(tasks, (found) => {
        expect([...found].reverse().sort(compare)).toEqual([...found].sort(compare));
      }),
    );
  });
});

describe('the keys of one lane, as text, are in the order of their places', () => {
  const anywhere = fc.record({
    id: fc.constantFrom('a/0', 'a/a'),
    level: fc.constant<Level>('low'),
    position: fc.constantFrom('front' as const, 'back' as const),
    dueAt: fc.integer({ min: EARLIEST_MS, max: LATEST_MS }),
    arrival: fc.maxSafeNat(),
  });
  it('for any instants and stamps', () => {
    fc.assert(
      fc.property(anywhere, anywhere, (a, b) => {
        const [left, right] = [dueKey(a), dueKey(b)];
        expect(left < right ? -1 : left > right ? 1 : 0).toBe(Math.sign(byPlace(a, b)));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the order, by example', () => {
  const task = (id: string, changes: Partial<Waiting> = {}): Waiting => ({
    id,
    level: 'medium',
    position: 'back',
    dueAt: START,
    arrival: START * 1_000,
    ...changes,
  });
  const inOrder = (...tasks: Waiting[]) =>
    expect(
      [...tasks]
        .reverse()
        .sort(compare)
        .map(({ id }) => id),
    ).toEqual(tasks.map(({ id }) => id));

  it('levels are strict: not even the front of Medium passes the back of High', () => {
    inOrder(task('1', { level: 'high' }), task('2', { position: 'front' }), task('3'), task('4', { level: 'low', position: 'front' }));
  });

  it('a deadline that is reached makes a Low task High, at the very millisecond', () => {
    inOrder(
      task('1', { level: 'low', deadlineAt: START }),
      task('2', { level: 'high' }),
      task('3'),
      task('4', { level: 'low', deadlineAt: START + 1 }),
    );
    expect(effectiveLevel({ level: 'low', deadlineAt: START }, START)).toBe('high');
    expect(effectiveLevel({ level: 'low', deadlineAt: START + 1 }, START)).toBe('low');
    expect(effectiveLevel({ level: 'medium' }, START)).toBe('medium');
  });

  it('where an app says so, what is High by its deadline alone stands after the High by nature, and before Medium', () => {
    const tasks = [
      task('1', { level: 'high', deadlineAt: START - HOUR }),
      task('2', { level: 'high' }),
      task('3', { level: 'low', deadlineAt: START }),
      task('4', { position: 'front' }),
      task('5', { level: 'low', position: 'front' }),
    ];
    expect([...tasks].reverse().sort(comparing(LAST))).toEqual(tasks);
  });

  it('a close deadline goes first within its own level only, the earliest first; a far one has no say', () => {
    const lead = CONTEXT.deadlineLeadMs;
    inOrder(
      task('1', { level: 'high' }),
      task('2', { deadlineAt: START + 1, arrival: 3 }),
      task('3', { deadlineAt: START + lead, arrival: 2 }),
      task('4', { position: 'front' }),
      task('5', { arrival: 1 }),
      task('6', { deadlineAt: START + lead + 1, arrival: 4 }),
    );
  });

  it('front is last in, first out, and before the back whatever its date; the back is first in, first out', () => {
    inOrder(
      task('1', { position: 'front', arrival: 9 }),
      task('2', { position: 'front', arrival: 8 }),
      task('3', { dueAt: START - HOUR, arrival: 10 }),
      task('4', { arrival: 8 }),
      task('5', { arrival: 9 }),
      task('6', { arrival: 9 }),
    );
  });

  it('a demoted task falls by one level, never below Low', () => {
    expect(LEVELS.map(demoted)).toEqual(['medium', 'low', 'low']);
  });
});

describe('what will be notified next', () => {
  const next = (tasks: Waiting[]) =>
    ahead(
      tasks.map((task) => ({ ...nominate(task), dueAt: dueAtOfKey(dueKey(task)) })),
      CONTEXT,
    );
  const isDue = (dueAt: number) => dueAt <= CONTEXT.now;

  it('is what is due, by the comparator, and then what waits, by its date and then by the comparator of that date', () => {
    fc.assert(
      fc.property(fc.array(waiting, { maxLength: 12 }), (tasks) => {
        const order = next(tasks);
        expect(order).toHaveLength(tasks.length);
        for (const [index, b] of order.entries()) {
          const a = order[index - 1];
          if (!a) continue;
          if (isDue(b.dueAt)) expect(isDue(a.dueAt) && compareDue(a, b, CONTEXT) <= 0).toBe(true);
          else expect(isDue(a.dueAt) || a.dueAt < b.dueAt || compareDue(a, b, { ...CONTEXT, now: b.dueAt }) <= 0).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('leaves what it was given as it was', () => {
    const given = Object.freeze([]);
    expect(ahead(given, CONTEXT)).not.toBe(given);
  });
});
