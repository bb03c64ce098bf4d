import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../src/roles/role.ts';
import { type Allocation, type Dependence, type NatBehaviour, NatTable } from '../../src/sim/nat-table.ts';
import { SeededRandom } from '../../src/sim/random.ts';

const dependences: readonly Dependence[] = ['endpoint-independent', 'address', 'address-and-port'];
const allocations: readonly Allocation[] = ['preserving', 'sequential', 'random'];

const inside = at(0x0a000002, 5000);
const remote = at(0x01010101, 10);
const otherPort = at(0x01010101, 11);
const otherAddress = at(0x02020202, 10);

describe.each(allocations)('RFC 4787 with %s ports', (allocation) => {
  describe.each(dependences)('§4.1: %s mapping', (mapping) => {
    describe.each(dependences)('§5: %s filtering', (filtering) => {
      const make = () => table({ mapping, filtering, allocation });

      test('the mapping is reused for just the remote ends that the definition names', () => {
        const nat = make();
        const first = out(nat, remote);
        expect(out(nat, remote)).toEqual(first);
        expect(same(out(nat, otherPort), first)).toBe(mapping !== 'address-and-port');
        expect(same(out(nat, otherAddress), first)).toBe(mapping === 'endpoint-independent');
      });

      test('another inside port always has another mapping', () => {
        const nat = make();
        const first = out(nat, remote);
        const second = nat.outbound(at(inside.ipv4, inside.port + 1), remote, 0);
        expect(second).not.toEqual(first);
      });

      test('the filter lets in just the remote ends that the definition names', () => {
        const nat = make();
        const mapped = out(nat, remote);
        expect(nat.inbound(mapped, remote, 1)).toEqual(inside);
        expect(letsIn(nat, mapped, otherPort)).toBe(filtering !== 'address-and-port');
        expect(letsIn(nat, mapped, otherAddress)).toBe(filtering === 'endpoint-independent');
      });

      test('nothing comes in by a port that was never mapped', () => {
        const nat = make();
        const mapped = out(nat, remote);
        const stranger = at(mapped.ipv4, mapped.port === 2000 ? 2001 : 2000);
        expect(nat.inbound(stranger, remote, 1)).toEqual({ refusal: `NAT: no mapping for port ${stranger.port}` });
      });

      test('§4.3: the mapping ends a lifetime after the last outbound packet', () => {
        const nat = make();
        const mapped = out(nat, remote);
        expect(letsIn(nat, mapped, remote, LIFETIME_MS - 1)).toBe(true);
        expect(letsIn(nat, mapped, remote, LIFETIME_MS)).toBe(false);
        nat.outbound(inside, remote, LIFETIME_MS - 1);
        // Too late for the first, in time for the refreshed one: inbound packets refreshed nothing.
        expect(letsIn(nat, mapped, remote, LIFETIME_MS + 10)).toBe(true);
        expect(letsIn(nat, mapped, remote, 2 * LIFETIME_MS - 1)).toBe(false);
      });
    });
  });
});

describe('RFC 4787 §4.2: port assignment', () => {
  test('preserving keeps the number while it is free and goes on upwards', () => {
    const nat = table({ mapping: 'address-and-port', allocation: 'preserving' });
    expect(out(nat, remote).port).toBe(inside.port);
    expect(out(nat, otherPort).port).toBe(inside.port + 1);
    expect(nat.outbound(at(0x0a000003, inside.port), remote, 0)).toMatchObject({ port: inside.port + 2 });
  });

  test('sequential takes the next port each time, and the first one as told', () => {
    const nat = table({ mapping: 'address-and-port', allocation: 'sequential', firstPort: 65_534 });
    expect([remote, otherPort, otherAddress].map((end) => out(nat, end).port)).toEqual([65_534, 65_535, 1024]);
  });

  test('random draws from 1024 to 65535 and never gives one port twice', () => {
    const nat = table({ mapping: 'endpoint-independent', allocation: 'random' });
    const ports = new Set<number>();
    for (let port = 1; port <= 2_000; port++) {
      const mapped = nat.outbound(at(inside.ipv4, port), remote, 0);
      if ('refusal' in mapped) throw new Error(mapped.refusal);
      expect(mapped.port).toBeGreaterThanOrEqual(1024);
      ports.add(mapped.port);
    }
    expect(ports.size).toBe(2_000);
  });

  test('a NAT whose ports are all taken refuses, and gives them out again when they are over', () => {
    const nat = table({ mapping: 'endpoint-independent', allocation: 'preserving' });
    for (let port = 1024; port <= 65_535; port++) nat.outbound(at(inside.ipv4, port), remote, 0);
    const late = at(0x0a000009, 7000);
    expect(nat.outbound(late, remote, 1)).toEqual({ refusal: 'NAT: every port is taken' });
    expect(nat.outbound(late, remote, LIFETIME_MS)).toHaveProperty('port');
  });

  test('RFC 6081 §2: an address-symmetric NAT changes its external address too', () => {
    const nat = table({ mapping: 'address-and-port', allocation: 'random' }, [0x05050505, 0x06060606]);
    expect(out(nat, remote).ipv4).toBe(0x05050505);
    expect(out(nat, otherAddress).ipv4).toBe(0x06060606);
  });
});

test('RFC 4787 REQ-6: inbound packets refresh only where the NAT is made that way', () => {
  for (const inboundRefresh of [false, true]) {
    const nat = table({ inboundRefresh });
    const mapped = out(nat, remote);
    expect(letsIn(nat, mapped, remote, LIFETIME_MS - 1)).toBe(true);
    expect(letsIn(nat, mapped, remote, LIFETIME_MS + 1)).toBe(inboundRefresh);
  }
});

test('a filter forgets each remote end by itself', () => {
  const nat = table({ filtering: 'address' });
  const mapped = out(nat, remote);
  nat.outbound(inside, otherAddress, LIFETIME_MS - 1);
  expect(letsIn(nat, mapped, remote, LIFETIME_MS)).toBe(false);
  expect(letsIn(nat, mapped, otherAddress, LIFETIME_MS)).toBe(true);
});

test('a reboot forgets every mapping and may change the external address', () => {
  const nat = table({});
  const mapped = out(nat, remote);
  nat.reboot([0x07070707]);
  expect(letsIn(nat, mapped, remote)).toBe(false);
  expect(out(nat, remote).ipv4).toBe(0x07070707);
});

describe('RFC 6081 §3.2: a port mapped on request', () => {
  const symmetric = { mapping: 'address-and-port', filtering: 'address-and-port', allocation: 'random' } as const;

  test('leads in from anywhere until it is released, however the NAT filters', () => {
    const nat = table({ ...symmetric, upnp: true });
    expect(nat.reserve(inside, 0)).toEqual(at(0x05050505, inside.port));
    expect(letsIn(nat, at(0x05050505, inside.port), otherAddress, 10 * LIFETIME_MS)).toBe(true);
    nat.release(inside);
    expect(letsIn(nat, at(0x05050505, inside.port), otherAddress)).toBe(false);
  });

  test('is what the first remote end sees; the others see the mappings of the NAT', () => {
    const nat = table({ ...symmetric, upnp: true });
    nat.reserve(inside, 0);
    expect(out(nat, remote)).toEqual(at(0x05050505, inside.port));
    expect(out(nat, otherAddress).port).not.toBe(inside.port);
    expect(out(nat, remote)).toEqual(at(0x05050505, inside.port));
  });

  test('is refused when the port is in use by another, or the NAT does not do it, and never lent to another', () => {
    const other = at(inside.ipv4 + 1, inside.port);
    const busy = table({ upnp: true });
    out(busy, remote);
    expect(busy.reserve(other, 1)).toBeUndefined();
    expect(table({}).reserve(inside, 0)).toBeUndefined();
    const nat = table({ upnp: true });
    nat.reserve(other, 0);
    expect(nat.reserve(inside, 0)).toBeUndefined();
    expect(out(nat, remote).port).not.toBe(inside.port);
  });

  test('is forgotten in a reboot', () => {
    const nat = table({ upnp: true });
    nat.reserve(inside, 0);
    nat.reboot();
    expect(letsIn(nat, at(0x05050505, inside.port), remote)).toBe(false);
  });
});

const LIFETIME_MS = 30_000;

function table(behaviour: Partial<NatBehaviour>, external = [0x05050505]): NatTable {
  const usual: NatBehaviour = {
    mapping: 'endpoint-independent',
    filtering: 'endpoint-independent',
    allocation: 'preserving',
    lifetimeMs: LIFETIME_MS,
    inboundRefresh: false,
    hairpinning: true,
  };
  return new NatTable({ ...usual, ...behaviour }, external, new SeededRandom(1));
}

function at(ipv4: number, port: number): Endpoint {
  return { ipv4, port };
}

function out(nat: NatTable, to: Endpoint): Endpoint {
  const mapped = nat.outbound(inside, to, 0);
  if ('refusal' in mapped) throw new Error(mapped.refusal);
  return mapped;
}

function same(a: Endpoint, b: Endpoint): boolean {
  return a.ipv4 === b.ipv4 && a.port === b.port;
}

function letsIn(nat: NatTable, mapped: Endpoint, from: Endpoint, now = 1): boolean {
  return !('refusal' in nat.inbound(mapped, from, now));
}
