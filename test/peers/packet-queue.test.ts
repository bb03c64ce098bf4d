import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PacketQueue } from '../../src/peers/packet-queue.ts';

describe('packets that wait for their peer', () => {
  test('first in, first out, with what belongs to them; a copy, so that the batch may go on', () => {
    const queue = new PacketQueue(4, 1000, 10_000);
    const packet = Uint8Array.of(1, 2, 3);
    queue.push(7, packet, 1220, 5, 6);
    packet[0] = 9;
    queue.push(7, packet);
    expect(queue.has(7)).toBe(true);
    expect(queue.take(7)).toEqual([
      { packet: Uint8Array.of(1, 2, 3), segment: 1220, ipv4: 5, port: 6 },
      { packet: Uint8Array.of(9, 2, 3), segment: 0, ipv4: 0, port: 0 },
    ]);
    expect(queue.take(7)).toEqual([]);
    expect(queue.octets).toBe(0);
  });

  test('SEC-12, CLI-45, REL-09: against a naive twin, bounds per peer and in all hold at every step', () => {
    const operation = fc.record({ peer: fc.nat(4), length: fc.nat(700), takes: fc.integer({ min: 0, max: 3 }) });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 80, size: 'max' }), (operations) => {
        const queue = new PacketQueue(3, 1000, 2000);
        const twin = new Map<number, number[]>();
        const sum = (lengths: readonly number[]) => lengths.reduce((total, length) => total + length, 0);
        for (const { peer, length, takes } of operations) {
          const held = twin.get(peer) ?? [];
          if (takes === 0) {
            expect(queue.take(peer).map(({ packet }) => packet.length)).toEqual(held);
            twin.delete(peer);
          } else {
            const inAll = sum([...twin.values()].flat());
            const fits =
              (held.length === 0 || (held.length < 3 && sum(held) + length <= 1000)) && inAll + length <= 2000;
            expect(queue.push(peer, new Uint8Array(length))).toBe(fits);
            if (fits) twin.set(peer, [...held, length]);
          }
          expect(queue.octets).toBe(sum([...twin.values()].flat()));
          expect(queue.octets).toBeLessThanOrEqual(2000);
        }
      }),
      { seed: 4380 },
    );
  });
});
