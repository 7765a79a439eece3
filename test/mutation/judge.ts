import type { Mutant } from './mutants.ts';
import type { Outcome, Session, Switch } from './session.ts';

/** `not reached`: no test runs its place. It counts as survived. */
export type Fate = 'killed' | 'survived' | 'not reached';

/** A test file without a mutant: how many tests pass, how long they take, and the places it reaches. */
interface Baseline {
  readonly file: string;
  readonly passed: number;
  readonly ms: number;
  readonly reached: Readonly<Record<string, number>>;
}

/** The id that no mutant has. */
const NONE: Switch = { id: 'none', hitLimit: Number.MAX_SAFE_INTEGER };

/** A loop that a mutant makes endless is ended after this many times what the tests need without it. */
const HITS_TIMES = 10;

/** Mutants of one run, and tests of one run: more would only wait in memory. */
const RUN_MUTANTS = 50;
const RUN_TESTS = 5_000;

/** Says of each mutant whether a test fails under it; `tell` hears how it goes. */
export async function judge(
  session: Session,
  mutants: readonly Mutant[],
  tests: readonly string[],
  tell: (line: string) => void,
): Promise<ReadonlyMap<Mutant, Fate>> {
  const baselines: Baseline[] = [];
  for (const file of tests) baselines.push(await baselineOf(session, file));
  baselines.sort((a, b) => a.ms - b.ms);
  const killed = new Set<string>();
  for (const baseline of baselines) {
    const alive = mutants.filter(({ id }) => !killed.has(id) && baseline.reached[id]);
    for (const some of runsOf(alive, baseline)) {
      for (const id of await killedBy(session, baseline, some)) killed.add(id);
    }
    tell(`${baseline.file}: ${alive.length} mutants, ${alive.filter(({ id }) => killed.has(id)).length} killed`);
  }
  const isReached = ({ id }: Mutant) => baselines.some(({ reached }) => reached[id]);
  const fateOf = (mutant: Mutant) => (killed.has(mutant.id) ? 'killed' : isReached(mutant) ? 'survived' : 'not reached');
  return new Map(mutants.map((mutant) => [mutant, fateOf(mutant)]));
}

async function baselineOf(session: Session, file: string): Promise<Baseline> {
  const { outcomes, reached, ms } = await session.run(file, [NONE]);
  const [{ passed, failed } = { passed: 0, failed: 0 }] = outcomes;
  if (failed > 0 || passed === 0) throw new Error(`${file} fails without a mutant`);
  return { file, passed, ms, reached };
}

function runsOf(mutants: readonly Mutant[], { passed }: Baseline): Mutant[][] {
  const size = Math.max(1, Math.min(RUN_MUTANTS, Math.floor(RUN_TESTS / passed)));
  return Array.from({ length: Math.ceil(mutants.length / size) }, (_, i) => mutants.slice(i * size, (i + 1) * size));
}

async function killedBy(session: Session, baseline: Baseline, mutants: readonly Mutant[]): Promise<string[]> {
  const hitLimit = HITS_TIMES * Object.values(baseline.reached).reduce((sum, hits) => sum + hits, 0);
  const switches = mutants.map(({ id }) => ({ id, hitLimit }));
  const { outcomes } = await session.run(baseline.file, [...switches, NONE]);
  const of = new Map(outcomes.map((outcome) => [outcome.id, outcome]));
  // The control: what the mutants before it have left behind may kill nobody.
  if (isKilled(of.get(NONE.id), baseline, NONE.id)) throw new Error(`${baseline.file} fails after mutants, without one`);
  return mutants.map(({ id }) => id).filter((id) => isKilled(of.get(id), baseline, id));
}

function isKilled(outcome: Outcome | undefined, { file, passed }: Baseline, id: string): boolean {
  if (outcome && outcome.failed > 0) return true;
  // What was not run may not count as passed.
  if (outcome?.passed !== passed) throw new Error(`${file} ran ${outcome?.passed ?? 0} tests of ${passed} under mutant ${id}`);
  return false;
}
