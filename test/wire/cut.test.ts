import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as authentication from '../../src/wire/authentication.ts';
import { describe as describeDatagram, describePacket, type Field } from '../../src/wire/describe.ts';
import * as encapsulation from '../../src/wire/encapsulation.ts';
import * as icmpv6 from '../../src/wire/icmpv6.ts';
import * as ipv6 from '../../src/wire/ipv6.ts';
import { Malformed } from '../../src/wire/malformed.ts';
import * as origin from '../../src/wire/origin.ts';
import * as routerAdvertisement from '../../src/wire/router-advertisement.ts';
import * as routerSolicitation from '../../src/wire/router-solicitation.ts';
import * as trailer from '../../src/wire/trailer.ts';
import { ALL, bytesOf } from './examples.ts';

/** Behind the end of a message stand these octets; a reader that looks at them gives two different answers. */
const POISONS = [0x00, 0x01, 0x60, 0xff];
/** In front of it, so that offsets matter. */
const FRONT = 3;

describe('every message cut at every length', () => {
  test.each(Object.entries(ALL))('%s: nothing throws, and nothing behind the end is read', (_name, hex) => {
    const whole = bytesOf(hex);
    for (let length = 0; length <= whole.length; length++) expectBlindBehind(whole.subarray(0, length));
  });

  test.each(Object.entries(ALL))('%s: a cut packet is refused with a reason, a cut trailer is not', (_name, hex) => {
    const whole = bytesOf(hex);
    const full = encapsulation.parse(whole, 0, whole.length);
    if (typeof full === 'number') throw new Error(`malformed ${full}`);
    for (let length = 0; length < whole.length; length++) {
      const cut = encapsulation.parse(whole, 0, length);
      if (length >= full.packetEnd) expect(cut).toEqual({ ...full, end: length });
      else expect([Malformed.Truncated, Malformed.Ipv6Length]).toContain(cut);
    }
  });

  test('random octets, and examples with a few octets changed', () => {
    const examples = Object.values(ALL).map(bytesOf);
    const change = fc.tuple(fc.nat(), fc.nat(255));
    const mutated = fc
      .tuple(fc.constantFrom(...examples), fc.array(change, { maxLength: 6 }), fc.nat())
      .map(([example, changes, cut]) => {
        const bytes = example.slice(0, example.length - (cut % 20));
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
        return bytes;
      });
    fc.assert(fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), expectBlindBehind), { numRuns: 3_000 });
  });
});

describe('RFC 4380 §5.1.1: what no datagram may be', () => {
  const PACKET = bytesOf(ALL.E5!);
  const E1 = bytesOf(ALL.E1!);
  const AUTHENTICATION = E1.slice(0, 13);
  const ORIGIN = bytesOf(ALL.E7!).slice(0, 8);
  const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

  test.each([
    ['W-07: origin before authentication', join(ORIGIN, AUTHENTICATION, PACKET), Malformed.IndicationOrder],
    ['W-07: authentication twice', join(AUTHENTICATION, AUTHENTICATION, PACKET), Malformed.IndicationOrder],
    ['W-07: origin twice', join(ORIGIN, ORIGIN, PACKET), Malformed.IndicationOrder],
    ['W-07: version 4', join(Uint8Array.of(0x45), PACKET.slice(1)), Malformed.NotTeredo],
    ['W-07: type 0002', join(Uint8Array.of(0, 2), PACKET), Malformed.NotTeredo],
    [
      'W-11: payload length ffff',
      join(PACKET.slice(0, 4), Uint8Array.of(255, 255), PACKET.slice(6)),
      Malformed.Ipv6Length,
    ],
    ['reliability 1.5: authentication only', AUTHENTICATION, Malformed.Truncated],
    ['reliability 1.5: authentication and one octet', join(AUTHENTICATION, Uint8Array.of(0)), Malformed.Truncated],
    [
      'reliability 1.5: authentication and 7 octets of origin',
      join(AUTHENTICATION, ORIGIN.slice(0, 7)),
      Malformed.Truncated,
    ],
    ['reliability 1.5: lengths 255 and 255 in 14 octets', bytesOf('0001ffff00000000000000000060'), Malformed.Truncated],
    ['reliability 1.5: 0000 alone', bytesOf('0000'), Malformed.Truncated],
    ['39 octets of IPv6', PACKET.slice(0, 39), Malformed.Truncated],
    ['nothing', new Uint8Array(0), Malformed.Truncated],
  ])('%s', (_name, bytes, expected) => {
    expect(encapsulation.parse(bytes, 0, bytes.length)).toBe(expected);
  });
});

/** Everything that `wire` can say about a message, with each poison behind it, must be the same, and must not throw. */
function expectBlindBehind(message: Uint8Array): void {
  const answers = POISONS.map((poison) => {
    const bytes = new Uint8Array(FRONT + message.length + 64).fill(poison);
    bytes.set(message, FRONT);
    return everything(bytes, FRONT, FRONT + message.length);
  });
  for (const answer of answers.slice(1)) expect(answer).toEqual(answers[0]);
}

function everything(bytes: Uint8Array, at: number, end: number): unknown[] {
  const parts = encapsulation.parse(bytes, at, end);
  const description = describeDatagram(bytes, at, end, { showAuthenticationValue: true });
  expectInside(description.fields, at, end);
  const packet = describePacket(bytes, at, end);
  expectInside(packet.fields, at, end);
  const found: unknown[] = [
    parts,
    description,
    packet,
    authentication.fits(bytes, at, end),
    origin.fits(bytes, at, end),
    ipv6.fits(bytes, at, end),
    ipv6.fills(bytes, at, end),
    trailer.parse(bytes, at, end),
  ];
  if (typeof parts === 'number') return found;
  const { packetAt, packetEnd } = parts;
  return [
    ...found,
    trailer.parse(bytes, packetEnd, end),
    ipv6.isBubble(bytes, packetAt),
    ipv6.hasRoutingHeader(bytes, packetAt, packetEnd),
    icmpv6.isMessage(bytes, packetAt),
    icmpv6.isEcho(bytes, packetAt),
    icmpv6.isNeighborDiscovery(bytes, packetAt),
    icmpv6.isError(bytes, packetAt),
    icmpv6.mayAnswerWithError(bytes, packetAt),
    routerSolicitation.isValid(bytes, packetAt),
    routerAdvertisement.isPresent(bytes, packetAt),
    routerAdvertisement.parse(bytes, packetAt),
  ];
}

function expectInside(fields: readonly Field[], at: number, end: number): void {
  for (const field of fields) {
    if (field.at < at || field.at + field.length > end) throw new Error(`${field.name} points outside the message`);
    expectInside(field.children, at, end);
  }
}
