import { expect, test } from 'vitest';
import { allExtensions } from '../../src/roles/client/extensions/extensions.ts';
import type { ClientHost } from '../../src/sim/client-host.ts';
import { coneNat } from '../../src/sim/nat-kinds.ts';
import { World } from '../../src/sim/world.ts';

/** RFC 6081 §5.6: two clients behind one NAT that does not hairpin, without local discovery. */
function neighbours(): { world: World; a: ClientHost; b: ClientHost } {
  const world = new World({ seed: 1 });
  const server = world.addServer({ ipv4: ['203.0.113.1', '203.0.113.2'] });
  const behind = world.addNat(coneNat('192.0.2.1', { hairpinning: false }));
  const config = { extensions: allExtensions };
  const a = world.addClient({ name: 'a', server, behind, config });
  const b = world.addClient({ name: 'b', server, behind, config });
  world.runUntil(() => a.isQualified && b.isQualified);
  return { world, a, b };
}

/** What a daemon says some 200 ms after each change of an address of the host, the tunnel's own included. */
function tellNetworks({ client, host }: ClientHost, prefixLength = 24): void {
  client.setLocalNetworks(host.ipv4Addresses.map((ipv4) => ({ ipv4, prefixLength })));
}

test('a peer inside our own NAT stays reached when the host looks at its networks again', () => {
  const { world, a, b } = neighbours();
  const first = a.ping(b.address);
  world.runFor(1_000);
  expect(first.isAnswered).toBe(true);

  for (const client of [a, b]) tellNetworks(client);
  const second = a.ping(b.address);
  expect(world.runFor(1_000)).toEqual(['a > b: ICMPv6 echo request', 'b > a: ICMPv6 echo reply']);
  expect(second.isAnswered).toBe(true);
});

test('a peer at what has become a directed broadcast address of ours is forgotten', () => {
  const { world, a, b } = neighbours();
  a.ping(b.address);
  world.runFor(1_000);

  // .2 and .3 in a subnet of four.
  tellNetworks(a, 30);
  a.ping(b.address);
  expect(world.runFor(500)).not.toContain('a > b: ICMPv6 echo request');
});
