/**
 * Router advertisement of a Teredo server (RFC 4380 §5.3.2, RFC 4861 §4.2), behind its IPv6 header at `at`.
 *   40    41  42         44          45      46         48          52          56
 *   | 134 | 0 | checksum | hop limit | flags | lifetime | reachable | retrans   | options
 *   prefix option (type 3, 32 octets): prefix length at 2, flags 3, lifetimes 4 and 8, prefix at 16
 *   MTU option (type 5, 8 octets): MTU at 4
 */

import { readI32, readU32, writeI32 } from './bytes.ts';
import * as checksum from './checksum.ts';
import * as icmpv6 from './icmpv6.ts';
import * as ipv6 from './ipv6.ts';
import { Malformed } from './malformed.ts';
import * as neighborDiscovery from './neighbor-discovery.ts';
import { SERVICE_PREFIX } from './teredo.ts';

const FIXED = 16;
const OPTION_PREFIX = 3;
const PREFIX_OPTION_LENGTH = 32;
const OPTION_MTU = 5;
const MTU_OPTION_LENGTH = 8;
const RETRANS_MS = 2000;

/** Octets with the IPv6 header and the prefix option; the MTU option adds 8. */
export const LENGTH = ipv6.LENGTH + FIXED + PREFIX_OPTION_LENGTH;

export interface RouterAdvertisement {
  /** The server's primary IPv4 address, from the prefix, as an int32. */
  readonly server: number;
  /** Octets; undefined without an MTU option. */
  readonly mtu: number | undefined;
}

/** Whether the packet at `at` has the looks of an advertisement; `parse` says whether it is a good one. */
export function isPresent(bytes: Uint8Array, at: number): boolean {
  return icmpv6.isMessage(bytes, at) && icmpv6.type(bytes, at) === icmpv6.ROUTER_ADVERTISEMENT;
}

/**
 * Reads the advertisement at `at`.
 *
 * Shape:  compares the first 64 bits of the prefix only, for Microsoft's servers leave garbage behind them; no
 *         lifetime is looked at, for theirs are 0 and infinite (ledger W-14).
 * Errors: a Malformed reason; never throws.
 * Source: RFC 4380 §5.2.1, RFC 4861 §6.1.2; ledger CLI-15, CLI-32.
 */
export function parse(bytes: Uint8Array, at: number): RouterAdvertisement | Malformed {
  if (!ipv6.isLinkLocal(bytes, at + ipv6.SOURCE)) return Malformed.NeighborDiscovery;
  if (!neighborDiscovery.isValid(bytes, at, icmpv6.ROUTER_ADVERTISEMENT, FIXED)) return Malformed.NeighborDiscovery;
  const end = at + ipv6.packetLength(bytes, at);
  let server: number | undefined;
  let mtu: number | undefined;
  for (let option = at + ipv6.LENGTH + FIXED; option < end; option += neighborDiscovery.optionLength(bytes, option)) {
    const length = neighborDiscovery.optionLength(bytes, option);
    if (bytes[option] === OPTION_PREFIX) {
      const isTeredo =
        length === PREFIX_OPTION_LENGTH && bytes[option + 2] === 64 && readI32(bytes, option + 16) === SERVICE_PREFIX;
      if (!isTeredo || server !== undefined) return Malformed.Prefix;
      server = readI32(bytes, option + 20);
    } else if (bytes[option] === OPTION_MTU && length === MTU_OPTION_LENGTH) {
      mtu = readU32(bytes, option + 4);
      if (mtu < 1280 || mtu > 65535) return Malformed.Mtu;
    }
  }
  return server === undefined ? Malformed.Prefix : { server, mtu };
}

/** Octets of an advertisement, with its IPv6 header. */
export function lengthWith(mtu: number | undefined): number {
  return mtu === undefined ? LENGTH : LENGTH + MTU_OPTION_LENGTH;
}

/** Writes a whole advertisement; `destination` holds the solicitation's source at `atDestination`. */
export function emit(
  bytes: Uint8Array,
  at: number,
  source: Uint8Array,
  destination: Uint8Array,
  atDestination: number,
  server: number,
  mtu: number | undefined,
): number {
  const end = at + lengthWith(mtu);
  const payload = end - at - ipv6.LENGTH;
  ipv6.emit(bytes, at, payload, ipv6.NEXT_ICMPV6, neighborDiscovery.HOP_LIMIT, source, 0, destination, atDestination);
  // Hop limit, flags, lifetime and reachable time 0: a Teredo client asks for none of them (ledger W-14).
  bytes.fill(0, at + ipv6.LENGTH, end);
  bytes[at + ipv6.LENGTH] = icmpv6.ROUTER_ADVERTISEMENT;
  writeI32(bytes, at + ipv6.LENGTH + 12, RETRANS_MS);
  const prefix = at + ipv6.LENGTH + FIXED;
  writeI32(bytes, prefix, (OPTION_PREFIX << 24) | ((PREFIX_OPTION_LENGTH / 8) << 16) | (64 << 8) | 0x40);
  writeI32(bytes, prefix + 4, -1);
  writeI32(bytes, prefix + 8, -1);
  writeI32(bytes, prefix + 16, SERVICE_PREFIX);
  writeI32(bytes, prefix + 20, server);
  if (mtu !== undefined) {
    writeI32(bytes, prefix + PREFIX_OPTION_LENGTH, (OPTION_MTU << 24) | (1 << 16));
    writeI32(bytes, prefix + PREFIX_OPTION_LENGTH + 4, mtu);
  }
  checksum.completeIcmpv6(bytes, at);
  return end;
}
