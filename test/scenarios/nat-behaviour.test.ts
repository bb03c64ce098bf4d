import { expect, test } from 'vitest';
import { allExtensions } from '../../src/roles/client/extensions/extensions.ts';
import type { NatBehaviour } from '../../src/roles/role.ts';
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

const independent = { mapping: 'endpoint-independent', portAllocation: 'preserving' } as const;
const dependent = { mapping: 'endpoint-dependent', filtering: 'address-and-port-dependent' } as const;

const kinds: readonly (readonly [
  string,
  (ipv4: string) => NatKind,
  Omit<NatBehaviour, 'hairpinning' | 'mappingLifetime'>,
])[] = [
  ['cone', coneNat, { ...independent, filtering: 'endpoint-independent' }],
  ['address-restricted', addressRestrictedNat, { ...independent, filtering: 'address-dependent' }],
  ['port-restricted', portRestrictedNat, { ...independent, filtering: 'address-and-port-dependent' }],
  ['port-preserving symmetric', portPreservingSymmetricNat, { ...dependent, portAllocation: 'preserving' }],
  ['sequential symmetric', sequentialSymmetricNat, { ...dependent, portAllocation: 'sequential' }],
  ['port-symmetric', symmetricNat, { ...dependent, portAllocation: 'random' }],
];

for (const hairpinning of [true, false]) {
  test.each(kinds)(
    `RFC 4787 §4 to §6: a %s NAT, hairpinning ${hairpinning}, is described as it is`,
    (_name, kind, expected) => {
      const world = new World({ seed: 3 });
      const server = world.addServer({ ipv4: ['203.0.113.1', '203.0.113.2'] });
      const behind = world.addNat({ ...kind('192.0.2.1'), hairpinning });
      const client = world.addClient({ server, behind, config: { identifyNat: true, extensions: allExtensions } });
      world.runUntil(() => client.isQualified);
      world.runFor(30_000);
      const found = client.tunnel.events.flatMap(({ event }) =>
        event.type === 'nat-behaviour' ? [event.behaviour] : [],
      );
      // A symmetric NAT turns the bubble round to a mapping that was made for somebody else: nothing comes back.
      const isTurned = hairpinning && expected.mapping === 'endpoint-independent';
      const mappingLifetime = { outlivesRefresh: 'unknown', reason: 'not measured unless asked for' };
      expect(found).toEqual([{ ...expected, hairpinning: isTurned ? 'yes' : 'no', mappingLifetime }]);
    },
  );
}

test('a server that falls silent: unknown, not no', () => {
  const world = new World({ seed: 3 });
  const server = world.addServer({ ipv4: ['203.0.113.1', '203.0.113.2'] });
  const behind = world.addNat(portRestrictedNat('192.0.2.1'));
  const client = world.addClient({ server, behind, config: { identifyNat: true } });
  world.runUntil(() => client.isQualified);
  behind.link.isUp = false;
  world.runFor(20_000);
  const [found] = client.tunnel.events.flatMap(({ event }) =>
    event.type === 'nat-behaviour' ? [event.behaviour] : [],
  );
  expect(found).toMatchObject({ filtering: 'unknown', hairpinning: 'unknown' });
});

test.each([
  [35_000, 'no'],
  [75_000, 'yes'],
  [600_000, 'yes'],
] as const)(
  'RFC 4380 §5.2.7, RFC 4787 §4.3: a NAT that keeps a silent mapping for %i ms: longer than 30 s? %s',
  (lifetimeMs, expected) => {
    const world = new World({ seed: 3 });
    const server = world.addServer({ ipv4: ['203.0.113.1', '203.0.113.2'] });
    const behind = world.addNat(portRestrictedNat('192.0.2.1', { lifetimeMs }));
    const config = { identifyNat: true, findRefreshInterval: true };
    const client = world.addClient({ server, behind, config });
    world.runUntil(() => client.isQualified);
    world.runFor(3_600_000);
    const found = client.tunnel.events.flatMap(({ event }) =>
      event.type === 'nat-behaviour' ? [event.behaviour.mappingLifetime] : [],
    );
    expect(found[0]).toEqual({ outlivesRefresh: 'unknown', reason: 'being measured' });
    const { outlivesRefresh, atLeastMs = 0, belowMs = Infinity, reason } = found.at(-1)!;
    expect(outlivesRefresh).toBe(expected);
    expect(atLeastMs).toBeLessThanOrEqual(lifetimeMs);
    expect(belowMs).toBeGreaterThanOrEqual(lifetimeMs);
    expect(reason).not.toBe('');
  },
);
