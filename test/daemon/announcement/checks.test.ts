import { expect, test } from 'vitest';
import { firstFailure } from '../../../src/daemon/announcement/checks.ts';

test('the first check that fails is the reason, and none after it is made', async () => {
  const made: string[] = [];
  const check = (name: string, result: string | undefined) => ({
    name,
    look: async () => {
      made.push(name);
      return result;
    },
  });
  expect(await firstFailure([check('one', undefined), check('two', 'no echo'), check('three', 'no route')])).toBe(
    'no echo',
  );
  expect(made).toEqual(['one', 'two']);
  expect(await firstFailure([check('one', undefined)])).toBeUndefined();
});

test('a check that cannot look has failed', async () => {
  const look = async () => {
    throw new Error('the data path does not answer');
  };
  expect(await firstFailure([{ name: 'data path', look }])).toBe('data path: the data path does not answer');
});
