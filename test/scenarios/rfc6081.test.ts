import { describe, expect, test } from 'vitest';
import { allExtensions } from '../../src/roles/client/extensions/extensions.ts';
import type { UnreachableReason } from '../../src/roles/role.ts';
import {
  addressRestrictedNat,
  addressSymmetricNat,
  coneNat,
  type NatKind,
  portPreservingSymmetricNat,
  portRestrictedNat,
  sequentialSymmetricNat,
  symmetricNat,
  upnpPortRestrictedNat,
  upnpPortSymmetricNat,
} from '../../src/sim/nat-kinds.ts';
import { World } from '../../src/sim/world.ts';

/** Ledger F, the table of RFC 6081 figure 1: who can reach whom; rows initiate. */
const nats: Readonly<Record<string, (ipv4: string) => NatKind>> = {
  cone: coneNat,
  'address-restricted': addressRestrictedNat,
  'port-restricted': portRestrictedNat,
  'UPnP port-restricted': upnpPortRestrictedNat,
  'UPnP port-symmetric': upnpPortSymmetricNat,
  'port-preserving symmetric': portPreservingSymmetricNat,
  'sequential symmetric': sequentialSymmetricNat,
  'port-symmetric': symmetricNat,
  // Many addresses: two mappings hardly ever share one.
  'address-symmetric': (ipv4) =>
    addressSymmetricNat(Array.from({ length: 40 }, (_, i) => `${ipv4.slice(0, -1)}${i + 1}`)),
};

/**
 * The columns stand in the order of `nats`; `-`: the RFC says no, and nothing connects.
 *
 * `+`: the RFC says no, and they connect all the same. A port-restricted NAT with a port mapping lets anyone in, as a
 * cone NAT does, and cone NATs reach symmetric ones by §5.2 alone.
 */
const table: Readonly<Record<string, string>> = {
  cone: '4444SSSSS',
  'address-restricted': '4444SSSS-',
  'port-restricted': '4444-PQ--',
  'UPnP port-restricted': '4444U++++',
  'UPnP port-symmetric': 'SS-UU----',
  'port-preserving symmetric': 'SSP+-PQ--',
  'sequential symmetric': 'SSQ+-----',
  'port-symmetric': 'SS-+-----',
  'address-symmetric': 'S--+-----',
};

const cells = Object.keys(nats).flatMap((from) =>
  Object.keys(nats).map((to, column) => [from, to, table[from]![column]!] as const),
);

for (const servers of ['one server', 'two servers'] as const) {
  describe(`RFC 6081 §3, figure 1, on ${servers}`, () => {
    test.each(cells)('from behind a %s NAT to behind a %s NAT: %s', (from, to, how) => {
      const { world, a, b } = pair(nats[from]!, nats[to]!, servers === 'two servers', 0);
      world.runUntil(() => a.isQualified && b.isQualified);
      world.runFor(3_000);
      const ping = a.ping(b.address, { count: 10 });
      world.runFor(20_000);
      expect(ping.isAnswered).toBe(how !== '-');
      const reasons = a.tunnel.events.flatMap(({ event }) => (event.type === 'peer-unreachable' ? [event.reason] : []));
      expect(new Set(reasons)).toEqual(new Set(how === '-' ? whyNot(from, to, servers) : []));
    });
  });
}

for (const servers of ['one server', 'two servers'] as const) {
  const connected = cells.filter(([, , how]) => how !== '-');
  test.each(connected)(
    `RFC 6081 §3 with 20 %% loss, on ${servers}: from behind a %s NAT to behind a %s NAT: %s`,
    (from, to) => {
      for (let seed = 1; seed <= 3; seed++) {
        const { world, a, b } = pair(nats[from]!, nats[to]!, servers === 'two servers', seed, allExtensions, 0.2);
        world.runUntil(() => a.isQualified && b.isQualified);
        // Bad luck costs the five minutes of RFC 4380 §5.2.6, and then there is another try.
        const ping = a.ping(b.address, { count: 720, intervalMs: 5_000 });
        world.runFor(3_600_000);
        expect(ping.answered, `seed ${seed}`).toBeGreaterThan(0);
      }
    },
  );
}

test('RFC 6081 §3.2: the router of each asked, but without §5.3 they do not reach each other', () => {
  const extensions = { ...allExtensions, upnpSymmetricNat: false };
  const { world, a, b } = pair(upnpPortSymmetricNat, upnpPortSymmetricNat, false, 0, extensions);
  world.runUntil(() => a.isQualified && b.isQualified);
  const ping = a.ping(b.address, { count: 10 });
  world.runFor(20_000);
  expect(ping.isAnswered).toBe(false);
});

/** What the client that begins says of a pair without a way. */
function whyNot(from: string, to: string, servers: string): readonly UnreachableReason[] {
  // Its router lets the peer in, so that it hears the peer; that the peer does not hear it, nobody tells.
  if (from === 'UPnP port-symmetric') return [];
  // The peer hears us, and so has no reason to ask for us through our server.
  const isHeard = from === 'port-restricted' && to === 'UPnP port-symmetric';
  // A strict server carries nothing for a client that it sees at another IPv4 address (ledger M-1).
  const hasManyAddresses = [from, to].includes('address-symmetric') && to !== 'UPnP port-symmetric';
  const isRefused = servers === 'two servers' && hasManyAddresses;
  return isHeard || isRefused
    ? ['no answer, neither directly nor through its server']
    : ['it answers through its server, but the two NATs let nothing through directly'];
}

function pair(
  from: (ipv4: string) => NatKind,
  to: (ipv4: string) => NatKind,
  twoServers: boolean,
  seed: number,
  extensions = allExtensions,
  loss = 0,
) {
  const world = new World({ seed: seed + 1, trace: loss === 0 });
  const one = world.addServer({ ipv4: ['203.0.113.1', '203.0.113.2'] });
  const other = twoServers ? world.addServer({ name: 'other', ipv4: ['203.0.113.5', '203.0.113.6'] }) : one;
  const config = { extensions };
  const natA = world.addNat(from('192.0.2.1'), { link: { loss } });
  const natB = world.addNat(to('198.51.100.1'), { link: { loss } });
  const a = world.addClient({ name: 'a', server: one, behind: natA, config });
  const b = world.addClient({ name: 'b', server: other, behind: natB, config });
  return { world, a, b };
}
