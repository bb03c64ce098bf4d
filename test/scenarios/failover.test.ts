import { describe, expect, test } from 'vitest';
import type { ClientHost } from '../../src/sim/client-host.ts';
import { type NatKind, portRestrictedNat, symmetricNat } from '../../src/sim/nat-kinds.ts';
import type { ServerHost } from '../../src/sim/server-host.ts';
import { World } from '../../src/sim/world.ts';
import { formatIpv6 } from '../../src/wire/text.ts';

/** The bound that a user may rely on, in ms. */
const FAILOVER_MAX_MS = 15_000;
const NATS: readonly (readonly [string, () => NatKind])[] = [
  ['port-restricted', () => portRestrictedNat('198.51.100.7')],
  ['symmetric', () => symmetricNat('198.51.100.7')],
];

describe('A server that falls silent', () => {
  for (const [name, nat] of NATS) {
    test(`behind a ${name} NAT the next server serves within 15 s, whenever the first one dies`, () => {
      const times: number[] = [];
      for (let seed = 1; seed <= 20; seed++) {
        const { world, client, servers } = network(seed, nat());
        world.runUntil(() => client.isQualified);
        world.runFor(seed * 777);
        times.push(failover(world, client, servers[0]!, '2001:0:c000:265:'));
      }
      expect(Math.max(...times)).toBeLessThan(FAILOVER_MAX_MS);
      expect(Math.min(...times)).toBeGreaterThan(5_000); // a server is not given up lightly
    });
  }

  test('with three servers of which two die at once', () => {
    const { world, client, servers } = network(3, portRestrictedNat('198.51.100.7'));
    world.runUntil(() => client.isQualified);
    servers[1]!.host.ipv4Link!.isUp = false;
    expect(failover(world, client, servers[0]!, '2001:0:c000:2c9:')).toBeLessThan(FAILOVER_MAX_MS);
  });

  test('at the start the next one serves after seconds, not after the 12 s that RFC 4380 gives the first', () => {
    const { world, client, servers } = network(4, portRestrictedNat('198.51.100.7'));
    servers[0]!.host.ipv4Link!.isUp = false;
    world.runUntil(() => client.isQualified);
    expect(world.now).toBeLessThan(3_000);
    expect(formatIpv6(client.address)).toMatch(/^2001:0:c000:265:/);
  });

  test('when all are silent and one comes back, that one serves within two minutes', () => {
    const { world, client, servers } = network(5, portRestrictedNat('198.51.100.7'));
    world.runUntil(() => client.isQualified);
    for (const { host } of servers) host.ipv4Link!.isUp = false;
    world.runUntil(() => !client.isQualified, 60_000);
    world.runFor(600_000);
    servers[2]!.host.ipv4Link!.isUp = true;
    world.runUntil(() => client.isQualified, 120_000);
    expect(formatIpv6(client.address)).toMatch(/^2001:0:c000:2c9:/);
  });

  test('peers are reached by the new address: a ping from it is answered', () => {
    const { world, client, servers } = network(6, portRestrictedNat('198.51.100.7'));
    const relay = world.addRelay({ ipv4: '203.0.113.9' });
    const native = world.addIpv6Host({ behind: relay });
    world.runUntil(() => client.isQualified);
    failover(world, client, servers[0]!, '2001:0:c000:265:');
    const ping = client.ping(native.ipv6Addresses[0]!);
    world.runFor(8_000);
    expect(ping.isAnswered).toBe(true);
  });
});

test('a lossy way to a living server: 5% each way bring no change of address in two hours, 15% a few', () => {
  for (const [loss, most] of [
    [0.05, 0],
    [0.15, 12],
  ] as const) {
    const { world, client } = network(7, portRestrictedNat('198.51.100.7'), loss);
    world.runUntil(() => client.isQualified, 60_000);
    const before = changes(client).length;
    world.runFor(7_200_000);
    expect(changes(client).length - before).toBeLessThanOrEqual(most);
  }
});

test('a server that takes 1.5 s to answer is slow, not silent', () => {
  const { world, client } = network(10, portRestrictedNat('198.51.100.7'), 0, 750);
  world.runUntil(() => client.isQualified);
  const before = changes(client).length;
  world.runFor(600_000);
  expect(changes(client).length - before).toBe(0);
});

test('a preferred server that comes back is used again after minutes; one that flaps is not', () => {
  const { world, client, servers } = network(8, portRestrictedNat('198.51.100.7'));
  world.runUntil(() => client.isQualified);
  failover(world, client, servers[0]!, '2001:0:c000:265:');
  servers[0]!.host.ipv4Link!.isUp = true;
  const backAt = world.now;
  world.runUntil(() => client.isQualified && formatIpv6(client.address).startsWith('2001:0:c000:201:'), 900_000);
  expect(world.now - backAt).toBeGreaterThan(200_000);

  // A server that is up half of the time: 30 s on, 30 s off, for two hours.
  const before = changes(client).length;
  for (let half = 0; half < 240; half++) {
    servers[0]!.host.ipv4Link!.isUp = half % 2 === 1;
    world.runFor(30_000);
  }
  expect(changes(client).length - before).toBeLessThanOrEqual(3);
});

test('what a standby costs the server in use: a solicitation every 5 to 7 s, and the standby nothing', () => {
  const { world, client } = network(9, portRestrictedNat('198.51.100.7'));
  world.runUntil(() => client.isQualified);
  world.runFor(1_000);
  const said = world.runFor(600_000).filter((line) => line.endsWith(': RS'));
  expect(new Set(said)).toEqual(new Set(['client > server: RS']));
  expect(said.length).toBeGreaterThanOrEqual(600 / 7);
  expect(said.length).toBeLessThanOrEqual(600 / 5 + 1);
});

// ---- Helpers ------------------------------------------------------------------------------------------------------

function network(seed: number, nat: NatKind, loss = 0, delayMs = 10) {
  const world = new World({ seed });
  const servers = [1, 101, 201].map((last) => {
    return world.addServer({ ipv4: [`192.0.2.${last}`, `192.0.2.${last + 1}`], link: { delayMs: 20 } });
  });
  const behind = world.addNat(nat, { link: { delayMs, loss } });
  const config = { extensions: { ...ALL_OFF, symmetricNat: true } };
  const client = world.addClient({ server: servers[0]!, otherServers: servers.slice(1), behind, config });
  return { world, client, servers };
}

const ALL_OFF = {
  upnpSymmetricNat: false,
  portPreservingNat: false,
  sequentialPortNat: false,
  hairpinning: false,
  serverLoadReduction: false,
};

/** Cuts the server off; the time until the client has an address of another prefix, in ms. */
function failover(world: World, client: ClientHost, server: ServerHost, prefix: string): number {
  const from = world.now;
  server.host.ipv4Link!.isUp = false;
  world.runUntil(() => client.isQualified && formatIpv6(client.address).startsWith(prefix), 120_000);
  return world.now - from;
}

function changes(client: ClientHost): string[] {
  return client.tunnel.events.flatMap(({ event }) => (event.type === 'server' ? [event.reason] : []));
}
