// npm test: everything. Starts its own local AWS on a free port, stops it, and ends with the line "N passed, N failed".
import { startVitest, type TestModule } from 'vitest/node';
import { format, typesReference } from './steps.ts';

const filters = process.argv.slice(2);
const steps = filters.length > 0 ? [] : await Promise.all([format(), typesReference()]);
const vitest = await startVitest('test', filters, { watch: false, reporters: ['default'] });
const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()]);
const failedModules = vitest.state.getTestModules().filter(isBroken);
await vitest.close();

const passed = tests.filter((test) => test.result().state === 'passed').length + steps.filter(({ ok }) => ok).length;
const failed =
  tests.filter((test) => test.result().state === 'failed').length + steps.filter(({ ok }) => !ok).length + failedModules.length;
const skipped = tests.filter((test) => test.result().state === 'skipped');
const unhandled = vitest.state.getUnhandledErrors().length;

for (const test of skipped) console.log(`skipped: ${test.fullName}`);
const failures = failed + unhandled;
// Nothing run is nothing shown.
if (failures > 0 || passed === 0) process.exitCode = 1;
console.log(`${passed} passed, ${failures} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`);

/** A file that could not be loaded, or whose hooks failed, has no failed test of its own. */
function isBroken(module: TestModule): boolean {
  return module.errors().length > 0 || [...module.children.allSuites()].some((suite) => suite.errors().length > 0);
}
