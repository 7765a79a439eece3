import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { handlesOf, unhandled } from '../../cli/handles.ts';
import { type Given, type Json, punctual } from './given.ts';

const dir = mkdtempSync(join(tmpdir(), 'punctual-check-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
function file(name: string, content: string): string {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
}

const VERSIONS = [
  { name: 'send-invoice', version: 1, count: 2 },
  { name: 'send-invoice', version: 4, count: 1_000 },
  { name: 'tidy', version: 1, count: 3 },
];
const doors = ({ cursor }: Json) =>
  cursor === undefined ? { versions: VERSIONS.slice(0, 2), cursor: 'c1' } : { versions: VERSIONS.slice(2) };
const check = (flags: string[], given: Given = {}) => punctual(['deploy-check', '--app', 'billing', ...flags], { doors, ...given });

describe('deploy-check', () => {
  it('exits with 0 when the build can handle all that waits', async () => {
    const { exit, out } = await check(['--handles', '{"send-invoice":"1-4","tidy":"1"}']);
    expect([exit, out]).toEqual([0, 'This build can handle all 1,005 tasks of billing that wait or are in flight.\n']);
    expect((await check(['--handles', '{"send-invoice":"1-4","tidy":1}', '--json'])).json).toEqual({ ok: true, unhandled: [] });
  });

  it('exits with 1 and the list of what it could not', async () => {
    const { exit, out, err } = await check(['--handles', '{"send-invoice":"1-3"}']);
    expect([exit, err]).toEqual([1, '']);
    expect(out).toBe(`This build could not handle 1,003 tasks of billing: add a handler or an upcaster, or let them end first.
name          version  tasks  the build handles
send-invoice  4        1,000  1-3
tidy          1        3      none
`);
    expect((await check(['--handles', '{"send-invoice":"1-3"}', '--json'])).json).toEqual({
      ok: false,
      unhandled: [
        { name: 'send-invoice', version: 4, count: 1_000, handles: '1-3' },
        { name: 'tidy', version: 1, count: 3, handles: null },
      ],
    });
  });

  it('takes the handles from a file, from standard input or from a module', async () => {
    const json = '{"send-invoice":"1-4","tidy":"1"}';
    expect((await check(['--handles', file('handles.json', json)])).exit).toBe(0);
    expect((await check(['--handles', '-'], { stdin: json })).exit).toBe(0);
    expect((await check(['--module', file('named.mjs', `export const handles = ${json};`)])).exit).toBe(0);
    expect((await check(['--module', file('default.mjs', `export default ${json};`)])).exit).toBe(0);
    expect((await check(['--module', file('less.mjs', 'export default { tidy: "1" };')])).exit).toBe(1);
  });

  it.each([
    [[], 'by --handles or by --module (one of them)'],
    [['--handles', '{}', '--module', 'x.mjs'], 'by --handles or by --module (one of them)'],
    [['--handles', '{"a":'], '--handles is not JSON. Give JSON such as'],
    [['--handles', 'none.json'], '--handles names the file none.json, which cannot be read (ENOENT). Give JSON such as'],
    [['--handles', '{"a":"all"}'], '--handles.a must be version ranges, such as 1-3, 2 or 1,4-6; got "all".'],
    [['--handles', '{"a":["1"]}'], '--handles.a must be version ranges'],
    [['--handles', '{"two words":"1"}'], '--handles must be named by task names'],
    [['--module', 'none.mjs'], '--module none.mjs cannot be loaded'],
  ])('given %j is wrong usage', async (flags, words) => {
    const { exit, err, requests } = await check(flags);
    expect([exit, requests]).toEqual([2, []]);
    expect(err).toContain(words);
  });

  it('says of a module without handles what it must export', async () => {
    const { exit, err } = await check(['--module', file('empty.mjs', 'export const other = 1;')]);
    expect(exit).toBe(2);
    expect(err).toMatch(/--module .*empty\.mjs must be an object of version ranges by task name/);
  });
});

describe('ranges of versions', () => {
  it.each<[string, number[], number[]]>([
    ['2', [2], [1, 3, 22]],
    ['1-3', [1, 2, 3], [4]],
    ['1,4-6', [1, 4, 5, 6], [2, 3, 7]],
    ['10-12', [10, 11, 12], [1, 9, 13]],
  ])('%s are %j and not %j', (ranges, within, without) => {
    const left = [...within, ...without].filter((version) => unhandled([{ name: 'a', version, count: 1 }], { a: ranges }).length > 0);
    expect(left).toEqual(without);
  });

  it('of a name that every object has are only its own', () => {
    expect(unhandled([{ name: 'constructor', version: 1, count: 1 }], {})).toHaveLength(1);
  });

  it.each(['', '1-', '-1', '1--2', 'v1', '1, 2', '1.5'])('%j is none', (text) => {
    expect(() => handlesOf({ a: text }, 'handles')).toThrow('handles.a must be version ranges');
  });
});
