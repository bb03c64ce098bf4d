import { words } from './words.ts';

/**
 * Cases of the RFCs that went as they should, counted where the slow path decides; what did not is counted by `Drop`.
 * The order is that of the roles that have them: see `casesOf`.
 */
export const Case = {
  // Clients and relays.
  /** RFC 4380 §5.2.6: to where a peer is or should be. */
  DirectBubblesSent: 0,
  /** RFC 4380 §5.2.6, §5.4.1 (3): through the server that a peer's address names. */
  IndirectBubblesSent: 1,
  /** RFC 4380 §5.2.3, §5.4.2: from a peer itself. */
  DirectBubblesReceived: 2,
  /** Peers that have shown themselves, at first or again after silence. */
  PeersTrusted: 3,
  /** Peers given up with packets waiting for them. */
  PeersUnreachable: 4,

  // Clients.
  /** RFC 4380 §5.2.1. */
  SolicitationsSent: 5,
  /** RFC 4380 §5.2.1: advertisements that answer one of them. */
  AdvertisementsReceived: 6,
  /** RFC 4380 §5.2.2: of these, those with a right authentication value. */
  AdvertisementsAuthenticated: 7,
  /** RFC 4380 §5.2.2: the server says that our key is no longer good. */
  KeysRejected: 8,
  /** RFC 4380 §5.2.1. */
  Qualifications: 9,
  /** RFC 4380 §5.2.5: another mapping or another server, and so another address. */
  AddressChanges: 10,
  /** RFC 4380 §5.2.3: through our server. */
  IndirectBubblesReceived: 11,
  /** RFC 4380 §5.1.1. */
  OriginIndicationsReceived: 12,
  /** RFC 4380 §5.2.9. */
  ConnectivityTestsSent: 13,
  ConnectivityTestsAnswered: 14,
  /** RFC 4380 §5.2.8. */
  DiscoveryBubblesSent: 15,
  DiscoveryBubblesReceived: 16,
  /** RFC 6081 §5.2: what lets a peer behind a symmetric NAT prove itself. */
  NoncesSent: 17,
  NoncesReceived: 18,
  PeersProvedByNonce: 19,
  /** RFC 6081 §5.6: where else we may be reached, behind the same NAT. */
  AlternateAddressesSent: 20,
  AlternateAddressesReceived: 21,
  /** RFC 6081 §5.7: a peer is asked, and answers, without its server. */
  DirectSolicitationsSent: 22,
  DirectSolicitationsReceived: 23,
  DirectAdvertisementsSent: 24,
  DirectAdvertisementsReceived: 25,
  /** RFC 6081 §5.4, §5.5: the port that a NAT will show. */
  RandomPortsSent: 26,
  RandomPortsReceived: 27,
  /** Our own (ledger M-1): the server of a client that cannot use its Teredo address as a source. */
  ServerAddressesSent: 28,
  ServerAddressesReceived: 29,
  /** Our own (decision 3): by the source address of a bubble that only the peer can know. */
  PeersProvedByKey: 30,

  // Servers.
  /** RFC 4380 §5.3.2: to clients that need no authentication. */
  AdvertisementsSent: 31,
  /** RFC 4380 §5.2.2, §5.3.2: with an authentication value. */
  SecuredAdvertisementsSent: 32,
  /** RFC 4380 §5.2.2: with the word that the client's key is no longer good. */
  RevokedAdvertisementsSent: 33,
  /** RFC 4380 §5.3.2: of all these, those from the address that was not asked, for the cone bit was set. */
  ConeAdvertisementsSent: 34,
  /** RFC 4380 §5.3.1. */
  BubblesForwarded: 35,
  EchoesForwardedToClients: 36,
  /** RFC 4380 §5.3.1: connectivity tests toward the IPv6 Internet. */
  EchoesForwardedToNativeHosts: 37,
  /** RFC 4380 §5.1.1, §5.3.1: in front of what is forwarded to our own clients. */
  OriginIndicationsSent: 38,
} as const;

export type Case = (typeof Case)[keyof typeof Case];

/** The length of a table of counters. */
export const CASES = 39;

/** Counters by case; a plain array that may lie in shared memory. */
export type CaseCounters = Float64Array;

const NAMES = new Map<number, string>(Object.entries(Case).map(([name, number]) => [number, words(name)]));

/** In words, for people: "direct bubbles sent". */
export function caseName(number: number): string {
  return NAMES.get(number) ?? `case ${number}`;
}

/** The cases that a role can have. */
export function casesOf(role: 'client' | 'server' | 'relay' | 'host-relay'): readonly Case[] {
  const all = Object.values(Case);
  if (role === 'client') return all.filter((number) => number < Case.AdvertisementsSent);
  if (role === 'server') return all.filter((number) => number >= Case.AdvertisementsSent);
  return all.filter((number) => number < Case.SolicitationsSent);
}
