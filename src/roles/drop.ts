import { Malformed } from '../wire/malformed.ts';
import { words } from './words.ts';

/** Why a packet ended here. Every role counts its drops by these numbers; nothing is thrown and nothing logged. */
export const Drop = {
  ...Malformed,
  /** RFC 4380 §5.2.3, §5.3.1, §5.4.2: the source is not where its Teredo address says it is. */
  MappingMismatch: 20,
  /** Ledger SEC-01, RFC 4380 §5.2.4: the IPv4 address is not global unicast. */
  NotGlobalIpv4: 21,
  /** RFC 4380 §5.4.2: this relay does not serve that destination. */
  NotServed: 22,
  /** RFC 4380 §5.4.2: the source is not in the list of recent peers. */
  UnknownPeer: 23,
  /** RFC 4380 §5.2.3: the packet is not for our Teredo address. */
  NotForUs: 24,
  /** RFC 4380 §5.2.2: nonce, identifier or authentication value is missing or wrong. */
  Authentication: 25,
  /** RFC 4380 §5.2.1: no solicitation waits for this advertisement, or it came from elsewhere. */
  Unsolicited: 26,
  /** RFC 4380 §5.2: a packet from the TUN side while the client has no address. */
  NotQualified: 27,
  /** RFC 4380 §5.3.1: neither bubble nor echo, or too large for a server to carry. */
  NotCarried: 28,
  /** RFC 4380 §5.3.1 (7): a server takes nothing else. */
  Unexpected: 29,
  /** Ledger SEC-07 to SEC-09, RFC 6324: the packet would come back to us. */
  Loop: 30,
  /** Ledger SEC-10, RFC 5095: routing header type 0 (or 2 from a tunnel). */
  RoutingHeader: 31,
  /** Ledger CLI-70: link-local, multicast, loopback or unspecified where only a global address may be. */
  AddressScope: 32,
  /** Neighbor Discovery from the tunnel never reaches the host. */
  NeighborDiscoveryFromTunnel: 33,
  /** RFC 4380 §5.2.6: the budget of bubbles or tests to this peer is spent. */
  Budget: 34,
  /** A bound of ours: queue, table or output ring is full. */
  QueueFull: 35,
  /** A bound of ours: more than the allowed rate (ledger SEC-11, SEC-12, SEC-14). */
  RateLimited: 36,
  /** A packet waited for an answer that did not come. */
  Unanswered: 37,
  /** RFC 4380 §5.4.1: not a Teredo destination. */
  NotTeredoDestination: 38,
  /** Ledger CLI-50: the source is not our Teredo address. */
  SourceAddress: 39,
  /** A bubble or echo reply that has done its work; not a loss. */
  Consumed: 40,
  /** RFC 4380 §5.2.8: not a discovery bubble, or not from our link. */
  Discovery: 41,
  /** Nothing new is begun any more: this server or relay is about to end. */
  Draining: 42,
} as const;

export type Drop = (typeof Drop)[keyof typeof Drop];

/** One past the largest reason: the length of a table of counters. */
export const DROP_REASONS = 43;

/** Counters by reason; a plain array that may lie in shared memory. */
export type DropCounters = Float64Array;

const NAMES = new Map<number, string>(Object.entries(Drop).map(([name, reason]) => [reason, words(name)]));

/** The reason in words, for people: "mapping mismatch". */
export function dropName(reason: number): string {
  return NAMES.get(reason) ?? `reason ${reason}`;
}
