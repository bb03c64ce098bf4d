import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PeerTable } from '../../src/peers/peer-table.ts';

describe('the list of recent peers', () => {
  test('CLI-05, CLI-66, CLI-80: a new peer is not trusted, has sent and received nothing, and has no mapping', () => {
    const table = makeTable(4, 4);
    const peer = table.add(key(1), 0, 1000);
    expect(table.find(key(1), 0)).toBe(peer);
    expect([table.trusted[peer], table.local[peer], table.bubbles[peer], table.ipv4[peer], table.port[peer]]).toEqual([
      0, 0, 0, 0, 0,
    ]);
    expect([table.lastReceptionAt[peer], table.lastTransmissionAt[peer], table.lastBubbleAt[peer]]).toEqual([
      -Infinity,
      -Infinity,
      -Infinity,
    ]);
    expect([table.nonceHigh[peer], table.nonceLow[peer]]).toEqual([0, 0]);
    expect(table.address(peer)).toEqual(key(1));
  });

  test('W-03: all 16 octets are the key, flags included, wherever they lie', () => {
    const table = makeTable(64, 64);
    const peer = table.add(key(1), 0, 0);
    for (let at = 0; at < 16; at++) {
      const other = key(1);
      other[at]! ^= 1;
      expect(table.find(other, 0)).toBe(-1);
    }
    const shifted = new Uint8Array(24);
    shifted.set(key(1), 5);
    expect(table.find(shifted, 5)).toBe(peer);
  });

  test('a place that is used again remembers nothing', () => {
    const table = makeTable(1, 1);
    const first = table.add(key(1), 0, 0);
    table.trust(first, 7, 8, 10);
    table.local[first] = 1;
    table.nonceHigh[first] = 9;
    table.bubbles[first] = 3;
    const second = table.add(key(2), 0, 20);
    expect(second).toBe(first);
    expect([table.trusted[second], table.local[second], table.nonceHigh[second], table.bubbles[second]]).toEqual([
      0, 0, 0, 0,
    ]);
    expect(table.find(key(1), 0)).toBe(-1);
  });

  test('CLI-06: without uses in between, the least recently used goes first', () => {
    const table = makeTable(3, 3);
    const [one, two] = [1, 2, 3].map((n) => table.add(key(n), 0, n));
    table.trust(one!, 1, 1, 4);
    table.trust(two!, 1, 1, 5);
    table.add(key(4), 0, 6); // untrusted ones first: 3 goes
    expect([1, 2, 3, 4].map((n) => table.find(key(n), 0) >= 0)).toEqual([true, true, false, true]);
    table.trust(table.find(key(4), 0), 1, 1, 7);
    table.add(key(5), 0, 8); // all trusted: 1, the oldest
    expect([1, 2, 4, 5].map((n) => table.find(key(n), 0) >= 0)).toEqual([false, true, true, true]);
  });

  test('CLI-06: a peer that was used since it was placed outlives one that was not', () => {
    const table = makeTable(10, 10);
    for (let n = 0; n < 10; n++) table.trust(table.add(key(n), 0, n), 1, 1, n);
    const used = new Set([0, 1, 2, 5]);
    for (const n of used) table.lastTransmissionAt[table.find(key(n), 0)] = 100;
    for (let n = 10; n < 16; n++) table.trust(table.add(key(n), 0, 200 + n), 1, 1, 200 + n);
    for (const n of used) expect(table.find(key(n), 0), `${n}`).toBeGreaterThanOrEqual(0);
  });

  test('SEC-12, C5: strangers in any number cannot push out a trusted peer', () => {
    const table = makeTable(100, 10);
    for (let n = 0; n < 90; n++) table.trust(table.add(key(n), 0, n), 1, 1, n);
    for (let n = 1000; n < 20_000; n++) table.add(key(n), 0, n);
    for (let n = 0; n < 90; n++) expect(table.find(key(n), 0)).toBeGreaterThanOrEqual(0);
    expect([table.size, table.untrustedSize]).toEqual([100, 10]);
  });

  test('SEC-12: peers that lose their trust do not exceed the bound of the untrusted; the last to lose it stays', () => {
    const table = makeTable(10, 2);
    const peers = [1, 2, 3, 4, 5].map((n) => {
      const peer = table.add(key(n), 0, n);
      table.trust(peer, 1, 1, n);
      return peer;
    });
    for (const [i, peer] of peers.entries()) {
      table.lastTransmissionAt[peers[0]!] = 100 + i; // also while another is in use
      table.distrust(peer, 100);
      expect(table.find(key(i + 1), 0)).toBe(peer);
      expect(table.untrustedSize).toBe(Math.min(2, i + 1));
    }
    expect(table.size).toBe(2);
  });

  test('addresses that differ in a few bits of one word are all found again', () => {
    const colliding: Uint8Array[] = [];
    for (let n = 0; n < 20_000; n++) colliding.push(key(n * 65_536));
    const table = makeTable(1 << 15, 1 << 15, 0x1234567);
    for (const one of colliding) table.add(one, 0, 0);
    let misses = 0;
    for (const one of colliding) if (table.find(one, 0) < 0) misses++;
    expect(misses).toBe(0);
    expect(table.size).toBe(20_000);
  });

  test('against a naive twin: find, add, trust, distrust, remove, clear, the bounds, and who is told', () => {
    const operation = fc.record({
      what: fc.constantFrom('add', 'add', 'add', 'trust', 'trust', 'distrust', 'remove', 'use', 'clear'),
      who: fc.nat(13),
    });
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.array(operation, { maxLength: 120, size: 'max' }),
        (seed, capacity, untrustedMax, operations) => {
          const twin = new Map<number, { trusted: boolean; mapping: number }>();
          const bound = Math.min(capacity, untrustedMax);
          const table = new PeerTable(capacity, untrustedMax, seed, (peer) => {
            const gone = numberOf(table.address(peer));
            const entry = twin.get(gone);
            expect(entry).toBeDefined();
            if (isMakingRoom && [...twin.values()].some(({ trusted }) => !trusted)) expect(entry!.trusted).toBe(false);
            twin.delete(gone);
          });
          let isMakingRoom = false;
          for (const [now, { what, who }] of operations.entries()) {
            const peer = table.find(key(who), 0);
            expect(peer >= 0).toBe(twin.has(who));
            isMakingRoom = what === 'add' || what === 'distrust';
            if (what === 'add') {
              const added = table.add(key(who), 0, now);
              expect(added).toBe(peer >= 0 ? peer : table.find(key(who), 0));
              if (peer < 0) twin.set(who, { trusted: false, mapping: 0 });
            } else if (what === 'clear') {
              if (now % 5 === 0) table.clear();
            } else if (peer >= 0) {
              if (what === 'trust') {
                table.trust(peer, now, now & 0xffff, now);
                twin.set(who, { trusted: true, mapping: now });
              } else if (what === 'distrust') {
                table.distrust(peer, now);
                expect(table.find(key(who), 0)).toBe(peer);
                twin.get(who)!.trusted = false;
              } else if (what === 'remove') table.remove(peer);
              else table.lastReceptionAt[peer] = now;
            }
            const untrusted = [...twin.values()].filter(({ trusted }) => !trusted).length;
            expect([table.size, table.untrustedSize]).toEqual([twin.size, untrusted]);
            expect(table.size).toBeLessThanOrEqual(capacity);
            expect(untrusted).toBeLessThanOrEqual(bound);
            const listed: number[] = [];
            table.forEach((each) => {
              listed.push(numberOf(table.address(each)));
              expect(table.trusted[each] === 1).toBe(twin.get(listed.at(-1)!)!.trusted);
              expect(table.ipv4[each]).toBe(twin.get(listed.at(-1)!)!.mapping);
            });
            expect(listed.sort((a, b) => a - b)).toEqual([...twin.keys()].sort((a, b) => a - b));
          }
        },
      ),
      { numRuns: 300, seed: 4380 },
    );
  });
});

function makeTable(capacity: number, untrustedMax: number, seed = 1): PeerTable {
  return new PeerTable(capacity, untrustedMax, seed, () => {});
}

function key(n: number): Uint8Array {
  const bytes = Uint8Array.of(0x20, 1, 0, 0, 0xcb, 0, 0x71, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  new DataView(bytes.buffer).setUint32(12, n);
  return bytes;
}

function numberOf(address: Uint8Array): number {
  return new DataView(address.buffer, address.byteOffset).getUint32(12);
}
