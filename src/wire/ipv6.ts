/**
 * IPv6 header (RFC 8200 §3).
 *   0        4                6             7           8          24            40
 *   | 6 ...  | payload length | next header | hop limit | source   | destination |
 */

import { readI32, readU16, writeI32, writeU16 } from './bytes.ts';

export const LENGTH = 40;
export const PAYLOAD_LENGTH = 4;
export const NEXT_HEADER = 6;
export const HOP_LIMIT = 7;
export const SOURCE = 8;
export const DESTINATION = 24;

export const NEXT_HOP_BY_HOP = 0;
export const NEXT_TCP = 6;
export const NEXT_UDP = 17;
export const NEXT_ROUTING = 43;
export const NEXT_FRAGMENT = 44;
export const NEXT_AUTHENTICATION = 51;
export const NEXT_ICMPV6 = 58;
export const NEXT_NONE = 59;
export const NEXT_DESTINATION_OPTIONS = 60;

/** Whether an IPv6 packet starts at `at` and ends exactly at `end`: no trailers, nothing missing. */
export function fills(bytes: Uint8Array, at: number, end: number): boolean {
  return at + LENGTH <= end && bytes[at]! >>> 4 === 6 && at + LENGTH + readU16(bytes, at + PAYLOAD_LENGTH) === end;
}

/** Whether an IPv6 packet starts at `at` and ends by `end`; what follows it are trailers (RFC 6081 §4). */
export function fits(bytes: Uint8Array, at: number, end: number): boolean {
  return at + LENGTH <= end && bytes[at]! >>> 4 === 6 && at + LENGTH + readU16(bytes, at + PAYLOAD_LENGTH) <= end;
}

/** Octets of header and payload. */
export function packetLength(bytes: Uint8Array, at: number): number {
  return LENGTH + readU16(bytes, at + PAYLOAD_LENGTH);
}

export function payloadLength(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at + PAYLOAD_LENGTH);
}

export function nextHeader(bytes: Uint8Array, at: number): number {
  return bytes[at + NEXT_HEADER]!;
}

/** RFC 4380 §2.8: no payload, no next header; the hop limit may be anything, 0 included (ledger W-10). */
export function isBubble(bytes: Uint8Array, at: number): boolean {
  return bytes[at + NEXT_HEADER] === NEXT_NONE && readU16(bytes, at + PAYLOAD_LENGTH) === 0;
}

/** Whether one address is another; offsets of 16 octets each. */
export function sameAddress(a: Uint8Array, atA: number, b: Uint8Array, atB: number): boolean {
  return (
    readI32(a, atA + 12) === readI32(b, atB + 12) &&
    readI32(a, atA + 8) === readI32(b, atB + 8) &&
    readI32(a, atA + 4) === readI32(b, atB + 4) &&
    readI32(a, atA) === readI32(b, atB)
  );
}

/** fe80::/10. */
export function isLinkLocal(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xfe && (bytes[at + 1]! & 0xc0) === 0x80;
}

export function isMulticast(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xff;
}

/** `::` or `::1`, the two addresses of ::/127. */
export function isUnspecifiedOrLoopback(bytes: Uint8Array, at: number): boolean {
  return (
    readI32(bytes, at) === 0 &&
    readI32(bytes, at + 4) === 0 &&
    readI32(bytes, at + 8) === 0 &&
    (readI32(bytes, at + 12) & ~1) === 0
  );
}

/**
 * Whether the address may name one host anywhere: not multicast, link-local, site-local, loopback, unspecified
 * or an embedded IPv4 form (::/96, ::ffff:0:0/96).
 */
export function isGlobal(bytes: Uint8Array, at: number): boolean {
  const two = readU16(bytes, at);
  if (two >>> 8 === 0xff || two >>> 7 === 0x1fd) return false; // ff00::/8; fe80::/10 and fec0::/10
  return two !== 0 || readU16(bytes, at + 2) !== 0 || readI32(bytes, at + 4) !== 0;
}

/**
 * Writes a header; the payload is the caller's.
 *
 * Units:  `payload` in octets.
 * Shape:  `source` and `destination` are blocks with the offset of a 16-octet address in each; they may be the block written to.
 */
export function emit(
  bytes: Uint8Array,
  at: number,
  payload: number,
  next: number,
  hopLimit: number,
  source: Uint8Array,
  atSource: number,
  destination: Uint8Array,
  atDestination: number,
): number {
  writeI32(bytes, at, 0x60000000);
  writeU16(bytes, at + PAYLOAD_LENGTH, payload);
  bytes[at + NEXT_HEADER] = next;
  bytes[at + HOP_LIMIT] = hopLimit;
  for (let i = 0; i < 16; i++) bytes[at + SOURCE + i] = source[atSource + i]!;
  for (let i = 0; i < 16; i++) bytes[at + DESTINATION + i] = destination[atDestination + i]!;
  return at + LENGTH;
}

/** RFC 4380 §2.8: a bubble is a bare header. */
export function emitBubble(
  bytes: Uint8Array,
  at: number,
  hopLimit: number,
  source: Uint8Array,
  atSource: number,
  destination: Uint8Array,
  atDestination: number,
): number {
  return emit(bytes, at, 0, NEXT_NONE, hopLimit, source, atSource, destination, atDestination);
}

/** What the extension headers of a packet lead to. */
export interface UpperLayer {
  /** The next header that stands at `at`; NEXT_NONE in a fragment that is not the first. */
  readonly next: number;
  readonly at: number;
  /** Whether a routing header of type 0 or 2 was on the way. */
  readonly isRouted: boolean;
}

/**
 * Walks the extension headers of the packet at `at`.
 *
 * Shape:  `end` is the end of the packet. A chain that runs past it is left to the host's own IPv6 stack.
 * Source: RFC 8200 §4, RFC 4302 §2.2.
 */
export function upperLayer(bytes: Uint8Array, at: number, end: number): UpperLayer {
  let next = bytes[at + NEXT_HEADER]!;
  let here = at + LENGTH;
  let isRouted = false;
  while (here + 8 <= end) {
    if (next === NEXT_ROUTING) isRouted ||= bytes[here + 2] === 0 || bytes[here + 2] === 2;
    // Only a first fragment has headers behind it.
    if (next === NEXT_FRAGMENT && readU16(bytes, here + 2) >>> 3 !== 0) return { next: NEXT_NONE, at: here, isRouted };
    const length = extensionLength(next, bytes[here + 1]!);
    if (length === 0) break;
    next = bytes[here]!;
    here += length;
  }
  return { next, at: here, isRouted };
}

/**
 * Whether a routing header of type 0 or 2 is among the extension headers.
 *
 * Source: RFC 5095, RFC 6169 §2.3.3; ledger SEC-10.
 */
export function hasRoutingHeader(bytes: Uint8Array, at: number, end: number): boolean {
  return upperLayer(bytes, at, end).isRouted;
}

/** Octets of an extension header of this kind whose second octet is `announced`; 0: it is none. */
function extensionLength(kind: number, announced: number): number {
  switch (kind) {
    case NEXT_HOP_BY_HOP:
    case NEXT_ROUTING:
    case NEXT_DESTINATION_OPTIONS:
      return 8 + 8 * announced;
    case NEXT_FRAGMENT:
      return 8;
    case NEXT_AUTHENTICATION:
      return 8 + 4 * announced;
    default:
      return 0;
  }
}
