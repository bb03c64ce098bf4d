/**
 * ICMPv6 messages behind an IPv6 header (RFC 4443, RFC 4861).
 *   0      1      2          4            8
 *   | type | code | checksum | 4 octets   | ...
 *
 * `at` is the offset of the IPv6 header, as everywhere.
 */

import { copy, readU16, readU32, writeI32, writeU16 } from './bytes.ts';
import * as checksum from './checksum.ts';
import * as ipv6 from './ipv6.ts';

export const DESTINATION_UNREACHABLE = 1;
export const PACKET_TOO_BIG = 2;
export const ECHO_REQUEST = 128;
export const ECHO_REPLY = 129;
export const ROUTER_SOLICITATION = 133;
export const ROUTER_ADVERTISEMENT = 134;
export const REDIRECT = 137;

/** Codes of "destination unreachable" (RFC 4443 §3.1). */
export const ADMINISTRATIVELY_PROHIBITED = 1;
export const ADDRESS_UNREACHABLE = 3;

export const HEADER_LENGTH = 8;
/** RFC 4443 §2.4 (c): an error message, quote included, stays within the minimum MTU. */
export const ERROR_LENGTH_MAX = 1280;

const TYPE = ipv6.LENGTH;
const CODE = ipv6.LENGTH + 1;
const REST = ipv6.LENGTH + 4;

/** Whether the packet at `at` carries a whole ICMPv6 header directly behind the IPv6 header. */
export function isMessage(bytes: Uint8Array, at: number): boolean {
  return bytes[at + ipv6.NEXT_HEADER] === ipv6.NEXT_ICMPV6 && ipv6.payloadLength(bytes, at) >= HEADER_LENGTH;
}

export function type(bytes: Uint8Array, at: number): number {
  return bytes[at + TYPE]!;
}

export function code(bytes: Uint8Array, at: number): number {
  return bytes[at + CODE]!;
}

export function isEcho(bytes: Uint8Array, at: number): boolean {
  return isMessage(bytes, at) && (type(bytes, at) === ECHO_REQUEST || type(bytes, at) === ECHO_REPLY);
}

/**
 * Router solicitation to redirect, behind whatever extension headers: what must never pass from the tunnel to the
 * host.
 */
export function isNeighborDiscovery(bytes: Uint8Array, at: number): boolean {
  const end = at + ipv6.packetLength(bytes, at);
  const { next, at: messageAt } = ipv6.upperLayer(bytes, at, end);
  if (next !== ipv6.NEXT_ICMPV6 || messageAt >= end) return false;
  return bytes[messageAt]! >= ROUTER_SOLICITATION && bytes[messageAt]! <= REDIRECT;
}

/** Types below 128 are errors (RFC 4443 §2.1). */
export function isError(bytes: Uint8Array, at: number): boolean {
  return isMessage(bytes, at) && type(bytes, at) < 128;
}

export function echoIdentifier(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at + REST);
}

export function echoSequence(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at + REST + 2);
}

/** The offset of the data of an echo message; it ends with the packet. */
export function echoDataAt(at: number): number {
  return at + ipv6.LENGTH + HEADER_LENGTH;
}

/** The link MTU that a "packet too big" message tells, in octets. */
export function tooBigMtu(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at + REST);
}

/** The offset of the packet that an error message quotes. */
export function quotedAt(at: number): number {
  return at + ipv6.LENGTH + HEADER_LENGTH;
}

/** Writes a whole echo request or reply and returns the next offset. */
export function emitEcho(
  bytes: Uint8Array,
  at: number,
  echoType: number,
  hopLimit: number,
  source: Uint8Array,
  atSource: number,
  destination: Uint8Array,
  atDestination: number,
  identifier: number,
  sequence: number,
  data: Uint8Array,
): number {
  const payload = HEADER_LENGTH + data.length;
  ipv6.emit(bytes, at, payload, ipv6.NEXT_ICMPV6, hopLimit, source, atSource, destination, atDestination);
  bytes[at + TYPE] = echoType;
  bytes[at + CODE] = 0;
  writeU16(bytes, at + REST, identifier);
  writeU16(bytes, at + REST + 2, sequence);
  bytes.set(data, echoDataAt(at));
  checksum.completeIcmpv6(bytes, at);
  return at + ipv6.LENGTH + payload;
}

/**
 * Whether an error may be sent about the packet at `at`: not about an error, nor about what came from or went to
 * more than one host.
 *
 * Source: RFC 4443 §2.4 (e).
 */
export function mayAnswerWithError(bytes: Uint8Array, at: number): boolean {
  return !(
    isError(bytes, at) ||
    ipv6.isMulticast(bytes, at + ipv6.DESTINATION) ||
    ipv6.isMulticast(bytes, at + ipv6.SOURCE) ||
    ipv6.isUnspecifiedOrLoopback(bytes, at + ipv6.SOURCE)
  );
}

/** Writes "destination unreachable" about the `quoted` packet, to its source, and returns the next offset. */
export function emitUnreachable(
  bytes: Uint8Array,
  at: number,
  errorCode: number,
  source: Uint8Array,
  quoted: Uint8Array,
): number {
  return emitError(bytes, at, DESTINATION_UNREACHABLE, errorCode, 0, source, quoted);
}

/** Writes "packet too big" with the link MTU in octets, to the source of `quoted`, and returns the next offset. */
export function emitTooBig(bytes: Uint8Array, at: number, mtu: number, source: Uint8Array, quoted: Uint8Array): number {
  return emitError(bytes, at, PACKET_TOO_BIG, 0, mtu, source, quoted);
}

function emitError(
  bytes: Uint8Array,
  at: number,
  errorType: number,
  errorCode: number,
  rest: number,
  source: Uint8Array,
  quoted: Uint8Array,
): number {
  const quote = Math.min(quoted.length, ERROR_LENGTH_MAX - ipv6.LENGTH - HEADER_LENGTH);
  ipv6.emit(bytes, at, HEADER_LENGTH + quote, ipv6.NEXT_ICMPV6, 64, source, 0, quoted, ipv6.SOURCE);
  bytes[at + TYPE] = errorType;
  bytes[at + CODE] = errorCode;
  writeI32(bytes, at + REST, rest);
  copy(quoted, 0, bytes, quotedAt(at), quote);
  checksum.completeIcmpv6(bytes, at);
  return quotedAt(at) + quote;
}
