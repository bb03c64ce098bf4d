/** What stands behind an IPv6 header, as far as a fast path must know. */

import * as icmpv6 from './icmpv6.ts';
import * as ipv6 from './ipv6.ts';

/**
 * Whether nothing in the packet at `at` asks for a second look: TCP, UDP, or ICMPv6 that is neither an echo reply
 * (it may answer a test of ours) nor Neighbor Discovery (it must not reach the host).
 */
export function isPlain(bytes: Uint8Array, at: number): boolean {
  const next = bytes[at + ipv6.NEXT_HEADER];
  if (next === ipv6.NEXT_TCP || next === ipv6.NEXT_UDP) return true;
  if (next !== ipv6.NEXT_ICMPV6 || !icmpv6.isMessage(bytes, at)) return false;
  const type = icmpv6.type(bytes, at);
  return type !== icmpv6.ECHO_REPLY && (type < icmpv6.ROUTER_SOLICITATION || type > icmpv6.REDIRECT);
}
