import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { APP_NAME, TASK_ID, TASK_NAME } from '../../contract/limits.ts';
import {
  deadlineLane,
  dueAtOfKey,
  dueKey,
  dueLane,
  dueLanes,
  errorLane,
  historyLane,
  INDEXES,
  laneKeys,
  shardOf,
  watchKey,
} from '../../core/lanes.ts';
import { LEVELS } from '../../core/task.ts';
import { EARLIEST_MS, LATEST_MS } from '../../core/when.ts';
import { cancel, claim, complete, enqueue, fail, given, HOUR, replay, START } from './given.ts';

const ID = 'billing/AAAAAAAAAAAAAAAAAAAAAA';
const DUE_KEY = `2026-12-24T08:00:00.000Z#1798099200000000#${ID}`;

describe('frozen from the first release: a change here cannot be deployed', () => {
  it('the indexes', () => {
    expect(INDEXES).toEqual({
      due: { partition: 'priority', sort: 'dueAt', projected: ['name', 'version', 'rev', 'level', 'deadlineAt', 'traits'] },
      watch: {
        partition: 'watch',
        sort: 'watchAt',
        projected: ['name', 'version', 'rev', 'level', 'dueAt', 'deadlineAt', 'traits', 'fingerprint'],
      },
    });
  });

  it('the lanes', () => {
    expect(dueLane('billing', 'high', 3)).toBe('billing#high#3');
    expect(deadlineLane('billing', 'low', 0)).toBe('billing#deadline#low#0');
    expect(historyLane('billing', 'dead', 12)).toBe('billing#dead#12');
  });

  it('the sort keys', () => {
    const task = { id: ID, dueAt: START, arrival: START * 1_000 };
    expect(dueKey({ ...task, position: 'back' })).toBe(DUE_KEY);
    expect(dueKey({ ...task, position: 'front' })).toBe(`-7209100054740991#${ID}`);
    expect(watchKey(START, ID)).toBe(`2026-12-24T08:00:00.000Z#${ID}`);
  });

  it('the shard of an id: another hash would move every task', () => {
    const ids = [ID, 'a/0000000000000000000000', 'app-2/zzzzzzzzzzzzzzzzzzzzzz', ''];
    expect(ids.map((id) => [2, 7, 64].map((shards) => shardOf(id, shards)))).toMatchInlineSnapshot(`
      [
        [
          1,
          4,
          53,
        ],
        [
          1,
          5,
          43,
        ],
        [
          1,
          2,
          59,
        ],
        [
          1,
          1,
          1,
        ],
      ]
    `);
  });
});

describe('where a task stands, by its state', () => {
  const deadlineAt = START + HOUR;

  it('waiting: in its level’s lane, and by its deadline where it has one', () => {
    expect(laneKeys(given(enqueue()).task(), 1)).toEqual({ priority: 'billing#medium#0', dueAt: DUE_KEY });
    expect(laneKeys(given(enqueue({ deadlineAt, level: 'high' })).task(), 1)).toEqual({
      priority: 'billing#high#0',
      dueAt: DUE_KEY,
      watch: 'billing#deadline#high#0',
      watchAt: `2026-12-24T09:00:00.000Z#${ID}`,
    });
  });

  it('waiting for its retry: by the new date, as its level has become', () => {
    const task = given(enqueue({ level: 'high', deadlineAt }), claim(), fail(), claim(), fail(), claim(), fail({ random: 0 })).task();
    expect(laneKeys(task, 1)).toMatchObject({ priority: 'billing#medium#0', watch: 'billing#deadline#medium#0' });
  });

  it('leased or completed: in no index, deadline or not', () => {
    expect(laneKeys(given(enqueue({ deadlineAt }), claim()).task(), 1)).toEqual({ dueAt: DUE_KEY });
    expect(laneKeys(given(enqueue({ deadlineAt }), claim(), complete()).task(), 1)).toEqual({ dueAt: DUE_KEY });
  });

  it('dead or cancelled: in a history lane, by their end', () => {
    const watchAt = watchKey(START + HOUR, ID);
    expect(laneKeys(given(enqueue({ deadlineAt }), HOUR, cancel).task(), 1)).toEqual({
      dueAt: DUE_KEY,
      watch: 'billing#cancelled#0',
      watchAt,
    });
    const dead = given(enqueue({ maxAttempts: 1 }), HOUR, claim(), fail()).task();
    expect(laneKeys(dead, 1)).toEqual({ dueAt: DUE_KEY, watch: 'billing#dead#0', watchAt });
  });

  it('completed, where the app asked for it at that time: in a history lane, until it is replayed', () => {
    const watch = { watch: 'billing#completed#0', watchAt: watchKey(START, ID) };
    const listing = { listCompleted: true };
    const task = given(enqueue(), claim()).under(listing).when(complete()).task();
    expect(laneKeys(task, 1)).toEqual({ dueAt: DUE_KEY, ...watch });
    const notified = given(enqueue({ traits: ['unacknowledged'] }))
      .under(listing)
      .when(claim())
      .task();
    expect(laneKeys(notified, 1)).toEqual({ dueAt: DUE_KEY, ...watch });
    expect(given(enqueue()).under(listing).when(cancel).task()).not.toHaveProperty('listed');
    const replayed = given(enqueue(), claim(), complete()).under(listing).when(replay()).task();
    expect(laneKeys(replayed, 1)).not.toHaveProperty('watch');
  });

  it('in all its lanes under one shard', () => {
    const task = given(enqueue({ deadlineAt })).task();
    const shard = shardOf(ID, 64);
    expect(laneKeys(task, 64)).toMatchObject({ priority: `billing#medium#${shard}`, watch: `billing#deadline#medium#${shard}` });
  });
});

it('errors of an app have a lane that no task stands in', () => {
  expect(errorLane('billing')).toBe('billing#error#0');
});

describe('sort keys', () => {
  const instants = fc.integer({ min: EARLIEST_MS, max: LATEST_MS });

  it('have a fixed width before the id, and tell the instant they were made of', () => {
    fc.assert(
      fc.property(instants, fc.maxSafeNat(), (dueAt, arrival) => {
        const back = dueKey({ id: '', dueAt, arrival, position: 'back' });
        const front = dueKey({ id: '', dueAt, arrival, position: 'front' });
        expect([back.length, front.length, watchKey(dueAt, '').length]).toEqual([42, 18, 25]);
        expect([dueAtOfKey(back), dueAtOfKey(front)]).toEqual([dueAt, Number.NEGATIVE_INFINITY]);
      }),
    );
  });
});

describe('shards', () => {
  it.each([
    ['ids as doors make them', 128_000, (n: number) => createHash('sha256').update(String(n)).digest('base64url').slice(0, 22)],
    ['ids that count', 128_000, (n: number) => String(n).padStart(22, '0')],
  ])('share the load: %s', (_, tasks, idOf) => {
    const counts = new Array<number>(64).fill(0);
    for (let n = 0; n < tasks; n++) {
      const shard = shardOf(`billing/${idOf(n)}`, 64);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    expect(counts).toHaveLength(64);
    expect(Math.max(...counts) / (tasks / 64)).toBeLessThanOrEqual(1.1);
  });

  it('are whole numbers below their count, for any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '-', '/', '\u0000', 'é', '\ud800', '\uffff') }),
        fc.integer({ min: 1, max: 64 }),
        (id, shards) => {
          const shard = shardOf(id, shards);
          expect(Number.isInteger(shard) && shard >= 0 && shard < shards).toBe(true);
        },
      ),
    );
  });

  it('the lanes of an app are all its levels and shards, High first', () => {
    expect(dueLanes('a', 2).map(({ lane }) => lane)).toEqual(['a#high#0', 'a#high#1', 'a#medium#0', 'a#medium#1', 'a#low#0', 'a#low#1']);
    expect(dueLanes('a', 64)).toHaveLength(LEVELS.length * 64);
  });
});

describe('keys cannot be injected through names', () => {
  const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
  const WORD = `-0123456789${LETTERS.toUpperCase()}${LETTERS}`;
  const taken = (pattern: RegExp, around: (character: string) => string) =>
    Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter((character) => pattern.test(around(character)));
  const letters = (text: string) => [...text].sort();

  it('names and ids take these characters and no others: neither # nor / nor |, no control character, nothing beyond ASCII', () => {
    expect(taken(APP_NAME, (c) => `a${c}b`)).toEqual(letters(`-0123456789${LETTERS}`));
    expect(taken(APP_NAME, (c) => `ab${c}`)).toEqual(letters(`-0123456789${LETTERS}`));
    expect(taken(APP_NAME, (c) => `${c}a`)).toEqual(letters(LETTERS));
    expect(taken(TASK_NAME, (c) => `a${c}b`)).toEqual(letters(`.:_${WORD}`));
    expect(taken(TASK_NAME, (c) => `ab${c}`)).toEqual(letters(`.:_${WORD}`));
    expect(taken(TASK_NAME, (c) => `${c}a`)).toEqual(letters(WORD.slice(1)));
    expect(taken(TASK_ID, (c) => `a/${'A'.repeat(21)}${c}`)).toEqual(letters(`_${WORD}`));
  });

  it('ids of tasks are none of the reserved ones', () => {
    for (const id of [
      'billing/slot/0',
      'billing/payload/AAAAAAAAAAAAAAAAAAAAAA',
      '~seat',
      '~settings/billing',
      '~error/billing/x',
      'billing/',
      '',
    ]) {
      expect(TASK_ID.test(id)).toBe(false);
    }
  });

  it('lanes of different apps, kinds, levels or shards are different', () => {
    const app = fc.stringMatching(APP_NAME);
    const lane = fc.tuple(fc.constantFrom('due', 'deadline'), app, fc.constantFrom(...LEVELS), fc.nat(63));
    const text = ([kind, name, level, shard]: [string, string, (typeof LEVELS)[number], number]) =>
      (kind === 'due' ? dueLane : deadlineLane)(name, level, shard);
    fc.assert(
      fc.property(lane, lane, (a, b) => {
        expect(text(a) === text(b)).toBe(String(a) === String(b));
      }),
    );
  });
});
