import * as ipv6 from '../../wire/ipv6.ts';
import * as neighborDiscovery from '../../wire/neighbor-discovery.ts';
import * as teredo from '../../wire/teredo.ts';
import { Case, type CaseCounters } from '../case.ts';
import {
  DISCOVERY_INTERVAL_MAX_MS,
  DISCOVERY_INTERVAL_MIN_MS,
  DISCOVERY_IPV4,
  SERVER_PORT,
  VIA_SERVICE,
} from '../constants.ts';
import type { Outbox } from '../outbox.ts';
import { between } from '../random.ts';
import type { Random } from '../role.ts';

/** Local client discovery (RFC 4380 §5.2.8): clients of one link find each other by multicast. */

/** RFC 4380 §5.2.8: the bubble never leaves the link. */
const HOP_LIMIT = 1;

/** When the next discovery bubble leaves: uniform in 200 to 300 s (ledger CLI-121). */
export function nextAt(random: Random, now: number): number {
  return now + between(random, DISCOVERY_INTERVAL_MIN_MS, DISCOVERY_INTERVAL_MAX_MS);
}

/** Writes a discovery bubble of the client with this address (ledger W-16). */
export function emit(outbox: Outbox, address: Uint8Array, cases: CaseCounters): void {
  const at = outbox.reserve(ipv6.LENGTH);
  if (at < 0) return;
  const end = ipv6.emitBubble(outbox.bytes, at, HOP_LIMIT, address, 0, neighborDiscovery.ALL_NODES, 0);
  outbox.add(end, DISCOVERY_IPV4, SERVER_PORT, VIA_SERVICE);
  cases[Case.DiscoveryBubblesSent]!++;
}

/** Whether the packet at `at` is a discovery bubble, wherever it came in. */
export function isDiscoveryBubble(bytes: Uint8Array, at: number): boolean {
  return ipv6.isBubble(bytes, at) && ipv6.sameAddress(bytes, at + ipv6.DESTINATION, neighborDiscovery.ALL_NODES, 0);
}

/**
 * Whether the sender of the discovery bubble at `at` may be believed, as far as its Teredo address tells: it stands
 * behind the same mapped IPv4 address as we. That it is on our link is asked elsewhere.
 *
 * Source: RFC 4380 §5.2.8; ledger CLI-123, CLI-124.
 */
export function isBelievable(bytes: Uint8Array, at: number, mappedIpv4: number): boolean {
  const source = at + ipv6.SOURCE;
  return teredo.isTeredo(bytes, source) && teredo.ipv4(bytes, source) === mappedIpv4;
}
