import { describe, expect, test } from 'vitest';
import type { ClientConfig } from '../../src/roles/client/client.ts';
import { addressRestrictedNat, coneNat, portRestrictedNat } from '../../src/sim/nat-kinds.ts';
import { World } from '../../src/sim/world.ts';
import { formatIpv6, parseIpv4 } from '../../src/wire/text.ts';

describe('RFC 4380 §5.2.1: qualification', () => {
  test('behind a restricted NAT: two solicitations with the cone bit clear, one to each address', () => {
    const { world, client } = network(portRestrictedNat('198.51.100.7'));
    expect(world.runFor(1_000)).toEqual([
      'client > server: RS',
      'server > client: RA, origin 198.51.100.7:5000',
      'client > server: RS',
      'server > client: RA, origin 198.51.100.7:5000',
    ]);
    expect(client.isQualified).toBe(true);
    expect(formatIpv6(client.address)).toMatch(/^2001:0:c000:201:[0-9a-f]{1,4}:ec77:39cc:9bf8$/);
  });

  test('ledger CLI-12: a silent server is asked three times, 4 s apart; then the client is off-line, and tries again later', () => {
    const { world, client, server } = network(coneNat('198.51.100.7'));
    server.host.ipv4Link!.isUp = false;
    const said = world.runFor(12_100);
    expect(said).toEqual(Array(3).fill('client > server: RS (lost: link down)'));
    const solicitations = world.trace.records.flatMap((record) =>
      record.type === 'crossing' && record.from === 'client' ? [record.at] : [],
    );
    expect(solicitations).toEqual([0, 4_000, 8_000]);
    expect(client.tunnel.events.at(-1)?.event).toMatchObject({
      type: 'off-line',
      reason: 'primary server unreachable',
    });
    server.host.ipv4Link!.isUp = true;
    world.runUntil(() => client.isQualified, 120_000);
  });

  test('an answer from the second address only never comes: "secondary server unreachable"', () => {
    const { world, client } = network(coneNat('198.51.100.7'), {
      servers: [{ ipv4: parseIpv4('192.0.2.1')!, ipv4Secondary: parseIpv4('192.0.2.99')!, preference: 0 }],
    });
    world.runUntil(() => client.tunnel.events.some(({ event }) => event.type === 'off-line'));
    expect(client.tunnel.events.at(-1)?.event).toMatchObject({ reason: 'secondary server unreachable' });
  });
});

describe('RFC 4380 §5.2.5: maintenance', () => {
  test('while nothing is said, a solicitation leaves every 22.5 to 30 s and keeps mapping and address', () => {
    const { world, client } = network(portRestrictedNat('198.51.100.7', { lifetimeMs: 31_000 }));
    world.runUntil(() => client.isQualified);
    const address = formatIpv6(client.address);
    world.runFor(1_000);
    const said = world.runFor(300_000).filter((line) => line === 'client > server: RS');
    expect(said.length).toBeGreaterThanOrEqual(10);
    expect(said.length).toBeLessThanOrEqual(14);
    expect(formatIpv6(client.address)).toBe(address);
  });

  test('ledger CLI-103: a NAT that was restarted gives another mapping; the old address ends, a new one begins', () => {
    const { world, client, nat } = network(portRestrictedNat('198.51.100.7'));
    world.runUntil(() => client.isQualified);
    const before = client.address.slice();
    world.runFor(1_000);
    nat.reboot([parseIpv4('198.51.100.8')!]);
    world.runFor(61_000);
    expect(client.isQualified).toBe(true);
    expect(formatIpv6(client.address)).not.toBe(formatIpv6(before));
    const event = client.tunnel.events.at(-1)?.event;
    expect(event?.type === 'qualified' && event.previous && formatIpv6(event.previous)).toBe(formatIpv6(before));
    expect(event).toMatchObject({ mapped: { ipv4: parseIpv4('198.51.100.8') } });
  });
});

describe('RFC 4380 §5.4: relays', () => {
  test('§5.2.9: the prelude of the first packet to a native host, and none for the next', () => {
    const { world, client } = network(addressRestrictedNat('198.51.100.7'));
    const relay = world.addRelay({ ipv4: '203.0.113.9' });
    const native = world.addIpv6Host({ behind: relay });
    world.runUntil(() => client.isQualified);
    world.runFor(1_000);
    client.ping(native.ipv6Addresses[0]!);
    expect(world.runFor(1_000)).toEqual([
      'client > server: ICMPv6 echo request',
      'relay > server: bubble',
      'server > client: bubble, origin 203.0.113.9:3545',
      'client > relay: bubble',
      'relay > client: ICMPv6 echo reply',
      'client > relay: ICMPv6 echo request',
      'relay > client: ICMPv6 echo reply',
    ]);
    client.ping(native.ipv6Addresses[0]!);
    expect(world.runFor(1_000)).toEqual(['client > relay: ICMPv6 echo request', 'relay > client: ICMPv6 echo reply']);
  });

  test('§7.2.2: when another relay becomes the nearest, it is tested before it is believed', () => {
    const { world, client } = network(portRestrictedNat('198.51.100.7'));
    const [near, far] = [world.addRelay({ ipv4: '203.0.113.9', metric: 1 }), world.addRelay({ ipv4: '203.0.113.10' })];
    const native = world.addIpv6Host({});
    world.runUntil(() => client.isQualified);
    const first = client.ping(native.ipv6Addresses[0]!);
    world.runFor(1_000);
    expect(first.isAnswered).toBe(true);
    near.withdraw();
    const second = client.ping(native.ipv6Addresses[0]!, { count: 3 });
    const said = world.runFor(5_000);
    expect(second.isAnswered).toBe(true);
    expect(said).toContain(`${far.name} > client: ICMPv6 echo reply`);
    expect(said).toContain('client > server: ICMPv6 echo request');
    expect(said.at(-1)).toContain(far.name);
  });

  test('ledger HSR-02: a host-specific relay announces nothing and serves its own host', () => {
    const { world, client } = network(portRestrictedNat('198.51.100.7'));
    const dual = world.addHostSpecificRelay({ ipv4: '203.0.113.50' });
    const native = world.addIpv6Host({});
    world.runUntil(() => client.isQualified);
    const toDual = client.ping(dual.host.ipv6Addresses[0]!);
    const fromDual = dual.ping(client.address);
    const fromElsewhere = native.ping(client.address);
    world.runFor(5_000);
    expect([toDual.isAnswered, fromDual.isAnswered, fromElsewhere.isAnswered]).toEqual([true, true, false]);
  });
});

test('two worlds of one seed tell the same, a third one does not', () => {
  const [one, two, three] = [5, 5, 6].map((seed) => {
    const world = new World({ seed });
    const server = world.addServer({ ipv4: ['192.0.2.1', '192.0.2.2'], link: { loss: 0.2, jitterMs: 10 } });
    const clients = [1, 2, 3].map((i) => world.addClient({ server, behind: coneNat(`198.51.100.${i}`) }));
    world.after(20_000, () => {
      for (const client of clients) if (client.isQualified) clients[0]!.ping(client.address);
    });
    world.runFor(60_000);
    return world.trace.records.map((record) => JSON.stringify(record)).join('\n');
  });
  expect(one!.length).toBeGreaterThan(5_000);
  expect(two).toBe(one);
  expect(three).not.toBe(one);
});

function network(nat: Parameters<World['addNat']>[0], config: Partial<ClientConfig> = {}) {
  const world = new World({ seed: 1 });
  const server = world.addServer({ ipv4: ['192.0.2.1', '192.0.2.2'] });
  const behind = world.addNat(nat, { name: 'NAT' });
  const client = world.addClient({ server, behind, servicePort: 5_000, config });
  return { world, server, client, nat: behind };
}
