import { describe, expect, test } from 'vitest';
import { allExtensions } from '../../src/roles/client/extensions/extensions.ts';
import {
  addressRestrictedNat,
  coneNat,
  type NatKind,
  portPreservingSymmetricNat,
  portRestrictedNat,
  sequentialSymmetricNat,
  symmetricNat,
} from '../../src/sim/nat-kinds.ts';
import { World } from '../../src/sim/world.ts';

const config = { extensions: allExtensions };
/** RFC 4380 §5.2.6 allows four bubbles in 300 s: bad luck costs five minutes, and then there is another try. */
const PATIENCE_MS = 60 * 60_000;

describe('RFC 6081 with 20 % loss on every link of a client', () => {
  const pairs: readonly (readonly [string, (ipv4: string) => NatKind, (ipv4: string) => NatKind])[] = [
    ['cone, port-symmetric', coneNat, symmetricNat],
    ['port-symmetric, address-restricted', symmetricNat, addressRestrictedNat],
    ['port-preserving, port-restricted', portPreservingSymmetricNat, portRestrictedNat],
    ['port-preserving, port-preserving', portPreservingSymmetricNat, portPreservingSymmetricNat],
    ['port-restricted, port-restricted', portRestrictedNat, portRestrictedNat],
    ['sequential, port-restricted', sequentialSymmetricNat, portRestrictedNat],
  ];
  for (const servers of [1, 2]) {
    test.each(pairs)(`%s, on ${servers} server(s): connected in the end, from every seed`, (_name, from, to) => {
      for (let seed = 1; seed <= 20; seed++) {
        const world = new World({ seed, trace: false });
        const one = world.addServer({ ipv4: ['203.0.113.1', '203.0.113.2'] });
        const other = servers === 1 ? one : world.addServer({ name: 'other', ipv4: ['203.0.113.5', '203.0.113.6'] });
        const link = { loss: 0.2 };
        const natA = world.addNat(from('192.0.2.1'), { link });
        const natB = world.addNat(to('198.51.100.1'), { link });
        const a = world.addClient({ name: 'a', server: one, behind: natA, config });
        const b = world.addClient({ name: 'b', server: other, behind: natB, config });
        world.runUntil(() => a.isQualified && b.isQualified);
        const ping = a.ping(b.address, { count: PATIENCE_MS / 5_000, intervalMs: 5_000 });
        world.runFor(PATIENCE_MS);
        expect(ping.answered, `seed ${seed}`).toBeGreaterThan(0);
      }
    });
  }
});

describe('RFC 6081 §5.6: two clients behind one NAT', () => {
  test.each([true, false])('in one subnet, hairpinning %s: connected', (hairpinning) => {
    const world = new World({ seed: 1 });
    const server = world.addServer({ ipv4: ['203.0.113.1', '203.0.113.2'] });
    const behind = world.addNat({ ...portRestrictedNat('192.0.2.1'), hairpinning });
    const [a, b] = ['a', 'b'].map((name) => world.addClient({ server, behind, name, config }));
    world.runUntil(() => a!.isQualified && b!.isQualified);
    const ping = a!.ping(b!.address, { count: 10, intervalMs: 200 });
    world.runFor(10_000);
    expect(ping.answered).toBe(10);
  });

  test.each([true, false])('behind NATs of their own inside it, hairpinning %s of the outer one', (hairpinning) => {
    const world = new World({ seed: 1 });
    const server = world.addServer({ ipv4: ['203.0.113.1', '203.0.113.2'] });
    const outer = world.addNat({ ...portRestrictedNat('192.0.2.1'), hairpinning });
    const [a, b] = ['a', 'b'].map((name) => {
      const inner = world.addNat(portRestrictedNat(), { behind: outer });
      return world.addClient({ server, behind: inner, name, config });
    });
    world.runUntil(() => a!.isQualified && b!.isQualified);
    const ping = a!.ping(b!.address, { count: 10, intervalMs: 200 });
    world.runFor(10_000);
    // Without hairpinning outside, and without a router that tells its mapping (UPnP), nothing leads across.
    expect(ping.answered).toBe(hairpinning ? 10 : 0);
  });
});

describe('RFC 6081 §3: the cells that are never connected', () => {
  test('within the bubble budget, and with a word to the host and to people', () => {
    const world = new World({ seed: 1 });
    const server = world.addServer({ ipv4: ['203.0.113.1', '203.0.113.2'] });
    const a = world.addClient({ name: 'a', server, behind: symmetricNat('192.0.2.1'), config });
    const b = world.addClient({ name: 'b', server, behind: portRestrictedNat('198.51.100.1'), config });
    world.runUntil(() => a.isQualified && b.isQualified);
    const ping = a.ping(b.address, { count: 100, intervalMs: 100 });
    const said = world.runFor(60_000);
    expect(ping.answered).toBe(0);
    expect(said.filter((line) => /^a > server: bubble/.test(line)).length).toBeLessThanOrEqual(4);
    // C17: no storm between the two.
    expect(said.filter((line) => line.includes('bubble')).length).toBeLessThanOrEqual(40);
    expect(a.tunnel.events.some(({ event }) => event.type === 'peer-unreachable')).toBe(true);
  });
});
