import { INDEXES } from '../../core/lanes.ts';
import { SLOT_SIZE } from '../../core/slots.ts';
import { type Item, writeUnits } from './units.ts';

/** What one move of a life may do to a task's row: whether it is written at all, where it then stands, and what the indexes see of it. */
interface Step {
  readonly isWritten: boolean;
  readonly isDue: boolean;
  readonly watch: 'none' | 'deadline' | 'ended';
  /** Whether a projected attribute changes. */
  readonly isSeen: boolean;
}

/** A life's moves in their order. Without acknowledgement the claim is the end. */
export interface Life {
  readonly hasDeadline?: boolean;
  readonly isListed?: boolean;
  readonly isUnacknowledged?: boolean;
}

const STEPS: readonly Step[] = [true, false].flatMap((isWritten) =>
  [true, false].flatMap((isDue) =>
    (['none', 'deadline', 'ended'] as const).flatMap((watch) => [true, false].map((isSeen) => ({ isWritten, isDue, watch, isSeen }))),
  ),
);

/** Which of the promises are kept; the search shows what each of them costs. */
export interface Promises {
  /** A cancel, and another dispatcher's claim, are decided against a claim by a condition on an item that both write. @default true */
  readonly isDecided?: boolean;
}

/**
 * The fewest write units in which a task can live, found by trying every way in which the moves of its life may write its row, or
 * not, and move it in and out of the two indexes. What a way must keep:
 *
 * 1. an accepted task is a row, and its lane shows it (and its deadline lane, if it has a deadline) before any dispatcher has seen it;
 * 2. a claim is decided against a cancel, and against another dispatcher's, without a transaction, which costs double;
 * 3. an end is in the row, and no lane shows the task any more, but for its history lane where the app asks for one.
 *
 * That a task is in no lane while it is out is not asked. An entry in a slot, written before the claim, is a 25th of a unit.
 */
export function fewestUnits(life: Life, { isDecided = true }: Promises = {}): { units: number; ways: number } {
  const moves = life.isUnacknowledged ? (['enqueue', 'end'] as const) : (['enqueue', 'claim', 'end'] as const);
  let [units, ways] = [Number.POSITIVE_INFINITY, 0];
  const explore = (at: number, before: Item | undefined, spent: number): void => {
    const move = moves[at];
    if (move === undefined) {
      ways++;
      units = Math.min(units, spent);
      return;
    }
    for (const step of STEPS.filter((one) => isAllowed(move, one, life, isDecided))) {
      const after = step.isWritten ? rowOf(step, before) : before;
      const { table, indexes } = after && step.isWritten ? writeUnits(before, after, INDEXES) : { table: 0, indexes: {} };
      explore(at + 1, after, spent + table + Object.values(indexes).reduce((sum, one) => sum + one, 0));
    }
  };
  explore(0, undefined, 0);
  return { units: units + 1 / SLOT_SIZE, ways };
}

function isAllowed(
  move: 'enqueue' | 'claim' | 'end',
  step: Step,
  { hasDeadline = false, isListed = false }: Life,
  isDecided: boolean,
): boolean {
  if (move === 'claim') return !isDecided || everyTwoMeet(claimAndItsRivals(step));
  if (!step.isWritten) return false;
  return move === 'enqueue'
    ? step.isDue && step.watch === (hasDeadline ? 'deadline' : 'none')
    : !step.isDue && step.watch === (isListed ? 'ended' : 'none');
}

/** The items that are written by a claim, by another dispatcher's claim of the same task, and by a cancel. */
const claimAndItsRivals = ({ isWritten }: Step): readonly (readonly string[])[] => {
  const row = isWritten ? ['row'] : [];
  return [['a slot', ...row], ['another slot', ...row], ['row']];
};

/** Of two that write no item in common, neither's condition can see the other: both win. */
const everyTwoMeet = (writers: readonly (readonly string[])[]): boolean =>
  writers.every((one, i) => writers.slice(i + 1).every((other) => one.some((item) => other.includes(item))));

/** A row as small as can be that stands where the step says. */
function rowOf({ isDue, watch, isSeen }: Step, before: Item | undefined): Item {
  const rev = Number(before?.rev?.N ?? 0) + (isSeen || !before ? 1 : 0);
  return {
    id: { S: 'id' },
    rev: { N: String(rev) },
    dueAt: { S: 'due' },
    ...(isDue ? { priority: { S: 'lane' } } : {}),
    ...(watch === 'none' ? {} : { watch: { S: watch }, watchAt: { S: watch } }),
  };
}
