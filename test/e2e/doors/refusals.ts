import { expect, it } from 'vitest';
import { ERROR_CODES } from '../../../contract/errors.ts';
import { LIMITS } from '../../../contract/limits.ts';
import type { TASK_ACTIONS } from '../../../contract/tasks.ts';
import type { Told } from '../callDoor.ts';
import type { Ask, Doors } from './Doors.ts';
import { enqueue, NO_TASK, nested } from './requests.ts';

export interface Refusal {
  readonly what: string;
  readonly request: unknown;
  readonly code?: string;
  readonly field?: string;
}

/** What no door takes, whatever the action. */
export const NO_REQUESTS: readonly Refusal[] = [
  { what: 'null', request: 'null', field: '' },
  { what: 'a text', request: '"enqueue"', field: '' },
  { what: 'an array', request: [enqueue()], field: '' },
  { what: 'an empty object', request: {}, field: 'action' },
  { what: 'an action that is no text', request: { v: 1, action: ['enqueue'] }, field: 'action' },
  { what: 'an action of the language', request: { v: 1, action: 'constructor' }, field: 'action' },
];

/** The contract's form of a refusal, exactly. */
export function expectRefused(answer: Told, { code = 'BadRequest', field }: Pick<Refusal, 'code' | 'field'>): void {
  expect(Object.keys(answer).sort()).toEqual(['error', 'ok', 'v']);
  expect(answer).toMatchObject({ v: 1, ok: false, error: { code, retryable: false, ...(field === undefined ? {} : { field }) } });
  expect(Object.keys(answer.error).filter((key) => !['code', 'message', 'field', 'got', 'allowed', 'retryable'].includes(key))).toEqual([]);
  expect(ERROR_CODES).toContain(answer.error.code);
  expect(answer.error.message).toMatch(/\.$/);
  if (code === 'BadRequest') expect(answer.error.allowed).not.toBe('');
  expect(JSON.stringify(answer).length).toBeLessThan(2_000);
}

/** A request that is right in its form, and what makes it wrong: by the field that is to be named, values of it. */
export interface Asked {
  readonly right: object;
  readonly bad: Readonly<Record<string, readonly unknown[]>>;
}

// A few values each, the ones that come nearest to doing harm: all that is wrong is a matter of the contract's own tests.

/** Of any action. */
const BAD_ANYWHERE = { colour: ['red'] };
const NO_IDS = ['~seat'];
export const NO_NAMES = ['a#b'];
const NO_DATES = ['2030-01-01T00:00:00'];
const NO_ZONES = [{ local: '2030-01-01T00:00', timeZone: 'Mars/Base' }];
const NO_DELAYS = [LIMITS.delayMs + 1];
const NO_PAGES = [0, LIMITS.page + 1];
export const NO_FINGERPRINTS = [`${'A'.repeat(21)}/`];
/** One of another walk. */
export const NO_CURSORS = [Buffer.from('["billing/dead","x"]').toString('base64url')];
export const NO_APPS = ['ma#il'];

/** Which tasks: of `list`, and of a replay of many. */
export const BAD_FILTERS = {
  name: NO_NAMES,
  from: NO_DATES,
  'from.timeZone': NO_ZONES,
  to: [...NO_DATES, '2030-01-01T00:00:00Z'],
  limit: NO_PAGES,
  cursor: NO_CURSORS,
};
export const BAD_LISTS = {
  ...BAD_FILTERS,
  state: ['Dead', 'completed'],
  // Right in its form: only of dead tasks.
  fingerprint: [...NO_FINGERPRINTS, 'A'.repeat(22)],
};
export const BAD_COUNTS = { count: [0, 26] };

/** What both the submit door and the operate door take of one task. */
export const TASK_REQUESTS = {
  get: { right: { id: NO_TASK }, bad: { id: [undefined, { S: NO_TASK }, ...NO_IDS] } },
  explain: { right: { id: NO_TASK }, bad: { id: NO_IDS } },
  cancel: { right: { id: NO_TASK }, bad: { id: NO_IDS, dueAt: [null] } },
  reschedule: {
    right: { id: NO_TASK },
    bad: {
      id: NO_IDS,
      dueAt: NO_DATES,
      'dueAt.timeZone': NO_ZONES,
      deadlineAt: NO_DATES,
      delayMs: NO_DELAYS,
      priority: ['high'],
    },
  },
  reprioritize: { right: { id: NO_TASK, priority: 'low' }, bad: { id: NO_IDS, priority: [undefined, 'urgent'] } },
  moveToFront: { right: { id: NO_TASK }, bad: { id: NO_IDS, priority: ['high'] } },
  replay: {
    right: { id: NO_TASK },
    bad: {
      id: NO_IDS,
      dueAt: NO_DATES,
      delayMs: NO_DELAYS,
      deadlineAt: [null],
      [`payload${'[0]'.repeat(LIMITS.payloadDepth)}`]: [nested(LIMITS.payloadDepth + 1)],
    },
  },
} as const satisfies Record<(typeof TASK_ACTIONS)[number], Asked>;

/** One test that a door refuses all of these, each as it says, and writes nothing. */
export function refusesAll(doors: Doors, ask: Ask, what: string, refusals: readonly Refusal[]): void {
  it(`refuses ${what}, and changes nothing`, async () => {
    const found: string[] = [];
    await doors.expectNothingChanged(async () => {
      for (const { what: one, request } of refusals) {
        const answer = await ask(request);
        found.push(`${one}: ${answer.ok ? 'taken' : `${answer.error.code} ${answer.error.field}`}`);
        if (!answer.ok) expectRefused(answer, { code: answer.error.code });
      }
    });
    expect(found).toEqual(refusals.map(({ what: one, code = 'BadRequest', field }) => `${one}: ${code} ${field}`));
  });
}

/** For each action a test that it refuses what is bad by its field, and writes nothing. */
export function refusesByField(doors: Doors, ask: Ask, actions: Readonly<Record<string, Asked>>): void {
  for (const [action, { right, bad }] of Object.entries(actions)) {
    const refusals = Object.entries<readonly unknown[]>({ ...BAD_ANYWHERE, ...bad }).flatMap(([field, values]) =>
      values.map((value) => {
        const change = { [/^\w+/.exec(field)?.[0] ?? '']: value };
        return { what: JSON.stringify(change).slice(0, 100), request: { v: 1, action, ...right, ...change }, field };
      }),
    );
    refusesAll(doors, ask, `a bad ${action} by its field`, refusals);
  }
}
