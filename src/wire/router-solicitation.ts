/**
 * Router solicitation of a Teredo client (RFC 4380 §5.2.1, RFC 4861 §4.1; ledger W-13), behind its IPv6 header at `at`.
 *   40     41     42         44           48
 *   | 133  | 0    | checksum | reserved   | options
 */

import { readI32, readU16, writeI32 } from './bytes.ts';
import * as checksum from './checksum.ts';
import * as icmpv6 from './icmpv6.ts';
import * as ipv6 from './ipv6.ts';
import * as neighborDiscovery from './neighbor-discovery.ts';
import * as teredo from './teredo.ts';

/** Octets with the IPv6 header, without options. */
export const LENGTH = ipv6.LENGTH + 8;

/** Payload length, next header and hop limit of a solicitation without options. */
const USUAL_HEADER = (8 << 16) | (ipv6.NEXT_ICMPV6 << 8) | neighborDiscovery.HOP_LIMIT;
/** The checksum's words that are the same in all of them: of both addresses, the length, the next header, the type. */
const USUAL_SUM = 0xfe80 + 0xff02 + 2 + 8 + ipv6.NEXT_ICMPV6 + (icmpv6.ROUTER_SOLICITATION << 8);

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

/**
 * Whether the `LENGTH` octets at `at` are what nearly every client sends: a solicitation as `isValid` wants it, from
 * fe80::/64 and without options. False says nothing: ask `isValid`.
 */
export function isUsual(bytes: Uint8Array, at: number): boolean {
  const source = at + ipv6.SOURCE;
  const destination = at + ipv6.DESTINATION;
  const message = at + ipv6.LENGTH;
  if (
    bytes[at]! >>> 4 !== 6 ||
    readI32(bytes, at + ipv6.PAYLOAD_LENGTH) !== USUAL_HEADER ||
    readI32(bytes, source) !== (0xfe800000 | 0) ||
    readI32(bytes, source + 4) !== 0 ||
    readI32(bytes, destination) !== (0xff020000 | 0) ||
    readI32(bytes, destination + 4) !== 0 ||
    readI32(bytes, destination + 8) !== 0 ||
    readI32(bytes, destination + 12) !== 2 ||
    readU16(bytes, message) !== icmpv6.ROUTER_SOLICITATION << 8 ||
    readI32(bytes, message + 4) !== 0
  ) {
    return false;
  }
  const identifier = source + 8;
  const sum =
    USUAL_SUM +
    readU16(bytes, message + 2) +
    readU16(bytes, identifier) +
    readU16(bytes, identifier + 2) +
    readU16(bytes, identifier + 4) +
    readU16(bytes, identifier + 6);
  return checksum.finish(sum) === 0;
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
