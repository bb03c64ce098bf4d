import { describe, expect, test } from 'vitest';
import type { ClientHost } from '../../src/sim/client-host.ts';
import { type NatKind, portRestrictedNat, symmetricNat } from '../../src/sim/nat-kinds.ts';
import { World } from '../../src/sim/world.ts';
import { formatIpv6 } from '../../src/wire/text.ts';

/** One way between the client and the server, in ms. */
const DELAY_MS = 40;

describe('A client on demand', () => {
  test('is dormant until a packet wants to leave: nothing is said, and the host has an address and a route', () => {
    const { world, client } = network(portRestrictedNat('198.51.100.7'));
    expect(world.runFor(3_600_000)).toEqual([]);
    expect(client.client.state).toBe('dormant');
    expect(formatIpv6(client.tunnel.address!)).toMatch(/^2001:0:c000:201:0:ffff:ffff:ffff$/);
  });

  for (const [name, nat] of [
    ['port-restricted', () => portRestrictedNat('198.51.100.7')],
    ['symmetric', () => symmetricNat('198.51.100.7')],
  ] as const) {
    test(`behind a ${name} NAT the first packet is not lost, and one exchange with the server is all it waits`, () => {
      const dormant = network(nat());
      const first = dormant.client.ping(dormant.native, { count: 3 });
      dormant.world.runFor(20_000);
      expect(first.isAnswered, `${first.answered} of 3`).toBe(true);

      const awake = network(nat(), { onDemand: false });
      awake.world.runUntil(() => awake.client.isQualified);
      awake.world.runFor(1_000);
      const cold = awake.client.ping(awake.native, { count: 3 });
      awake.world.runFor(20_000);
      const [fromDormant, fromQualified] = [first.roundTripsMs[0]!, cold.roundTripsMs[0]!];
      expect(fromDormant - fromQualified).toBeLessThanOrEqual(2 * DELAY_MS + 1);
    });
  }

  test('an hour without packets: dormant again, and no keep-alive leaves; the next packet wakes it', () => {
    const { world, client, native } = network(portRestrictedNat('198.51.100.7'));
    client.ping(native);
    world.runUntil(() => client.isQualified);
    world.runUntil(() => client.client.state === 'dormant', 3_700_000);
    expect(world.now).toBeGreaterThan(3_600_000);
    expect(world.runFor(600_000)).toEqual([]);
    const ping = client.ping(native);
    world.runFor(10_000);
    expect(ping.isAnswered).toBe(true);
  });

  test('packets each minute keep it awake', () => {
    const { world, client, native } = network(portRestrictedNat('198.51.100.7'), { idleMs: 120_000 });
    for (let minute = 0; minute < 30; minute++) {
      expect(client.client.state).toBe(minute === 0 ? 'dormant' : 'qualified');
      client.ping(native);
      world.runFor(60_000);
    }
  });

  test('the same mapping as the last time is the same address: nothing is rewritten', () => {
    const { world, client, native } = network(portRestrictedNat('198.51.100.7', { lifetimeMs: 1_000_000_000 }));
    client.ping(native);
    world.runUntil(() => client.isQualified);
    const address = formatIpv6(client.address);
    world.runUntil(() => client.client.state === 'dormant', 3_700_000);
    expect(formatIpv6(client.tunnel.address!)).toBe(address);
    client.ping(native);
    world.runUntil(() => client.isQualified);
    expect(formatIpv6(client.address)).toBe(address);
    expect(client.tunnel.provisional).toBeUndefined();
  });

  test('no server: what waited is refused with an ICMPv6 error, and after a pause the client is dormant again', () => {
    const { world, client, native, server } = network(portRestrictedNat('198.51.100.7'));
    server.host.ipv4Link!.isUp = false;
    const ping = client.ping(native);
    world.runUntil(() => client.client.state === 'off-line', 20_000);
    world.runUntil(() => client.client.state === 'dormant', 70_000);
    expect(ping.isAnswered).toBe(false);
    expect(ping.error).toMatchObject({ type: 1 });
    server.host.ipv4Link!.isUp = true;
    const again = client.ping(native);
    world.runFor(10_000);
    expect(again.isAnswered).toBe(true);
  });
});

function network(nat: NatKind, config: { onDemand?: boolean; idleMs?: number } = {}) {
  const world = new World({ seed: 11 });
  const server = world.addServer({ ipv4: ['192.0.2.1', '192.0.2.2'], link: { delayMs: DELAY_MS } });
  const relay = world.addRelay({ ipv4: '203.0.113.9' });
  const native = world.addIpv6Host({ behind: relay }).ipv6Addresses[0]!;
  const behind = world.addNat(nat, { link: { delayMs: 0 } });
  const extensions = { ...NONE, symmetricNat: true };
  const client: ClientHost = world.addClient({
    server,
    behind,
    link: { delayMs: 0 },
    config: { onDemand: true, extensions, ...config },
  });
  world.runFor(1);
  return { world, client, native, server };
}

const NONE = {
  upnpSymmetricNat: false,
  portPreservingNat: false,
  sequentialPortNat: false,
  hairpinning: false,
  serverLoadReduction: false,
};
