import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as authentication from '../../src/wire/authentication.ts';
import * as encapsulation from '../../src/wire/encapsulation.ts';
import * as icmpv6 from '../../src/wire/icmpv6.ts';
import * as ipv6 from '../../src/wire/ipv6.ts';
import { Malformed } from '../../src/wire/malformed.ts';
import { ALL_ROUTERS } from '../../src/wire/neighbor-discovery.ts';
import * as origin from '../../src/wire/origin.ts';
import * as routerAdvertisement from '../../src/wire/router-advertisement.ts';
import * as routerSolicitation from '../../src/wire/router-solicitation.ts';
import * as teredo from '../../src/wire/teredo.ts';
import { ipv6Of } from './examples.ts';

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const port = fc.nat(0xffff);
const address = fc.uint8Array({ minLength: 16, maxLength: 16 });
const linkLocal = fc
  .uint8Array({ minLength: 8, maxLength: 8 })
  .map((id) => Uint8Array.from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, ...id]));
const RUNS = { numRuns: 2_000 };

describe('emit(parse(x)) = x', () => {
  test('RFC 4380 §5.1.1, RFC 6081 §4: a whole datagram, with any of its parts', () => {
    const octets = fc.uint8Array({ maxLength: 40 });
    const header = fc.record({
      identifier: octets,
      value: octets,
      nonce: fc.uint8Array({ minLength: 8, maxLength: 8 }),
      confirmation: fc.nat(255),
    });
    const datagram = fc.record({
      authentication: fc.option(header),
      origin: fc.option(fc.record({ ipv4: int32, port })),
      source: address,
      destination: address,
      payload: octets,
      trailers: octets,
      at: fc.nat(20),
    });
    fc.assert(
      fc.property(datagram, (d) => {
        const bytes = new Uint8Array(400);
        const auth = d.authentication;
        let end = d.at;
        if (auth) end = authentication.emit(bytes, end, auth.identifier, auth.value, auth.nonce, 0, auth.confirmation);
        if (d.origin) end = origin.emit(bytes, end, d.origin.ipv4, d.origin.port);
        end = ipv6.emit(bytes, end, d.payload.length, 17, 64, d.source, 0, d.destination, 0);
        bytes.set(d.payload, end);
        bytes.set(d.trailers, end + d.payload.length);
        end += d.payload.length + d.trailers.length;

        const parts = encapsulation.parse(bytes, d.at, end);
        if (typeof parts === 'number') throw new Error(`refused: ${parts}`);
        expect([parts.authenticationAt >= 0, parts.originAt >= 0]).toEqual([auth !== null, d.origin !== null]);
        expect(parts.end).toBe(end);
        const again = new Uint8Array(400);
        let here = d.at;
        if (parts.authenticationAt >= 0) {
          const at = parts.authenticationAt;
          const { identifier, value, nonceAt, confirmation } = authentication;
          here = authentication.emit(
            again,
            here,
            identifier(bytes, at),
            value(bytes, at),
            bytes,
            nonceAt(bytes, at),
            confirmation(bytes, at),
          );
        }
        if (parts.originAt >= 0)
          here = origin.emit(again, here, origin.ipv4(bytes, parts.originAt), origin.port(bytes, parts.originAt));
        again.set(bytes.subarray(parts.packetAt, parts.end), here);
        expect(again).toEqual(bytes);
      }),
      RUNS,
    );
  });

  test('RFC 4380 §4, W-01: Teredo address', () => {
    fc.assert(
      fc.property(int32, port, int32, port, (server, flags, ipv4, mappedPort) => {
        const bytes = new Uint8Array(16);
        teredo.emit(bytes, 0, server, flags, ipv4, mappedPort);
        const read = [teredo.server(bytes, 0), teredo.flags(bytes, 0), teredo.ipv4(bytes, 0), teredo.port(bytes, 0)];
        expect(read).toEqual([server, flags, ipv4, mappedPort]);
        expect(teredo.embeds(bytes, 0, ipv4, mappedPort)).toBe(true);
      }),
      RUNS,
    );
  });

  test('RFC 4380 §5.2.1, W-13: router solicitation from any link-local source', () => {
    fc.assert(
      fc.property(linkLocal, (source) => {
        const bytes = new Uint8Array(60);
        const end = routerSolicitation.emit(bytes, 4, source);
        expect(end).toBe(4 + routerSolicitation.LENGTH);
        expect(routerSolicitation.isValid(bytes, 4)).toBe(true);
        expect(routerSolicitation.coneBit(bytes, 4)).toBe(source[8]! >> 7);
      }),
      RUNS,
    );
  });

  test('RFC 4380 §5.3.2, W-14: router advertisement of any server, with any MTU that may be told', () => {
    const mtu = fc.option(fc.integer({ min: 1280, max: 65_535 }), { nil: undefined });
    fc.assert(
      fc.property(linkLocal, linkLocal, int32, mtu, (source, destination, server, told) => {
        const bytes = new Uint8Array(120).fill(0xcc);
        const end = routerAdvertisement.emit(bytes, 8, source, destination, 0, server, told);
        expect(end - 8).toBe(routerAdvertisement.lengthWith(told));
        expect(routerAdvertisement.parse(bytes, 8)).toEqual({ server, mtu: told });
        const again = new Uint8Array(120).fill(0xcc);
        routerAdvertisement.emit(again, 8, source, destination, 0, server, told);
        expect(again).toEqual(bytes);
      }),
      RUNS,
    );
  });

  test('RFC 4443 §4: echo request with any data', () => {
    fc.assert(
      fc.property(
        address,
        address,
        port,
        port,
        fc.uint8Array({ maxLength: 100 }),
        (source, destination, id, sequence, data) => {
          const bytes = new Uint8Array(200);
          const end = icmpv6.emitEcho(bytes, 2, icmpv6.ECHO_REQUEST, 21, source, 0, destination, 0, id, sequence, data);
          expect(ipv6.fills(bytes, 2, end)).toBe(true);
          expect(icmpv6.isEcho(bytes, 2)).toBe(true);
          expect([icmpv6.echoIdentifier(bytes, 2), icmpv6.echoSequence(bytes, 2)]).toEqual([id, sequence]);
          expect(bytes.slice(icmpv6.echoDataAt(2), end)).toEqual(data);
        },
      ),
      RUNS,
    );
  });

  test('RFC 4443 §2.4 (c), SEC-16: an error quotes what fits 1280 octets', () => {
    fc.assert(
      fc.property(address, fc.integer({ min: 40, max: 1400 }), fc.boolean(), (router, length, isTooBig) => {
        const quoted = Uint8Array.from({ length }, (_, i) => (i * 7) & 255);
        const bytes = new Uint8Array(1400);
        const end = isTooBig
          ? icmpv6.emitTooBig(bytes, 0, 1280, router, quoted)
          : icmpv6.emitUnreachable(bytes, 0, icmpv6.ADDRESS_UNREACHABLE, router, quoted);
        expect(end).toBe(Math.min(1280, 48 + length));
        expect(ipv6.fills(bytes, 0, end)).toBe(true);
        expect(icmpv6.isError(bytes, 0)).toBe(true);
        expect(bytes.slice(48, end)).toEqual(quoted.slice(0, end - 48));
        expect(ipv6.sameAddress(bytes, ipv6.DESTINATION, quoted, ipv6.SOURCE)).toBe(true);
        if (isTooBig) expect(icmpv6.tooBigMtu(bytes, 0)).toBe(1280);
      }),
      RUNS,
    );
  });
});

describe('RFC 4861 §6.1, SRV-10, CLI-15, reliability S8 and C2: router discovery that must be discarded', () => {
  const SOURCE = ipv6Of('fe80::1');

  test.each([
    ['hop limit 254', 7, 254],
    ['code 1', 41, 1],
    ['checksum', 42, 0],
    ['no link-local source', 8, 0x20],
    ['another destination', 39, 1],
  ])('solicitation: %s', (_name, at, value) => {
    const bytes = new Uint8Array(48);
    routerSolicitation.emit(bytes, 0, SOURCE);
    expect(routerSolicitation.isValid(bytes, 0)).toBe(true);
    bytes[at] = value;
    if (at !== 42) complete(bytes);
    expect(routerSolicitation.isValid(bytes, 0)).toBe(false);
  });

  test.each([
    ['an option of length 0', '0100000000000000'],
    ['an option past the end', '0102000000000000'],
    ['half an option', '01'],
  ])('solicitation: %s', (_name, option) => {
    const octets = Uint8Array.from(option.match(/../g)!.map((pair) => Number.parseInt(pair, 16)));
    const bytes = new Uint8Array(48 + octets.length);
    ipv6.emit(bytes, 0, 8 + octets.length, 58, 255, SOURCE, 0, ALL_ROUTERS, 0);
    bytes[40] = 133;
    bytes.set(octets, 48);
    complete(bytes);
    expect(routerSolicitation.isValid(bytes, 0)).toBe(false);
  });

  test.each([
    ['hop limit 1', 7, 1, Malformed.NeighborDiscovery],
    ['code 1', 41, 1, Malformed.NeighborDiscovery],
    ['source not link-local', 8, 0x20, Malformed.NeighborDiscovery],
    ['prefix length 63', 58, 63, Malformed.Prefix],
    ['prefix length 65', 58, 65, Malformed.Prefix],
    ['another prefix', 73, 2, Malformed.Prefix],
    ['MTU 1279', 95, 0xff, Malformed.Mtu],
    ['MTU 65536 + 1280', 93, 1, Malformed.Mtu],
    ['no prefix option', 56, 9, Malformed.Prefix],
    ['option length 0', 57, 0, Malformed.NeighborDiscovery],
  ])('advertisement: %s', (_name, at, value, expected) => {
    const bytes = new Uint8Array(96);
    routerAdvertisement.emit(bytes, 0, SOURCE, SOURCE, 0, 0x01020304, 1280);
    bytes[at] = value;
    if (at === 95) bytes[94] = 4;
    complete(bytes);
    expect(routerAdvertisement.parse(bytes, 0)).toBe(expected);
  });

  test('advertisement: two prefix options', () => {
    const bytes = new Uint8Array(120);
    routerAdvertisement.emit(bytes, 0, SOURCE, SOURCE, 0, 0x01020304, undefined);
    bytes.copyWithin(88, 56, 88);
    bytes[5] = 80;
    complete(bytes);
    expect(routerAdvertisement.parse(bytes, 0)).toBe(Malformed.Prefix);
  });
});

/** A right checksum, so that only the fault at hand is a fault. */
function complete(bytes: Uint8Array): void {
  bytes[42] = 0;
  bytes[43] = 0;
  let sum = bytes.length - 40 + 58;
  for (let i = 8; i < bytes.length; i += 2) sum += bytes[i]! * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  bytes[42] = (~sum >>> 8) & 255;
  bytes[43] = ~sum & 255;
}
