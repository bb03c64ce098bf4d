import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Batch } from '../../src/batch/batch.ts';
import { isDirectedBroadcast, isOnLink, isOwnAddress } from '../../src/roles/local-networks.ts';
import { Outbox } from '../../src/roles/outbox.ts';
import { PendingPeers } from '../../src/roles/pending.ts';
import { randomizedRefreshIntervalMs } from '../../src/roles/random.ts';
import { RateLimit } from '../../src/roles/rate-limit.ts';
import { TimerTable } from '../../src/roles/timers.ts';
import { teredoAddress } from './packets.ts';
import { network, qualify } from './scene.ts';
import { ip, makeClient, seededRandom } from './support.ts';

describe('Outbox', () => {
  test('first in, first out, whatever batches it is polled into; bounds hold; against a naive twin', () => {
    const operation = fc.oneof(
      fc.nat(300).map((length) => ({ length })),
      fc.record({ slots: fc.integer({ min: 1, max: 5 }), room: fc.nat(900) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60, size: 'max' }), (operations) => {
        const outbox = new Outbox(20, 4000);
        let twin: number[][] = [];
        for (const [n, one] of operations.entries()) {
          if ('length' in one) {
            if (outbox.push(new Uint8Array(one.length).fill(n), n, n + 1, n % 3, n + 2)) twin.push([n, one.length]);
            expect(twin.length).toBeLessThanOrEqual(20);
          } else {
            const batch = new Batch(one.slots, new Uint8Array(one.room));
            outbox.poll(batch);
            const polled = Array.from({ length: batch.count }, (_, slot) => [batch.ipv4[slot]!, batch.length[slot]!]);
            for (let slot = 0; slot < batch.count; slot++) {
              const mark = batch.ipv4[slot]!;
              expect([batch.port[slot], batch.via[slot], batch.segment[slot]]).toEqual([mark + 1, mark % 3, mark + 2]);
              expect(batch.packet(slot).every((octet) => octet === (mark & 255))).toBe(true);
            }
            // What not even an empty batch can take is left out, for it would block the rest.
            while (polled.length > 0 && twin[0]![0] !== polled[0]![0]) twin.shift();
            expect(twin.slice(0, polled.length)).toEqual(polled);
            twin = outbox.isEmpty ? [] : twin.slice(polled.length);
          }
        }
      }),
      { seed: 4380 },
    );
  });

  test('its bounds are exact, and it is whole again when it was emptied', () => {
    for (let round = 0; round < 3; round++) {
      const outbox = new Outbox(100, 1000);
      for (let i = 0; i < 3; i++) {
        let pushed = 0;
        while (outbox.push(new Uint8Array(70))) pushed++;
        expect(pushed).toBe(12); // 72 octets each, and 8 between them
        outbox.poll(new Batch(100, new Uint8Array(10_000)));
        expect(outbox.isEmpty).toBe(true);
      }
    }
  });
});

describe('RateLimit', () => {
  test('a burst at once, then the rate, over any time; two keys have a budget each', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.nat(300), { maxLength: 200, size: 'max' }),
        (perSecond, burst, pauses) => {
          const limit = new RateLimit(perSecond, burst, 1, 0);
          let [now, allowed] = [1000, 0];
          for (const pause of pauses) {
            now += pause;
            if (limit.allow(1, now)) allowed++;
            expect(allowed).toBeLessThanOrEqual(burst + ((now - 1000) / 1000) * perSecond + 1);
          }
        },
      ),
      { seed: 4380 },
    );
    const limit = new RateLimit(10, 20, 1024, 5);
    for (let i = 0; i < 20; i++) expect(limit.allow(ip('192.0.2.1'), 0)).toBe(true);
    expect(limit.allow(ip('192.0.2.1'), 0)).toBe(false);
    expect(limit.allow(ip('192.0.2.2'), 0)).toBe(true);
    expect(limit.allow(ip('192.0.2.1'), 100)).toBe(true);
    expect(limit.allow(ip('192.0.2.1'), 100)).toBe(false);
    let afterLong = 0;
    while (limit.allow(ip('192.0.2.1'), 1e9)) afterLong++;
    expect(afterLong).toBe(20);
  });
});

describe('PendingPeers and TimerTable', () => {
  test('the earliest deadline, against a naive twin', () => {
    const operation = fc.record({
      what: fc.constantFrom('set', 'delete', 'due'),
      peer: fc.nat(6),
      pause: fc.nat(3000),
      wait: fc.nat(4000),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 80, size: 'max' }), (operations) => {
        const pending = new PendingPeers();
        const twin = new Map<number, number>();
        let now = 0;
        for (const { what, peer, pause, wait } of operations) {
          now += pause;
          if (what === 'set') {
            pending.set(peer, 1, 4, now + wait);
            twin.set(peer, now + wait);
          } else if (what === 'delete') {
            pending.delete(peer);
            twin.delete(peer);
          } else {
            const first = Math.min(Infinity, ...twin.values());
            const due = pending.takeDue(now);
            expect(due?.deadlineAt).toBe(first <= now ? first : undefined);
            if (due === undefined) continue;
            expect(twin.get(due.peer)).toBe(first);
            twin.delete(due.peer);
          }
          expect(pending.nextAt).toBe(Math.min(Infinity, ...twin.values()));
        }
      }),
      { seed: 4380 },
    );
  });

  test('a timer is taken once, when it has passed', () => {
    const timers = new TimerTable(3);
    expect(timers.next()).toBe(Infinity);
    timers.set(1, 50);
    timers.set(2, 40);
    expect([timers.next(), timers.take(1, 45), timers.take(2, 40), timers.take(2, 40), timers.next()]).toEqual([
      40,
      false,
      true,
      false,
      50,
    ]);
    timers.stop(1);
    expect(timers.next()).toBe(Infinity);
  });
});

describe('addresses and chance', () => {
  test('SEC-01: the directed broadcast of each attached subnet; none where a subnet has two addresses or one', () => {
    const networks = [
      network('198.51.100.9', 24),
      network('10.1.2.3', 8),
      network('203.0.113.6', 30),
      network('192.0.2.0', 31),
      network('192.0.2.9', 32),
    ];
    const broadcasts = ['198.51.100.255', '10.255.255.255', '203.0.113.7'];
    for (const one of broadcasts) expect(isDirectedBroadcast(networks, ip(one)), one).toBe(true);
    for (const one of ['198.51.100.254', '10.1.2.255', '203.0.113.6', '192.0.2.1', '192.0.2.9', '255.255.255.255']) {
      expect(isDirectedBroadcast(networks, ip(one)), one).toBe(false);
    }
    expect([isOwnAddress(networks, ip('10.1.2.3')), isOwnAddress(networks, ip('10.1.2.4'))]).toEqual([true, false]);
    expect([
      isOnLink(networks, ip('10.9.9.9')),
      isOnLink(networks, ip('11.0.0.1')),
      isOnLink([network('1.1.1.1', 0)], ip('9.9.9.9')),
    ]).toEqual([true, false, true]);
  });

  test('CLI-101, Q-09: 75% to 100%, whatever is drawn', () => {
    expect(randomizedRefreshIntervalMs(30_000, { uint32: () => 0 })).toBe(22_500);
    expect(randomizedRefreshIntervalMs(30_000, { uint32: () => 0xffffffff })).toBeLessThanOrEqual(30_000);
  });

  test('W-02, UPD-01, C14, RFC 5991 §3.1: twelve random bits, all of them used; z, U, G and the cone bit clear', () => {
    const random = seededRandom(11);
    const counts = new Map<number, number>();
    for (let i = 0; i < 4000; i++) {
      const client = makeClient({ peersMax: 1, untrustedPeersMax: 1 }, random);
      client.start(0);
      qualify(client, 0);
      const address = client.address!;
      const flags = (address[8]! << 8) | address[9]!;
      expect(flags & ~0x3cff).toBe(0);
      expect(address).toEqual(teredoAddress('203.0.113.1', '192.0.2.45:40001', flags));
      counts.set(flags, (counts.get(flags) ?? 0) + 1);
    }
    expect(counts.size).toBeGreaterThan(2400); // 4000 draws of 4096 values: 2550 or so differ
    for (let bit = 0; bit < 16; bit++) {
      if ((0x3cff & (1 << bit)) === 0) continue;
      const set = [...counts].reduce((sum, [flags, count]) => sum + (flags & (1 << bit) ? count : 0), 0);
      expect(set / 4000).toBeGreaterThan(0.45);
      expect(set / 4000).toBeLessThan(0.55);
    }
  });

  test('UPD-06: another mapping draws other bits', () => {
    const client = makeClient({}, seededRandom(12));
    const drawn = [1, 2, 3, 4].map((n) => {
      client.start(n * 1000);
      qualify(client, n * 1000, `192.0.2.45:${40_000 + n}`);
      return client.address!.subarray(8, 10).toString();
    });
    expect(new Set(drawn).size).toBe(4);
  });
});
