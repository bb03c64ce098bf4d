/** Clients with each other, ours and Miredo's, on the same server and on different ones. */
import { test } from 'vitest';
import type { Implementation } from '../support/implementation.ts';
import { miredo } from '../support/miredo.ts';
import { ours } from '../support/ours.ts';
import { expectPingFromCold, expectTransferBothWays } from './reach.ts';
import { describeOnIsland } from './with-island.ts';

/** Who runs the two clients, and whose servers they use. */
type Pair = readonly [a: Implementation, serverOfA: Implementation, b: Implementation, serverOfB: Implementation];

const pairs: readonly Pair[] = [
  [ours, ours, ours, ours],
  [ours, ours, ours, miredo],
  [ours, ours, miredo, ours],
  [ours, miredo, miredo, miredo],
  [ours, ours, miredo, miredo],
  [ours, miredo, miredo, ours],
];

describeOnIsland('RFC 4380 §5.2.4: two clients behind different NATs reach each other', (island) => {
  for (const [a, serverOfA, b, serverOfB] of pairs) {
    test(`${a.name} at ${serverOfA.name} and ${b.name} at ${serverOfB.name}`, async () => {
      // Two clients of each kind, so that each direction begins cold. A kind may meet itself: four clients then.
      const [a1, a2, b1, b2] = await Promise.all([
        island().client(a, serverOfA, 1),
        island().client(a, serverOfA, 2),
        island().client(b, serverOfB, 3),
        island().client(b, serverOfB, 4),
      ]);
      await Promise.all([expectPingFromCold(a1, b1), expectPingFromCold(b2, a2)]);
      await expectTransferBothWays(a1, b1);
    });
  }
});
