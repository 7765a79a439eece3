import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BILLING, type Given, type Json, OFFICE, punctual, Refusal, type Says, takesTasks } from './given.ts';

const dir = mkdtempSync(join(tmpdir(), 'punctual-cli-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let files = 0;
function file(...lines: string[]): string {
  const path = join(dir, `${files++}.csv`);
  writeFileSync(path, lines.join('\n'));
  return path;
}

const enqueue = (args: string[], given: Given = {}) => punctual(['enqueue', ...args], { doors: takesTasks(), ...given });
const tasksOf = (request: Json | undefined): Json[] => (request?.tasks ?? []) as Json[];
const FIRST_ID = `billing/${'0'.repeat(22)}`;

describe('one task', () => {
  it('has what its flags say', async () => {
    const { exit, requests } = await enqueue(
      [
        '--app',
        'billing',
        '--name',
        'send-invoice',
        '--payload',
        '{"invoice":42}',
        '--due-at',
        '2026-12-24T09:00',
        '--time-zone',
        'Europe/Paris',
      ]
        .concat(['--deadline-at', 'in 5h', '--priority', 'high', '--idempotency-key', 'k', '--max-attempts', '3', '--payload-version', '2'])
        .concat(['--expires-after-deadline', '--exclusive', '--no-replayable']),
    );
    expect(exit).toBe(0);
    expect(requests).toEqual([
      {
        action: 'enqueue',
        name: 'send-invoice',
        payload: { invoice: 42 },
        dueAt: { local: '2026-12-24T09:00', timeZone: 'Europe/Paris' },
        deadlineAt: '2026-12-24T12:00:00.000Z',
        priority: 'high',
        idempotencyKey: 'k',
        maxAttempts: 3,
        version: 2,
        expiresAfterDeadline: true,
        exclusive: true,
        replayable: false,
      },
    ]);
  });

  it('leaves to the door what no flag says', async () => {
    const { requests } = await enqueue(['--app', 'billing', '--name', 'x']);
    expect(Object.keys(requests[0] ?? {}).sort()).toEqual(['action', 'idempotencyKey', 'name', 'payload', 'version']);
    expect((await enqueue(['--app', 'billing', '--name', 'x', '--no-acknowledge', '--position', 'front', '--delay', '0s'])).exit).toBe(2);
    expect((await enqueue(['--app', 'billing', '--name', 'x', '--no-acknowledge', '--position', 'front'])).requests).toMatchObject([
      { acknowledge: false, position: 'front' },
    ]);
  });

  it('is told with its id and when it is due', async () => {
    const { out } = await enqueue(['--app', 'billing', '--name', 'x']);
    expect(out).toBe(`${FIRST_ID} is enqueued: priority medium, due in 2 h 5 min (2026-12-24 10:05 Europe/Paris)\n`);
    const { json } = await enqueue(['--app', 'billing', '--name', 'x', '--json']);
    expect(json).toEqual({ id: FIRST_ID, created: true, state: 'scheduled', priority: 'medium', dueAt: '2026-12-24T09:05:00.000Z' });
  });

  it('that was there before is said to have been', async () => {
    const doors: Says = (request, arn) => ({ ...takesTasks()(request, arn), created: false, state: 'completed' });
    expect((await enqueue(['--app', 'billing', '--name', 'x', '--idempotency-key', 'k'], { doors })).out).toContain(
      `${FIRST_ID} was there before, completed: priority`,
    );
  });

  it('takes its payload from a file or from standard input', async () => {
    const path = file('{"from":"file"}');
    expect((await enqueue(['--app', 'billing', '--name', 'x', '--payload', `@${path}`])).requests).toMatchObject([
      { payload: { from: 'file' } },
    ]);
    expect((await enqueue(['--app', 'billing', '--name', 'x', '--payload', '-'], { stdin: '"in"' })).requests).toMatchObject([
      { payload: 'in' },
    ]);
  });

  it('with --dry-run is checked and not sent', async () => {
    const fine = await enqueue(['--app', 'billing', '--name', 'x', '--dry-run']);
    expect([fine.exit, fine.out, fine.requests]).toEqual([0, 'Would enqueue x.\n', []]);
    const bad = await enqueue(['--app', 'billing', '--name', 'two words', '--dry-run']);
    expect([bad.exit, bad.out, bad.requests]).toEqual([2, '', []]);
    expect(bad.err).toContain('name must be a task name');
  });

  it.each([
    [[], '--name for one task, or --file for many'],
    [['--name', 'x', '--key-prefix', 'k'], '--key-prefix goes with --file'],
    [['--name', 'x', '--payload', 'text'], '--payload must be JSON'],
    [['--name', 'x', '--due-at', '2026-12-24T09:00'], '--due-at must be an instant with its offset'],
    [['--name', 'x', '--max-attempts', '0'], 'It must be a whole number from 1 to 100.'],
    [['--name', 'x', '--app', 'billing', '--position', 'middle'], 'position must be front or back'],
    [['--file', '-', '--name', 'x'], 'name is said in the rows of the file'],
    [['--file', '-', '--payload', '1'], 'payload is said in the rows of the file'],
  ])('given as %j is wrong usage', async (args, words) => {
    const { exit, err, requests } = await enqueue(args);
    expect([exit, requests]).toEqual([2, []]);
    expect(err).toContain(words);
  });
});

const HEADER = 'app,name,dueAt,timeZone,idempotencyKey,payload';
const MIXED = [
  HEADER,
  'billing,send,,,k1,"{""a"":1}"',
  'office,tidy,2026-12-25T09:00,Europe/Paris,,',
  'billing,send,,,k3,',
  'billing,known,,,k4,',
];

describe('a file of tasks', () => {
  it('goes to the door of each app, and says how many', async () => {
    const { exit, out, err, requests, arns } = await enqueue(['--file', file(...MIXED), '--yes']);
    expect([exit, err]).toEqual([0, '']);
    expect(out).toBe('Enqueued 4 tasks, of which 1 was there before.\n');
    expect(arns).toEqual([BILLING, OFFICE]);
    expect(requests).toMatchObject([
      {
        action: 'enqueueBatch',
        tasks: [
          { name: 'send', payload: { a: 1 }, idempotencyKey: 'k1' },
          { name: 'send', payload: null, idempotencyKey: 'k3' },
          { name: 'known', idempotencyKey: 'k4' },
        ],
      },
      { action: 'enqueueBatch', tasks: [{ name: 'tidy', dueAt: { local: '2026-12-25T09:00', timeZone: 'Europe/Paris' } }] },
    ]);
  });

  it('with --json is told row by row', async () => {
    const { json, err } = await enqueue([
      '--file',
      file(...MIXED, 'billing,refused,,,k5,', 'billing,two words,,,,', 'billing,refused,,,k6,'),
      '--yes',
      '--json',
    ]);
    expect(err).toBe('');
    expect(json).toMatchObject({ enqueued: 4, created: 3 });
    expect((json.tasks as Json[]).map(({ line, id, created }) => [line, String(id).split('/')[0], created])).toEqual([
      [2, 'billing', true],
      [4, 'billing', true],
      [5, 'billing', false],
      [3, 'office', true],
    ]);
    expect(json.problems).toEqual([
      { line: 6, field: 'dueAt', code: 'BadRequest', reason: 'dueAt must be later.' },
      { line: 7, field: 'name', code: 'BadRequest', reason: expect.stringContaining('must be a task name') },
      { line: 8, field: 'dueAt', code: 'BadRequest', reason: 'dueAt must be later.' },
    ]);
  });

  it('with rows that are refused, here or by the door, says their line and field, sends the others, and exits with 1', async () => {
    const path = file(
      HEADER,
      'billing,send,,,,',
      'billing,send,2026-12-25T09:00,,,',
      'billing,refused,,,,',
      'billing,send,,,,{bad',
      'billing,send,2026-02-30T09:00:00Z,,,',
    );
    const { exit, out, err, requests } = await enqueue(['--file', path, '--yes']);
    expect([exit, out]).toEqual([1, 'Enqueued 1 task; 4 rows were refused.\n']);
    expect(tasksOf(requests[0]).map(({ name }) => name)).toEqual(['send', 'refused']);
    const lines = err.split('\n');
    expect(lines[0]).toMatch(/^line 3, the row: dueAt must be an instant with its offset.*--time-zone; got "2026-12-25T09:00"\.$/);
    expect(lines[1]).toMatch(/^line 5, payload: must be JSON/);
    expect(lines[2]).toMatch(/^line 6, dueAt: dueAt must be a date that exists in the calendar/);
    expect(lines[3]).toBe('line 4, dueAt: dueAt must be later.');
  });

  it('reads local dates in the zone that was given, where a row has none of its own', async () => {
    const path = file(HEADER, 'billing,a,2026-12-25T09:00,,,', 'billing,b,2026-12-25T09:00,Asia/Tokyo,,');
    const { requests } = await enqueue(['--file', path, '--yes', '--time-zone', 'Europe/Paris']);
    expect(tasksOf(requests[0]).map(({ dueAt }) => (dueAt as { timeZone: string }).timeZone)).toEqual(['Europe/Paris', 'Asia/Tokyo']);
  });

  it('may have a column for all else that a task can be', async () => {
    const columns = 'app,name,delay,version,maxAttempts,acknowledge,exclusive,expiresAfterDeadline,replayable,deadlineAt';
    const csv = file(
      columns,
      'billing,a,2h,3,5,,true,true,false,2027-01-01T00:00:00Z',
      'billing,b,,,,false,,,,',
      'billing,c,,x,,,,,,',
      'billing,d,,,,,maybe,,,',
    );
    const { requests, err } = await enqueue(['--file', csv, '--yes']);
    const [a, b] = tasksOf(requests[0]);
    expect(a).toMatchObject({
      delayMs: 7_200_000,
      version: 3,
      maxAttempts: 5,
      exclusive: true,
      expiresAfterDeadline: true,
      replayable: false,
    });
    expect(a).not.toHaveProperty('acknowledge');
    expect(b).toMatchObject({ acknowledge: false });
    expect(b).not.toHaveProperty('exclusive');
    expect(err).toContain('line 4, the row: version must be a whole number; got "x".');
    expect(err).toContain('line 5, the row: exclusive must be true or false; got "maybe".');
  });

  it('in JSON, or on standard input, may have numbers and booleans there', async () => {
    const stdin = '[{"app":"billing","name":"a","version":3,"exclusive":true,"payload":{"a":1}},{"app":"billing","name":"b","priority":1}]';
    const { requests, err } = await enqueue(['--file', '-', '--yes'], { stdin });
    expect(requests).toMatchObject([{ tasks: [{ name: 'a', version: 3, exclusive: true, payload: { a: 1 } }] }]);
    expect(err).toBe('line 2, priority: must be a text; got 1\n');
  });

  it('goes in batches of 100, each row once and in order, with progress every second', async () => {
    const rows = Array.from({ length: 250 }, (_, index) => `billing,t${index},,,,`);
    const { exit, err, out, requests } = await enqueue(['--file', file(HEADER, ...rows), '--yes'], { step: 600 });
    expect([exit, out]).toEqual([0, 'Enqueued 250 tasks.\n']);
    expect(requests.map(({ tasks }) => (tasks as Json[]).length)).toEqual([100, 100, 50]);
    expect(requests.flatMap(({ tasks }) => (tasks as Json[]).map(({ name }) => name))).toEqual(rows.map((_, index) => `t${index}`));
    expect(err).toBe('200 of 250 tasks …\n');
  });

  it('with --key-prefix gives each row without a key one by its line, the same each time', async () => {
    const path = file(HEADER, 'billing,a,,,,', 'billing,b,,,own,');
    const keys = async () => {
      const { requests } = await enqueue(['--file', path, '--yes', '--key-prefix', 'dec']);
      return tasksOf(requests[0]).map((one) => one.idempotencyKey);
    };
    expect(await keys()).toEqual(['dec:2', 'own']);
    expect(await keys()).toEqual(['dec:2', 'own']);
  });

  it('needs a yes, and says for which apps and how many', async () => {
    const path = file(...MIXED, 'billing,,,,,');
    const would = 'enqueue 4 tasks (billing 3, office 1); 1 row is refused';
    const asked = await enqueue(['--file', path]);
    expect([asked.exit, asked.requests]).toEqual([2, []]);
    expect(asked.err).toContain(`This would ${would}. Nothing was done`);
    expect((await enqueue(['--file', path], { answer: true })).questions).toEqual([`This will ${would}. Go on? [y/N] `]);
    expect(await enqueue(['--file', path], { answer: false })).toMatchObject({ exit: 1, requests: [] });
  });

  it('of one row needs no yes', async () => {
    expect(await enqueue(['--file', file(HEADER, 'billing,a,,,,')])).toMatchObject({ exit: 0, out: 'Enqueued 1 task.\n' });
  });

  it('with --dry-run is checked row by row and not sent: 1 if a row is refused, else 0', async () => {
    const bad = await enqueue(['--file', file(...MIXED, 'billing,a,2026-13-01T00:00:00Z,,,'), '--dry-run', '--json']);
    expect([bad.exit, bad.requests]).toEqual([1, []]);
    expect(bad.json).toMatchObject({ dryRun: true, problems: [{ line: 6, field: 'dueAt', code: 'BadRequest' }] });
    const good = await enqueue(['--file', file(...MIXED), '--dry-run'], { env: {} });
    expect([good.exit, good.out]).toEqual([0, 'Would enqueue 4 tasks (billing 3, office 1).\n']);
  });

  it('with an app that has no door here sends the others, and tells its rows together', async () => {
    const path = file(HEADER, 'web,a,,,,', 'web,b,,,,', 'billing,a,,,,');
    const { exit, out, err } = await enqueue(['--file', path, '--yes']);
    expect([exit, out]).toEqual([1, 'Enqueued 1 task; 2 rows were refused.\n']);
    expect(err).toBe('lines 2 to 3 (2 rows), app: No app "web" is connected here, only billing, office.\n');
  });

  it('stops asking a door that cannot be reached, and goes on with the other app', async () => {
    const rows = Array.from({ length: 250 }, (_, index) => `billing,t${index},,,,`);
    const works = takesTasks();
    const doors: Says = (request, arn) => {
      if (arn === BILLING) throw new Refusal('Unavailable', 'Not now.');
      return works(request, arn);
    };
    const { exit, out, err, arns } = await enqueue(['--file', file(HEADER, ...rows, 'office,a,,,,'), '--yes'], { doors });
    expect([exit, out]).toEqual([1, 'Enqueued 1 task; 250 rows were refused.\n']);
    // Three calls for one batch: the client asks again by itself.
    expect(arns.filter((arn) => arn === BILLING)).toHaveLength(3);
    expect(err).toBe('lines 2 to 251 (250 rows), the row: Not now.\n');
  });

  it('with --submit-arn is of one app, whose door it must be', async () => {
    const two = await enqueue(['--file', file(...MIXED), '--yes', '--submit-arn', BILLING]);
    expect([two.exit, two.requests]).toEqual([2, []]);
    expect(two.err).toContain('--submit-arn is the door of one app; the file has billing, office.');
    const right = await enqueue([
      '--file',
      file(HEADER, 'billing,a,,,,', 'billing,b,,,,', 'billing,c,,,,'),
      '--yes',
      '--submit-arn',
      BILLING,
    ]);
    expect(right.requests.map((request) => tasksOf(request).map(({ name }) => name))).toEqual([['a'], ['b', 'c']]);
    const wrong = await enqueue(['--file', file(HEADER, 'billing,a,,,,', 'billing,b,,,,'), '--yes', '--submit-arn', OFFICE]);
    expect(wrong.exit).toBe(1);
    expect(tasksOf(wrong.requests[0])).toHaveLength(1);
    expect(wrong.err).toContain('The task of line 2 is for billing, but the door made office/');
  });

  it('stops between two batches once interrupted, and says what sending it again would do', async () => {
    const rows = Array.from({ length: 150 }, (_, index) => `billing,t${index},,,,`);
    const stop = new AbortController();
    const works = takesTasks();
    const doors: Says = (request, arn) => {
      stop.abort();
      return works(request, arn);
    };
    const { exit, requests, err, out } = await enqueue(['--file', file(HEADER, ...rows), '--yes'], { doors, signal: stop.signal });
    expect([exit, requests.length, out]).toEqual([130, 1, '']);
    expect(err).toContain('punctual: Interrupted: 100 of 150 tasks were sent.');
    expect(err).toContain('--key-prefix');
  });

  it.each([
    [['none.csv'], 'none.csv cannot be read (ENOENT). Give the path'],
    [[HEADER], 'has no task.'],
    [['app,name,colour', 'billing,a,red'], 'unknown columns: colour'],
    [['[{"app":'], 'The file is not JSON'],
  ])('that is %j is wrong usage', async (lines, words) => {
    const path = lines[0] === 'none.csv' ? 'none.csv' : file(...lines);
    const { exit, err, requests } = await enqueue(['--file', path, '--yes']);
    expect([exit, requests]).toEqual([2, []]);
    expect(err).toContain(words);
    expect(JSON.parse((await enqueue(['--file', path, '--yes', '--json'])).err)).toHaveProperty('error.code');
  });
});
