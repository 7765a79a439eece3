import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const PAGE = readFileSync(new URL('docs/security.md', ROOT), 'utf8');
const [, threats = ''] = /^## Threats$([\s\S]*?)^## /m.exec(PAGE) ?? [];
const ROWS = threats.split('\n').filter((line) => /^\| (?!threat )(?!-)/.test(line));

/** What has to be on the page, whatever else is. */
const THREATS = [
  'another app’s tasks',
  'writes the table, publishes to a topic or invokes the dispatcher',
  'without its lease',
  'a forged notification',
  'a replayed notification',
  'confused deputy',
  'plaintext',
  'secrets in logs',
  'starves the rest',
  'injected through names',
  'a web page',
  'the stack is deleted',
];

describe('the page on security', () => {
  it.each(THREATS)('has a row on: %s', (threat) => {
    expect(ROWS.filter((row) => row.split(' | ')[0]?.replaceAll("'", '’').includes(threat))).toHaveLength(1);
  });

  it.each(ROWS.map((row) => [row.slice(2).split(' | ')[0], row]))('names tests that exist: %s', (_, row = '') => {
    const named = [...row.matchAll(/`(test\/[^`]+)` "([^"]+)"/g)];
    expect(named.length).toBeGreaterThan(0);
    for (const [, file = '', title = ''] of named) {
      const path = fileURLToPath(new URL(file, ROOT));
      expect(existsSync(path), file).toBe(true);
      expect(readFileSync(path, 'utf8'), `${file} has a test with this title`).toContain(title.replaceAll('\\|', '|'));
    }
    // What is named by halves is a slip of the pen.
    expect(row.match(/test\//g)).toHaveLength(named.length);
  });
});
