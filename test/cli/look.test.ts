import { describe, expect, it } from 'vitest';
import { error, FINGERPRINT, idOf, type Json, punctual, type Says, stats, task } from './given.ts';

const NEXT_TEXT = 'It is not due until 2026-12-24T08:00:00.000Z.';
const shows =
  (changes: Parameters<typeof task>[1]): Says =>
  ({ action }) =>
    action === 'get' ? { task: task('A', changes) } : { id: idOf('A'), state: 'scheduled', text: NEXT_TEXT };

describe('get', () => {
  it('shows the task, its life and what happens next, in the zone', async () => {
    const { exit, out, err, requests } = await punctual(['get', idOf('A')], { doors: shows({ deadlineAt: '2026-12-24T09:05:07.000Z' }) });
    expect([exit, err]).toEqual([0, '']);
    expect(requests.map(({ action }) => action).sort()).toEqual(['explain', 'get']);
    expect(out).toBe(`${idOf('A')}  send-invoice, version 1
  state     scheduled
  due       in 1 h (2026-12-24 09:00 Europe/Paris)
  deadline  in 2 h 5 min (2026-12-24 10:05:07 Europe/Paris)
  priority  medium
  attempts  0 spent, claim 0
  payload   {"invoice":42}
  now       It is not due until in 1 h (2026-12-24 09:00 Europe/Paris).
  timeline
    2026-12-23 09:00     enqueued at priority medium
  next
    2026-12-24 09:00     due (in 1 h)
`);
  });

  it('says why a task is dead, how it was made, and where its error is', async () => {
    const { out } = await punctual(['get', idOf('A')], {
      doors: shows({
        state: 'dead',
        deathReason: 'its attempts are spent',
        endedAt: '2026-12-24T06:00:00Z',
        leaseUntil: '2026-12-24T07:01:00Z',
        position: 'front',
        acknowledge: false,
        exclusive: true,
        expiresAfterDeadline: true,
        replayable: false,
        fingerprint: FINGERPRINT,
      }),
    });
    for (const words of [
      'dead: its attempts are spent',
      'medium, at the front',
      'ended         1 h ago (2026-12-24 07:00 Europe/Paris)',
      'leased until  in 1 min',
      'not acknowledged, exclusive, expires after its deadline, not replayable',
      `punctual errors show --app billing ${FINGERPRINT}`,
    ])
      expect(out).toContain(words);
  });

  it('keeps what came from elsewhere from moving the cursor', async () => {
    const { out } = await punctual(['get', idOf('A')], {
      doors: shows({
        name: 'x',
        payload: 'a\u009b2Jb\u202e',
        timeline: [{ at: '2026-12-23T08:00:00Z', text: 'failed: \u001b[31mE\nline two' }],
      }),
    });
    expect(out).toContain('payload   "a 2Jb "');
    expect(out).toContain('failed:  [31mE line two\n');
  });
});

describe('list', () => {
  const listed = (letter: string, changes: Json = {}) => ({
    id: idOf(letter),
    name: 'send-invoice',
    version: 1,
    state: 'scheduled',
    priority: 'high',
    dueAt: '2026-12-24T08:00:00.000Z',
    ...changes,
  });

  it('asks for what its options say, dates in the zone', async () => {
    const { requests } = await punctual(
      [
        'list',
        '--app',
        'billing',
        '--state',
        'dead',
        '--name',
        'send-invoice',
        '--from',
        '2h ago',
        '--to',
        '2026-12-24',
        '--fingerprint',
        FINGERPRINT,
      ].concat(['--limit', '7', '--cursor', 'c1', '--time-zone', 'Europe/Paris']),
      { doors: () => ({ tasks: [] }) },
    );
    expect(requests).toEqual([
      {
        action: 'list',
        app: 'billing',
        state: 'dead',
        name: 'send-invoice',
        from: '2026-12-24T05:00:00.000Z',
        to: { local: '2026-12-24', timeZone: 'Europe/Paris' },
        fingerprint: FINGERPRINT,
        limit: 7,
        cursor: 'c1',
      },
    ]);
  });

  it('shows one page, and how the next is had', async () => {
    const doors = () => ({
      tasks: [
        listed('A'),
        listed('B', { dueAt: undefined, deadlineAt: '2026-12-24T09:00:00Z' }),
        listed('C', { state: 'dead', endedAt: '2026-12-24T06:00:00Z' }),
      ],
      cursor: 'c2',
    });
    const { out, requests, exit } = await punctual(['list', '--app', 'billing'], { doors });
    expect([exit, requests]).toEqual([0, [{ action: 'list', app: 'billing' }]]);
    const lines = out.split('\n');
    expect(lines[0]).toMatch(/^id +name +version +state +priority +due$/);
    expect(lines[1]).toMatch(/in 1 h \(2026-12-24 09:00 Europe\/Paris\)$/);
    expect(lines[2]).toMatch(/due, at the front +deadline in 2 h/);
    expect(lines[3]).toMatch(/ended 1 h ago/);
    expect(lines[4]).toBe('There may be more: add --all, or --cursor c2');
    const { json } = await punctual(['list', '--app', 'billing', '--json'], { doors });
    expect(json.cursor).toBe('c2');
    expect((json.tasks as Json[]).map(({ id }) => id)).toEqual([idOf('A'), idOf('B'), idOf('C')]);
  });

  const paged: Says = ({ cursor }) => {
    if (cursor === undefined) return { tasks: [listed('A')], cursor: 'c1' };
    return cursor === 'c1' ? { tasks: [], cursor: 'c2' } : { tasks: [listed('B')] };
  };

  it('with --all walks the pages to the end, empty ones too', async () => {
    const { requests, out } = await punctual(['list', '--app', 'billing', '--all'], { doors: paged });
    expect(requests.map(({ cursor, limit }) => [cursor, limit])).toEqual([
      [undefined, 100],
      ['c1', 100],
      ['c2', 100],
    ]);
    expect(out.match(/version/g)).toHaveLength(1);
    expect(out.split('\n').map((line) => line.slice(0, 10))).toEqual(['id        ', 'billing/AA', 'billing/BB', '']);
  });

  it('with --all and --json is one document', async () => {
    const { json } = await punctual(['list', '--app', 'billing', '--all', '--json'], { doors: paged });
    expect(json).toEqual({ tasks: [listed('A'), listed('B')] });
  });

  it('of nothing says so', async () => {
    for (const flags of [[], ['--all']]) {
      const { out, exit } = await punctual(['list', '--app', 'billing', ...flags], { doors: () => ({ tasks: [] }) });
      expect([exit, out]).toEqual([0, 'No task.\n']);
    }
  });

  it('with --all stops between pages once it is interrupted, and exits with 130', async () => {
    const stop = new AbortController();
    const doors: Says = (request, arn) => {
      stop.abort();
      return paged(request, arn);
    };
    const { exit, requests, err } = await punctual(['list', '--app', 'billing', '--all'], { doors, signal: stop.signal });
    expect([exit, requests.length, err]).toEqual([130, 1, 'punctual: Interrupted: there are more pages.\n']);
  });
});

describe('next', () => {
  it('shows the order, each with its predicted instant', async () => {
    const doors = () => ({
      next: [
        { id: idOf('A'), name: 'pay', priority: 'high', predictedAt: '2026-12-24T07:00:01Z', deadlineAt: '2026-12-24T07:10:00Z' },
        { id: idOf('B'), name: 'send', priority: 'low' },
      ],
    });
    const { out, requests } = await punctual(['next', '--app', 'billing', '--count', '2'], { doors });
    expect(requests).toEqual([{ action: 'next', app: 'billing', count: 2 }]);
    const [, first, second] = out.split('\n');
    expect(first).toMatch(/^1 +in 1 s \(2026-12-24 08:00:01 Europe\/Paris\) +high +pay +billing\/A+ +deadline in 10 min/);
    expect(second).toMatch(/^2 +when a task in flight ends +low +send +billing\/B+$/);
    expect((await punctual(['next', '--app', 'billing', '--json'], { doors })).json).toEqual(doors().next);
  });

  it('of nothing says so', async () => {
    expect((await punctual(['next', '--app', 'billing'], { doors: () => ({ next: [] }) })).out).toBe('Nothing waits.\n');
  });
});

describe('stats', () => {
  const some = stats({
    valve: { state: 'limited', perMinute: 60 },
    names: { 'send-invoice': { state: 'paused' } },
    waiting: { high: { count: 1_000, isMore: true }, medium: { count: 2, isMore: false }, low: { count: 0, isMore: false } },
    inFlight: 7,
    dead: { count: 3, isMore: false },
    oldestDueAt: '2026-12-24T06:57:00Z',
    nextDueAt: '2026-12-24T07:05:00Z',
  });

  it('of one app shows its valves, levels and bounds', async () => {
    const { out, requests } = await punctual(['stats', '--app', 'billing'], { doors: () => some });
    expect(requests).toEqual([{ action: 'stats', app: 'billing' }]);
    expect(out).toBe(`billing: limited, 60 a minute
  send-invoice: paused
          waiting        due
  high    1,000 or more  0
  medium  2              0
  low     0              0
  in flight   7 of 500
  dead        3
  oldest due  3 min ago (2026-12-24 07:57 Europe/Paris)
  next due    in 5 min (2026-12-24 08:05 Europe/Paris)
`);
  });

  it('without --app is of every app that the queue has', async () => {
    const doors: Says = ({ action, app }) =>
      action === 'describe' ? { apps: [{ app: 'billing' }, { app: 'office' }], dispatcher: { runs: 1 } } : stats({ app: app as string });
    const { json } = await punctual(['stats', '--json'], { doors });
    expect(json).toEqual({ apps: [stats(), stats({ app: 'office' })] });
  });

  /** An app that is idle from the look `from` on. */
  const idleFrom = (from: number, busy: Partial<ReturnType<typeof stats>> = { inFlight: 1 }): Says => {
    let look = 0;
    return () => stats(++look >= from ? {} : busy);
  };

  it('with --watch looks again until nothing waits or is in flight, twice in a row', async () => {
    const { exit, err, slept, requests } = await punctual(['stats', '--app', 'billing', '--watch'], { doors: idleFrom(3) });
    expect([exit, requests.length, slept]).toEqual([0, 4, [2_000, 2_000, 2_000]]);
    expect(err.split('\n')[0]).toBe('billing: 0 waiting (0 due), 1 in flight, 0 dead');
    const waits = { waiting: { high: { count: 0, isMore: false }, medium: { count: 0, isMore: false }, low: { count: 1, isMore: false } } };
    expect((await punctual(['stats', '--app', 'billing', '--watch', '--every', '500ms'], { doors: idleFrom(2, waits) })).slept).toEqual([
      500, 500,
    ]);
  });

  it('with --watch counts from anew when something comes between', async () => {
    let look = 0;
    const doors = () => stats([1, 3].includes(look++) ? { inFlight: 1 } : {});
    expect((await punctual(['stats', '--app', 'billing', '--watch'], { doors })).requests).toHaveLength(6);
  });

  it('with --watch and --json says nothing but the last look', async () => {
    const { err, json } = await punctual(['stats', '--app', 'billing', '--watch', '--json'], { doors: idleFrom(2) });
    expect([err, json]).toEqual(['', { apps: [stats()] }]);
  });

  it('with --timeout gives up with 1 and says that the tasks go on', async () => {
    const { exit, err, requests } = await punctual(['stats', '--app', 'billing', '--watch', '--timeout', '3s'], {
      doors: () => stats({ inFlight: 1 }),
    });
    expect([exit, requests.length]).toEqual([1, 3]);
    expect(err).toContain('punctual: Not idle within --timeout. The tasks go on.');
  });

  it('with --watch ends with 130 once it is interrupted', async () => {
    const stop = new AbortController();
    const doors = () => {
      stop.abort();
      return stats({ inFlight: 1 });
    };
    expect(await punctual(['stats', '--app', 'billing', '--watch'], { doors, signal: stop.signal })).toMatchObject({
      exit: 130,
      slept: [],
    });
  });
});

describe('errors', () => {
  it('list shows how often, how recently and what', async () => {
    const doors = () => ({ errors: [error(), error({ message: 'x'.repeat(200), resolvedAt: '2026-12-24T06:00:00Z' })] });
    const { out, requests } = await punctual(['errors', 'list', '--app', 'billing'], { doors });
    expect(requests).toEqual([{ action: 'errors', app: 'billing' }]);
    const [, first, second] = out.split('\n');
    expect(first).toMatch(/^F{22} +1,000 +3 +1 min ago \(.*\) +send-invoice +TypeError: no such invoice 42$/);
    expect(second).toMatch(/TypeError: x{69} +resolved$/);
    expect((await punctual(['errors', 'list', '--app', 'billing', '--json'], { doors })).json).toEqual(doors().errors);
    expect((await punctual(['errors', 'list', '--app', 'billing'], { doors: () => ({ errors: [] }) })).out).toBe('No error.\n');
  });

  it('list keeps a message from moving the cursor', async () => {
    const doors = () => ({ errors: [error({ message: 'a\u001b[2Jb\nc' })] });
    expect((await punctual(['errors', 'list', '--app', 'billing'], { doors })).out).toMatch(/TypeError: a \[2Jb c\n$/);
  });

  it.each([`-${'F'.repeat(21)}`, `--${'F'.repeat(20)}`, `-h${'F'.repeat(20)}`])(
    'a fingerprint may start with a hyphen: %s',
    async (fingerprint) => {
      const doors = () => ({ error: error({ fingerprint }) });
      for (const args of [
        [fingerprint, '--app', 'billing'],
        ['--app', 'billing', fingerprint],
      ]) {
        expect((await punctual(['errors', 'show', ...args], { doors })).requests).toEqual([
          { action: 'error', app: 'billing', fingerprint },
        ]);
        expect(await punctual(['errors', 'resolve', ...args, '--json'], { doors })).toMatchObject({ exit: 0, json: { fingerprint } });
      }
      const listed = await punctual(['list', '--app', 'billing', '--state', 'dead', '--fingerprint', fingerprint], {
        doors: () => ({ tasks: [] }),
      });
      expect(listed.requests).toMatchObject([{ fingerprint }]);
    },
  );

  it('show with a misspelt option is still wrong usage', async () => {
    expect(await punctual(['errors', 'show', '--app', 'billing', FINGERPRINT, '--jsn'])).toMatchObject({ exit: 2, requests: [] });
  });

  it('show tells how to see the tasks, to replay them and to resolve it', async () => {
    const { out, requests } = await punctual(['errors', 'show', '--app', 'billing', FINGERPRINT], { doors: () => ({ error: error() }) });
    expect(requests).toEqual([{ action: 'error', app: 'billing', fingerprint: FINGERPRINT }]);
    for (const words of [
      '1,000 failures, of 3 the task died',
      'versions    1, 2',
      `punctual list --app billing --state dead --fingerprint ${FINGERPRINT}`,
      `punctual replay --app billing --fingerprint ${FINGERPRINT}`,
      `punctual errors resolve --app billing ${FINGERPRINT}`,
    ])
      expect(out).toContain(words);
    expect(out).not.toContain('resolved ');
  });

  it('resolve says so', async () => {
    const doors = () => ({ error: error({ resolvedAt: '2026-12-24T07:00:00Z' }) });
    const { out, requests } = await punctual(['errors', 'resolve', '--app', 'billing', FINGERPRINT], { doors });
    expect(requests).toEqual([{ action: 'resolveError', app: 'billing', fingerprint: FINGERPRINT }]);
    expect(out).toBe(`${FINGERPRINT} is resolved.\n`);
  });

  it('without a word of what is help, and wrong usage', async () => {
    expect(await punctual(['errors'])).toMatchObject({ exit: 2, out: '' });
  });
});
