import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isGlobalUnicast, isMulticast } from '../../src/wire/ipv4.ts';
import { formatIpv4 } from '../../src/wire/text.ts';
import { ipv4Of } from './examples.ts';

/** RFC 4380 §5.2.4, written down as it stands there. */
const REFUSED = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '192.88.99.0/24',
  '224.0.0.0/4',
  '255.255.255.255/32',
];

test('RFC 4380 §5.2.4, SEC-01: the edges of every refused range', () => {
  for (const prefix of REFUSED) {
    const [first, last] = edges(prefix);
    expect([formatIpv4(first), isGlobalUnicast(first)]).toEqual([formatIpv4(first), false]);
    expect([formatIpv4(last), isGlobalUnicast(last)]).toEqual([formatIpv4(last), false]);
    for (const outside of [(first - 1) | 0, (last + 1) | 0]) {
      expect([formatIpv4(outside), isGlobalUnicast(outside)]).toEqual([formatIpv4(outside), !isRefused(outside)]);
    }
  }
});

test('RFC 4380 §5.2.4, SEC-01: any address is judged as the plain list of prefixes judges it', () => {
  const near = fc
    .tuple(fc.constantFrom(...REFUSED), fc.integer({ min: -300, max: 300 }), fc.boolean())
    .map(([prefix, offset, isLast]) => (edges(prefix)[isLast ? 1 : 0] + offset) | 0);
  fc.assert(
    fc.property(fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), near), (ipv4) => {
      expect(isGlobalUnicast(ipv4)).toBe(!isRefused(ipv4));
    }),
    { numRuns: 20_000 },
  );
});

test.each(['100.64.0.1', '192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '240.0.0.1', '192.88.98.255'])(
  'SEC-02: %s passes, for labs and carrier NATs live there',
  (text) => {
    expect(isGlobalUnicast(ipv4Of(text))).toBe(true);
  },
);

test('RFC 1112 §4: multicast is 224.0.0.0/4', () => {
  const multicast = ['223.255.255.255', '224.0.0.0', '239.255.255.255', '240.0.0.0'].map((text) =>
    isMulticast(ipv4Of(text)),
  );
  expect(multicast).toEqual([false, true, true, false]);
});

function edges(prefix: string): [number, number] {
  const [text = '', bits = ''] = prefix.split('/');
  const first = ipv4Of(text);
  return [first, (first + 2 ** (32 - Number(bits)) - 1) | 0];
}

/** The naive twin: numbers without sign, one comparison a prefix. */
function isRefused(ipv4: number): boolean {
  return REFUSED.some((prefix) => {
    const [first, last] = edges(prefix);
    return ipv4 >>> 0 >= first >>> 0 && ipv4 >>> 0 <= last >>> 0;
  });
}
