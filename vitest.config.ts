import { defineConfig } from 'vitest/config';

/** Tests that need a local AWS; all others run without. It is started once a run. */
const onLocalAws = ['test/functions/**/*.test.ts', 'test/e2e/**/*.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
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
