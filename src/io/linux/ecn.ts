/** Explicit congestion notification where a packet leaves the tunnel (RFC 6040 §4.2, for Teredo by RFC 9601 §6.1.3). */

/** The two bits, in the last of an IPv4 TOS and in an IPv6 traffic class. */
export const ECN_MASK = 0x03;
const NOT_ECT = 0;
const ECT_1 = 1;
const ECT_0 = 2;
const CE = 3;

/** Where the two bits stand in the second octet of an IPv6 header. */
const SHIFT = 4;

/**
 * Hands what a router on the way said about congestion over to the packet inside.
 *
 * Shape:  `outer` is the ECN field of the datagram that holds the packet from `at` on. Nothing changes unless it is
 *         ECT(1) or CE; datagrams that begin with a Teredo header instead of a packet are for the role alone.
 * Errors: false when the packet must be dropped: there was congestion, and its sender understands only loss.
 */
export function decapsulate(bytes: Uint8Array, at: number, length: number, outer: number): boolean {
  if (length < 2 || bytes[at]! >>> 4 !== 6) return true;
  const inner = (bytes[at + 1]! >>> SHIFT) & ECN_MASK;
  if (outer === CE) {
    if (inner === NOT_ECT) return false;
    bytes[at + 1]! |= CE << SHIFT;
  } else if (outer === ECT_1 && inner === ECT_0) {
    bytes[at + 1] = (bytes[at + 1]! & ~(ECN_MASK << SHIFT)) | (ECT_1 << SHIFT);
  }
  return true;
}
