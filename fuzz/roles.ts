/** Sequences of inputs into every role: no throw, no deadline that stays, no datagram where none may go. */

import { type Kind, type Step, take, walker } from '../test/roles/walk.ts';
import { ALL, bytesOf } from '../test/wire/examples.ts';
import { mutate } from './mutate.ts';
import type { Chance, Target } from './target.ts';

const SEEDS = Object.values(ALL).map(bytesOf);
/** Steps of one walk. */
const STEPS = 60;

function walks(kind: Kind): Target {
  return {
    name: `roles: ${kind}`,
    seeds: SEEDS,
    run: (bytes, chance) => {
      const at = walker(kind, chance.uint32());
      // A client without an address has little to say: begin with one, mostly.
      if (chance.below(8) > 0) for (const step of QUALIFY) take(at, step);
      for (let i = 0; i < STEPS; i++) take(at, randomStep(bytes, chance));
    },
  };
}

/** Start, and the right answer to each of the two solicitations. */
const QUALIFY: readonly Step[] = [
  { kind: 9, who: 3, what: 1 },
  { kind: 4, who: 0, what: 1 },
  { kind: 4, who: 0, what: 1 },
];

function randomStep(bytes: Uint8Array, chance: Chance): Step {
  const step = { kind: chance.below(10), who: chance.uint32(), what: chance.uint32() };
  return chance.below(3) === 0 ? { ...step, bytes: chance.below(2) === 0 ? bytes : mutate(SEEDS, chance) } : step;
}

export const targets: readonly Target[] = (['client', 'server', 'relay', 'host-specific relay'] as const).map(walks);
