// npm run mutate: switches on one small fault in core/ after the other, and sees whether a test of core/ fails.
// Arguments: files (core/slots.ts), to look at these alone; --json, to print the summary as one object.
import { readdirSync } from 'node:fs';
import { judge } from './judge.ts';
import { instrument } from './mutants.ts';
import { summaryOf, textOf } from './report.ts';
import { Session } from './session.ts';

/** Percent. Below it the tests say too little of the code. */
const LEAST_SCORE = 90;

const args = process.argv.slice(2);
const only = args.filter((arg) => !arg.startsWith('--'));
const { code, mutants } = await instrument('core');
const chosen = mutants.filter(({ file }) => only.length === 0 || only.includes(file));
if (chosen.length === 0) throw new Error(`no mutants in ${only.join(', ')}: name files such as core/slots.ts`);

const tests = readdirSync('test/core').filter((name) => name.endsWith('.test.ts'));
const session = await Session.open(code);
const fates = await judge(
  session,
  chosen,
  tests.map((name) => `test/core/${name}`),
  tell,
);
await session.close();

const summary = summaryOf([...fates].map(([mutant, fate]) => ({ mutant, fate })));
console.log(args.includes('--json') ? JSON.stringify(summary, null, 2) : textOf(summary));
// Vitest has set it for the tests that failed, as they should.
process.exitCode = summary.score < LEAST_SCORE || summary.unexplained > 0 ? 1 : 0;

/** Beside the result, which goes to the standard output. */
function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
