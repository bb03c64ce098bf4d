import { expect, test } from 'vitest';
import type { ClientHost } from '../../src/sim/client-host.ts';
import type { Host } from '../../src/sim/host.ts';
import type { Nat } from '../../src/sim/nat.ts';
import {
  addressRestrictedNat,
  coneNat,
  type NatKind,
  type NatOptions,
  portPreservingSymmetricNat,
  portRestrictedNat,
  sequentialSymmetricNat,
  symmetricNat,
} from '../../src/sim/nat-kinds.ts';
import type { Ping } from '../../src/sim/ping.ts';
import { SeededRandom } from '../../src/sim/random.ts';
import type { ServerHost } from '../../src/sim/server-host.ts';
import { World } from '../../src/sim/world.ts';

const TOPOLOGIES = 1_000;
/** RFC 4380 §5.2.6 allows 4 bubbles in 300 s: on a bad day it takes several such windows, never twelve of them. */
const PATIENCE_MS = 3_600_000;
const PING_EVERY_MS = 2_000;

test(`RFC 4380 §3.1: in ${TOPOLOGIES} random internets every pair that must connect does, with up to 30 % loss`, () => {
  const begin = performance.now();
  let pairs = 0;
  let offline = 0;
  for (let seed = 1; seed <= TOPOLOGIES; seed++) {
    const topology = randomTopology(seed);
    const { world, able, unable, pings } = topology;
    try {
      world.runUntil(() => able.every((client) => client.isQualified), PATIENCE_MS);
      const expected = pings.map(({ from, to }) => keepPinging(world, from, to));
      world.runUntil(() => expected.every((isConnected) => isConnected()), PATIENCE_MS);
    } catch (error) {
      throw new Error(`topology of seed ${seed}: ${describeTopology(topology)}`, { cause: error });
    }
    // Ledger F, last table: behind a symmetric NAT RFC 4380 alone has no service.
    for (const client of unable) expect(client.isQualified, `seed ${seed}: ${client.name}`).toBe(false);
    pairs += pings.length;
    offline += unable.length;
  }
  const seconds = ((performance.now() - begin) / 1_000).toFixed(1);
  console.log(
    `seeds 1 to ${TOPOLOGIES}: ${pairs} pairs connected, ${offline} clients off-line as they must, ${seconds} s`,
  );
  expect(pairs).toBeGreaterThan(TOPOLOGIES);
});

interface Topology {
  readonly world: World;
  /** Clients that the oracle says must qualify, and those that must not. */
  readonly able: readonly ClientHost[];
  readonly unable: readonly ClientHost[];
  /** Who must reach whom. */
  readonly pings: readonly { readonly from: ClientHost | Host; readonly to: ClientHost | Host }[];
}

interface Placed {
  readonly client: ClientHost;
  readonly isSymmetric: boolean;
  /** The NAT nearest to the client, and whether two clients behind it reach each other by their mapped endpoints. */
  readonly nat: Nat | undefined;
  readonly hairpins: boolean;
}

function randomTopology(seed: number): Topology {
  const random = new SeededRandom(seed);
  const world = new World({ seed, trace: false });
  const link = () => ({ delayMs: random.between(1, 60), jitterMs: random.between(0, 20) });
  const lossy = () => ({ ...link(), loss: random.fraction() * 0.3, duplicate: random.pick([0, 0, 0.05]) });
  const servers = Array.from({ length: random.between(1, 2) }, (_, i) =>
    world.addServer({ ipv4: [`203.0.113.${2 * i + 1}`, `203.0.113.${2 * i + 2}`], link: link() }),
  );
  const relays = Array.from({ length: random.between(1, 2) }, (_, i) =>
    world.addRelay({ ipv4: `192.88.100.${i + 1}`, metric: random.between(1, 20), link: link() }),
  );
  const native = world.addIpv6Host({ behind: random.pick(relays), link: link() });
  const dual = world.addHostSpecificRelay({ ipv4: '192.88.100.200', link: link() });
  const placed: Placed[] = [];
  for (let i = 0, count = random.between(2, 4); i < count; i++) {
    placed.push(place(world, random, placed, random.pick(servers), i, lossy()));
  }
  const good = placed.filter(({ isSymmetric }) => !isSymmetric);
  const pings: Topology['pings'][number][] = [];
  for (const { client } of good) {
    const host = random.pick([native, dual.host]);
    pings.push(random.chance(0.5) ? { from: client, to: host } : { from: host, to: client });
  }
  for (const from of good) {
    for (const to of good) {
      // Between two clients behind one NAT the oracle asks for hairpinning (RFC 4787 REQ-9).
      const isPossible = from.nat === undefined || from.nat !== to.nat || from.hairpins;
      if (from !== to && isPossible) pings.push({ from: from.client, to: to.client });
    }
  }
  const clientsOf = (some: readonly Placed[]) => some.map(({ client }) => client);
  return { world, able: clientsOf(good), unable: clientsOf(placed.filter((one) => one.isSymmetric)), pings };
}

/** On the Internet itself, behind one NAT, behind two, or behind a NAT that another client is behind already. */
function place(
  world: World,
  random: SeededRandom,
  others: readonly Placed[],
  server: ServerHost,
  index: number,
  link: { delayMs: number; loss: number },
): Placed {
  const config = { identifyNat: random.chance(0.3) };
  const options = { server, config, name: `client ${index}`, startAfterMs: random.between(0, 3_000) };
  const shared = random.pick([undefined, undefined, ...others.filter(({ nat }) => nat !== undefined)]);
  if (shared?.nat !== undefined) {
    return { ...shared, client: world.addClient({ ...options, behind: shared.nat }) };
  }
  if (random.chance(0.1)) {
    const client = world.addClient({ ...options, ipv4: `198.18.0.${index + 1}`, link });
    return { client, isSymmetric: false, nat: undefined, hairpins: true };
  }
  const outerKind = randomNat(random, `198.51.100.${index + 1}`);
  const outer = world.addNat(outerKind, { link });
  const isNested = random.chance(0.2);
  const innerKind = isNested ? randomNat(random) : outerKind;
  const nat = isNested ? world.addNat(innerKind, { behind: outer }) : outer;
  const isSymmetric = [outerKind, innerKind].some(({ mapping }) => mapping !== 'endpoint-independent');
  // The mapped address is the outer NAT's: it is the outer one that turns datagrams round.
  const client = world.addClient({ ...options, behind: nat });
  return { client, isSymmetric, nat, hairpins: outerKind.hairpinning };
}

function randomNat(random: SeededRandom, ipv4?: string): NatKind {
  const options: NatOptions = {
    allocation: random.pick(['preserving', 'sequential', 'random']),
    lifetimeMs: random.pick([45_000, 120_000, 300_000]),
    hairpinning: random.chance(0.7),
    inboundRefresh: random.chance(0.3),
  };
  const { allocation: _, ...withoutAllocation } = options;
  const kind = random.between(0, 9);
  if (kind < 2) return coneNat(ipv4, options);
  if (kind < 5) return addressRestrictedNat(ipv4, options);
  if (kind < 8) return portRestrictedNat(ipv4, options);
  const symmetric = random.pick([symmetricNat, portPreservingSymmetricNat, sequentialSymmetricNat]);
  return symmetric(ipv4, withoutAllocation);
}

/** Pings every two seconds until a reply comes; what a person does who waits for a host. */
function keepPinging(world: World, from: ClientHost | Host, to: ClientHost | Host): () => boolean {
  const sent: Ping[] = [];
  const isConnected = () => sent.some((ping) => ping.isAnswered);
  const again = () => {
    if (isConnected()) return;
    const target = addressOf(to);
    const source = 'client' in from ? from.host.tunnel?.address : from.ipv6Addresses[0];
    if (target !== undefined && source !== undefined) sent.push(from.ping(target));
    world.after(PING_EVERY_MS, again);
  };
  again();
  return isConnected;
}

function addressOf(host: ClientHost | Host): Uint8Array | undefined {
  return 'client' in host ? host.host.tunnel?.address : host.ipv6Addresses[0];
}

function describeTopology({ world, able, unable }: Topology): string {
  const describe = (client: ClientHost) => `${client.name} ${client.client.state} in ${client.host.ipv4Network?.name}`;
  return `at ${world.now} ms: ${[...able, ...unable].map(describe).join('; ')}`;
}
