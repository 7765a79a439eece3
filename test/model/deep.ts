// node localstack/run.mjs test/model/deep.ts [states] [part of a title]: the search through larger scopes, each up to so many states.
import { livenessOf } from './live.ts';
import { DEEP } from './scopes.ts';
import { search } from './search.ts';
import { World } from './world.ts';

const [limit = '1000000', part = ''] = process.argv.slice(2);
for (const scope of DEEP.filter(({ title }) => title.includes(part))) {
  const world = new World(scope);
  const { states, steps, isWhole, breaches } = search(world, { statesAtMost: Number(limit), stuck: livenessOf(world) });
  console.log(
    `${scope.title}: ${states} states, ${steps} steps, ${breaches.size} breaches${isWhole ? '' : ', not all that can be reached'}`,
  );
  for (const [rule, way] of breaches) console.log([rule, ...way].join('\n  '));
  if (breaches.size > 0) process.exitCode = 1;
}
