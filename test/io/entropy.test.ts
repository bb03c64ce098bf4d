import { expect, test } from 'vitest';
import { SystemRandom } from '../../src/io/entropy.ts';

test('the system generator: 32 bits, all of them, beyond one filling of the pool', () => {
  const random = new SystemRandom();
  const drawn = Array.from({ length: 1_000 }, () => random.uint32());
  expect(drawn.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32)).toBe(true);
  // Two equal ones among 1,000 are a matter of one run in 8,600; ten are not to be met.
  expect(new Set(drawn).size).toBeGreaterThan(990);
  let [ones, zeros] = [0, 0];
  for (const value of drawn) {
    ones |= value;
    zeros |= ~value;
  }
  expect([ones, zeros]).toEqual([-1, -1]);
});
