import * as checksum from '../../src/wire/checksum.ts';
import * as icmpv6 from '../../src/wire/icmpv6.ts';
import * as ipv6 from '../../src/wire/ipv6.ts';
import * as origin from '../../src/wire/origin.ts';
import * as routerAdvertisement from '../../src/wire/router-advertisement.ts';
import * as routerSolicitation from '../../src/wire/router-solicitation.ts';
import * as teredo from '../../src/wire/teredo.ts';
import { formatHex } from '../../src/wire/text.ts';
import { hex, ip, ip6 } from './support.ts';

/** Packets and datagrams for tests, from addresses as text. */

export function teredoAddress(server: string, mapped: string, flags = 0): Uint8Array {
  const bytes = new Uint8Array(16);
  const { ipv4, port } = endpointOf(mapped);
  teredo.emit(bytes, 0, ip(server), flags, ipv4, port);
  return bytes;
}

export function endpointOf(text: string): { ipv4: number; port: number } {
  const [address, port] = text.split(':') as [string, string];
  return { ipv4: ip(address), port: Number(port) };
}

type Address = string | Uint8Array;

export function packet(
  from: Address,
  to: Address,
  { next = 17, payload = hex('c350 0035 0008 0000'), hopLimit = 64 } = {},
): Uint8Array {
  const bytes = new Uint8Array(ipv6.LENGTH + payload.length);
  ipv6.emit(bytes, 0, payload.length, next, hopLimit, octets(from), 0, octets(to), 0);
  bytes.set(payload, ipv6.LENGTH);
  return bytes;
}

/** A packet of so many octets in all. */
export function packetOf(length: number, from: Address, to: Address): Uint8Array {
  return packet(from, to, { payload: new Uint8Array(length - ipv6.LENGTH).fill(0x5a) });
}

export function bubble(from: Address, to: Address, hopLimit = 21): Uint8Array {
  return packet(from, to, { next: ipv6.NEXT_NONE, payload: new Uint8Array(0), hopLimit });
}

export function echo(type: number, from: Address, to: Address, data: Uint8Array, hopLimit = 64): Uint8Array {
  const bytes = new Uint8Array(ipv6.LENGTH + icmpv6.HEADER_LENGTH + data.length);
  icmpv6.emitEcho(bytes, 0, type, hopLimit, octets(from), 0, octets(to), 0, 0x1234, 1, data);
  return bytes;
}

export function echoRequest(from: Address, to: Address, data = hex('a1a2a3a4a5a6a7a8'), hopLimit = 64): Uint8Array {
  return echo(icmpv6.ECHO_REQUEST, from, to, data, hopLimit);
}

/** What the host that was asked sends back. */
export function replyTo(request: Uint8Array, hopLimit = 58): Uint8Array {
  const reply = request.slice();
  reply.set(request.subarray(ipv6.DESTINATION, ipv6.DESTINATION + 16), ipv6.SOURCE);
  reply.set(request.subarray(ipv6.SOURCE, ipv6.SOURCE + 16), ipv6.DESTINATION);
  reply[ipv6.HOP_LIMIT] = hopLimit;
  reply[ipv6.LENGTH] = icmpv6.ECHO_REPLY;
  checksum.completeIcmpv6(reply, 0);
  return reply;
}

/** An ICMPv6 message of any type; its checksum is right. */
export function icmp(from: Address, to: Address, message: Uint8Array, hopLimit = 255): Uint8Array {
  const bytes = packet(from, to, { next: ipv6.NEXT_ICMPV6, payload: message, hopLimit });
  checksum.completeIcmpv6(bytes, 0);
  return bytes;
}

/** The packet as a server delivers it: with the mapped address and port of its sender in front. */
export function withOrigin(mapped: string, inner: Uint8Array): Uint8Array {
  const { ipv4, port } = endpointOf(mapped);
  const bytes = new Uint8Array(origin.LENGTH + inner.length);
  bytes.set(inner, origin.emit(bytes, 0, ipv4, port));
  return bytes;
}

export function withAuthentication(inner: Uint8Array, nonce = hex('0102030405060708'), confirmation = 0): Uint8Array {
  return join(hex('0001 00 00'), nonce, Uint8Array.of(confirmation), inner);
}

export function solicitation(source = 'fe80::ffff:ffff:fffe'): Uint8Array {
  const bytes = new Uint8Array(routerSolicitation.LENGTH);
  routerSolicitation.emit(bytes, 0, ip6(source));
  return bytes;
}

export interface AdvertisementParts {
  readonly nonce?: Uint8Array;
  readonly confirmation?: number;
  readonly mapped?: string | undefined;
  readonly server?: string;
  readonly destination?: string;
  readonly mtu?: number | undefined;
  /** Changes the IPv6 packet; its checksum is made right afterwards. */
  readonly spoil?: (packet: Uint8Array) => Uint8Array;
}

/** A router advertisement of 203.0.113.1 for 192.0.2.45:40001, but for what `parts` says. */
export function advertisement(parts: AdvertisementParts = {}): Uint8Array {
  const { confirmation = 0, server = '203.0.113.1', destination = 'fe80::ffff:ffff:fffe', mtu, nonce } = parts;
  const mapped = 'mapped' in parts ? parts.mapped : '192.0.2.45:40001';
  const source = new Uint8Array(16);
  teredo.emitLinkLocal(source, 0, teredo.FLAG_CONE, ip(server), 3544);
  let inner = new Uint8Array(routerAdvertisement.lengthWith(mtu));
  routerAdvertisement.emit(inner, 0, source, ip6(destination), 0, ip(server), mtu);
  if (parts.spoil !== undefined) {
    inner = parts.spoil(inner).slice();
    checksum.completeIcmpv6(inner, 0);
  }
  const packetAndOrigin = mapped === undefined ? inner : withOrigin(mapped, inner);
  return nonce === undefined ? packetAndOrigin : withAuthentication(packetAndOrigin, nonce, confirmation);
}

/** The nonce of a solicitation of ours. */
export function nonceOf(datagram: Uint8Array): Uint8Array {
  const end = 13 + datagram[2]! + datagram[3]!;
  return datagram.slice(end - 9, end - 1);
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Hex without spaces, for comparisons that show where they differ. */
export function hexOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? 'nothing' : formatHex(bytes);
}

export function octets(address: Address): Uint8Array {
  return typeof address === 'string' ? ip6(address) : address;
}
