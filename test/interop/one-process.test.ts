/** `teredo server --with-relay`: the whole infrastructure of an island in one process on one host. */
import { test } from 'vitest';
import type { Implementation } from '../support/implementation.ts';
import { teredoRoute } from '../support/implementation.ts';
import type { Island, NativeHost } from '../support/island.ts';
import { miredo } from '../support/miredo.ts';
import { ours, startServer } from '../support/ours.ts';
import { expectPingFromCold, expectTransferBothWays } from './reach.ts';
import { describeOnIsland } from './with-island.ts';

const SERVER = ['192.0.2.50', '192.0.2.51'] as const;

describeOnIsland('Server and relay in one process', (island) => {
  let native: Promise<NativeHost> | undefined;
  let number = 0;

  async function client(by: Implementation) {
    native ??= serverWithRelay(island());
    await native;
    const at = ++number;
    const host = await island().internet.hostBehindNat(`client-${at}`, `198.51.100.${at}`, 'masquerade');
    return by.client(host, SERVER);
  }

  for (const by of [ours, miredo]) {
    test(`a client (${by.name}) and a native host reach each other`, async () => {
      const [first, second] = await Promise.all([client(by), client(by)]);
      const host = await native!;
      await Promise.all([expectPingFromCold(first, host), expectPingFromCold(host, second)]);
      await expectTransferBothWays(first, host);
    });
  }
});

async function serverWithRelay(island: Island): Promise<NativeHost> {
  const server = await island.internet.host('server', {
    ipv4: SERVER,
    ipv6: ['2001:db8:5::50'],
    announces: ['2001:db8:6::/48'],
    forwards: true,
  });
  const address = '2001:db8:6::80';
  const host = await island.internet.hostBehind('native', server, address);
  await teredoRoute(server, await startServer(server, SERVER, ['--with-relay']));
  return { host, address };
}
