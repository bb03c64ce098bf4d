import { expect, test } from 'vitest';
import { addressRestrictedNat } from '../../src/sim/nat-kinds.ts';
import { World } from '../../src/sim/world.ts';

test('RFC 4380 §5.4.1 (3): an indirect bubble lets a relay reach an address-restricted NAT', () => {
  const world = new World({ seed: 1 });
  const server = world.addServer({ ipv4: ['192.0.2.1', '192.0.2.2'] });
  const client = world.addClient({ server, behind: addressRestrictedNat('198.51.100.7') });
  const relay = world.addRelay({ ipv4: '203.0.113.9' });
  const native = world.addIpv6Host({ behind: relay });
  world.runUntil(() => client.isQualified);
  native.ping(client.address);
  expect(world.runFor(1_000)).toEqual([
    'relay > server: bubble',
    'server > client: bubble, origin 203.0.113.9:3545',
    'client > relay: bubble',
    'relay > client: ICMPv6 echo request',
    // RFC 4380 §5.2.3 (6): the client tests who claims to carry the host's packets before it believes.
    'client > server: ICMPv6 echo request',
    'relay > client: ICMPv6 echo reply',
    'client > relay: ICMPv6 echo reply',
  ]);
});
