import { expect, test } from 'vitest';
import { Batch } from '../../../src/batch/batch.ts';
import { Injection } from '../../../src/daemon/tap/injection.ts';
import { Direction, readRecords, type TapRecord } from '../../../src/daemon/tap/record.ts';
import { TapRing } from '../../../src/daemon/tap/ring.ts';
import type { TapOptions } from '../../../src/daemon/tap/tap-options.ts';
import { hideSecrets } from '../../../src/daemon/tap/tap-reader.ts';
import { Taps } from '../../../src/daemon/tap/taps.ts';
import { Arena } from '../../../src/io/linux/arena.ts';
import { checksumOf } from '../../../src/io/linux/checksum.ts';
import * as authentication from '../../../src/wire/authentication.ts';
import * as icmpv6 from '../../../src/wire/icmpv6.ts';
import { formatIpv6, parseIpv6 } from '../../../src/wire/text.ts';
import { bubble, replyTo } from '../../roles/packets.ts';
import * as scene from '../../roles/scene.ts';

const [A, B, NATIVE] = [scene.A, scene.B, scene.NATIVE].map((text) => parseIpv6(text)!) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const EVERYTHING: TapOptions = { side: 'both', snapLength: 65_536 };

test('a peer: what it sends and gets, and errors about that; of a native peer also what its relay says', () => {
  const other = octets('2001:db8:9::9');
  const packets = [
    echo(A, NATIVE),
    echo(NATIVE, A),
    echo(A, other),
    bubble('fe80::1', scene.A),
    bubble(scene.B, scene.A),
    errorAbout(A, NATIVE),
  ];
  expect(seen(packets, { ...EVERYTHING, peer: NATIVE })).toEqual([0, 1, 3, 5]);
  expect(seen(packets, { ...EVERYTHING, peer: B })).toEqual([4]);
  expect(seen(packets, EVERYTHING)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(seen(packets, { ...EVERYTHING, side: 'tun' })).toEqual([]);
});

test('an echo reply that a reader waits for does not enter the interface; another does', () => {
  const { taps, batch } = parts();
  taps.add(1, new TapRing(), { ...EVERYTHING, peer: NATIVE, identifier: 7 });
  for (const packet of [replyTo(echo(A, NATIVE, 7)), replyTo(echo(A, NATIVE, 8)), replyTo(echo(A, B, 7))])
    batch.push(packet);
  taps.claim(batch);
  expect([...batch.length.subarray(0, 3)].map((length) => length > 0)).toEqual([false, true, true]);
});

test('a request that is injected is a packet like others: from the own address, with a right checksum', () => {
  const { arena, batch } = parts();
  const injection = new Injection(arena);
  const request = { destination: NATIVE, identifier: 7, sequence: 3, data: new Uint8Array(20) };
  for (let count = 0; count < 8; count++) expect(injection.addEcho(A, request)).toBe(true);
  expect(injection.addEcho(A, request)).toBe(false);
  injection.append(batch);
  expect([batch.count, injection.waiting]).toEqual([8, 0]);
  const packet = batch.packet(7);
  expect(formatIpv6(packet, 8)).toBe(formatIpv6(A));
  expect([icmpv6.echoIdentifier(packet, 0), icmpv6.echoSequence(packet, 0), packet.length]).toEqual([7, 3, 68]);
});

test('identifier and value of an authentication header are hidden, also of a header that was cut; the nonce stays', () => {
  const nonce = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const bytes = new Uint8Array(64);
  const end = authentication.emit(bytes, 0, octetsOf('me'), octetsOf('01234567890123456789'), nonce, 0, 0);
  const cut = bytes.slice(0, 12);
  hideSecrets(bytes, 0, bytes.length);
  expect(authentication.identifier(bytes, 0)).toEqual(new Uint8Array(2));
  expect(authentication.value(bytes, 0)).toEqual(new Uint8Array(20));
  expect(bytes.subarray(end - 9, end - 1)).toEqual(nonce);
  hideSecrets(cut, 0, cut.length);
  expect([...cut]).toEqual([0, 1, 2, 20, 0, 0, 0, 0, 0, 0, 0, 0]);
});

/** Indices of the datagrams that were told. */
function seen(packets: readonly Uint8Array[], options: TapOptions): number[] {
  const { taps, batch } = parts();
  const ring = new TapRing();
  taps.add(1, ring, options);
  for (const [index, packet] of packets.entries()) batch.push(packet, index, 1);
  taps.datagrams(batch, 0, Direction.In, () => 4_000);
  const records: TapRecord[] = [];
  readRecords(
    ring.take(1 << 20),
    (record) => void records.push(record),
    () => {},
  );
  expect(records.every(({ local, bytes, length }) => local.port === 4_000 && bytes.length === length)).toBe(true);
  return records.map(({ remote }) => remote.ipv4);
}

function parts() {
  const arena = new Arena(1 << 20);
  const taps = new Taps(arena, checksumOf(arena));
  const home = arena.take(1 << 16);
  return { arena, taps, batch: new Batch(32, arena.bytes, home, home + (1 << 16)) };
}

function echo(from: Uint8Array, to: Uint8Array, identifier = 1): Uint8Array {
  const packet = new Uint8Array(56);
  icmpv6.emitEcho(packet, 0, icmpv6.ECHO_REQUEST, 64, from, 0, to, 0, identifier, 1, new Uint8Array(8));
  return packet;
}

function errorAbout(from: Uint8Array, to: Uint8Array): Uint8Array {
  const packet = new Uint8Array(48 + 56);
  packet.set(echo(octets('2001:db8:7::1'), from).subarray(0, 40));
  packet[5] = 8 + 56;
  packet[40] = icmpv6.DESTINATION_UNREACHABLE;
  packet.set(echo(from, to), 48);
  return packet;
}

function octets(text: string): Uint8Array {
  return parseIpv6(text)!;
}

function octetsOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
