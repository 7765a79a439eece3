import type { Action, Decision } from '../../core/actions.ts';
import { decide } from '../../core/decide.ts';
import { type AppSettings, DEFAULT_POLICY } from '../../core/policy.ts';
import { fateOf, slotCount } from '../../core/slots.ts';
import type { Task } from '../../core/task.ts';
import { enqueue, MINUTE, START, settingsOf } from '../core/given.ts';
import { broken } from '../core/guarantees.ts';
import { type FailureRequest, replaced, type Scope, type State, withOne } from './state.ts';

/** The rules under search: the shipped ones, or with one of them switched off, to see that the search finds out. */
export interface Rules {
  readonly decide: typeof decide;
  readonly fateOf: typeof fateOf;
}
export const SHIPPED: Rules = { decide, fateOf };

export const APP = 'billing';
const MAX_ATTEMPTS = 2;
/** From one instant to the next all leases end, and all that was set aside is looked at again. */
export const STEP_MS = 10 * MINUTE;
export const instantOf = (at: number): number => START + at * STEP_MS;

/** The nonce in the tags of a run's claims. Gone with a crash (see `crashed`), so that the next run's is like no other. */
export const nonceOf = (r: number): string => `run${r + 1}`;

/** What an action comes to. */
export interface Acted {
  readonly decision: Decision;
  readonly next: State;
  readonly broken: readonly string[];
}

/** The tasks' rows under a scope and its rules. Every change of a row is a decision of `decide`, checked by the core's own guarantees. */
export class World {
  readonly scope: Scope;
  readonly rules: Rules;
  readonly settings: AppSettings;
  readonly #ids = new WeakMap<object, number>();
  readonly #idsByText = new Map<string, number>();
  readonly #rows = new Map<string, Task>();
  readonly #mirrors = new WeakMap<Task, Task>();
  readonly #decisions = new Map<string, { decision: Decision; broken: readonly string[] }>();

  constructor(scope: Scope, rules: Rules = SHIPPED) {
    this.scope = scope;
    this.rules = rules;
    this.settings = settingsOf({ app: APP, maxInFlight: scope.maxInFlight, policy: { ...DEFAULT_POLICY, maxAttempts: MAX_ATTEMPTS } });
  }

  /** Every task is accepted, and nothing has happened to it. */
  start(): State {
    const rows = this.scope.tasks.map((task, i) => {
      const id = `${APP}/${String.fromCharCode(65 + i)}`;
      const decision = decide(undefined, enqueue({ id, arrival: START * 1_000 + i, ...task }), START, this.settings);
      if (decision.kind !== 'changed') throw new Error(`a task of the scope was not accepted: ${JSON.stringify(decision)}`);
      return this.intern(decision.task);
    });
    return {
      ...{ at: 0, rows, past: rows.map(() => []) },
      slots: Array.from({ length: slotCount(this.scope.maxInFlight) }, () => []),
      runs: Array.from({ length: this.scope.runs }, () => null),
      ...{ told: [], requests: [], started: [] },
      done: rows.map(() => ({ since: 0, claims: [] })),
      ...{ minds: this.scope.mindsAtMost, refusals: this.scope.refusalsAtMost },
    };
  }

  /** Mirrors `Store.act`, and the claim's statement: read, decide and conditional write are one step, because `rev` makes them so. */
  act(state: State, id: string, action: Action): Acted {
    const index = state.rows.findIndex((row) => row.id === id);
    const row = state.rows[index] as Task;
    const found = this.#decide(row, action, instantOf(state.at));
    const { decision } = found;
    if (decision.kind !== 'changed') return { ...found, next: state };
    const past = [row, ...(state.past[index] ?? [])].slice(0, this.scope.lag);
    const next = { ...state, rows: replaced(state.rows, index, decision.task), past: replaced(state.past, index, past) };
    return { ...found, next };
  }

  #decide(row: Task, action: Action, now: number): { decision: Decision; broken: readonly string[] } {
    const key = `${this.#idOf(row)} ${now} ${JSON.stringify(action)}`;
    const known = this.#decisions.get(key);
    if (known) return known;
    const made = this.rules.decide(row, action, now, this.settings);
    const decision = made.kind === 'changed' ? { ...made, task: this.intern(made.task) } : made;
    const found = { decision, broken: broken(row, action, now, decision, MAX_ATTEMPTS) };
    this.#decisions.set(key, found);
    return found;
  }

  /** One object for all rows of the same content. */
  intern(row: Task): Task {
    const text = JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = this.#rows.get(text);
    if (known) return known;
    this.#rows.set(text, row);
    return row;
  }

  /** The same for states that are alike, and for no others. Which of two runs is called the first makes no difference. */
  keyOf(state: State): string {
    const { rows, past, runs } = state;
    const key = this.#keyOf(state);
    if (runs.length !== 2 || runs[0] === runs[1]) return key;
    const mirrored = (task: Task) => this.#mirrored(task);
    const other = this.#keyOf({
      ...state,
      runs: [...runs].reverse(),
      rows: rows.map(mirrored),
      past: past.map((one) => one.map(mirrored)),
    });
    return other < key ? other : key;
  }

  /** The row as it were if the two runs had each other's names. */
  #mirrored(row: Task): Task {
    const known = this.#mirrors.get(row);
    if (known) return known;
    const claimedBy = row.claimedBy?.replace(/run[12]$/, (nonce) => (nonce === nonceOf(0) ? nonceOf(1) : nonceOf(0)));
    const mirror = claimedBy === row.claimedBy || claimedBy === undefined ? row : this.intern({ ...row, claimedBy });
    this.#mirrors.set(row, mirror);
    return mirror;
  }

  #keyOf({ at, rows, past, slots, runs, told, requests, started, done, minds, refusals }: State): string {
    const parts = [...rows, ...past, slots, ...runs, told, requests, started, done];
    return `${at},${minds},${refusals},${parts.map((part) => (part === null ? '-' : this.#idOf(part))).join()}`;
  }

  #idOf(part: object): number {
    const known = this.#ids.get(part);
    if (known !== undefined) return known;
    const text = JSON.stringify(part);
    const id = this.#idsByText.get(text) ?? this.#idsByText.size;
    this.#idsByText.set(text, id);
    this.#ids.set(part, id);
    return id;
  }
}

export const rowOf = (state: State, id: string): Task => state.rows.find((row) => row.id === id) as Task;

/** The bus takes a request. */
export const withRequest = (state: State, request: FailureRequest): State => ({
  ...state,
  requests: withOne(state.requests, request, ({ type, id, claim, unpublished }) => `${id} ${claim} ${type} ${unpublished === true}`),
});

export const nameOf = (id: string): string => id.slice(APP.length + 1);
