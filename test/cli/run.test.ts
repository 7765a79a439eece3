import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../contract/errors.ts';
import { idOf, type Json, notFound, punctual, Refusal, task } from './given.ts';

const COMMANDS = [
  'enqueue',
  'get',
  'explain',
  'list',
  'next',
  'stats',
  'cancel',
  'reschedule',
  'reprioritize',
  'move-to-front',
  'replay',
  'pause',
  'resume',
  'deploy-check',
];

describe('help', () => {
  it('lists every command, the exit codes and how the doors are found, and exits with 0', async () => {
    const { exit, out, err } = await punctual(['--help']);
    expect([exit, err]).toEqual([0, '']);
    for (const word of [...COMMANDS, 'errors', 'Exit codes', 'PUNCTUAL_OPERATE', 'PUNCTUAL_APPS', 'PUNCTUAL_QUEUE'])
      expect(out).toContain(word);
    expect(out).not.toContain('JSON: ');
  });

  it.each([...COMMANDS, 'errors list', 'errors show', 'errors resolve'])('of %s has an example', async (command) => {
    const { exit, out } = await punctual([...command.split(' '), '--help']);
    expect(exit).toBe(0);
    expect(out).toContain(`$ punctual ${command}`);
    expect(out.replace(/\s+/g, ' ')).toContain('JSON: ');
    expect(out).toContain('--time-zone');
  });

  it('without a command is help too, and wrong usage', async () => {
    const { exit, out, err } = await punctual([]);
    expect([exit, out]).toEqual([2, '']);
    expect(err).toMatch(/^Usage: punctual/);
    expect(err).not.toContain('outputHelp');
  });
});

describe('wrong usage', () => {
  it.each([
    [['cancle'], "unknown command 'cancle' (Did you mean cancel?)"],
    [['list', '--app', 'billing', '--stat', 'dead'], "unknown option '--stat' (Did you mean --state?)"],
    [['list'], "required option '--app <app>' not specified"],
    [['list', '--app', 'billing', '--state', 'late'], 'Allowed choices are scheduled, leased, completed, cancelled, dead.'],
    [['next', '--app', 'billing', '--count', '1.5'], 'It must be a whole number from 1 to 25.'],
    [['next', '--app', 'billing', '--count', '26'], 'It must be a whole number from 1 to 25.'],
    [['get'], "missing required argument 'id'"],
    [['cancel'], "missing required argument 'id'"],
    [['reprioritize', idOf('A')], "required option '--priority <level>' not specified"],
    [['get', idOf('A'), '--time-zone', 'Paris'], '--time-zone must be an IANA time zone'],
    [['get', 'billing'], 'id must be a task id as enqueue answered it'],
    [['errors', 'list', '--app', 'Billing'], 'app must be an app name'],
    [['errors', 'show', '--app', 'billing', 'short'], 'fingerprint must be a fingerprint as errors lists it'],
    [['get', idOf('A'), '--operate-arn', 'tasks-operate'], 'operateArn must be the ARN of an operate door'],
    [['reschedule', idOf('A')], 'add --due-at, --delay or --deadline-at'],
    [['reschedule', idOf('A'), '--delay', '2'], 'delay must be a duration with units'],
    [['reschedule', idOf('A'), '--delay', '2h', '--due-at', 'now'], 'must be left out when dueAt is given'],
    [['stats', '--watch', '--every', '5'], '--every must be a duration'],
  ])('%j exits with 2 and says: %s', async (args, words) => {
    const { exit, out, err, requests } = await punctual(args);
    expect([exit, out, requests]).toEqual([2, '', []]);
    expect(err.replace(/\s+/g, ' ')).toContain(words);
    expect(err).toMatch(/^punctual: /);
    expect(err).not.toMatch(/\n\s+at /);
  });
});

describe('what a door refuses', () => {
  const codes: [ErrorCode, number][] = [
    ['BadRequest', 2],
    ['PayloadTooLarge', 2],
    ['NotFound', 3],
    ['IdempotencyConflict', 4],
    ['WrongState', 4],
    ['LeaseLost', 4],
    ['Held', 4],
    ['Unavailable', 1],
  ];
  it.each(codes)('with %s exits with %d, in words', async (code, exit) => {
    const ran = await punctual(['explain', idOf('A')], {
      doors: () => {
        throw new Refusal(code, `This is ${code}.`);
      },
    });
    expect([ran.exit, ran.out, ran.err]).toEqual([exit, '', `punctual: This is ${code}.\n`]);
  });

  it('is one JSON object on standard error with --json, and standard output stays empty', async () => {
    const ran = await punctual(['explain', idOf('A'), '--json'], {
      doors: () => {
        throw notFound();
      },
    });
    expect([ran.exit, ran.out]).toEqual([3, '']);
    expect(JSON.parse(ran.err)).toEqual({
      error: { code: 'NotFound', message: 'This app has no such task, or its history has expired.', field: 'id', retryable: false },
    });
  });

  it('cannot move a terminal’s cursor by its words', async () => {
    const ran = await punctual(['explain', idOf('A')], {
      doors: () => {
        throw new Refusal('NotFound', 'a\u001b[2Jb\rc');
      },
    });
    expect(ran.err).toBe('punctual: a [2Jb c\n');
  });

  it('is said of wrong usage in the same form, wherever --json stands', async () => {
    for (const args of [
      ['--json', 'cancle'],
      ['cancle', '--json'],
    ]) {
      const { err, out, exit } = await punctual(args);
      const { error } = JSON.parse(err) as { error: Json };
      expect([exit, out, error.code]).toEqual([2, '', 'Usage']);
      expect(error.message).toMatch(/^unknown command 'cancle'/);
    }
  });
});

describe('a bug', () => {
  it('is not taken for a mistake of the user: it is thrown', async () => {
    const doors = () => {
      throw new TypeError('a bug');
    };
    await expect(punctual(['explain', idOf('A')], { doors })).resolves.toMatchObject({ exit: 1 });
    await expect(
      punctual(['enqueue', '--name', 'x', '--payload', '-'], {
        get stdin(): string {
          throw new TypeError('a bug');
        },
      }),
    ).rejects.toThrow('a bug');
  });
});

describe('common options', () => {
  it('may stand before or after the command', async () => {
    const doors = () => ({ id: idOf('A'), state: 'scheduled', text: 'not due until 2026-12-24T08:00:00.000Z' });
    for (const args of [
      ['--time-zone', 'Asia/Tokyo', 'explain', idOf('A')],
      ['explain', idOf('A'), '--time-zone', 'Asia/Tokyo'],
    ]) {
      expect((await punctual(args, { doors })).out).toBe('not due until in 1 h (2026-12-24 17:00 Asia/Tokyo)\n');
    }
  });

  it('JSON has instants in UTC, whatever the zone', async () => {
    const doors = (request: Json) =>
      request.action === 'get' ? { task: task('A') } : { id: idOf('A'), state: 'scheduled', text: 'waits' };
    const { json } = await punctual(['get', idOf('A'), '--json', '--time-zone', 'Asia/Tokyo'], { doors });
    expect(json).toEqual({ task: task('A'), explanation: 'waits' });
  });
});
