import { capacityOf, type SlotEntry } from '../../core/slots.ts';
import { isTerminal, type Task } from '../../core/task.ts';
import { type State, toldKey } from './state.ts';
import type { World } from './world.ts';

/** What must hold of every state; the rules that are broken come back. What must hold of a decision: test/core/guarantees.ts. */
export function brokenIn(world: World, state: State): string[] {
  const rules = {
    'no more is out than maxInFlight': state.rows.filter((row) => isOut(state, row)).length <= world.scope.maxInFlight,
    'a slot holds no more than its part of maxInFlight': state.slots.every(
      (entries, index) => entries.length <= capacityOf(index, world.scope.maxInFlight),
    ),
    'what is leased stands in a slot': state.rows.every((row) => row.state !== 'leased' || entryOf(state, row) !== undefined),
    'what is done by being told stands in a slot until SNS has accepted it': state.rows.every(
      (row) => !isPromised(state, row) || entryOf(state, row) !== undefined,
    ),
    'what a slot marks as published, SNS has accepted': state.rows.every(
      (row) => row.claimedBy === undefined || entryOf(state, row)?.published !== true || state.told.includes(toldKey(row)),
    ),
    'nobody is told of a claim that is not made': state.rows.every(({ id, claim }) =>
      state.told.every((key) => !key.startsWith(`${id} `) || Number(key.split(' ')[1]) <= claim),
    ),
    'no task is completed twice': state.done.every(({ claims }) => claims.length <= 1),
    'one worker has an exclusive task': state.rows.every(
      ({ id, claim, state: now }) => now !== 'leased' || state.started.filter((one) => one.id === id && one.claim === claim).length <= 1,
    ),
  };
  return Object.entries(rules).flatMap(([rule, holds]) => (holds ? [] : [rule]));
}

/** Every task has come to its end, and every place is free. */
export const isOver = (state: State): boolean =>
  state.rows.every((row) => isTerminal(row.state) && !isPromised(state, row)) && state.slots.every((entries) => entries.length === 0);

/** Completed by its claim, and SNS has not accepted it. */
const isPromised = (state: State, row: Task): boolean =>
  row.state === 'completed' && row.claimedBy !== undefined && !state.told.includes(toldKey(row));

const isOut = (state: State, row: Task): boolean => row.state === 'leased' || isPromised(state, row);

/** The entry that the row was claimed under, as its tag says: `<slot>.<rev>.<nonce>`. */
function entryOf(state: State, { id, claimedBy = '' }: Task): SlotEntry | undefined {
  const [slot, rev] = claimedBy.split('.').map(Number);
  return state.slots[slot ?? -1]?.find((entry) => entry.id === id && entry.rev === rev);
}
