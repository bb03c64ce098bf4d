import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mutate } from '../../fuzz/mutate.ts';
import { targets } from '../../fuzz/roles.ts';
import { Chance } from '../../fuzz/target.ts';
import { type Kind, take, walker } from './walk.ts';

const KINDS: readonly Kind[] = ['client', 'server', 'relay', 'host-specific relay'];

const step = fc.record({ kind: fc.nat(9), who: fc.nat(), what: fc.nat() });
/** Start and the two right answers, so that a walk begins with an address. */
const qualified = [9, 4, 4].map((kind) => ({ kind, who: 0, what: 1 }));

describe('SEC-01, SEC-12, C3, CLI-61, CLI-70: whatever happens, in whatever order', () => {
  test.each(KINDS)('a %s sends nothing where none may go, keeps its limits, and comes to rest', (kind) => {
    fc.assert(
      fc.property(fc.nat(), fc.array(step, { maxLength: 40, size: 'max' }), (seed, steps) => {
        const at = walker(kind, seed);
        for (const one of [...qualified, ...steps]) take(at, one);
      }),
      { numRuns: 300, seed: 4380 },
    );
  });

  test.each(targets.map((target) => [target.name, target] as const))('%s: 300 walks of the fuzzer', (_, target) => {
    for (let seed = 0; seed < 300; seed++) {
      const chance = new Chance(seed);
      target.run(mutate(target.seeds, chance), chance);
    }
  });

  test('the walks of a client get somewhere: it qualifies, trusts peers, and delivers packets', () => {
    let [states, peers, sends] = [0, 0, 0];
    for (let seed = 0; seed < 50; seed++) {
      const chance = new Chance(seed);
      const at = walker('client', seed);
      for (const one of qualified) take(at, one);
      if ('isQualified' in at.role && at.role.isQualified) states++;
      for (let i = 0; i < 60; i++) take(at, { kind: chance.below(9), who: chance.uint32(), what: chance.uint32() });
      const table = 'peers' in at.role ? at.role.peers : undefined;
      table?.forEach((peer) => {
        peers += table.trusted[peer]!;
      });
      sends += at.unanswered.length;
    }
    expect(states).toBe(50);
    expect(peers).toBeGreaterThan(20);
    expect(sends).toBeGreaterThan(400);
  });
});
