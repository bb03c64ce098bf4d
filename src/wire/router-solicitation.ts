/**
 * Router solicitation of a Teredo client (RFC 4380 §5.2.1, RFC 4861 §4.1; ledger W-13), behind its IPv6 header at `at`.
 *   40     41     42         44           48
 *   | 133  | 0    | checksum | reserved   | options
 */

import { writeI32 } from './bytes.ts';
import * as checksum from './checksum.ts';
import * as icmpv6 from './icmpv6.ts';
import * as ipv6 from './ipv6.ts';
import * as neighborDiscovery from './neighbor-discovery.ts';
import * as teredo from './teredo.ts';

/** Octets with the IPv6 header, without options. */
export const LENGTH = ipv6.LENGTH + 8;

/**
 * Whether the packet at `at` is a solicitation that a server must answer.
 *
 * Source: RFC 4380 §5.3.1 (4): link-local source, all-routers destination; RFC 4861 §6.1.1; ledger SRV-10.
 */
export function isValid(bytes: Uint8Array, at: number): boolean {
  return (
    ipv6.isLinkLocal(bytes, at + ipv6.SOURCE) &&
    ipv6.sameAddress(bytes, at + ipv6.DESTINATION, neighborDiscovery.ALL_ROUTERS, 0) &&
    neighborDiscovery.isValid(bytes, at, icmpv6.ROUTER_SOLICITATION, 8)
  );
}

/** The cone bit, from the flags inside the source address (RFC 4380 §5.2.1, §5.3.2). */
export function coneBit(bytes: Uint8Array, at: number): 0 | 1 {
  return (teredo.flags(bytes, at + ipv6.SOURCE) & teredo.FLAG_CONE) === 0 ? 0 : 1;
}

export function emit(bytes: Uint8Array, at: number, source: Uint8Array): number {
  ipv6.emit(bytes, at, 8, ipv6.NEXT_ICMPV6, neighborDiscovery.HOP_LIMIT, source, 0, neighborDiscovery.ALL_ROUTERS, 0);
  writeI32(bytes, at + ipv6.LENGTH, icmpv6.ROUTER_SOLICITATION << 24);
  writeI32(bytes, at + ipv6.LENGTH + 4, 0);
  checksum.completeIcmpv6(bytes, at);
  return at + LENGTH;
}
