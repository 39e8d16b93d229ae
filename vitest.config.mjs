import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['__test__/**/*.spec.mjs'],
    // A process for each file: the addon's default engine is one for the process.
    pool: 'forks',
    globalSetup: ['__test__/redis-is-missing.mjs', '__test__/browser-is-missing.mjs'],
    setupFiles: ['__test__/same-day.mjs'],
    testTimeout: 30_000,
  },
});
