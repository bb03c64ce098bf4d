import { defineConfig } from 'vitest/config';

/**
 * Tests with real packets: one file at a time, and after the others, for these watch the clock. One more try each: a
 * machine that is busy elsewhere can be late, and vitest says which test needed it.
 */
function serial(groupOrder: number) {
  return { fileParallelism: false, testTimeout: 180_000, hookTimeout: 120_000, retry: 1, sequence: { groupOrder } };
}

export default defineConfig({
  test: {
    // Of tests of one file that say they may run beside each other; they wait more than they work.
    maxConcurrency: 8,
    projects: [
      { test: { name: 'house', include: ['test/house.test.ts'] } },
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts', 'bench/allocation.test.ts'],
          exclude: ['test/{kernel,interop,scenarios,cli,web}/**', 'test/house.test.ts'],
        },
      },
      { test: { name: 'scenarios', include: ['test/scenarios/**/*.test.ts'], testTimeout: 120_000 } },
      { test: { name: 'cli', include: ['test/cli/**/*.test.ts'], testTimeout: 60_000 } },
      { test: { name: 'web', include: ['test/web/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } },
      { test: { name: 'kernel', include: ['test/kernel/**/*.test.ts'], ...serial(1) } },
      { test: { name: 'interop', include: ['test/interop/**/*.test.ts'], ...serial(2) } },
    ],
  },
});
