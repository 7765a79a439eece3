import { describe, expect, it } from 'vitest';
import type { Records } from './dossier.ts';
import type { EnqueuerLine, Request, TaskRow, WorkerLine } from './records.ts';
import { tally, WRONGS } from './tally.ts';

const ID = 'soak/3q2-7wAbCdEfGhIjKlMnOp';
const KEY = 'a-1-0';
const DUE = Date.parse('2026-11-24T12:00:00Z');
const work = { key: KEY, do: 'finish', ms: 0 } as const;
const request: Request = { name: 'work', payload: work, idempotencyKey: KEY, dueAt: new Date(DUE).toISOString() };
const asked = (more: Partial<Request> = {}): EnqueuerLine => ({ at: 0, call: 1, asked: [{ ...request, ...more } as Request] });
const answered: EnqueuerLine = { at: 1, call: 1, answered: [{ key: KEY, id: ID }] };
const begun = (claim = 1, at = DUE): WorkerLine => ({ at, id: ID, claim, begun: { key: KEY, dueAt: DUE, pid: 1 } });
const ended = (claim = 1, what: 'done' | 'failed' = 'done'): WorkerLine => ({ at: DUE + 5, id: ID, claim, ended: what });
const completed = (claim = 1) => ({ claim, outcome: 'completed' });
const row = (more: Partial<TaskRow> = {}): TaskRow => ({
  id: ID,
  payload: JSON.stringify(work),
  state: 'completed',
  claim: 1,
  attempts: [completed()],
  ...more,
});

/** The records of one task that was asked for, told, done and completed, but for what is given. */
const records = (more: Partial<Records> = {}): Records => ({
  enqueuers: [asked(), answered],
  workers: [begun(), ended()],
  accepted: [{ id: ID, claim: 1 }],
  rows: [row()],
  ...more,
});
const cancel: readonly EnqueuerLine[] = [
  { at: 2, call: 2, change: 'cancel', key: KEY },
  { at: 3, call: 2, changed: true, key: KEY },
];
const later = (isDone: boolean): readonly EnqueuerLine[] => [
  { at: 2, call: 2, change: 'reschedule', key: KEY, dueAt: new Date(DUE + 1_000).toISOString() },
  ...(isDone ? [{ at: 3, call: 2, changed: true, key: KEY }] : []),
];
const hint = { traits: ['unacknowledged'], attempts: [] };
const none = { workers: [], accepted: [] };

describe('nothing is wrong with a task', () => {
  const right: Readonly<Record<string, Partial<Records>>> = {
    'that was done once': {},
    'that was done twice, by the word of the second alone': {
      workers: [begun(), begun(2), ended(2), ended(1)],
      accepted: [{ id: ID, claim: 2 }],
      rows: [row({ claim: 2, attempts: [{ claim: 1, outcome: 'expired' }, completed(2)] })],
    },
    'whose completion was accepted twice under one claim': {
      accepted: [
        { id: ID, claim: 1 },
        { id: ID, claim: 1 },
      ],
    },
    'whose enqueuer has no answer, there or not': { enqueuers: [asked()] },
    'that was never stored, and never answered for': { enqueuers: [asked()], ...none, rows: [] },
    'that was cancelled': {
      enqueuers: [asked(), answered, ...cancel],
      ...none,
      rows: [row({ state: 'cancelled', claim: 0, attempts: [] })],
    },
    'that is done by being told': { accepted: [], workers: [begun()], rows: [row(hint)] },
    'that was put off, perhaps': { enqueuers: [asked(), answered, ...later(false)] },
  };
  for (const [what, more] of Object.entries(right)) {
    it(what, () => {
      expect(tally(records(more)).wrongs).toEqual([]);
    });
  }
});

describe('is counted', () => {
  const dead = (deathReason: string) => ({ state: 'dead', attempts: [], deathReason });
  const wrong: readonly (readonly [(typeof WRONGS)[number], string, Partial<Records>])[] = [
    ['lost', 'an acknowledged task without a row', { ...none, rows: [] }],
    ['lost', 'a task that still waits', { ...none, rows: [row({ state: 'scheduled', claim: 0, attempts: [] })] }],
    ['lost', 'a completion without a run that came to its end', { workers: [begun()] }],
    [
      'lost',
      'a completion under another claim than that of the run',
      { accepted: [], rows: [row({ claim: 2, attempts: [completed(2)] })] },
    ],
    ['lost', 'a task done by being told, of which nobody was told', { ...none, rows: [row(hint)] }],
    ['lost', 'a death of which no worker knows', { ...none, rows: [row(dead('no worker answered'))] }],
    ['lost', 'a death after failures that no worker had', { accepted: [], rows: [row(dead('attempts exhausted'))] }],
    ['lost', 'a death by a deadline that was not to kill', { ...none, rows: [row(dead('deadline missed'))] }],
    ['lost', 'a cancellation that nobody asked for', { ...none, rows: [row({ state: 'cancelled', claim: 0, attempts: [] })] }],
    [
      'lost',
      'an accepted completion that the row does not show',
      { workers: [begun(), ended(1, 'failed')], rows: [row(dead('attempts exhausted'))] },
    ],
    [
      'duplicated',
      'a second completion in the history',
      { rows: [row({ claim: 2, attempts: [completed(), completed(2)] })], workers: [begun(), ended(), begun(2), ended(2)] },
    ],
    [
      'duplicated',
      'a completion that was accepted under another claim too',
      {
        accepted: [
          { id: ID, claim: 1 },
          { id: ID, claim: 2 },
        ],
      },
    ],
    ['unexpected', 'a row that nobody asked for', { enqueuers: [] }],
    ['unexpected', 'a second row of a key', { rows: [row(), row({ ...hint, id: `${ID.slice(0, -1)}q` })] }],
    ['unexpected', 'a run under a claim that the row does not know', { workers: [begun(), ended(), begun(2)] }],
    [
      'unexpected',
      'a refusal',
      { enqueuers: [asked(), answered, { at: 2, call: 2, answered: [{ key: KEY, refusal: 'IdempotencyConflict', isFinal: true }] }] },
    ],
    ['unexpected', 'a run after the cancellation was accepted', { enqueuers: [asked(), answered, ...cancel] }],
    ['early', 'a run before the date that was asked for', { workers: [begun(1, DUE - 1), ended()] }],
    ['early', 'a run before the date that was put off', { enqueuers: [asked(), answered, ...later(true)] }],
    [
      'shared',
      'an exclusive task begun twice under one claim',
      { enqueuers: [asked({ exclusive: true }), answered], workers: [begun(), begun(), ended()] },
    ],
  ];
  for (const [kind, what, more] of wrong) {
    it(`as ${kind}: ${what}`, () => {
      const counted = tally(records(more));
      expect(Object.fromEntries(WRONGS.map((one) => [one, counted[one]]))).toEqual(
        Object.fromEntries(WRONGS.map((one) => [one, one === kind ? 1 : 0])),
      );
    });
  }
});
