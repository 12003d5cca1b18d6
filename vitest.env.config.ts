import { defineConfig } from 'vitest/config';

/** Tests against real servers; one file after the other, since each starts servers of its own. */
export default defineConfig({
  test: {
    include: ['test/env/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
