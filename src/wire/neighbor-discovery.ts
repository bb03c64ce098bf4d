/**
 * What router solicitations and advertisements share (RFC 4861 §4.1, §4.2, §4.6, §6.1).
 *   option:  0      1                  2
 *            | type | length / 8       | ...
 */

import * as checksum from './checksum.ts';
import * as icmpv6 from './icmpv6.ts';
import * as ipv6 from './ipv6.ts';

export const HOP_LIMIT = 255;

/** ff02::2, all routers on the link. */
export const ALL_ROUTERS = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
/** ff02::1, all nodes on the link. */
export const ALL_NODES = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

/**
 * Whether the packet at `at` is a message of this type that a node must not discard.
 *
 * Shape:  `fixed` is the length of the message without options, in octets.
 * Source: RFC 4861 §6.1.1, §6.1.2: hop limit 255, checksum, code 0, length, no option of length 0 or past the end.
 */
export function isValid(bytes: Uint8Array, at: number, type: number, fixed: number): boolean {
  return (
    bytes[at + ipv6.NEXT_HEADER] === ipv6.NEXT_ICMPV6 &&
    bytes[at + ipv6.HOP_LIMIT] === HOP_LIMIT &&
    ipv6.payloadLength(bytes, at) >= fixed &&
    icmpv6.type(bytes, at) === type &&
    icmpv6.code(bytes, at) === 0 &&
    areOptionsWhole(bytes, at + ipv6.LENGTH + fixed, at + ipv6.packetLength(bytes, at)) &&
    checksum.isIcmpv6Right(bytes, at)
  );
}

/** The octets of the option at `at`; trust it after `isValid`. */
export function optionLength(bytes: Uint8Array, at: number): number {
  return 8 * bytes[at + 1]!;
}

function areOptionsWhole(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    if (at + 2 > end || bytes[at + 1] === 0) return false;
    at += optionLength(bytes, at);
  }
  return at === end;
}
