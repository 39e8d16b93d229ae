import { defineConfig } from 'vitest/config';

export default defineConfig({
  cacheDir: '../../../node_modules/.vite',
  // A thread for each file, one after the other.
  test: { include: ['*.test.mjs'], pool: 'threads', maxWorkers: 1, reporters: 'json' },
});
