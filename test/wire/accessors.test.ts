import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as authentication from '../../src/wire/authentication.ts';
import * as bytesModule from '../../src/wire/bytes.ts';
import * as checksum from '../../src/wire/checksum.ts';
import * as icmpv6 from '../../src/wire/icmpv6.ts';
import * as ipv6 from '../../src/wire/ipv6.ts';
import * as origin from '../../src/wire/origin.ts';
import * as teredo from '../../src/wire/teredo.ts';
import { bytesOf } from './examples.ts';

/** A block and an offset in it, with at least 64 octets behind the offset. */
const place = fc.tuple(fc.uint8Array({ minLength: 80, maxLength: 80 }), fc.integer({ min: 0, max: 15 }));
const RUNS = { numRuns: 2_000 };

describe('each accessor is what a DataView says', () => {
  test('bytes: numbers in network order', () => {
    fc.assert(
      fc.property(place, ([bytes, at]) => {
        const view = viewOf(bytes);
        expect(bytesModule.readU16(bytes, at)).toBe(view.getUint16(at));
        expect(bytesModule.readI32(bytes, at)).toBe(view.getInt32(at));
        expect(bytesModule.readU32(bytes, at)).toBe(view.getUint32(at));
      }),
      RUNS,
    );
  });

  test('bytes: what is written is what a DataView writes, and nothing else changes', () => {
    fc.assert(
      fc.property(place, fc.integer(), ([bytes, at], value) => {
        const [ours, theirs] = [bytes.slice(), bytes.slice()];
        bytesModule.writeU16(ours, at, value);
        bytesModule.writeI32(ours, at + 8, value);
        viewOf(theirs).setUint16(at, value);
        viewOf(theirs).setInt32(at + 8, value);
        expect(ours).toEqual(theirs);
      }),
      RUNS,
    );
  });

  test('bytes: copy within one block and between two, overlapping or not', () => {
    fc.assert(
      fc.property(
        place,
        fc.integer({ min: 0, max: 15 }),
        fc.integer({ min: 0, max: 60 }),
        ([bytes, from], to, length) => {
          const expected = Uint8Array.from(bytes);
          expected.set(bytes.slice(from, from + length), to);
          const within = bytes.slice();
          bytesModule.copy(within, from, within, to, length);
          expect(within).toEqual(expected);
          const between = bytes.slice();
          bytesModule.copy(bytes, from, between, to, length);
          expect(between).toEqual(expected);
          expect(bytesModule.equal(between, to, bytes, from, length)).toBe(true);
        },
      ),
      RUNS,
    );
  });

  test('RFC 8200 §3: IPv6 header', () => {
    fc.assert(
      fc.property(place, fc.integer({ min: 0, max: 80 }), ([bytes, at], end) => {
        const view = viewOf(bytes);
        const length = view.getUint16(at + 4);
        expect(ipv6.payloadLength(bytes, at)).toBe(length);
        expect(ipv6.packetLength(bytes, at)).toBe(40 + length);
        expect(ipv6.nextHeader(bytes, at)).toBe(view.getUint8(at + 6));
        const isHeader = end - at >= 40 && view.getUint8(at) >> 4 === 6;
        expect(ipv6.fits(bytes, at, end)).toBe(isHeader && at + 40 + length <= end);
        expect(ipv6.fills(bytes, at, end)).toBe(isHeader && at + 40 + length === end);
      }),
      RUNS,
    );
  });

  test('RFC 4380 §2.8: a bubble has next header 59 and no payload', () => {
    const headers = fc.tuple(fc.constantFrom(0, 6, 58, 59, 60), fc.constantFrom(0, 1, 256), fc.nat(255));
    fc.assert(
      fc.property(place, headers, ([bytes, at], [next, length, hopLimit]) => {
        bytes[at + 6] = next;
        bytes[at + 7] = hopLimit;
        viewOf(bytes).setUint16(at + 4, length);
        expect(ipv6.isBubble(bytes, at)).toBe(next === 59 && length === 0);
      }),
      RUNS,
    );
  });

  test('RFC 4291 §2.4: scopes of addresses, against BigInt arithmetic', () => {
    fc.assert(
      fc.property(interestingAddress(), fc.integer({ min: 0, max: 15 }), (address, at) => {
        const bytes = new Uint8Array(40).fill(0xff);
        bytes.set(address, at);
        const value = BigInt(`0x${Buffer.from(address).toString('hex')}`);
        const starts = (prefix: string, length: number) =>
          value >> BigInt(128 - length) === BigInt(`0x${prefix}`) >> BigInt(128 - length);
        const full = (text: string) => text.padEnd(32, '0');
        expect(ipv6.isLinkLocal(bytes, at)).toBe(starts(full('fe80'), 10));
        expect(ipv6.isMulticast(bytes, at)).toBe(starts(full('ff00'), 8));
        expect(ipv6.isUnspecifiedOrLoopback(bytes, at)).toBe(value < 2n);
        const isRefused =
          starts(full('ff'), 8) || starts(full('fe80'), 10) || starts(full('fec0'), 10) || value >> 64n === 0n;
        expect(ipv6.isGlobal(bytes, at)).toBe(!isRefused);
        expect(teredo.isTeredo(bytes, at)).toBe(starts(full('20010000'), 32));
      }),
      { numRuns: 5_000 },
    );
  });

  test('two addresses are one when their 16 octets are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(127), fc.boolean(), (address, bit, flip) => {
        const other = new Uint8Array(20);
        other.set(address, 3);
        if (flip) other[3 + (bit >> 3)]! ^= 1 << (bit & 7);
        expect(ipv6.sameAddress(address, 0, other, 3)).toBe(!flip);
      }),
      RUNS,
    );
  });

  test('RFC 4380 §4, W-01: Teredo address', () => {
    fc.assert(
      fc.property(place, ([bytes, at]) => {
        const view = viewOf(bytes);
        expect(teredo.server(bytes, at)).toBe(view.getInt32(at + 4));
        expect(teredo.flags(bytes, at)).toBe(view.getUint16(at + 8));
        expect(teredo.port(bytes, at)).toBe(0xffff - view.getUint16(at + 10));
        expect(teredo.ipv4(bytes, at)).toBe((0xffffffff - view.getUint32(at + 12)) | 0);
      }),
      RUNS,
    );
  });

  test('RFC 4380 §5.1.1, W-08: origin indication', () => {
    fc.assert(
      fc.property(
        place,
        fc.constantFrom(0, 1),
        fc.constantFrom(0, 1),
        fc.integer({ min: 0, max: 80 }),
        ([bytes, at], a, b, end) => {
          bytes[at] = a;
          bytes[at + 1] = b;
          expect(origin.port(bytes, at)).toBe(0xffff - viewOf(bytes).getUint16(at + 2));
          expect(origin.ipv4(bytes, at)).toBe((0xffffffff - viewOf(bytes).getUint32(at + 4)) | 0);
          expect(origin.fits(bytes, at, end)).toBe(a === 0 && b === 0 && end - at >= 8);
        },
      ),
      RUNS,
    );
  });

  test('RFC 4380 §5.1.1, W-09: authentication of any two lengths, emitted and read again', () => {
    const part = fc.uint8Array({ maxLength: 255 });
    const nonce = fc.uint8Array({ minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(part, part, nonce, fc.nat(255), fc.nat(9), (identifier, value, expected, confirmation, at) => {
        const bytes = new Uint8Array(600).fill(0xee);
        const end = authentication.emit(bytes, at, identifier, value, expected, 0, confirmation);
        expect(end - at).toBe(13 + identifier.length + value.length);
        expect(authentication.length(bytes, at)).toBe(end - at);
        expect(authentication.fits(bytes, at, end)).toBe(true);
        expect(authentication.fits(bytes, at, end - 1)).toBe(false);
        expect(authentication.identifier(bytes, at)).toEqual(identifier);
        expect(authentication.value(bytes, at)).toEqual(value);
        const nonceAt = authentication.nonceAt(bytes, at);
        expect(bytes.slice(nonceAt, nonceAt + 8)).toEqual(expected);
        expect(authentication.confirmation(bytes, at)).toBe(confirmation);
        expect([bytes[at], bytes[at + 1], bytes[end]]).toEqual([0, 1, 0xee]);
      }),
      RUNS,
    );
  });

  test('RFC 4443 §4: echo messages', () => {
    fc.assert(
      fc.property(place, ([bytes, at]) => {
        const view = viewOf(bytes);
        expect(icmpv6.type(bytes, at)).toBe(view.getUint8(at + 40));
        expect(icmpv6.code(bytes, at)).toBe(view.getUint8(at + 41));
        expect(icmpv6.echoIdentifier(bytes, at)).toBe(view.getUint16(at + 44));
        expect(icmpv6.echoSequence(bytes, at)).toBe(view.getUint16(at + 46));
        expect(icmpv6.tooBigMtu(bytes, at)).toBe(view.getUint32(at + 44));
      }),
      RUNS,
    );
  });
});

describe('RFC 1071, RFC 8200 §8.1: checksums', () => {
  test('the sum of any octets is what 16-bit one’s complement addition, word by word, gives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.nat(7), (data, at) => {
        const bytes = new Uint8Array(data.length + 16).fill(0xff);
        bytes.set(data, at);
        expect(checksum.finish(checksum.sum(bytes, at, data.length, 0))).toBe(naiveChecksum(data));
      }),
      RUNS,
    );
  });

  test('the largest packet of zeros and of ones does not overflow', () => {
    for (const octet of [0, 255]) {
      const bytes = new Uint8Array(65_535 + 40).fill(octet);
      expect(checksum.finish(checksum.sum(bytes, 0, bytes.length, 0))).toBe(naiveChecksum(bytes));
    }
  });

  test('RFC 4443 §2.3: a completed checksum is right, and no flipped bit goes unseen', () => {
    const message = fc.uint8Array({ minLength: 8, maxLength: 100 });
    fc.assert(
      fc.property(message, fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(), (body, addresses, flip) => {
        const bytes = new Uint8Array(40 + body.length);
        ipv6.emit(bytes, 0, body.length, ipv6.NEXT_ICMPV6, 64, addresses, 0, addresses, 16);
        bytes.set(body, 40);
        checksum.completeIcmpv6(bytes, 0);
        expect(checksum.isIcmpv6Right(bytes, 0)).toBe(true);
        const pseudo = Uint8Array.from([...addresses, 0, 0, 0, body.length, 0, 0, 0, 58, ...bytes.slice(40)]);
        expect(naiveChecksum(pseudo)).toBe(0);
        const bit = 8 * 8 + (flip % (8 * (bytes.length - 8)));
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(checksum.isIcmpv6Right(bytes, 0)).toBe(false);
      }),
      RUNS,
    );
  });
});

describe('RFC 5095, SEC-10: routing headers', () => {
  const ROUTING_0 = '3b 02 00 01 00000000 20010db8000000000000000000000001';
  const at = (next: string, rest: string) => bytesOf(`60000000 0000 ${next} 40 ${'00'.repeat(32)} ${rest}`);

  test.each([
    ['type 0 at once', at('2b', ROUTING_0), true],
    ['type 2 at once', at('2b', ROUTING_0.replace('3b 02 00', '3b 02 02')), true],
    ['type 4 (segment routing)', at('2b', ROUTING_0.replace('3b 02 00', '3b 02 04')), false],
    [
      'type 0 behind hop-by-hop and destination options',
      at('00', `3c 00 010400000000 2b 00 010400000000 ${ROUTING_0}`),
      true,
    ],
    ['type 0 behind a first fragment header', at('2c', `2b 00 0001 00000001 ${ROUTING_0}`), true],
    ['data of a later fragment that looks like one', at('2c', `2b 00 0009 00000001 ${ROUTING_0}`), false],
    ['type 0 behind TCP is data', at('06', ROUTING_0), false],
    ['a chain that is cut', at('00', '2b ff 0104'), false],
  ])('%s', (_name, bytes, expected) => {
    expect(ipv6.hasRoutingHeader(bytes, 0, bytes.length)).toBe(expected);
  });
});

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Word by word, with the end-around carry at each step. */
function naiveChecksum(data: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < data.length; i += 2) {
    sum += data[i]! * 256 + (data[i + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return 0xffff - sum;
}

/** Addresses near the edges of the prefixes that matter. */
function interestingAddress(): fc.Arbitrary<Uint8Array> {
  const head = fc.constantFrom(
    0x0000,
    0x0001,
    0x2001,
    0x2002,
    0xfe7f,
    0xfe80,
    0xfebf,
    0xfec0,
    0xfeff,
    0xff00,
    0xff02,
    0xfdff,
  );
  const word = fc.oneof(fc.constantFrom(0, 1, 0xffff), fc.integer({ min: 0, max: 0xffff }));
  return fc
    .tuple(
      fc.oneof(head, word),
      fc.oneof(fc.constant([0, 0, 0, 0, 0, 0]), fc.array(word, { minLength: 6, maxLength: 6 })),
      word,
    )
    .map(([first, middle, last]) =>
      Uint8Array.from([first, ...middle, last].flatMap((value) => [value >> 8, value & 255])),
    );
}
