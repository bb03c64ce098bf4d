import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatHex, formatIpv4, formatIpv6, parseHex, parseIpv4, parseIpv6 } from '../../src/wire/text.ts';
import { bytesOf } from './examples.ts';

describe('RFC 5952: IPv6 addresses as text', () => {
  test.each([
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['20010db8000000000000000000000001', '2001:db8::1'],
    // §4.2.2: a single zero group is not shortened.
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    // §4.2.3: the longest run; of two equal ones the first.
    ['20010000000000010000000000000001', '2001:0:0:1::1'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['00010002000300040005000600000000', '1:2:3:4:5:6::'],
    ['00000000000300040005000600070008', '::3:4:5:6:7:8'],
    ['00010000000000040005000600070000', '1::4:5:6:7:0'],
    ['fe800000000000008000f22734ff8efe', 'fe80::8000:f227:34ff:8efe'],
    ['20010000cb00710118a563be3ffffdd2', '2001:0:cb00:7101:18a5:63be:3fff:fdd2'],
    ['ffffffffffffffffffffffffffffffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ])('%s is %s', (hex, text) => {
    expect(formatIpv6(bytesOf(hex))).toBe(text);
    expect(parseIpv6(text)).toEqual(bytesOf(hex));
  });

  test.each([
    ['2001:DB8::A', '20010db800000000000000000000000a'],
    ['2001:0db8:0:0:0::1', '20010db8000000000000000000000001'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ['::1.2.3.4', '00000000000000000000000001020304'],
    ['64:ff9b::198.51.100.7', '0064ff9b0000000000000000c6336407'],
    ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
  ])('RFC 4291 §2.2: %s is read', (text, hex) => {
    expect(parseIpv6(text)).toEqual(bytesOf(hex));
  });

  test.each([
    '',
    ':',
    ':::',
    '1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '12345::',
    'g::',
    '1:2:3:4:5:6:7:',
    ':1:2:3:4:5:6:7',
    '::1.2.3',
    '::1.2.3.256',
    '::01.2.3.4',
    '1.2.3.4',
    '1.2.3.4::',
    '::1.2.3.4:5',
    'fe80::1%eth0',
    ' ::1',
    '::1 ',
  ])('"%s" is no address', (text) => {
    expect(parseIpv6(text)).toBeUndefined();
  });

  test('what is read is what node:net calls an address, zones aside', () => {
    const piece = fc.constantFrom('', '0', '1', 'ffff', 'abcd', '00001', 'g', '1.2.3.4', '::', ':', '1.2.3');
    const text = fc.oneof(
      fc.ipV6(),
      fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join(':')),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, (candidate) => {
        expect([candidate, parseIpv6(candidate) !== undefined]).toEqual([candidate, isIPv6(candidate)]);
      }),
      { numRuns: 20_000 },
    );
  });

  test('parse(format(x)) = x, and the text is the one of RFC 5952', () => {
    fc.assert(
      fc.property(addressBytes(), (address) => {
        const text = formatIpv6(address);
        expect(isIPv6(text)).toBe(true);
        expect(parseIpv6(text)).toEqual(address);
        // The URL parser of the platform follows RFC 5952 as well: an independent writer.
        expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('IPv4 addresses as text', () => {
  test('parse(format(x)) = x for every int32', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (ipv4) => {
        expect(isIPv4(formatIpv4(ipv4))).toBe(true);
        expect(parseIpv4(formatIpv4(ipv4))).toBe(ipv4);
      }),
    );
  });

  test('what is read is what node:net calls an address', () => {
    const part = fc.constantFrom('0', '00', '1', '01', '255', '256', '', ' 1', '1e1', '0x1', '-1', '999', '10');
    const text = fc.array(part, { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(fc.oneof(text, fc.ipV4()), (candidate) => {
        expect([candidate, parseIpv4(candidate) !== undefined]).toEqual([candidate, isIPv4(candidate)]);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('hex', () => {
  test('parse(format(x)) = x', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(parseHex(formatHex(bytes))).toEqual(bytes);
      }),
    );
  });

  test('colons and white space between octets are allowed, half octets and other letters are not', () => {
    expect(parseHex('00:01\n ff')).toEqual(Uint8Array.of(0, 1, 255));
    for (const text of ['0', 'abc', 'zz', '0x00']) expect(parseHex(text)).toBeUndefined();
  });
});

/** Addresses with runs of zero groups, which random octets would hardly have. */
function addressBytes(): fc.Arbitrary<Uint8Array> {
  const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
  return fc
    .array(group, { minLength: 8, maxLength: 8 })
    .filter((groups) => groups.slice(0, 5).some((value) => value !== 0)) // ::ffff:1.2.3.4 has a text of its own
    .map((groups) => Uint8Array.from(groups.flatMap((value) => [value >>> 8, value & 0xff])));
}
