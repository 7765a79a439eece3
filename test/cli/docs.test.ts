import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { error, idOf, type Json, punctual, type Says, stats, takesTasks, task } from './given.ts';

/** The command lines of a page, without their comments. */
function linesOf(page: string): string[] {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^punctual (.*?)(?: {2,}#.*)?$/gm)].map(([, words = '']) => words);
}
const lines = linesOf('cli.md');

/** A line as a shell splits it, as far as the page needs it. */
const split = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, one, two, bare]) => one ?? two ?? bare ?? '');

const ANSWERS: Record<string, object> = {
  get: { task: task('A') },
  explain: { id: idOf('A'), state: 'scheduled', text: 'waits' },
  list: { tasks: [] },
  next: { next: [] },
  describe: { apps: [{ app: 'billing' }], dispatcher: { runs: 1 } },
  stats: stats(),
  errors: { errors: [] },
  error: { error: error() },
  resolveError: { error: error() },
  versions: { versions: [] },
  replayAll: { matched: [], replayed: [], refused: [] },
  pause: stats(),
  resume: stats(),
};
const doors: Says = (request: Json, arn) =>
  String(request.action).startsWith('enqueue') ? takesTasks()(request, arn) : (ANSWERS[String(request.action)] ?? { task: task('A') });

describe('docs/cli.md', () => {
  it.each(lines.filter((line) => !line.includes('tasks.csv')))('punctual %s works as it is written', async (line) => {
    const { exit, err, requests } = await punctual(split(line), { doors });
    expect([exit, requests.length > 0], err).toEqual([0, true]);
  });

  it('has an example of every command', async () => {
    const { out } = await punctual(['--help']);
    const commands = [...out.matchAll(/^ {2}([a-z][a-z-]*) [ <[]/gm)].map(([, name = '']) => name).filter((name) => name !== 'help');
    expect(commands.length).toBeGreaterThan(14);
    expect(commands.filter((name) => !lines.some((line) => line.startsWith(name)))).toEqual([]);
  });
});

describe('docs/runbook.md', () => {
  it.each([...new Set(linesOf('runbook.md'))])('punctual %s works on a terminal as it is written', async (line) => {
    const { exit, err, requests } = await punctual(split(line), { doors, answer: true });
    expect([exit, requests.length > 0], err).toEqual([0, true]);
  });
});

describe('the examples of the help texts', () => {
  it('work as they are written', async () => {
    const { out } = await punctual(['--help']);
    const commands = [...out.matchAll(/^ {2}([a-z][a-z-]*) [ <[]/gm)].map(([, name = '']) => name);
    const helps = await Promise.all(
      [...commands, 'errors list', 'errors show', 'errors resolve'].map((name) => punctual([...name.split(' '), '--help'])),
    );
    const examples = helps.flatMap((help) => [...help.out.matchAll(/^ {2}\$ punctual (.*)$/gm)].map(([, words = '']) => words));
    expect(examples.length).toBeGreaterThan(17);
    for (const example of examples.filter((line) => !/tasks\.csv|worker-tasks/.test(line))) {
      const { exit, err } = await punctual(split(example), { doors });
      expect(exit, `${example}: ${err}`).toBe(0);
    }
  });
});
