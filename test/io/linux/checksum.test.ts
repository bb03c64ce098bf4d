import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Arena } from '../../../src/io/linux/arena.ts';
import { checksumOf, fold, sumInJavaScript, tcpField, udpField } from '../../../src/io/linux/checksum.ts';
import * as twin from '../../../src/wire/checksum.ts';

describe('RFC 1071: the sum over an arena', () => {
  const arena = new Arena(1 << 17);
  const { sum, by } = checksumOf(arena);

  test('is made with SIMD here: this processor has it, and the built file is found', () => {
    expect(by).toBe('SIMD');
  });

  test('SIMD, JavaScript and the naive twin agree on any octets, at any offset, of any length', () => {
    const javaScript = sumInJavaScript(arena);
    const octets = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ minLength: 1_000, maxLength: 3_000 }));
    fc.assert(
      fc.property(octets, fc.nat(100), fc.nat(0xffff_ff), (packet, at, initial) => {
        arena.bytes.set(packet, at);
        const expected = twin.finish(twin.sum(arena.bytes, at, packet.length, initial));
        expect(tcpField(sum(at, packet.length, initial))).toBe(expected);
        expect(tcpField(javaScript(at, packet.length, initial))).toBe(expected);
      }),
    );
  });

  test('nothing overflows where all octets are 255', () => {
    arena.bytes.fill(0xff);
    for (const length of [0, 1, 2, 31, 32, 33, 65_535, 65_536, 131_071]) {
      const expected = twin.finish(twin.sum(arena.bytes, 1, Math.min(length, 131_070), 0x7fff));
      expect(tcpField(sum(1, Math.min(length, 131_070), 0x7fff)), `${length} octets`).toBe(expected);
    }
  });

  test('a sum that says 0 stands as 0xffff in UDP, where 0 means "none", and as 0 in TCP', () => {
    expect(fold(0x1_ffff)).toBe(1);
    expect([tcpField(0xffff), udpField(0xffff)]).toEqual([0, 0xffff]);
    expect([tcpField(0x1234), udpField(0x1234)]).toEqual([0xedcb, 0xedcb]);
  });
});
