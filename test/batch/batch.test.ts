import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Batch, HEADROOM } from '../../src/batch/batch.ts';

describe('a batch', () => {
  test('claim: slots do not overlap, each with its headroom, all within the home region', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.nat(64),
        fc.nat(4000),
        fc.array(fc.nat(700), { maxLength: 60, size: 'max' }),
        (slots, home, room, lengths) => {
          const batch = new Batch(slots, new Uint8Array(home + room + 100), home, home + room);
          let end = home;
          let isRefused = false;
          for (const length of lengths) {
            const before = batch.count;
            const slot = batch.claim(length);
            if (slot < 0) {
              expect(batch.count).toBe(before);
              isRefused = true;
              continue;
            }
            expect(slot).toBe(before);
            expect(batch.start[slot]! - HEADROOM).toBeGreaterThanOrEqual(end);
            end = batch.start[slot]! + batch.length[slot]!;
            expect(batch.length[slot]).toBe(length);
            expect(end).toBeLessThanOrEqual(home + room);
          }
          expect(batch.count).toBeLessThanOrEqual(slots);
          if (lengths.length > slots) expect(isRefused).toBe(true);
        },
      ),
      { seed: 4380 },
    );
  });

  test('a claimed slot has nothing of the one that was there before', () => {
    const batch = new Batch(2, new Uint8Array(200));
    batch.push(Uint8Array.of(1), 5, 6, 2, 1220);
    expect([batch.ipv4[0], batch.port[0], batch.via[0], batch.segment[0]]).toEqual([5, 6, 2, 1220]);
    batch.clear();
    expect(batch.count).toBe(0);
    batch.claim(1);
    expect([batch.ipv4[0], batch.port[0], batch.via[0], batch.segment[0]]).toEqual([0, 0, 0, 0]);
  });

  test('push copies; packet shows what lies in the slot', () => {
    const batch = new Batch(2, new Uint8Array(200));
    const packet = Uint8Array.of(1, 2, 3);
    expect(batch.push(packet)).toBe(0);
    packet[0] = 9;
    expect(batch.packet(0)).toEqual(Uint8Array.of(1, 2, 3));
    expect(batch.push(new Uint8Array(500))).toBe(-1);
    expect(batch.count).toBe(1);
  });

  test('an empty home region serves nobody', () => {
    expect(new Batch(4, new Uint8Array(100), 100, 100).claim(0)).toBe(-1);
  });
});
