import { relative, resolve } from 'node:path';
import { createVitest, type TestModule, type TestSpecification, type TestSuite, type Vitest } from 'vitest/node';

/** A mutant to switch on. Once more than `hitLimit` places have been run, they throw: that is a loop without an end. */
export interface Switch {
  readonly id: string;
  readonly hitLimit: number;
}

declare module 'vitest' {
  interface ProvidedContext {
    plan: { readonly file: string; readonly switches: readonly Switch[] };
  }
  interface TaskMeta {
    reached?: Record<string, number>;
  }
}

/** What came of one test file under one mutant. */
export interface Outcome {
  readonly id: string;
  /** How many of its tests passed, and failed. After the first that fails none is run. */
  readonly passed: number;
  readonly failed: number;
}

export interface Run {
  readonly outcomes: readonly Outcome[];
  /** How often the place of each mutant was run, by the mutant's id. */
  readonly reached: Readonly<Record<string, number>>;
  readonly ms: number;
}

/** Vitest, kept warm, with the instrumented code in the place of the real one. It is never written to the disk. */
export class Session {
  private readonly vitest: Vitest;
  private readonly specification: TestSpecification;

  private constructor(vitest: Vitest, specification: TestSpecification) {
    this.vitest = vitest;
    this.specification = specification;
  }

  static async open(code: ReadonlyMap<string, string>): Promise<Session> {
    const vitest = await createVitest(
      'test',
      {
        config: false,
        include: ['test/mutation/underMutants.ts'],
        watch: false,
        cache: false,
        pool: 'forks',
        // None ends by it: how busy the machine is may not decide on a mutant.
        testTimeout: 3_600_000,
        hookTimeout: 3_600_000,
        reporters: [{}],
        onConsoleLog: () => false,
      },
      { plugins: [{ name: 'mutants', enforce: 'pre', load: (id) => code.get(relative(process.cwd(), id)) }] },
    );
    const [specification] = await vitest.globTestSpecifications();
    if (!specification) throw new Error('vitest does not find underMutants.ts');
    return new Session(vitest, specification);
  }

  /** Runs a test file under each of some mutants. */
  async run(file: string, switches: readonly Switch[]): Promise<Run> {
    this.vitest.provide('plan', { file: resolve(file), switches });
    const started = performance.now();
    const { testModules, unhandledErrors } = await this.vitest.runTestSpecifications([this.specification]);
    const [module] = testModules;
    const [error] = [...unhandledErrors, ...(module?.errors() ?? [])];
    if (!module || error) throw new Error(`${file} could not be run`, { cause: error });
    return { outcomes: outcomesOf(module), reached: module.meta().reached ?? {}, ms: performance.now() - started };
  }

  async close(): Promise<void> {
    await this.vitest.close();
  }
}

const outcomesOf = (module: TestModule): Outcome[] => [...module.children.suites()].map(outcomeOf);

function outcomeOf(suite: TestSuite): Outcome {
  const states = [...suite.children.allTests()].map((test) => test.result().state);
  const count = (wanted: string) => states.filter((state) => state === wanted).length;
  return { id: suite.name, passed: count('passed'), failed: count('failed') + suite.errors().length };
}
