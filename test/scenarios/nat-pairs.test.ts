import { describe, expect, test } from 'vitest';
import type { ClientHost } from '../../src/sim/client-host.ts';
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

const able: Readonly<Record<string, (ipv4: string) => NatKind>> = {
  cone: coneNat,
  'address-restricted': addressRestrictedNat,
  'port-restricted': portRestrictedNat,
};
const symmetric: Readonly<Record<string, (ipv4: string) => NatKind>> = {
  symmetric: symmetricNat,
  'port-preserving symmetric': portPreservingSymmetricNat,
  'sequential symmetric': sequentialSymmetricNat,
  'address-symmetric': (ipv4) => addressSymmetricNat([ipv4, `${ipv4}0`]),
};

/** What a NAT that has sent nothing to A yet does with A's direct bubble. */
const lost: Readonly<Record<string, string>> = {
  cone: '',
  'address-restricted': ' (dropped: NAT filter: address not contacted)',
  'port-restricted': ' (dropped: NAT filter: endpoint not contacted)',
};

describe('ledger F, last table, column 4: two clients, RFC 4380 alone', () => {
  const pairs = Object.keys(able).flatMap((from) => Object.keys(able).map((to) => [from, to] as const));

  test.each(pairs)('from behind a %s NAT to behind a %s NAT', (from, to) => {
    const { world, a, b } = pair(able[from]!, able[to]!);
    world.runUntil(() => a.isQualified && b.isQualified);
    world.runFor(1_000);
    const ping = a.ping(b.address, { count: 2 });
    const said = world.runFor(1_900);
    expect(ping.isAnswered).toBe(true);
    const isFiltered = lost[to] !== '';
    // RFC 4380 §5.2.4 case 5: direct and indirect bubble. Through a cone NAT the direct one is answered too.
    expect(said.filter((line) => line.includes('bubble'))).toEqual(
      isFiltered
        ? [
            `a > NAT b: bubble${lost[to]}`,
            'a > server: bubble',
            'server > b: bubble, origin 192.0.2.1:5000',
            'b > a: bubble',
          ]
        : expect.arrayContaining(['a > b: bubble', 'a > server: bubble', 'server > b: bubble, origin 192.0.2.1:5000']),
    );
    expect(said.slice(-2)).toEqual(['a > b: ICMPv6 echo request', 'b > a: ICMPv6 echo reply']);
  });

  test.each(Object.keys(symmetric))('RFC 4380 §5.2.1: behind a %s NAT a client stays off-line', (kind) => {
    const { world, a, b } = pair(symmetric[kind]!, coneNat);
    world.runUntil(() => b.isQualified);
    world.runFor(5_000);
    expect(a.client.state).not.toBe('qualified');
    expect(a.nat).toBe('symmetric');
    const reasons = a.tunnel.events.flatMap(({ event }) => (event.type === 'off-line' ? [event.reason] : []));
    expect(reasons[0]).toBe('symmetric NAT');
  });
});

describe('two clients behind one NAT', () => {
  test.each(Object.keys(able))('RFC 4787 REQ-9: a %s NAT that hairpins lets them reach each other', (kind) => {
    const { world, a, b } = sharing({ ...able[kind]!('192.0.2.1'), hairpinning: true }, false);
    const ping = a.ping(b.address);
    world.runFor(10_000);
    expect(ping.isAnswered).toBe(true);
  });

  test('without hairpinning they do not, and the ping says so', () => {
    const { world, a, b } = sharing({ ...portRestrictedNat('192.0.2.1'), hairpinning: false }, false);
    const ping = a.ping(b.address);
    world.runFor(15_000);
    expect(ping.answered).toBe(0);
    expect(ping.error).toEqual({ type: 1, code: 3 });
  });

  test('RFC 4380 §5.2.8: local discovery finds the way inside, whatever the NAT does', () => {
    const { world, a, b } = sharing({ ...portRestrictedNat('192.0.2.1'), hairpinning: false }, true);
    world.runFor(310_000);
    const ping = a.ping(b.address);
    const said = world.runFor(5_000);
    expect(ping.isAnswered).toBe(true);
    expect(said).toContain('a > b: ICMPv6 echo request');
  });
});

function pair(natA: (ipv4: string) => NatKind, natB: (ipv4: string) => NatKind) {
  const world = new World({ seed: 1 });
  const server = world.addServer({ ipv4: ['203.0.113.1', '203.0.113.2'] });
  const client = (name: string, kind: NatKind, servicePort: number): ClientHost => {
    const behind = world.addNat(kind, { name: `NAT ${name}` });
    return world.addClient({ server, behind, name, servicePort });
  };
  return { world, a: client('a', natA('192.0.2.1'), 5_000), b: client('b', natB('192.0.2.2'), 6_000) };
}

function sharing(kind: NatKind, localDiscovery: boolean) {
  const world = new World({ seed: 1 });
  const server = world.addServer({ ipv4: ['203.0.113.1', '203.0.113.2'] });
  const behind = world.addNat(kind);
  const [a, b] = ['a', 'b'].map((name) => world.addClient({ server, behind, name, config: { localDiscovery } }));
  world.runUntil(() => a!.isQualified && b!.isQualified);
  return { world, a: a!, b: b! };
}
