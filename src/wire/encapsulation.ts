/**
 * A whole Teredo datagram (RFC 4380 §5.1.1, RFC 6081 §4): [authentication] [origin] IPv6 packet [trailers].
 */

import * as authentication from './authentication.ts';
import * as ipv6 from './ipv6.ts';
import { Malformed } from './malformed.ts';
import * as origin from './origin.ts';

export interface Encapsulation {
  /** Offset of the authentication header; -1: none. */
  readonly authenticationAt: number;
  /** Offset of the origin indication; -1: none. */
  readonly originAt: number;
  /** Offset of the IPv6 packet, and of the first octet behind it. */
  readonly packetAt: number;
  readonly packetEnd: number;
  /** The end of the datagram: trailers lie between `packetEnd` and here. */
  readonly end: number;
}

/**
 * Finds the parts of the datagram between `at` and `end`.
 *
 * Shape:  offsets into `bytes`; trailers are not read, `trailer.parse` does that.
 * Errors: a Malformed reason; never throws and never reads past `end`.
 * Source: RFC 4380 §5.1.1: authentication precedes origin, each at most once; ledger W-07, W-11.
 */
export function parse(bytes: Uint8Array, at: number, end: number): Encapsulation | Malformed {
  let here = at;
  let authenticationAt = -1;
  let originAt = -1;
  if (here + 2 <= end && bytes[here] === 0 && bytes[here + 1] === 1) {
    if (!authentication.fits(bytes, here, end)) return Malformed.Truncated;
    authenticationAt = here;
    here += authentication.length(bytes, here);
  }
  if (here + 2 <= end && bytes[here] === 0 && bytes[here + 1] === 0) {
    if (!origin.fits(bytes, here, end)) return Malformed.Truncated;
    originAt = here;
    here += origin.LENGTH;
  }
  if (here >= end || (bytes[here] === 0 && here + 1 === end)) return Malformed.Truncated;
  if (bytes[here] === 0 && here > at) return Malformed.IndicationOrder;
  if (bytes[here]! >>> 4 !== 6) return Malformed.NotTeredo;
  if (here + ipv6.LENGTH > end) return Malformed.Truncated;
  if (!ipv6.fits(bytes, here, end)) return Malformed.Ipv6Length;
  return { authenticationAt, originAt, packetAt: here, packetEnd: here + ipv6.packetLength(bytes, here), end };
}
