import { describe, expect, test } from 'vitest';
import { allExtensions } from '../../src/roles/client/extensions/extensions.ts';
import {
  addressRestrictedNat,
  addressSymmetricNat,
  coneNat,
  type NatKind,
  portPreservingSymmetricNat,
  portRestrictedNat,
  sequentialSymmetricNat,
  symmetricNat,
} from '../../src/sim/nat-kinds.ts';
import { World } from '../../src/sim/world.ts';

/** Ledger F, the table of RFC 6081 figure 1: who can reach whom; rows initiate. */
const nats: Readonly<Record<string, (ipv4: string) => NatKind>> = {
  cone: coneNat,
  'address-restricted': addressRestrictedNat,
  'port-restricted': portRestrictedNat,
  'port-preserving symmetric': portPreservingSymmetricNat,
  'sequential symmetric': sequentialSymmetricNat,
  'port-symmetric': symmetricNat,
  // Many addresses: two mappings hardly ever share one.
  'address-symmetric': (ipv4) =>
    addressSymmetricNat(Array.from({ length: 40 }, (_, i) => `${ipv4.slice(0, -1)}${i + 1}`)),
};

/** The columns stand in the order of `nats`. */
const table: Readonly<Record<string, string>> = {
  cone: '444SSSS',
  'address-restricted': '444SSS-',
  'port-restricted': '444PQ--',
  'port-preserving symmetric': 'SSPPQ--',
  'sequential symmetric': 'SSQ----',
  'port-symmetric': 'SS-----',
  'address-symmetric': 'S------',
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
    });
  });
}

function pair(from: (ipv4: string) => NatKind, to: (ipv4: string) => NatKind, twoServers: boolean, seed: number) {
  const world = new World({ seed: seed + 1 });
  const one = world.addServer({ ipv4: ['203.0.113.1', '203.0.113.2'] });
  const other = twoServers ? world.addServer({ name: 'other', ipv4: ['203.0.113.5', '203.0.113.6'] }) : one;
  const config = { extensions: allExtensions };
  const a = world.addClient({ name: 'a', server: one, behind: from('192.0.2.1'), config });
  const b = world.addClient({ name: 'b', server: other, behind: to('198.51.100.1'), config });
  return { world, a, b };
}
