import { describe, expect, it } from 'vitest';
import type { Action, Decision } from '../../core/actions.ts';
import { DEFAULT_LIMITS, DEFAULT_POLICY } from '../../core/policy.ts';
import { LEASE_SKEW_MS, type State } from '../../core/task.ts';
import {
  type Ask,
  cancel,
  claim,
  complete,
  enqueue,
  expire,
  extend,
  fail,
  given,
  HOUR,
  miss,
  moveToFront,
  type Past,
  refuse,
  replay,
  reprioritize,
  reschedule,
  SECOND,
  START,
  snooze,
  start,
} from './given.ts';

/** How a task comes to be in each state. Where it was claimed, the claim was number 1. */
const STATES = {
  none: [],
  scheduled: [enqueue()],
  retrying: [enqueue(), claim(), fail()],
  leased: [enqueue(), claim()],
  completed: [enqueue(), claim(), complete()],
  notified: [enqueue({ traits: ['unacknowledged'] }), claim()],
  cancelled: [enqueue(), cancel],
  dead: [enqueue({ maxAttempts: 1 }), claim(), fail()],
  worthless: [enqueue({ traits: ['expires'], deadlineAt: START - 1, dueAt: START - 1 })],
  missed: [enqueue({ traits: ['expires'], deadlineAt: START - 1, dueAt: START - 1 }), miss],
  final: [enqueue({ traits: ['unreplayable'] }), claim(), complete()],
  replayed: [enqueue(), claim(), complete(), replay()],
  expired: [enqueue(), claim(), complete(), DEFAULT_LIMITS.retentionMs],
} satisfies Record<State, Past> & Record<string, Past>;

const LEASE_OVER = DEFAULT_POLICY.leaseMs + LEASE_SKEW_MS;

/** What can be asked; a number before it is the time that goes by first. */
const ASKS: Record<string, [Ask] | [number, Ask]> = {
  'enqueue the same': [enqueue()],
  'enqueue another': [enqueue({ request: 'digest-2' })],
  claim: [claim()],
  'claim another rev': [claim({ rev: 99 })],
  complete: [complete(1)],
  'complete, stale': [complete(9)],
  fail: [fail({ claim: 1 })],
  'fail, stale': [fail({ claim: 9 })],
  'expire too soon': [LEASE_OVER - 1, expire(1)],
  expire: [LEASE_OVER, expire(1)],
  'expire, stale': [LEASE_OVER, expire(9)],
  extend: [SECOND, extend(HOUR, 1)],
  'extend by less': [extend(SECOND, 1)],
  'extend, stale': [extend(HOUR, 9)],
  snooze: [snooze(START + HOUR, 1)],
  'snooze, stale': [snooze(START + HOUR, 9)],
  start: [start('run-1', 1)],
  'start, stale': [start('run-1', 9)],
  refuse: [refuse({ claim: 1 })],
  'refuse, stale': [refuse({ claim: 9 })],
  miss: [miss],
  cancel: [cancel],
  reschedule: [reschedule({ dueAt: START + HOUR })],
  'reschedule to the same': [reschedule({})],
  'reschedule past deadline': [reschedule({ dueAt: START + HOUR, deadlineAt: START })],
  reprioritize: [reprioritize('high')],
  'reprioritize to its own': [reprioritize('medium')],
  'move to front': [moveToFront],
  replay: [replay()],
  'replay, another payload': [replay({ payload: '2' })],
};

/** `→ state` = changed to it, `=` = unchanged, words = refused with that reason. */
const TABLE = `
| asked                    | none        | scheduled            | retrying             | leased               | completed            | notified             | cancelled            | dead                 | worthless            | missed               | final                | replayed             | expired     |
| enqueue the same         | → scheduled | =                    | =                    | =                    | =                    | =                    | =                    | =                    | =                    | =                    | =                    | =                    | → scheduled |
| enqueue another          | → scheduled | idempotency conflict | idempotency conflict | idempotency conflict | idempotency conflict | idempotency conflict | idempotency conflict | idempotency conflict | idempotency conflict | idempotency conflict | idempotency conflict | idempotency conflict | → scheduled |
| claim                    | not found   | → leased             | → leased             | wrong state          | wrong state          | wrong state          | wrong state          | wrong state          | → leased             | wrong state          | wrong state          | → leased             | not found   |
| claim another rev        | not found   | moved on             | moved on             | wrong state          | wrong state          | wrong state          | wrong state          | wrong state          | moved on             | wrong state          | wrong state          | moved on             | not found   |
| complete                 | not found   | lease lost           | lease lost           | → completed          | =                    | =                    | lease lost           | lease lost           | lease lost           | lease lost           | =                    | =                    | not found   |
| complete, stale          | not found   | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | not found   |
| fail                     | not found   | lease lost           | =                    | → scheduled          | lease lost           | lease lost           | lease lost           | =                    | lease lost           | lease lost           | lease lost           | lease lost           | not found   |
| fail, stale              | not found   | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | not found   |
| expire too soon          | not found   | lease lost           | lease lost           | not expired          | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | not found   |
| expire                   | not found   | lease lost           | lease lost           | → scheduled          | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | not found   |
| expire, stale            | not found   | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | not found   |
| extend                   | not found   | lease lost           | lease lost           | → leased             | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | not found   |
| extend by less           | not found   | lease lost           | lease lost           | =                    | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | not found   |
| extend, stale            | not found   | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | not found   |
| snooze                   | not found   | lease lost           | lease lost           | → scheduled          | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | not found   |
| snooze, stale            | not found   | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | not found   |
| start                    | not found   | lease lost           | lease lost           | → leased             | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | not found   |
| start, stale             | not found   | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | not found   |
| refuse                   | not found   | lease lost           | lease lost           | → scheduled          | lease lost           | → scheduled          | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | not found   |
| refuse, stale            | not found   | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | lease lost           | not found   |
| miss                     | not found   | not worthless        | not worthless        | wrong state          | wrong state          | wrong state          | wrong state          | wrong state          | → dead               | =                    | wrong state          | not worthless        | not found   |
| cancel                   | not found   | → cancelled          | → cancelled          | wrong state          | wrong state          | wrong state          | =                    | wrong state          | → cancelled          | wrong state          | wrong state          | → cancelled          | not found   |
| reschedule               | not found   | → scheduled          | → scheduled          | wrong state          | wrong state          | wrong state          | wrong state          | wrong state          | deadline before date | wrong state          | wrong state          | → scheduled          | not found   |
| reschedule to the same   | not found   | =                    | =                    | wrong state          | wrong state          | wrong state          | wrong state          | wrong state          | =                    | wrong state          | wrong state          | =                    | not found   |
| reschedule past deadline | not found   | deadline before date | deadline before date | wrong state          | wrong state          | wrong state          | wrong state          | wrong state          | deadline before date | wrong state          | wrong state          | deadline before date | not found   |
| reprioritize             | not found   | → scheduled          | → scheduled          | wrong state          | wrong state          | wrong state          | wrong state          | wrong state          | → scheduled          | wrong state          | wrong state          | → scheduled          | not found   |
| reprioritize to its own  | not found   | =                    | =                    | wrong state          | wrong state          | wrong state          | wrong state          | wrong state          | =                    | wrong state          | wrong state          | =                    | not found   |
| move to front            | not found   | → scheduled          | not due              | wrong state          | wrong state          | wrong state          | wrong state          | wrong state          | → scheduled          | wrong state          | wrong state          | → scheduled          | not found   |
| replay                   | not found   | wrong state          | wrong state          | wrong state          | → scheduled          | → scheduled          | → scheduled          | → scheduled          | wrong state          | → scheduled          | not replayable       | =                    | not found   |
| replay, another payload  | not found   | wrong state          | wrong state          | wrong state          | → scheduled          | → scheduled          | → scheduled          | → scheduled          | wrong state          | → scheduled          | not replayable       | → scheduled          | not found   |
`;

const [head = [], ...rows] = TABLE.trim()
  .split('\n')
  .map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  );

describe('every action on every state', () => {
  for (const [asked = '', ...cells] of rows) {
    describe(asked, () => {
      for (const [column, expected] of cells.entries()) {
        const state = head[column + 1] as keyof typeof STATES;
        it(`${state}: ${expected}`, () => expect(outcome(STATES[state], ASKS[asked] ?? [])).toBe(expected));
      }
    });
  }

  it('the table is whole', () => {
    expect(head.slice(1)).toEqual(Object.keys(STATES));
    expect(rows.map(([asked]) => asked)).toEqual(Object.keys(ASKS));
    const types = new Set(Object.values(ASKS).map((ask) => actionTypeOf(ask.at(-1) as Ask)));
    expect(types).toEqual(new Set(Object.keys(ALL_TYPES)));
  });
});

/** The compiler keeps this complete. */
const ALL_TYPES: Record<Action['type'], true> = {
  enqueue: true,
  claim: true,
  complete: true,
  fail: true,
  expire: true,
  extend: true,
  snooze: true,
  cancel: true,
  reschedule: true,
  start: true,
  refuse: true,
  miss: true,
  reprioritize: true,
  moveToFront: true,
  replay: true,
};

const actionTypeOf = (ask: Ask): Action['type'] => (typeof ask === 'function' ? ask(given(enqueue()).task(), START) : ask).type;

function outcome(past: Past, asked: readonly (number | Ask)[]): string {
  const told = given(...past, ...asked.slice(0, -1)).when(asked.at(-1) as Ask);
  const decision: Decision = told.decision;
  if (decision.kind === 'changed') return `→ ${decision.task.state}`;
  if (decision.kind === 'refused') return decision.refusal.reason;
  told.thenUnchanged();
  return '=';
}
