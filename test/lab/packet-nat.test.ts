import { expect, test } from 'vitest';
import { PacketNat, type Side } from '../../src/lab/kernel/packet-nat.ts';
import { coneNat, type NatKind, type NatOptions, portRestrictedNat, symmetricNat } from '../../src/sim/nat-kinds.ts';
import { NatTable } from '../../src/sim/nat-table.ts';
import { SeededRandom } from '../../src/sim/random.ts';
import { readI32, readU16, writeI32, writeU16 } from '../../src/wire/bytes.ts';
import { finish, sum } from '../../src/wire/checksum.ts';
import { formatIpv4, parseIpv4 } from '../../src/wire/text.ts';

const EXTERNAL = '192.0.2.1';
const INSIDE = '192.168.1.2:5000';
const REMOTE = '198.51.100.7:3544';
/** Octets before the packet, as in a batch. */
const AT = 13;

test('out and back: ends, time to live and both checksums change, and nothing else', () => {
  const nat = make(symmetricNat(EXTERNAL));
  for (let size = 0; size < 300; size++) {
    const payload = Uint8Array.from({ length: size }, (_, index) => (index * 37 + size * 11) & 0xff);
    const out = packet(INSIDE, REMOTE, payload);
    expect(pass(nat, out, 'inside')).toBe('outside');
    const { source, destination, timeToLive } = read(out);
    expect(source).toMatch(/^192\.0\.2\.1:/);
    expect([destination, timeToLive]).toEqual([REMOTE, 63]);
    expect(out).toEqual(packet(source, REMOTE, payload, 63));

    const back = packet(REMOTE, source, payload);
    expect(pass(nat, back, 'outside')).toBe('inside');
    expect(back).toEqual(packet(REMOTE, INSIDE, payload, 63));
  }
  expect(nat.passed).toEqual({ outward: 300, inward: 300, hairpinned: 0 });
});

test('RFC 768: no checksum stays none, and a checksum of 0 is sent as all ones', () => {
  const nat = make(coneNat(EXTERNAL));
  const without = packet(INSIDE, REMOTE, new Uint8Array(2));
  writeU16(without, 26, 0);
  pass(nat, without, 'inside');
  expect(readU16(without, 26)).toBe(0);

  // All payloads of two octets: one of them brings the checksum to 0.
  let allOnes = 0;
  for (let word = 0; word <= 0xffff; word++) {
    const out = packet(INSIDE, REMOTE, Uint8Array.of(word >>> 8, word));
    pass(nat, out, 'inside');
    expect(readU16(out, 26)).not.toBe(0);
    if (readU16(out, 26) === 0xffff) allOnes++;
  }
  expect(allOnes).toBe(1);
});

test('RFC 4787 REQ-9: hairpinning shows the external source to the other inside host', () => {
  const nat = make(coneNat(EXTERNAL));
  const other = packet('192.168.1.3:6000', REMOTE, new Uint8Array(4));
  pass(nat, other, 'inside');
  const out = packet(INSIDE, read(other).source, new Uint8Array(4));
  expect(pass(nat, out, 'inside')).toBe('inside');
  expect(out).toEqual(packet('192.0.2.1:5000', '192.168.1.3:6000', new Uint8Array(4), 63));
  expect(nat.passed.hairpinned).toBe(1);
});

test.each<[string, Uint8Array, Side, NatOptions?]>([
  ['NAT: no mapping', packet(REMOTE, '192.0.2.1:4000', new Uint8Array(1)), 'outside'],
  ['NAT: no hairpinning', packet(INSIDE, '192.0.2.1:4000', new Uint8Array(1)), 'inside', { hairpinning: false }],
  ['time to live is over', packet(INSIDE, REMOTE, new Uint8Array(1), 1), 'inside'],
  ['a fragment', changed(6, 0x20), 'inside'],
  ['a fragment', changed(7, 1), 'inside'],
  ['not UDP', changed(9, 6), 'inside'],
  ['not IPv4', changed(0, 0x65), 'inside'],
  ['malformed', changed(0, 0x44), 'inside'],
  ['malformed', changed(2, 0xff), 'inside'],
  ['malformed', packet(INSIDE, REMOTE, new Uint8Array(1)).subarray(0, 27), 'inside'],
  ['not IPv4', new Uint8Array(0), 'inside'],
])('refused and counted: %s', (reason, octets, from, options) => {
  const nat = make(portRestrictedNat(EXTERNAL, options));
  expect(pass(nat, octets, from)).toBeUndefined();
  expect([...nat.refused]).toEqual([[reason, 1]]);
});

function make(kind: NatKind): PacketNat {
  return new PacketNat(new NatTable(kind, kind.ipv4.map(ipv4), new SeededRandom(1)));
}

/** Translates a packet that lies somewhere in a larger block; nothing beside it may change. */
function pass(nat: PacketNat, octets: Uint8Array, from: Side): Side | undefined {
  const block = new Uint8Array(AT + octets.length + 5).fill(0xaa);
  block.set(octets, AT);
  const side = nat.translate(block, AT, octets.length, from, 0);
  octets.set(block.subarray(AT, AT + octets.length));
  expect(block.subarray(0, AT).every((octet) => octet === 0xaa)).toBe(true);
  expect(block.subarray(AT + octets.length).every((octet) => octet === 0xaa)).toBe(true);
  return side;
}

/** A packet with right checksums, computed whole. */
function packet(from: string, to: string, payload: Uint8Array, timeToLive = 64): Uint8Array {
  const octets = new Uint8Array(28 + payload.length);
  octets.set([0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0, timeToLive, 17]);
  writeU16(octets, 2, octets.length);
  writeI32(octets, 12, ipv4(from.split(':')[0]!));
  writeI32(octets, 16, ipv4(to.split(':')[0]!));
  writeU16(octets, 10, finish(sum(octets, 0, 20, 0)));
  writeU16(octets, 20, Number(from.split(':')[1]));
  writeU16(octets, 22, Number(to.split(':')[1]));
  writeU16(octets, 24, 8 + payload.length);
  octets.set(payload, 28);
  writeU16(octets, 26, finish(sum(octets, 12, octets.length - 12, 17 + 8 + payload.length)) || 0xffff);
  return octets;
}

function changed(at: number, octet: number): Uint8Array {
  const octets = packet(INSIDE, REMOTE, new Uint8Array(1));
  octets[at] = octet;
  return octets;
}

function read(octets: Uint8Array) {
  return {
    source: `${formatIpv4(readI32(octets, 12))}:${readU16(octets, 20)}`,
    destination: `${formatIpv4(readI32(octets, 16))}:${readU16(octets, 22)}`,
    timeToLive: octets[8],
  };
}

function ipv4(text: string): number {
  return parseIpv4(text)!;
}
