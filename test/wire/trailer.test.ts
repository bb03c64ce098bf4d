import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Malformed } from '../../src/wire/malformed.ts';
import * as trailer from '../../src/wire/trailer.ts';
import { bytesOf, ipv4Of } from './examples.ts';

const parse = (hex: string) => {
  const bytes = bytesOf(hex);
  return trailer.parse(bytes, 0, bytes.length);
};
const malformed = (read: object = {}, skipped: number[] = []) => ({ ...read, skipped, isMalformed: true });
const good = (read: object = {}, skipped: number[] = []) => ({ ...read, skipped, isMalformed: false });
const NONCE = { nonce: 0xdeadbeef | 0 };

describe('RFC 6081 §4: trailers', () => {
  test('no octets, no trailers', () => {
    expect(trailer.parse(new Uint8Array(0), 0, 0)).toEqual(good());
  });

  test.each([
    [
      'W-18: 40 to 7f are to be discarded',
      ['4000', '7f00', '410401020304', '0104deadbeef4100'],
      Malformed.TrailerDiscard,
    ],
    [
      'EXT-52: an alternate address of impossible length',
      [
        '0302 0000',
        '0300',
        '0307 0000c0a8010a9c',
        '0309 0000c0a8010a9c4100',
        `031b 0000${'00'.repeat(25)}`,
        `0320 ${'00'.repeat(32)}`,
        `03ff ${'00'.repeat(255)}`,
      ],
      Malformed.TrailerAlternate,
    ],
  ])('%s', (_rule, examples, expected) => {
    for (const hex of examples) expect([hex, parse(hex)]).toEqual([hex, expected]);
  });

  test.each([
    ['W-18: 00 to 3f are skipped', '0600 3f01ff 0104deadbeef', good(NONCE, [6, 0x3f])],
    ['W-18: 80 to ff are skipped', '8100 c002abcd ff00 0104deadbeef', good(NONCE, [0x81, 0xc0, 0xff])],
    ['W-24: type 02 is skipped like any unknown one', '0202df78 0104deadbeef', good(NONCE, [2])],
    ['W-19: one octet left is malformed', '0104deadbeef 05', malformed(NONCE)],
    ['W-19: more length than octets is malformed', '0104deadbeef 0504df78', malformed(NONCE)],
    ['W-19, reliability C16: 31 32 33 34, as in a public trace', '31323334', malformed()],
    ['W-20: a nonce of 3 octets is no nonce', '0103deadbe', good({}, [1])],
    ['W-20: a nonce of 5 octets is no nonce', '0105deadbeef00', good({}, [1])],
    ['W-20: of two nonces the first counts', '0104deadbeef 010401020304', good(NONCE)],
    ['W-22: solicitation', '0404 00000000', good({ discovery: 'solicitation' })],
    ['W-22: advertisement', '0404 01000000', good({ discovery: 'advertisement' })],
    ['W-22: another type is no discovery', '0404 02000000', good({}, [4])],
    ['W-22: another length is no discovery', '0401 00', good({}, [4])],
    ['W-23: the random port has type 05', '0502df78', good({ randomPort: 57208 })],
    ['W-23: another length is no random port', '0501df', good({}, [5])],
  ])('%s', (_rule, hex, expected) => {
    expect(parse(hex)).toEqual(expected);
  });

  test.each([1, 2, 3, 4])('W-21, RFC 6081 §4.3: %i alternate addresses', (count) => {
    const alternates = Array.from({ length: count }, (_, i) => ({
      ipv4: ipv4Of(`192.0.2.${i + 1}`),
      port: 40_000 + i,
    }));
    const bytes = new Uint8Array(40);
    const end = trailer.emitAlternates(bytes, 0, alternates);
    expect([end, bytes[1]]).toEqual([4 + 6 * count, 2 + 6 * count]);
    expect(trailer.parse(bytes, 0, end)).toEqual(good({ alternates }));
  });

  test('reliability C16: 200 unknown trailers are all skipped', () => {
    expect(parse('0200'.repeat(200))).toEqual(good({}, Array<number>(200).fill(2)));
  });

  test('emit and parse: any set of trailers in any order comes back', () => {
    const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    const port = fc.nat(0xffff);
    const alternate = fc.record({ ipv4: int32, port });
    const set = fc.record(
      {
        nonce: int32,
        alternates: fc.array(alternate, { minLength: 1, maxLength: 4 }),
        discovery: fc.constantFrom('solicitation' as const, 'advertisement' as const),
        randomPort: port,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        set,
        fc.shuffledSubarray(['nonce', 'alternates', 'discovery', 'randomPort'] as const, { minLength: 4 }),
        (wanted, order) => {
          const bytes = new Uint8Array(80);
          let end = 5;
          for (const key of order) {
            if (key === 'nonce' && wanted.nonce !== undefined) end = trailer.emitNonce(bytes, end, wanted.nonce);
            if (key === 'alternates' && wanted.alternates) end = trailer.emitAlternates(bytes, end, wanted.alternates);
            if (key === 'discovery' && wanted.discovery) end = trailer.emitDiscovery(bytes, end, wanted.discovery);
            if (key === 'randomPort' && wanted.randomPort !== undefined)
              end = trailer.emitRandomPort(bytes, end, wanted.randomPort);
          }
          expect(trailer.parse(bytes, 5, end)).toEqual(good(wanted));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
