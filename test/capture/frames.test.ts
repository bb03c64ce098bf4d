import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dissect } from '../../src/capture/datagram.ts';
import * as dns from '../../src/capture/dns.ts';
import * as linkLayer from '../../src/capture/link-layer.ts';
import { recognize } from '../../src/capture/recognition.ts';
import { ALL, bytesOf, E1, E5, E10, E11, ipv4Of } from '../wire/examples.ts';
import { joined } from './files.ts';
import { udpPacket } from './udp-packet.ts';

const CLIENT = { ipv4: ipv4Of('192.0.2.45'), port: 40001 };
const SERVER = { ipv4: ipv4Of('203.0.113.1'), port: 3544 };
const PACKET = udpPacket(CLIENT, SERVER, bytesOf(E1));
const ADDRESSES = '020000000001020000000002';

describe('link layers', () => {
  test.each([
    ['RAW', linkLayer.RAW, ''],
    ['RAW of OpenBSD', 14, ''],
    ['IPV4', linkLayer.IPV4, ''],
    ['NULL, little endian', linkLayer.NULL, '02000000'],
    ['NULL, big endian', linkLayer.NULL, '00000002'],
    ['LOOP', linkLayer.LOOP, '00000002'],
    ['EN10MB', linkLayer.ETHERNET, `${ADDRESSES} 0800`],
    ['EN10MB with a VLAN tag', linkLayer.ETHERNET, `${ADDRESSES} 8100 0064 0800`],
    ['EN10MB with two tags', linkLayer.ETHERNET, `${ADDRESSES} 88a8 0064 8100 0065 0800`],
    ['LINUX_SLL', linkLayer.LINUX_SLL, '0000 0001 0006 020000000001 0000 0800'],
    ['LINUX_SLL with a tag', linkLayer.LINUX_SLL, '0000 0001 0006 020000000001 0000 8100 0064 0800'],
    ['LINUX_SLL2', linkLayer.LINUX_SLL2, '0800 0000 00000002 0001 00 06 0200000000010000'],
    ['LINUX_SLL2 with a tag', linkLayer.LINUX_SLL2, '8100 0000 00000002 0001 00 06 0200000000010000 0064 0800'],
  ])('%s', (_name, linkType, head) => {
    const frame = joined([bytesOf0(head), PACKET]);
    expect(dissect({ linkType, bytes: frame })).toMatchObject({ type: 'datagram', payload: bytesOf(E1) });
    for (let length = 0; length < frame.length; length++) {
      expect(dissect({ linkType, bytes: frame.slice(0, length) }).type).toBe('other');
    }
  });

  test.each([
    [linkLayer.ETHERNET, `${ADDRESSES} 0806 0001`, 'not IP (ARP)'],
    [linkLayer.ETHERNET, `${ADDRESSES} 0026 4242`, 'not IP (IEEE 802.3)'],
    [linkLayer.ETHERNET, `${ADDRESSES} 88cc 0207`, 'not IP (EtherType 88cc)'],
    [linkLayer.ETHERNET, `${ADDRESSES} ${'8100 0001'.repeat(5)}`, 'too many VLAN tags'],
    [linkLayer.RAW, '55', 'not IP (version 5)'],
    [147, '00', 'link type 147'],
  ])('link type %i: %s is %s', (linkType, hex, reason) => {
    expect(dissect({ linkType, bytes: bytesOf(hex) })).toEqual({ type: 'other', reason });
  });

  test('native IPv6 comes out as a packet, without Ethernet padding', () => {
    const frame = joined([bytesOf(`${ADDRESSES} 86dd`), bytesOf(E5), new Uint8Array(6)]);
    expect(dissect({ linkType: linkLayer.ETHERNET, bytes: frame })).toEqual({ type: 'packet', packet: bytesOf(E5) });
  });
});

describe('IPv4 and UDP', () => {
  const changed = (...changes: [at: number, value: number][]) => {
    const bytes = PACKET.slice();
    for (const [at, value] of changes) bytes[at] = value;
    return dissect({ linkType: linkLayer.RAW, bytes });
  };

  test('addresses, ports, time to live', () => {
    expect(changed([8, 17])).toMatchObject({ source: CLIENT, destination: SERVER, ttl: 17 });
  });

  test('RFC 791: options are stepped over', () => {
    const bytes = joined([PACKET.slice(0, 20), bytesOf('01010101'), PACKET.slice(20)]);
    bytes[0] = 0x46;
    bytes[3]! += 4;
    expect(dissect({ linkType: linkLayer.RAW, bytes })).toMatchObject({ type: 'datagram', payload: bytesOf(E1) });
  });

  test.each([
    ['a first fragment', [[6, 0x20]], 'first IPv4 fragment'],
    ['a later fragment', [[7, 5]], 'later IPv4 fragment'],
    ['TCP', [[9, 6]], 'not UDP (TCP)'],
    ['ICMP', [[9, 1]], 'not UDP (ICMP)'],
    ['header length 16', [[0, 0x44]], 'bad IPv4 header'],
    ['total length below the header', [[3, 19]], 'bad IPv4 header'],
    ['total length past the frame', [[2, 9]], 'IPv4 packet cut'],
    ['no room for UDP', [[3, 27]], 'bad UDP length'],
    ['UDP length 7', [[25, 7]], 'bad UDP length'],
    ['UDP length past the packet', [[24, 1]], 'bad UDP length'],
  ] as const)('%s', (_name, changes, reason) => {
    expect(changed(...changes.map(([at, value]) => [at, value] as [number, number]))).toEqual({
      type: 'other',
      reason,
    });
  });

  test('"don’t fragment" alone is no fragment; octets behind the UDP length are no payload', () => {
    expect(changed([6, 0x40])).toMatchObject({ type: 'datagram' });
    expect(changed([25, 8 + 40])).toMatchObject({ payload: bytesOf(E1).slice(0, 40) });
  });
});

describe('Teredo, told by validity and not by port (reliability 1.5, 3.4)', () => {
  test.each(Object.entries(ALL))('%s is Teredo on any port', (_name, hex) => {
    expect(recognize(bytesOf(hex), 1, 2).type).toBe('teredo');
  });

  test.each([
    [
      'DNS with the identifier 0x6...',
      '68fd 0100 0001 0000 0000 0000 08 666f6f7462616c6c 02 756b 00 0001 0001',
      'truncated',
    ],
    [
      'DNS with the identifier 0',
      '0000 0100 0001 0000 0000 0000 03 777777 07 6578616d706c65 03 636f6d 00 0001 0001',
      'indications twice or in the wrong order',
    ],
    [
      'mDNS',
      '0000 8400 0000 0001 0000 0000 05 5f68747470 04 5f746370 05 6c6f63616c 00 000c 0001',
      'indications twice or in the wrong order',
    ],
    [
      'DNS with the identifier 1',
      '0001 0100 0001 0000 0000 0000 03 777777 02 6e6c 00 0001 0001',
      'neither IPv6 nor a Teredo indication',
    ],
    [
      'IPv6 in UDP, but not Teredo',
      `6000000000003b40 ${'20010db8000000000000000000000001'.repeat(2)}`,
      'IPv6 packet without a Teredo address',
    ],
    [
      'a solicitation from a global address',
      `6000000000083aff 20010db8000000000000000000000001 ff020000000000000000000000000002 85007d3800000000`,
      'router discovery from no link-local address',
    ],
  ])('%s looks alike and is not', (_name, hex, reason) => {
    expect(recognize(bytesOf(hex), 53, 40000)).toEqual({ type: 'look-alike', reason });
  });

  test('a stranger is only worth a word on port 3544', () => {
    const stranger = bytesOf('deadbeef');
    expect(recognize(stranger, 1000, 2000)).toEqual({ type: 'other' });
    expect(recognize(stranger, 1000, 3544).type).toBe('look-alike');
  });

  test('an echo request and a discovery bubble need no server', () => {
    for (const hex of [E10, E11]) expect(recognize(bytesOf(hex), 40001, 40002).type).toBe('teredo');
  });
});

describe('DNS', () => {
  const QUESTION = '05 6e74746f73 03 6f7267 00 001c 0001';

  test('RFC 1035 §4.1.4: an answer behind compression pointers', () => {
    const answer = `1234 8180 0001 0002 0000 0000 ${QUESTION}
      c00c 0005 0001 0000003c 0006 03 777777 c00c
      c027 001c 0001 0000003c 0010 20010db8000000000000000000000001`;
    expect(dns.parse(bytesOf(answer))).toEqual({
      isResponse: true,
      name: 'nttos.org',
      type: dns.TYPE_AAAA,
      addresses: ['2001:db8::1'],
    });
  });

  test.each([
    ['a pointer to itself', '1234 0100 0001 0000 0000 0000 c00c 001c 0001'],
    ['a pointer forward', '1234 0100 0001 0000 0000 0000 c020 001c 0001'],
    ['a label past the end', '1234 0100 0001 0000 0000 0000 3f61'],
    ['no question', '1234 0100 0000 0000 0000 0000'],
    ['eleven octets', '1234 0100 0001 0000 0000 00'],
  ])('%s: no message, and no loop', (_name, hex) => {
    expect(dns.parse(bytesOf(hex))).toBeUndefined();
  });

  test('a name cannot reach a terminal with anything but printable ASCII', () => {
    expect(dns.parse(bytesOf('1234 0100 0001 0000 0000 0000 04 1b5b324a 00 001c 0001'))?.name).toBe('?[2J');
  });

  test('any octets: a message or none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (rest) => {
        dns.parse(joined([bytesOf('1234 8180 0001 0009 0000 0000'), rest]));
      }),
      { numRuns: 3_000 },
    );
  });
});

function bytesOf0(hex: string): Uint8Array {
  return hex === '' ? new Uint8Array(0) : bytesOf(hex);
}
