import { expect, test } from 'vitest';
import { addressRestrictedNat, coneNat, portRestrictedNat } from '../../src/sim/nat-kinds.ts';
import { World } from '../../src/sim/world.ts';

const CLIENTS = 10_000;
/** Clients that begin together, and how long after them the next ones: within a relay's limit for new peers. */
const TOGETHER = 60;
const APART_MS = 100;

test(`${CLIENTS} clients behind mixed NATs qualify, and each pings a native host`, () => {
  const begin = performance.now();
  const world = new World({ seed: 1, trace: false });
  const server = world.addServer({ ipv4: ['203.0.113.1', '203.0.113.2'] });
  const relays = [
    world.addRelay({ ipv4: '203.0.113.9' }),
    world.addRelay({ ipv4: '203.0.113.10' }),
    world.addRelay({ ipv4: '203.0.113.11' }),
  ];
  const natives = relays.map((behind) => world.addIpv6Host({ behind }));
  const kinds = [coneNat, addressRestrictedNat, portRestrictedNat];
  const clients = Array.from({ length: CLIENTS }, (_, i) => {
    const behind = kinds[i % kinds.length]!(`20.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, {
      allocation: i % 2 === 0 ? 'random' : 'sequential',
    });
    return world.addClient({ server, behind, startAfterMs: i % 2_000 });
  });
  world.runFor(4_000);
  expect(clients.filter((client) => client.isQualified)).toHaveLength(CLIENTS);

  const pings = clients.map((client, i) => {
    if (i % TOGETHER === 0) world.runFor(APART_MS);
    return client.ping(natives[i % natives.length]!.ipv6Addresses[0]!);
  });
  world.runFor(10_000);
  expect(pings.filter((ping) => ping.isAnswered)).toHaveLength(CLIENTS);
  console.log(`${CLIENTS} clients, ${((performance.now() - begin) / 1_000).toFixed(1)} s`);
});
