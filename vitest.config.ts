import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  // What users of the package import is its source here.
  resolve: {
    alias: [
      { find: /^pilotlight$/, replacement: source('./src/index.ts') },
      { find: /^pilotlight\/(adapter|conformance)$/, replacement: source('./src/$1/index.ts') },
    ],
  },
  test: {
    include: ['test/{unit,golden,feature}/**/*.test.ts', 'examples/adapters/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
