import { describe, expect, test } from 'vitest';
import { type Health, tested, untested } from '../../../src/daemon/announcement/health.ts';

const rules = { rise: 3, fall: 2, holdMs: 30_000 };
const announced: Health = { state: 'announced', failed: 0 };

/** States after tests one second apart, from `now` on; `x`: it failed, `.`: it passed. */
function run(from: Health, tests: string, now = 0): Health[] {
  const states: Health[] = [];
  let health = from;
  for (const [index, result] of [...tests].entries()) {
    health = tested(health, result === 'x' ? 'no echo' : undefined, rules, now + 1_000 * index);
    states.push(health);
  }
  return states;
}

function words(states: readonly Health[]): string {
  return states.map(({ state }) => state[0]).join('');
}

describe('The health that decides whether 2001::/32 is announced', () => {
  test('nothing is announced before as many tests as `rise` passed in a row', () => {
    expect(words(run(untested, '..x...'))).toBe('wwwwwa');
  });

  test('it is withdrawn when as many tests as `fall` failed in a row, and says why', () => {
    expect(words(run(announced, 'x.x.xx'))).toBe('aaaaaw');
    expect(run(announced, 'xx').at(-1)).toEqual({
      state: 'withdrawn',
      passed: 0,
      reason: 'no echo',
      heldUntil: 31_000,
    });
  });

  test('after a withdrawal it is held for as long as `hold`, however well the tests go', () => {
    const withdrawn = run(announced, 'xx').at(-1)!;
    expect(words(run(withdrawn, '.'.repeat(29), 2_000))).toBe('w'.repeat(29));
    expect(words(run(withdrawn, '.'.repeat(30), 2_000))).toBe(`${'w'.repeat(29)}a`);
  });

  test('tests that passed while it was held count; one that failed begins the count anew', () => {
    const withdrawn = run(announced, 'xx').at(-1)!;
    expect(words(run(withdrawn, '...', 29_000))).toBe('wwa');
    expect(words(run(withdrawn, '.x...', 29_000))).toBe('wwwwa');
  });

  test('the reason is that of the last test that failed', () => {
    const withdrawn = tested(untested, 'no native route', rules, 0);
    expect(tested(withdrawn, 'no echo', rules, 1_000)).toMatchObject({ reason: 'no echo' });
    expect(tested(tested(withdrawn, 'no echo', rules, 1_000), undefined, rules, 2_000)).toMatchObject({
      reason: 'no echo',
      passed: 1,
    });
  });

  test('what drains stays withdrawn, whatever the tests say', () => {
    expect(words(run({ state: 'draining' }, '....xx....'))).toBe('dddddddddd');
  });
});
