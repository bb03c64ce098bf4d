/** Clients and native IPv6 hosts: every mixture of client, server and relay, ours and Miredo's. */
import { test } from 'vitest';
import { miredo } from '../support/miredo.ts';
import { ours } from '../support/ours.ts';
import { expectPingFromCold, expectTransferBothWays } from './reach.ts';
import { describeOnIsland } from './with-island.ts';

const both = [ours, miredo];
const mixtures = both
  .flatMap((client) => both.flatMap((server) => both.map((relay) => ({ client, server, relay }))))
  .filter(({ client, server, relay }) => client === ours || server === ours || relay === ours);

describeOnIsland('RFC 4380 §5.2.4, §5.4.1: a client and a native host reach each other', (island) => {
  for (const { client, server, relay } of mixtures) {
    test(`client: ${client.name}, server: ${server.name}, relay: ${relay.name}`, async () => {
      // Two clients, because the relay knows a client after its first packet: each direction begins cold.
      const [first, second, native] = await Promise.all([
        island().client(client, server, 1),
        island().client(client, server, 2),
        island().nativeHost(relay),
      ]);
      await Promise.all([expectPingFromCold(first, native), expectPingFromCold(native, second)]);
      await expectTransferBothWays(first, native);
    });
  }
});
