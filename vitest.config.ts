import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real processes on a slow, busy two-core machine: generous deadlines, each wait is for an event.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // They mostly wait for processes: two at once, on one core too.
    maxWorkers: 2,
    coverage: { provider: 'v8', include: ['src/**'] },
  },
});
