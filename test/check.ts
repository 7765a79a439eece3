// npm run check: format, lint, layer rules, types and the tests of the pure parts, in seconds.
import { format, step, types } from './steps.ts';

const results = await Promise.all([
  format(),
  types(),
  step('core and contract tests', 'node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', 'test/core', 'test/contract'),
]);
if (results.some(({ ok }) => !ok)) process.exitCode = 1;
