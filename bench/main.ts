// npm run bench [-- NAME …] [--json]: measures, and prints the figures beside their targets. Without a name: the quick ones.
import { parseArgs } from 'node:util';
import { BENCHES } from './benches.ts';
import { type Bench, type Figure, Missing } from './figure.ts';
import { tableOf } from './table.ts';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean', default: false } } });
const all = await Promise.all(BENCHES.map(async (load) => (await load()).bench));
const figures: Figure[] = [];
let isMissing = false;
for (const bench of chosen()) await measure(bench);
if (values.json) console.log(JSON.stringify({ figures }));
// A part that could not run is no failure where nobody asked for it by name.
if (figures.some(({ ok }) => !ok) || (isMissing && positionals.length > 0)) process.exitCode = 1;

function chosen(): readonly Bench[] {
  const unknown = positionals.filter((name) => !all.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    console.error(
      `There is no bench "${unknown[0]}". There are:\n${all.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join('\n')}`,
    );
    process.exit(1);
  }
  return all.filter(({ name, isQuick }) => (positionals.length > 0 ? positionals.includes(name) : isQuick));
}

async function measure(bench: Bench): Promise<void> {
  const started = performance.now();
  console.log(`\n${bench.name}: ${bench.about}`);
  try {
    const measured = await bench.run((line) => process.stderr.write(`  ${line}\n`));
    figures.push(...measured.figures);
    console.log(tableOf(measured.figures));
    for (const note of measured.notes ?? []) console.log(note);
    console.log(`(${((performance.now() - started) / 1_000).toFixed(1)} s)`);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    isMissing = true;
    console.log(`not run: ${error.message}`);
  }
}
