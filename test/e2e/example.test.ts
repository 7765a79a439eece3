import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, inject, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A year in a quarter of a minute. */
const RATIO = 4 * 365 * 24 * 60;

it('the main job plays the whole calendar, its numbers add up, and it exits with 0', async () => {
  const child = spawn(process.execPath, ['localstack/run.mjs', 'examples/ops-calendar/main.ts', '--ratio', String(RATIO)], {
    cwd: ROOT,
    env: { ...process.env, ...inject('localAws').env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(output).toMatch(/│ all +│ 232 +│ \d+ +│ 229 +│ \d+ +│ 3 +│/);
  expect(output).toContain('what is next: nothing waits');
  expect(output).toMatch(/deadlines reached while office was paused: [1-9]\d* tasks were notified as high/);
  expect(output).toMatch(/fallen by a level after two failures in a row: [1-9]/);
  expect(output).toMatch(/Tasks of the app \w+ fail with the same error\./);
  expect(output).toContain('replayed 3, completed 3');
  expect(output).not.toContain('✗');
  expect(code, output.slice(-2_000)).toBe(0);
});
