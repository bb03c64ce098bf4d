import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describe as describeDatagram, describePacket, type Field, findField } from '../../src/wire/describe.ts';
import { formatHex } from '../../src/wire/text.ts';
import * as examples from './examples.ts';
import { ADDRESS_A, ADDRESS_B, bytesOf } from './examples.ts';

describe('one line for each example of the ledger', () => {
  test.each([
    [examples.E1, 'router solicitation', 'RS, cone 0, nonce 0102030405060708'],
    [examples.E1C, 'router solicitation', 'RS, cone 1, nonce 0102030405060708'],
    [
      examples.E2,
      'router advertisement',
      'RA, prefix 2001:0:cb00:7101::/64, MTU 1280, origin 192.0.2.45:40001, nonce 0102030405060708',
    ],
    [
      examples.E3,
      'router solicitation',
      'RS, cone 0, nonce 0102030405060708, identifier alice, authentication value of 20 octets',
    ],
    [examples.E5, 'bubble', `bubble ${ADDRESS_A} > ${ADDRESS_B}`],
    [
      examples.E6,
      'bubble',
      `bubble ${ADDRESS_A} > ${ADDRESS_B}, trailers nonce deadbeef, alternate 192.168.1.10:40001, random port 57208`,
    ],
    [
      examples.E7,
      'indirect bubble',
      `bubble ${ADDRESS_A} > ${ADDRESS_B}, origin 192.0.2.45:40001, trailers nonce deadbeef, alternate 192.168.1.10:40001, random port 57208`,
    ],
    [examples.E9_SOLICITATION, 'bubble', `bubble ${ADDRESS_A} > ${ADDRESS_B}, trailers neighbor solicitation`],
    [examples.E10, 'echo request', `echo request ${ADDRESS_A} > 2001:db8:5::80, id 0x1234, sequence 1, 8 octets`],
    [examples.E10_REPLY, 'echo reply', `echo reply 2001:db8:5::80 > ${ADDRESS_A}, id 0x1234, sequence 1, 8 octets`],
    [examples.E11, 'discovery bubble', `discovery bubble ${ADDRESS_A} > ff02::1`],
    [examples.E12, 'indirect bubble', `bubble fe80::7c12:34ff:fe56:789a > ${ADDRESS_A}, origin 192.0.2.200:3545`],
    [examples.E13_DISCARD, 'bubble', `bubble ${ADDRESS_A} > ${ADDRESS_B}, trailers type 0x41 (unknown, discard)`],
    [
      examples.E13_SKIP,
      'bubble',
      `bubble ${ADDRESS_A} > ${ADDRESS_B}, trailers type 0x81 (unknown, skip), nonce deadbeef`,
    ],
    [examples.E13_MALFORMED, 'bubble', `bubble ${ADDRESS_A} > ${ADDRESS_B}, trailers malformed at octet 0`],
    [examples.XP_RS, 'router solicitation', 'RS, cone 1, nonce cd5669400b22df88'],
    [
      examples.MS15_RA,
      'router advertisement',
      'RA, prefix 2001:0:c288:1c4c::/64, origin 185.6.192.185:52513, nonce b11b3fea46a9afe9',
    ],
    ['00020102', 'not Teredo', 'malformed: neither IPv6 nor a Teredo indication, 4 octets'],
    ['00010000', 'malformed', 'malformed: truncated, 4 octets'],
  ])('%s', (hex, kind, summary) => {
    const description = describeDatagram(bytesOf(hex));
    expect([description.kind, description.summary]).toEqual([kind, summary]);
  });
});

describe('the tree', () => {
  test('has the names of tshark, and points at the octets', () => {
    const bytes = bytesOf(examples.E4);
    const { fields } = describeDatagram(bytes);
    const at = (name: string) => {
      const field = findField(fields, name);
      if (field === undefined) throw new Error(`no ${name}`);
      return [field.value, formatHex(bytes.subarray(field.at, field.at + field.length))];
    };
    expect(at('teredo.auth.idlen')).toEqual([5, '05']);
    expect(at('teredo.auth.aulen')).toEqual([20, '14']);
    expect(at('teredo.auth.id')).toEqual(['alice', '616c696365']);
    expect(at('teredo.auth.nonce')).toEqual(['0102030405060708', '0102030405060708']);
    expect(at('teredo.auth.conf')).toEqual([0, '00']);
    expect(at('teredo.orig.port')).toEqual([40001, '63be']);
    expect(at('teredo.orig.addr')).toEqual(['192.0.2.45', '3ffffdd2']);
    expect(at('ipv6.src')).toEqual(['fe80::8000:f227:34ff:8efe', 'fe800000000000008000f22734ff8efe']);
    expect(at('ipv6.src_tc_ipv4')).toEqual(['203.0.113.1', '34ff8efe']);
    expect(at('ipv6.plen')).toEqual([56, '0038']);
    expect(at('icmpv6.checksum.status')).toEqual(['good', '954d']);
    expect(at('icmpv6.opt.mtu')).toEqual([1280, '00000500']);
  });

  test('shows what Teredo addresses embed', () => {
    const { fields } = describeDatagram(bytesOf(examples.E5));
    const values = ['src_ts_ipv4', 'src_tc_port', 'src_tc_ipv4', 'dst_ts_ipv4', 'dst_tc_port', 'dst_tc_ipv4'].map(
      (name) => findField(fields, `ipv6.${name}`)?.value,
    );
    expect(values).toEqual(['203.0.113.1', 40001, '192.0.2.45', '198.51.100.1', 51413, '198.51.100.77']);
    expect(findField(fields, 'teredo.addr.flags')?.value).toBe('0x18a5');
  });

  test('RFC 4380 §5.2.2: the authentication value is hidden unless asked for', () => {
    const bytes = bytesOf(examples.E3);
    const secret = 'c512bfedddad01ed3b9804be068c0771765ba6af';
    expect(JSON.stringify(describeDatagram(bytes))).not.toContain(secret);
    expect(JSON.stringify(describeDatagram(bytes, 0, 20))).not.toContain(secret);
    const asked = describeDatagram(bytes, 0, bytes.length, { showAuthenticationValue: true });
    expect(findField(asked.fields, 'teredo.auth.value')?.value).toBe(secret);
  });

  test('a wrong checksum is told', () => {
    const bytes = bytesOf(examples.E10);
    bytes[bytes.length - 1]! ^= 1;
    expect(describeDatagram(bytes).summary).toContain('bad checksum');
    expect(findField(describeDatagram(bytes).fields, 'icmpv6.checksum.status')?.value).toBe('bad');
  });

  test.each([
    ['06 40', '04d2 0050 00000001 00000000 5002 2000 0000 0000', 'TCP SYN'],
    ['06 40', '0050 04d2 00000001 00000002 5012 2000 0000 0000', 'TCP SYN-ACK'],
    ['06 40', '04d2 0050 00000001 00000002 5018 2000 0000 0000 aabb', 'TCP data'],
    ['06 40', '04d2 0050 00000001 00000002 5011 2000 0000 0000', 'TCP FIN'],
    ['06 40', '04d2 0050 00000001 00000002 5004 2000 0000 0000', 'TCP RST'],
    ['11 40', '04d2 0035 0008 0000', 'UDP'],
    ['3a 40', '01 03 0000 00000000', 'destination unreachable'],
    ['3a 40', '02 00 0000 00000500', 'packet too big'],
    ['3a 40', '87 00 0000 00000000', 'neighbor solicitation'],
    ['3c 40', '3b 00 010400000000', 'IPv6 without next header'],
    ['2c 40', '06 00 0009 00000001 00000000', 'IPv6 fragment'],
    ['84 40', '0000', 'IPv6 next header 132'],
  ])('IPv6 %s: %s is %s', (head, body, kind) => {
    const upper = bytesOf(body);
    const packet = bytesOf(
      `60000000 ${upper.length.toString(16).padStart(4, '0')} ${head} ${'20010db8'.repeat(8)} ${body}`,
    );
    expect(describePacket(packet).kind).toBe(kind);
    expect(describeDatagram(packet).kind).toBe(kind);
  });

  test('never throws, whatever the octets are, and every field lies inside', () => {
    const start = fc.constantFrom(
      '',
      '60',
      '0000',
      '0001',
      '00010000',
      '6000000000003a40',
      '6000000000142c40',
      '600000000020003b',
    );
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (head, rest) => {
        const bytes = Uint8Array.from([...bytesOf(head), ...rest]);
        // A payload length that fits makes for deeper looks.
        if (bytes[0]! >> 4 === 6 && bytes.length >= 40)
          bytes.set([(bytes.length - 40) >> 8, (bytes.length - 40) & 255], 4);
        for (const { fields, summary } of [describeDatagram(bytes), describePacket(bytes)]) {
          expect(summary).not.toContain('undefined');
          expect(summary).not.toContain('NaN');
          expectInside(fields, bytes.length);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});

function expectInside(fields: readonly Field[], end: number): void {
  for (const { name, value, at, length, children } of fields) {
    expect([name, at >= 0 && length >= 0 && at + length <= end, Number.isNaN(value)]).toEqual([name, true, false]);
    expectInside(children, end);
  }
}
