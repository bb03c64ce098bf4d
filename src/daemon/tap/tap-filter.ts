import * as encapsulation from '../../wire/encapsulation.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as teredo from '../../wire/teredo.ts';

/** The offset of the packet inside the datagram from `at` to `end`; -1: there is none. */
export function innerPacket(bytes: Uint8Array, at: number, end: number): number {
  const parts = encapsulation.parse(bytes, at, end);
  return typeof parts === 'number' ? -1 : parts.packetAt;
}

/**
 * Whether the packet from `at` to `end` has to do with a peer.
 *
 * Shape:  what it sends and gets, and errors about that. For a native peer bubbles of others are let through as well:
 *         those with which its relay and a client find each other name the relay, not the peer (RFC 4380 §5.4.1).
 */
export function concerns(bytes: Uint8Array, at: number, end: number, peer: Uint8Array): boolean {
  if (at < 0 || at + ipv6.LENGTH > end) return false;
  if (ipv6.sameAddress(bytes, at + ipv6.SOURCE, peer, 0)) return true;
  if (ipv6.sameAddress(bytes, at + ipv6.DESTINATION, peer, 0)) return true;
  if (ipv6.isBubble(bytes, at) && !teredo.isTeredo(peer, 0)) return isWithNative(bytes, at);
  const quoted = icmpv6.quotedAt(at);
  return (
    quoted + ipv6.LENGTH <= end &&
    icmpv6.isError(bytes, at) &&
    ipv6.sameAddress(bytes, quoted + ipv6.DESTINATION, peer, 0)
  );
}

/** Between two clients a bubble names both. */
function isWithNative(bytes: Uint8Array, at: number): boolean {
  return !teredo.isTeredo(bytes, at + ipv6.SOURCE) || !teredo.isTeredo(bytes, at + ipv6.DESTINATION);
}
