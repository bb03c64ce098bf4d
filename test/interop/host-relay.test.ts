/** Host-specific relays (RFC 4380 §2.8, §5.4) on dual-stack hosts, ours and Miredo's, with either client. */
import { test } from 'vitest';
import { miredo } from '../support/miredo.ts';
import { ours } from '../support/ours.ts';
import { expectPingFromCold, expectTransferBothWays } from './reach.ts';
import { describeOnIsland } from './with-island.ts';

const mixtures = [
  { client: ours, server: ours, hostRelay: ours },
  { client: ours, server: miredo, hostRelay: ours },
  { client: miredo, server: ours, hostRelay: ours },
  { client: miredo, server: miredo, hostRelay: ours },
  { client: ours, server: ours, hostRelay: miredo },
  { client: ours, server: miredo, hostRelay: miredo },
];

describeOnIsland('RFC 4380 §5.4: a client and a dual-stack host reach each other', (island) => {
  for (const { client, server, hostRelay } of mixtures) {
    test(`client: ${client.name}, server: ${server.name}, host-specific relay: ${hostRelay.name}`, async () => {
      const [first, second, dualStack] = await Promise.all([
        island().client(client, server, 1),
        island().client(client, server, 2),
        island().dualStackHost(hostRelay),
      ]);
      await Promise.all([expectPingFromCold(first, dualStack), expectPingFromCold(dualStack, second)]);
      await expectTransferBothWays(first, dualStack);
    });
  }
});
