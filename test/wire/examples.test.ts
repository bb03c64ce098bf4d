import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import * as authentication from '../../src/wire/authentication.ts';
import * as encapsulation from '../../src/wire/encapsulation.ts';
import * as icmpv6 from '../../src/wire/icmpv6.ts';
import * as ipv6 from '../../src/wire/ipv6.ts';
import * as origin from '../../src/wire/origin.ts';
import * as routerAdvertisement from '../../src/wire/router-advertisement.ts';
import * as routerSolicitation from '../../src/wire/router-solicitation.ts';
import * as teredo from '../../src/wire/teredo.ts';
import { formatEndpoint, formatHex } from '../../src/wire/text.ts';
import * as trailer from '../../src/wire/trailer.ts';
import * as examples from './examples.ts';
import { bytesOf, ipv4Of, ipv6Of } from './examples.ts';

const A = ipv6Of(examples.ADDRESS_A);
const B = ipv6Of(examples.ADDRESS_B);
const SERVER = ipv4Of('203.0.113.1');
const MAPPED = ipv4Of('192.0.2.45');
const NONCE = bytesOf('0102030405060708');
const NONE = new Uint8Array(0);
const SOLICITING = ipv6Of('fe80::ffff:ffff:fffe');
const SOLICITING_CONE = ipv6Of('fe80::8000:ffff:ffff:fffe');

describe('ledger K: the worked examples are what we write, octet for octet', () => {
  test('RFC 4380 §4, W-01: addresses A and B', () => {
    expect(written((bytes) => teredo.emit(bytes, 0, SERVER, 0x18a5, MAPPED, 40001))).toEqual(A);
    const [server, mapped] = [ipv4Of('198.51.100.1'), ipv4Of('198.51.100.77')];
    expect(written((bytes) => teredo.emit(bytes, 0, server, 0x2c3e, mapped, 51413))).toEqual(B);
  });

  test('RFC 4380 §5.2.1, W-13, E1 and E1c: router solicitation with authentication', () => {
    for (const [example, source] of [
      [examples.E1, SOLICITING],
      [examples.E1C, SOLICITING_CONE],
    ] as const) {
      const bytes = written((out) => routerSolicitation.emit(out, emitAuthentication(out, NONE, NONE), source));
      expect(formatHex(bytes)).toBe(formatHex(bytesOf(example)));
    }
  });

  test('RFC 4380 §5.3.2, W-14, W-05, E2 and E2m: router advertisement with and without MTU option', () => {
    for (const [example, mtu] of [
      [examples.E2, 1280],
      [examples.E2M, undefined],
    ] as const) {
      const bytes = written((out) => emitAdvertisement(out, emitAuthentication(out, NONE, NONE), mtu));
      expect(formatHex(bytes)).toBe(formatHex(bytesOf(example)));
    }
  });

  test('RFC 4380 §5.2.2 and erratum 107, CLI-23, E3 and E4: HMAC-SHA1 over nonce, confirmation and the rest', () => {
    const identifier = new TextEncoder().encode('alice');
    for (const example of [examples.E3, examples.E4]) {
      const bytes = bytesOf(example);
      const covered = authentication.covered(bytes, 0, bytes.length);
      const value = new Uint8Array(createHmac('sha1', 'teredo-secret-01').update(covered).digest());
      expect(authentication.value(bytes, 0)).toEqual(value);
      expect(authentication.identifier(bytes, 0)).toEqual(identifier);
      const header = written((out) => emitAuthentication(out, identifier, value));
      expect(formatHex(header)).toBe(formatHex(bytes.subarray(0, header.length)));
    }
    expect(authentication.covered(bytesOf(examples.E3), 0, 86)).toHaveLength(57);
    expect(authentication.covered(bytesOf(examples.E4), 0, 142)).toHaveLength(113);
    const rejected = bytesOf(examples.E4);
    rejected[authentication.nonceAt(rejected, 0) + 8] = 1;
    const digest = createHmac('sha1', 'teredo-secret-01')
      .update(authentication.covered(rejected, 0, 142))
      .digest('hex');
    expect(digest).toBe('85a21454bcb9a5f64ee6ee6be9cb1cf4626fe44c');
  });

  test('RFC 4380 §2.8, W-10, E5 and E11: bubbles', () => {
    expect(formatHex(written((out) => ipv6.emitBubble(out, 0, 21, A, 0, B, 0)))).toBe(formatHex(bytesOf(examples.E5)));
    const allNodes = ipv6Of('ff02::1');
    const discovery = written((out) => ipv6.emitBubble(out, 0, 1, A, 0, allNodes, 0));
    expect(formatHex(discovery)).toBe(formatHex(bytesOf(examples.E11)));
  });

  test('RFC 6081 §4, W-20, W-21, W-23, E6 and E7: nonce, alternate address and random port trailers', () => {
    const bytes = written((out) => {
      let at = origin.emit(out, 0, MAPPED, 40001);
      at = ipv6.emitBubble(out, at, 21, A, 0, B, 0);
      at = trailer.emitNonce(out, at, 0xdeadbeef | 0);
      at = trailer.emitAlternates(out, at, [{ ipv4: ipv4Of('192.168.1.10'), port: 40001 }]);
      return trailer.emitRandomPort(out, at, 57208);
    });
    expect(formatHex(bytes)).toBe(formatHex(bytesOf(examples.E7)));
    expect(formatHex(bytes.subarray(8))).toBe(formatHex(bytesOf(examples.E6)));
  });

  test('RFC 6081 §4.4, W-22, E8 and E9: the answer, and neighbor discovery trailers', () => {
    const answer = written((out) => trailer.emitNonce(out, ipv6.emitBubble(out, 0, 21, B, 0, A, 0), 0xdeadbeef | 0));
    expect(formatHex(answer)).toBe(formatHex(bytesOf(examples.E8)));
    const asking = written((out) =>
      trailer.emitDiscovery(out, ipv6.emitBubble(out, 0, 21, A, 0, B, 0), 'solicitation'),
    );
    expect(formatHex(asking)).toBe(formatHex(bytesOf(examples.E9_SOLICITATION)));
    const told = written((out) => trailer.emitDiscovery(out, ipv6.emitBubble(out, 0, 21, B, 0, A, 0), 'advertisement'));
    expect(formatHex(told)).toBe(formatHex(bytesOf(examples.E9_ADVERTISEMENT)));
  });

  test('RFC 4380 §5.2.9, W-15, E10: echo request and reply', () => {
    const host = ipv6Of('2001:db8:5::80');
    const data = bytesOf('a1a2a3a4a5a6a7a8');
    const request = written((out) => icmpv6.emitEcho(out, 0, icmpv6.ECHO_REQUEST, 64, A, 0, host, 0, 0x1234, 1, data));
    expect(formatHex(request)).toBe(formatHex(bytesOf(examples.E10)));
    const reply = written((out) => icmpv6.emitEcho(out, 0, icmpv6.ECHO_REPLY, 58, host, 0, A, 0, 0x1234, 1, data));
    expect(formatHex(reply)).toBe(formatHex(bytesOf(examples.E10_REPLY)));
  });

  test('RFC 4380 §5.3.1, E12: a relay bubble as the server delivers it, and the answer', () => {
    const source = ipv6Of('fe80::7c12:34ff:fe56:789a');
    const delivered = written((out) =>
      ipv6.emitBubble(out, origin.emit(out, 0, ipv4Of('192.0.2.200'), 3545), 0, source, 0, A, 0),
    );
    expect(formatHex(delivered)).toBe(formatHex(bytesOf(examples.E12)));
    const answer = written((out) => ipv6.emitBubble(out, 0, 21, A, 0, source, 0));
    expect(formatHex(answer)).toBe(formatHex(bytesOf(examples.E12_ANSWER)));
  });

  test('RFC 4380 §5.1.1, W-08: 1.2.3.4:337 is 0000feaefefdfcfb', () => {
    expect(formatHex(written((out) => origin.emit(out, 0, ipv4Of('1.2.3.4'), 337)))).toBe('0000feaefefdfcfb');
  });
});

describe('ledger K: the worked examples are what we read', () => {
  test('RFC 4380 §5.1.1, W-07: parts of E1, E2, E7 and E12 are found', () => {
    expect(encapsulation.parse(bytesOf(examples.E1), 0, 61)).toEqual(parts(0, -1, 13, 61, 61));
    expect(encapsulation.parse(bytesOf(examples.E2), 0, 117)).toEqual(parts(0, 13, 21, 117, 117));
    expect(encapsulation.parse(bytesOf(examples.E2M), 0, 109)).toEqual(parts(0, 13, 21, 109, 109));
    expect(encapsulation.parse(bytesOf(examples.E3), 0, 86)).toEqual(parts(0, -1, 38, 86, 86));
    expect(encapsulation.parse(bytesOf(examples.E4), 0, 142)).toEqual(parts(0, 38, 46, 142, 142));
    expect(encapsulation.parse(bytesOf(examples.E7), 0, 68)).toEqual(parts(-1, 0, 8, 48, 68));
    expect(encapsulation.parse(bytesOf(examples.E12), 0, 48)).toEqual(parts(-1, 0, 8, 48, 48));
  });

  test('RFC 4380 §5.3.1 (4), SRV-06, SRV-10: the solicitations are valid, XP with its option too', () => {
    for (const [example, at, cone] of [
      [examples.E1, 13, 0],
      [examples.E1C, 13, 1],
      [examples.E3, 38, 0],
      [examples.XP_RS, 13, 1],
    ] as const) {
      expect(routerSolicitation.isValid(bytesOf(example), at)).toBe(true);
      expect(routerSolicitation.coneBit(bytesOf(example), at)).toBe(cone);
    }
  });

  test('RFC 4380 §5.2.1, CLI-15, W-14: the advertisements are valid, stray octets behind 64 bits of prefix or not', () => {
    expect(routerAdvertisement.parse(bytesOf(examples.E2), 21)).toEqual({ server: SERVER, mtu: 1280 });
    expect(routerAdvertisement.parse(bytesOf(examples.E2M), 21)).toEqual({ server: SERVER, mtu: undefined });
    expect(routerAdvertisement.parse(bytesOf(examples.E4), 46)).toEqual({ server: SERVER, mtu: 1280 });
    const microsoft = bytesOf(examples.MS15_RA);
    expect(routerAdvertisement.parse(microsoft, 21)).toEqual({ server: ipv4Of('194.136.28.76'), mtu: undefined });
    expect(formatEndpoint(origin.ipv4(microsoft, 13), origin.port(microsoft, 13))).toBe('185.6.192.185:52513');
  });

  test('RFC 6081 §4, W-17, W-24: trailers of E6, of Windows, and of E13', () => {
    const alternates = (ipv4: string, port: number) => [{ ipv4: ipv4Of(ipv4), port }];
    expect(trailersOf(examples.E6)).toEqual({
      nonce: 0xdeadbeef | 0,
      alternates: alternates('192.168.1.10', 40001),
      randomPort: 57208,
      skipped: [],
      isMalformed: false,
    });
    expect(trailersOf(examples.W7_INDIRECT)).toEqual({
      nonce: 0x77a05e76,
      alternates: alternates('172.24.204.200', 56528),
      randomPort: 57208,
      skipped: [],
      isMalformed: false,
    });
    expect(trailersOf(examples.W7_DELIVERED)).toMatchObject({ nonce: 0x6b32d5ab });
    expect(trailersOf(examples.E13_SKIP)).toEqual({ nonce: 0xdeadbeef | 0, skipped: [0x81], isMalformed: false });
    expect(trailersOf(examples.E13_MALFORMED)).toEqual({ skipped: [], isMalformed: true });
  });
});

/** What `write` writes, cut at the offset it returns. */
function written(write: (bytes: Uint8Array) => number): Uint8Array {
  const bytes = new Uint8Array(600).fill(0xa5);
  return bytes.slice(0, write(bytes));
}

function emitAuthentication(bytes: Uint8Array, identifier: Uint8Array, value: Uint8Array): number {
  return authentication.emit(bytes, 0, identifier, value, NONCE, 0, 0);
}

function emitAdvertisement(bytes: Uint8Array, start: number, mtu: number | undefined): number {
  const at = origin.emit(bytes, start, MAPPED, 40001);
  const source = new Uint8Array(16);
  teredo.emitLinkLocal(source, 0, teredo.FLAG_CONE, SERVER, 3544);
  return routerAdvertisement.emit(bytes, at, source, SOLICITING, 0, SERVER, mtu);
}

function parts(authenticationAt: number, originAt: number, packetAt: number, packetEnd: number, end: number) {
  return { authenticationAt, originAt, packetAt, packetEnd, end };
}

function trailersOf(example: string) {
  const bytes = bytesOf(example);
  return trailer.parse(bytes, 40, bytes.length);
}
