import { describe, expect, test } from 'vitest';
import { decapsulate } from '../../../src/io/linux/ecn.ts';

const NAMES = ['Not-ECT', 'ECT(1)', 'ECT(0)', 'CE'] as const;

/** RFC 6040 §4.2, figure 4: what arrives inside, by what arrives outside. */
const TABLE = {
  'Not-ECT': { 'Not-ECT': 'Not-ECT', 'ECT(0)': 'Not-ECT', 'ECT(1)': 'Not-ECT', CE: 'drop' },
  'ECT(0)': { 'Not-ECT': 'ECT(0)', 'ECT(0)': 'ECT(0)', 'ECT(1)': 'ECT(1)', CE: 'CE' },
  'ECT(1)': { 'Not-ECT': 'ECT(1)', 'ECT(0)': 'ECT(1)', 'ECT(1)': 'ECT(1)', CE: 'CE' },
  CE: { 'Not-ECT': 'CE', 'ECT(0)': 'CE', 'ECT(1)': 'CE', CE: 'CE' },
} as const;

describe('RFC 6040 §4.2: congestion outside is told inside', () => {
  const cases = NAMES.flatMap((inner) => NAMES.map((outer) => [inner, outer, TABLE[inner][outer]] as const));

  test.each(cases)('%s inside and %s outside: %s', (inner, outer, expected) => {
    // Version 6, class and flow label around the two bits are to stay.
    const packet = Uint8Array.of(0x6a, 0xc5, 0x12, 0x34);
    packet[1] = (packet[1]! & 0xcf) | (NAMES.indexOf(inner) << 4);
    const kept = decapsulate(packet, 0, packet.length, NAMES.indexOf(outer));
    expect(kept ? NAMES[(packet[1]! >> 4) & 3] : 'drop').toBe(expected);
    expect([packet[0], packet[1]! & 0xcf, packet[2], packet[3]]).toEqual([0x6a, 0xc5, 0x12, 0x34]);
  });

  test('an origin indication before the packet: the octets are left alone', () => {
    const datagram = Uint8Array.of(0, 0, 0x12, 0x34, 1, 2, 3, 4, 0x60, 0);
    expect(decapsulate(datagram, 0, datagram.length, 3)).toBe(true);
    expect([...datagram]).toEqual([0, 0, 0x12, 0x34, 1, 2, 3, 4, 0x60, 0]);
  });
});
