import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const PAGE = readFileSync(new URL('docs/guarantees.md', ROOT), 'utf8');
const ROWS = PAGE.split('\n').filter((line) => /^\| R\d+ /.test(line));

describe('the page of guarantees', () => {
  it('has a row for each requirement, R1 to R25, in order', () => {
    expect(ROWS.map((row) => /^\| (R\d+) /.exec(row)?.[1])).toEqual(Array.from({ length: 25 }, (_, i) => `R${i + 1}`));
  });

  it.each(ROWS.filter((row) => !row.startsWith('| R15 ')))('names tests that exist: %s', (row) => {
    const named = [...row.matchAll(/`(test\/[^`]+)` "([^"]+)"/g)];
    expect(named.length).toBeGreaterThan(0);
    for (const [, file = '', title = ''] of named) {
      const path = fileURLToPath(new URL(file, ROOT));
      expect(existsSync(path), file).toBe(true);
      expect(readFileSync(path, 'utf8'), `${file} has a test with this title`).toContain(title);
    }
    // What is named by halves is a slip of the pen.
    expect(row.match(/test\//g)).toHaveLength(named.length);
  });
});

describe('the invariants and their checks', () => {
  const [, invariants = ''] = PAGE.split('## Invariants');

  it('has a row for each, in order', () => {
    const named = [...invariants.matchAll(/^\| (I\w+) /gm)].map(([, name]) => name);
    expect(named).toEqual([
      'I1',
      'I2',
      'I3',
      'I4',
      'I5',
      'I6',
      'I7',
      'I8',
      'I9',
      'I10',
      'I10b',
      ...Array.from({ length: 10 }, (_, i) => `I${i + 11}`),
    ]);
  });

  it('names files and commands that exist', () => {
    const files = [...invariants.matchAll(/`(test\/[^`]+)`/g)].map(([, file = '']) => file);
    const commands = [...invariants.matchAll(/`npm run (\w+)/g)].map(([, name = '']) => name);
    const { scripts } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) expect(existsSync(fileURLToPath(new URL(file, ROOT))), file).toBe(true);
    for (const name of commands) expect(scripts, name).toHaveProperty(name);
  });
});
