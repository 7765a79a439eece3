import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests that need a local AWS; all others run without. It is started once a run. */
const onLocalAws = ['test/functions/**/*.test.ts', 'test/e2e/**/*.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    // One more than the default, which leaves a core free: most tests of a local AWS wait for it.
    maxWorkers: Math.max(2, availableParallelism()),
    // The template rules of the CDK take 4 s a process; one test of infra/ runs them.
    env: { CDK_VALIDATION: 'false', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: onLocalAws,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'aws',
          include: onLocalAws,
          globalSetup: 'test/localAws.ts',
          // A tick comes once a minute, and what is told again may need two.
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
