/** The Internet checksum (RFC 1071) and the pseudo-header of IPv6 (RFC 8200 §8.1). */

import { readU16, writeU16 } from './bytes.ts';
import * as ipv6 from './ipv6.ts';

/** Where an ICMPv6 message directly behind the IPv6 header has its checksum. */
export const ICMPV6_FIELD = ipv6.LENGTH + 2;

/** Adds 16-bit words to a running sum; an odd last octet counts as the high half of a word. */
export function sum(bytes: Uint8Array, at: number, length: number, initial: number): number {
  let total = initial;
  const even = at + (length & ~1);
  let here = at;
  for (; here < even; here += 2) total += (bytes[here]! << 8) | bytes[here + 1]!;
  if (length & 1) total += bytes[here]! << 8;
  return total;
}

/** Folds a sum into 16 bits and inverts it: what stands in a checksum field. */
export function finish(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/** What stands in a checksum field once words of this sum have taken the place of zeros (RFC 1624 §3). */
export function adjust(field: number, added: number): number {
  return finish((~field & 0xffff) + added);
}

/** The sum over the pseudo-header for the packet at `at`. */
export function pseudoHeader(bytes: Uint8Array, at: number, upperLength: number, nextHeader: number): number {
  return sum(bytes, at + ipv6.SOURCE, 32, upperLength + nextHeader);
}

/** The checksum of the upper layer that starts right behind the header at `at`; 0 when the one it holds is right. */
export function upperLayer(bytes: Uint8Array, at: number, nextHeader: number): number {
  const length = ipv6.payloadLength(bytes, at);
  return finish(sum(bytes, at + ipv6.LENGTH, length, pseudoHeader(bytes, at, length, nextHeader)));
}

/** Whether the ICMPv6 message behind the header at `at` has a right checksum. */
export function isIcmpv6Right(bytes: Uint8Array, at: number): boolean {
  return upperLayer(bytes, at, ipv6.NEXT_ICMPV6) === 0;
}

/** Fills in the checksum of the ICMPv6 message behind the header at `at`. */
export function completeIcmpv6(bytes: Uint8Array, at: number): void {
  const field = at + ICMPV6_FIELD;
  writeU16(bytes, field, 0);
  writeU16(bytes, field, upperLayer(bytes, at, ipv6.NEXT_ICMPV6));
}

/** The checksum field of an ICMPv6 message. */
export function icmpv6Field(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at + ICMPV6_FIELD);
}
