import { describe, expect, it } from 'vitest';
import { FINGERPRINT, type Given, idOf, type Json, notFound, punctual, Refusal, type Says, task } from './given.ts';

const [A, B, C] = [idOf('A'), idOf('B'), idOf('C')];
const does: Says = ({ id }) => ({ task: task((id as string).slice(-1), { state: 'cancelled' }) });
const refuses =
  (refusals: Record<string, Refusal>): Says =>
  (request, arn) => {
    const refusal = refusals[request.id as string];
    if (refusal) throw refusal;
    return does(request, arn);
  };
const wrongState = () => new Refusal('WrongState', 'The task is leased; this can be done to a task that is scheduled.');
const act = (args: string[], given: Given = {}) => punctual(args, { doors: does, ...given });

describe('one task', () => {
  it.each<[string[], Json]>([
    [['cancel', A], { action: 'cancel', id: A }],
    [['move-to-front', A], { action: 'moveToFront', id: A }],
    [['reprioritize', A, '--priority', 'high'], { action: 'reprioritize', id: A, priority: 'high' }],
    [['reschedule', A, '--delay', '2h'], { action: 'reschedule', id: A, delayMs: 7_200_000 }],
    [['reschedule', A, '--deadline-at', 'none'], { action: 'reschedule', id: A, deadlineAt: null }],
    [
      ['reschedule', A, '--due-at', '2026-12-25T09:00', '--deadline-at', '2026-12-25T10:00:00Z', '--time-zone', 'Europe/Paris'],
      { action: 'reschedule', id: A, dueAt: { local: '2026-12-25T09:00', timeZone: 'Europe/Paris' }, deadlineAt: '2026-12-25T10:00:00Z' },
    ],
    [['replay', A], { action: 'replay', id: A }],
    [['replay', A, '--payload', 'null'], { action: 'replay', id: A, payload: null }],
    [
      ['replay', A, '--payload', '-', '--due-at', 'in 1h'],
      { action: 'replay', id: A, payload: { a: 1 }, dueAt: '2026-12-24T08:00:00.000Z' },
    ],
    [['replay', A, '--delay', '5m'], { action: 'replay', id: A, delayMs: 300_000 }],
    [['cancel', A, A], { action: 'cancel', id: A }],
  ])('%j is done without a question', async (args, request) => {
    const { exit, err, requests } = await act(args, { stdin: '{"a":1}' });
    expect([exit, err, requests]).toEqual([0, '', [request]]);
  });

  it('is told as it stands now', async () => {
    const doors = () => ({ task: task('A', { deadlineAt: '2026-12-24T09:00:00Z', priority: 'high' }) });
    expect((await act(['reschedule', A, '--delay', '1h'], { doors })).out).toBe(
      `${A}: due in 1 h (2026-12-24 09:00 Europe/Paris), deadline in 2 h (2026-12-24 10:00 Europe/Paris)\n`,
    );
    expect((await act(['reprioritize', A, '--priority', 'high'], { doors })).out).toBe(`${A}: priority high\n`);
    expect((await act(['cancel', A, '--json'], { doors })).json).toEqual({ results: [{ id: A, ok: true, task: doors().task }] });
  });

  it('is not touched with --dry-run', async () => {
    const { exit, out, requests } = await act(['cancel', A, '--dry-run']);
    expect([exit, out, requests]).toEqual([0, `Would cancel ${A}.\n  ${A}\n`, []]);
  });

  it('that is refused gives the exit code, and with --json its result says why', async () => {
    const doors = refuses({ [A]: wrongState() });
    expect(await act(['cancel', A], { doors })).toMatchObject({
      exit: 4,
      out: '',
      err: `${A}: The task is leased; this can be done to a task that is scheduled.\n`,
    });
    const { exit, err, json } = await act(['cancel', A, '--json'], { doors });
    expect([exit, err]).toEqual([4, '']);
    expect(json).toMatchObject({ results: [{ id: A, ok: false, error: { code: 'WrongState', retryable: false } }] });
  });
});

describe('several tasks', () => {
  it('with --yes are done in the order given, each once', async () => {
    const { exit, requests, questions } = await act(['cancel', A, B, A, '--yes']);
    expect([exit, questions]).toEqual([0, []]);
    expect(requests.map(({ id }) => id)).toEqual([A, B]);
  });

  it('on a terminal are asked for; yes does it', async () => {
    const { exit, requests, questions } = await act(['reprioritize', A, B, '--priority', 'low'], { answer: true });
    expect([exit, requests.length, questions]).toEqual([0, 2, ['This will give 2 tasks priority low. Go on? [y/N] ']]);
  });

  it('on a terminal are asked for; no does nothing and exits with 1', async () => {
    const { exit, requests, err, out } = await act(['cancel', A, B], { answer: false });
    expect([exit, requests, err, out]).toEqual([1, [], 'punctual: Nothing was done.\n', '']);
  });

  it('without a terminal are said, not done, with 2', async () => {
    const { exit, requests, err, out } = await act(['cancel', A, B]);
    expect([exit, requests, out]).toEqual([2, [], '']);
    expect(err).toBe('punctual: This would cancel 2 tasks. Nothing was done: add --yes to do it, or --dry-run to only see it.\n');
    expect(JSON.parse((await act(['cancel', A, B, '--json'])).err)).toMatchObject({ error: { code: 'ConfirmationNeeded' } });
  });

  it('with --dry-run are named, even beside --yes', async () => {
    const { exit, requests, json } = await act(['cancel', A, B, '--dry-run', '--yes', '--json']);
    expect([exit, requests, json]).toEqual([0, [], { dryRun: true, would: 'cancel 2 tasks', ids: [A, B] }]);
  });

  it('do not hold each other up: the exit code is 1 where some went well', async () => {
    const { exit, json } = await act(['cancel', A, B, C, '--yes', '--json'], { doors: refuses({ [B]: notFound() }) });
    expect(exit).toBe(1);
    expect((json.results as Json[]).map(({ id, ok }) => [id, ok])).toEqual([
      [A, true],
      [B, false],
      [C, true],
    ]);
  });

  it('that are all refused for one kind of reason exit with its code, else with 1', async () => {
    expect(await act(['cancel', A, B, '--yes'], { doors: refuses({ [A]: notFound(), [B]: notFound() }) })).toMatchObject({ exit: 3 });
    expect(await act(['cancel', A, B, '--yes'], { doors: refuses({ [A]: notFound(), [B]: wrongState() }) })).toMatchObject({ exit: 1 });
  });

  it('are not asked for one after the other where the door cannot be reached at all', async () => {
    const doors = refuses({ [A]: new Refusal('Unavailable', 'Not now.') });
    const { exit, requests, json } = await act(['cancel', A, B, C, '--yes', '--json'], { doors });
    expect(exit).toBe(1);
    expect(new Set(requests.map(({ id }) => id))).toEqual(new Set([A]));
    expect((json.results as Json[]).map(({ id, ok }) => [id, ok])).toEqual([
      [A, false],
      [B, false],
      [C, false],
    ]);
  });

  it('are moved to the front the last first, so that the first given is first', async () => {
    expect((await act(['move-to-front', A, B, C, '--yes'])).requests.map(({ id }) => id)).toEqual([C, B, A]);
  });

  it('stop between two tasks once interrupted, and say how far they came', async () => {
    const stop = new AbortController();
    const doors: Says = (request, arn) => {
      stop.abort();
      return does(request, arn);
    };
    const { exit, requests, err } = await act(['cancel', A, B, '--yes'], { doors, signal: stop.signal });
    expect([exit, requests.length, err]).toEqual([130, 1, 'punctual: Interrupted: 1 of 2 tasks were asked for.\n']);
  });

  it('are not done after Ctrl-C at the question', async () => {
    const { exit, requests } = await act(['cancel', A, B], { answer: false, signal: AbortSignal.abort() });
    expect([exit, requests]).toEqual([130, []]);
  });
});

describe('replay', () => {
  it('of several ids is a dry run, on a terminal too, until --yes is given', async () => {
    for (const given of [{}, { answer: true }]) {
      const { exit, requests, questions, out } = await act(['replay', A, B], given);
      expect([exit, requests, questions]).toEqual([0, [], []]);
      expect(out).toBe(`Would replay 2 tasks.\n  ${A}\n  ${B}\n`);
    }
    expect((await act(['replay', A, B, '--yes'])).requests.map(({ action, id }) => [action, id])).toEqual([
      ['replay', A],
      ['replay', B],
    ]);
  });

  const steps =
    (refused: readonly string[] = []): Says =>
    ({ cursor, dryRun }) => {
      const matched = cursor === undefined ? [A, B] : [C];
      return {
        matched,
        replayed: dryRun ? [] : matched.filter((id) => !refused.includes(id)),
        refused: matched.filter((id) => refused.includes(id)).map((id) => ({ id, reason: 'it must not happen twice' })),
        ...(cursor === undefined ? { cursor: 'c1' } : {}),
      };
    };

  it('of an app’s dead tasks is a dry run that names them, until --yes is given', async () => {
    for (const given of [{}, { answer: true }]) {
      const { exit, out, requests, questions } = await act(['replay', '--app', 'billing'], { doors: steps([B]), ...given });
      expect([exit, questions]).toEqual([0, []]);
      expect(requests.map(({ dryRun }) => dryRun)).toEqual([true, true]);
      expect(out).toBe(
        `Would replay 2 dead tasks of billing; --yes does it.\n  ${A}\n  ${C}\n  ${B} is refused: it must not happen twice\n`,
      );
    }
  });

  it('of an app’s dead tasks takes a filter', async () => {
    const { requests } = await act(
      [
        'replay',
        '--app',
        'billing',
        '--name',
        'send-invoice',
        '--fingerprint',
        FINGERPRINT,
        '--from',
        '1d ago',
        '--to',
        '2026-12-24T00:00:00Z',
        '--yes',
      ],
      { doors: () => ({ matched: [], replayed: [], refused: [] }) },
    );
    expect(requests).toEqual([
      {
        action: 'replayAll',
        app: 'billing',
        name: 'send-invoice',
        fingerprint: FINGERPRINT,
        from: '2026-12-23T07:00:00.000Z',
        to: '2026-12-24T00:00:00Z',
        dryRun: false,
        limit: 100,
      },
    ]);
  });

  it('with --yes replays them step by step, and exits with 1 if some were refused', async () => {
    const all = await act(['replay', '--app', 'billing', '--yes', '--json'], { doors: steps() });
    expect([all.exit, all.err, all.json]).toEqual([0, '', { dryRun: false, matched: [A, B, C], replayed: [A, B, C], refused: [] }]);
    const some = await act(['replay', '--app', 'billing', '--yes'], { doors: steps([C]) });
    expect([some.exit, some.out]).toEqual([1, `Replayed 2 tasks.\n  ${C} is refused: it must not happen twice\n`]);
    expect(some.err).toBe('2 tasks found …\n3 tasks found …\n');
  });

  it('with --dry-run beside --yes stays a dry run', async () => {
    expect((await act(['replay', '--app', 'billing', '--yes', '--dry-run'], { doors: steps() })).requests[0]).toMatchObject({
      dryRun: true,
    });
  });

  it('shows 20 ids of many', async () => {
    const many = Array.from({ length: 25 }, (_, index) => idOf(String.fromCharCode(97 + index)));
    const { out } = await act(['replay', '--app', 'billing'], { doors: () => ({ matched: many, replayed: [], refused: [] }) });
    expect(out.match(/billing\//g)).toHaveLength(20);
    expect(out).toContain('and 5 more');
  });

  it('of nothing says so', async () => {
    const { exit, out } = await act(['replay', '--app', 'billing'], { doors: () => ({ matched: [], replayed: [], refused: [] }) });
    expect([exit, out]).toEqual([0, 'No dead task of billing is like that.\n']);
  });

  it('stops between two steps once interrupted', async () => {
    const stop = new AbortController();
    const doors: Says = (request, arn) => {
      stop.abort();
      return steps()(request, arn);
    };
    const { exit, requests, err } = await act(['replay', '--app', 'billing', '--yes'], { doors, signal: stop.signal });
    expect([exit, requests.length]).toEqual([130, 1]);
    expect(err).toContain('of 2 tasks each was replayed or refused. Run it again for the rest.');
  });

  it.each([
    [['replay'], 'Say what to replay'],
    [['replay', '--name', 'x'], 'Say what to replay'],
    [['replay', A, '--app', 'billing'], '--app goes without ids'],
    [['replay', A, '--fingerprint', FINGERPRINT], '--fingerprint goes without ids'],
    [['replay', '--app', 'billing', '--due-at', 'now'], '--due-at goes with ids, not with --app.'],
    [['replay', '--app', 'billing', '--payload', '1'], '--payload goes with ids, not with --app.'],
    [['replay', A, B, '--payload', '1'], '--payload goes with one id only'],
    [['replay', A, '--payload', '{secret'], '--payload must be JSON'],
    [['replay', A, '--payload', '@/none/such.json'], '/none/such.json, which cannot be read (ENOENT)'],
    [['replay', A, '--delay', '2'], 'delay must be a duration with units'],
    [['replay', '--app', 'billing', '--from', 'yesterday'], '--from must be an instant'],
  ])('%j is refused before anything is asked', async (args, words) => {
    const { exit, requests, err } = await act(args);
    expect([exit, requests]).toEqual([2, []]);
    expect(err).toContain(words);
    expect(err).not.toContain('secret');
  });
});

describe('pause and resume', () => {
  const valves = () => ({ app: 'billing', valve: { state: 'limited', perMinute: 60 }, names: { 'send-invoice': { state: 'paused' } } });
  it.each<[string[], Json, string]>([
    [['pause'], { action: 'pause', app: 'billing' }, 'pause all tasks of billing'],
    [['pause', '--name', 'x'], { action: 'pause', app: 'billing', name: 'x' }, 'pause the tasks x of billing'],
    [['resume'], { action: 'resume', app: 'billing' }, 'resume all tasks of billing'],
    [['resume', '--rate', '60/m'], { action: 'resume', app: 'billing', perMinute: 60 }, 'resume all tasks of billing, at most 60 a minute'],
    [
      ['resume', '--rate', '2/s', '--name', 'x'],
      { action: 'resume', app: 'billing', name: 'x', perMinute: 120 },
      'resume the tasks x of billing, at most 120 a minute',
    ],
  ])('%j needs a yes, and is done with one', async (args, request, would) => {
    const command = [...args, '--app', 'billing'];
    expect(await act([...command, '--yes'], { doors: valves })).toMatchObject({
      exit: 0,
      requests: [request],
      out: 'billing: limited, 60 a minute\n  send-invoice: paused\n',
    });
    expect(await act(command, { doors: valves })).toMatchObject({ exit: 2, requests: [] });
    expect(await act(command, { doors: valves, answer: true })).toMatchObject({
      requests: [request],
      questions: [`This will ${would}. Go on? [y/N] `],
    });
    expect((await act([...command, '--dry-run', '--json'], { doors: valves })).json).toEqual({ dryRun: true, would });
    expect((await act([...command, '--yes', '--json'], { doors: valves })).json).toEqual(valves());
  });

  it.each([
    ['1/s', 60],
    ['60/m', 60],
    ['120/h', 2],
    ['16666/s', 999_960],
    ['1000000/m', 1_000_000],
  ])('a rate of %s is %d a minute', async (rate, perMinute) => {
    expect((await act(['resume', '--app', 'billing', '--yes', '--rate', rate], { doors: valves })).requests).toMatchObject([{ perMinute }]);
  });

  it.each(['60', '60/d', '/m', '1.5/s', '90/h', '0/m', '30/h', '1000001/m', '16667/s', '-1/m'])('a rate of %s is refused', async (rate) => {
    const { exit, err, requests } = await act(['resume', '--app', 'billing', '--yes', `--rate=${rate}`]);
    expect([exit, requests]).toEqual([2, []]);
    expect(err).toMatch(/It must (be a number a second, minute or hour|come to a whole number from 1 to 1000000 a minute)/);
  });
});
