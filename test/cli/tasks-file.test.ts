import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readTasksFile } from '../../cli/tasks-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'punctual-files-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const HEADER = 'app,name,dueAt,timeZone,deadlineAt,priority,position,idempotencyKey,payload';

let files = 0;
function file(content: string): string {
  const path = join(dir, String(files++));
  writeFileSync(path, content);
  return path;
}

const read = (lines: string[], extras?: string[]) => readTasksFile(file([HEADER, ...lines].join('\n')), extras);

describe('a file of tasks in CSV', () => {
  it('gives a row for each task: empty cells are absent, the payload is what its JSON says', async () => {
    const { rows, problems } = await read([
      'web,remind,2026-12-24T09:00,Europe/Paris,,high,,key-1,"{""a"":[1,2]}"',
      'web,tidy,,,,,front,,',
    ]);
    expect(problems).toEqual([]);
    expect(rows).toEqual([
      {
        line: 2,
        app: 'web',
        name: 'remind',
        dueAt: '2026-12-24T09:00',
        timeZone: 'Europe/Paris',
        priority: 'high',
        idempotencyKey: 'key-1',
        payload: { a: [1, 2] },
        extra: {},
      },
      { line: 3, app: 'web', name: 'tidy', position: 'front', payload: null, extra: {} },
    ]);
  });

  it('says of each row that cannot be read which line, which field and why, and reads the others', async () => {
    const { rows, problems } = await read([
      'web,ok,,,,,,,"{""two"":',
      '""lines""}"',
      'Web,x,,,,,,,',
      'web,two words,,,,,,,',
      'web,x,,,,High,,,',
      'web,x,,,,,middle,,',
      'web,x,,,,,,,{bad',
      'web,x,1,2,3,4,5,6,7,8,9',
      'web,,,,,,,,',
      'web,last,,,,,,,',
    ]);
    expect(rows.map(({ line, name }) => [line, name])).toEqual([
      [2, 'ok'],
      [11, 'last'],
    ]);
    expect(problems.map(({ line, field }) => [line, field])).toEqual([
      [4, 'app'],
      [5, 'name'],
      [6, 'priority'],
      [7, 'position'],
      [8, 'payload'],
      [9, 'the row'],
      [10, 'name'],
    ]);
    expect(problems[2]?.reason).toBe('must be high, medium or low; got "High"');
  });

  it('refuses a file with an unknown column by its name, and takes the extras that it was told of', async () => {
    const content = 'app,name,colour\nweb,x,red\n';
    await expect(readTasksFile(file(content))).rejects.toThrow('unknown columns: colour');
    expect((await readTasksFile(file(content), ['colour'])).rows).toMatchObject([{ extra: { colour: 'red' } }]);
  });

  it('names the file that is not there, and what to give instead', async () => {
    await expect(readTasksFile(join(dir, 'none.csv'))).rejects.toThrow(/none\.csv cannot be read \(ENOENT\)\. Give the path/);
  });
});

describe('a file of tasks in JSON', () => {
  it('is an array of the same fields, the payload as itself', async () => {
    const { rows, problems } = await readTasksFile(
      file('[{"app":"web","name":"x","payload":{"a":1}},7,{"app":"web","name":"y","dueAt":5}]'),
    );
    expect(rows).toEqual([{ line: 1, app: 'web', name: 'x', payload: { a: 1 }, extra: {} }]);
    expect(problems.map(({ line, field }) => [line, field])).toEqual([
      [2, 'the row'],
      [3, 'dueAt'],
    ]);
  });

  it('that is no JSON is refused as a whole', async () => {
    await expect(readTasksFile(file('[{"app":'))).rejects.toThrow('The file is not JSON');
  });
});
