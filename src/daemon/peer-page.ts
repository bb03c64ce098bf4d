import type { PeerTable } from '../peers/peer-table.ts';

/** Places that one page looks at, and peers it takes, at most: the data path stands still for well under a millisecond. */
const PLACES_MAX = 65_536;
export const PAGE_MAX = 4_096;

/** A part of a list of recent peers as columns, copied at one instant. */
export interface PeerPage {
  readonly count: number;
  /** 16 octets each. */
  readonly addresses: Uint8Array;
  /** Where datagrams to the peer go; 0 and 0: nothing is known yet. */
  readonly ipv4: Int32Array;
  readonly port: Uint16Array;
  readonly trusted: Uint8Array;
  /** 1: a neighbour that is reached inside the own network (RFC 4380 §5.2.8). */
  readonly local: Uint8Array;
  /** Durations up to now in ms; Infinity: never. */
  readonly heardAgoMs: Float64Array;
  readonly sentAgoMs: Float64Array;
  readonly knownForMs: Float64Array;
  /** Where the next page begins; -1: this was the last. */
  readonly next: number;
  /** Peers in the whole table. */
  readonly total: number;
}

/**
 * Copies the peers from place `from` on.
 *
 * Shape:  at most `max` peers, and never more than PAGE_MAX; a page may be empty though more follow. Peers that come or
 *         go between two pages may be in none of them, no peer that stays is left out or told twice.
 */
export function peerPage(peers: PeerTable, from: number, max: number, now: number): PeerPage {
  const room = Math.max(1, Math.min(max, PAGE_MAX));
  const end = Math.min(peers.end, from + PLACES_MAX);
  const chosen: number[] = [];
  let place = Math.max(0, from);
  for (; place < end && chosen.length < room; place++) if (peers.isTaken(place)) chosen.push(place);
  const count = chosen.length;
  const page = {
    count,
    addresses: new Uint8Array(16 * count),
    ipv4: new Int32Array(count),
    port: new Uint16Array(count),
    trusted: new Uint8Array(count),
    local: new Uint8Array(count),
    heardAgoMs: new Float64Array(count),
    sentAgoMs: new Float64Array(count),
    knownForMs: new Float64Array(count),
    next: place < peers.end ? place : -1,
    total: peers.size,
  };
  for (const [row, peer] of chosen.entries()) {
    peers.writeAddress(peer, page.addresses, 16 * row);
    page.ipv4[row] = peers.ipv4[peer]!;
    page.port[row] = peers.port[peer]!;
    page.trusted[row] = peers.trusted[peer]!;
    page.local[row] = peers.local[peer] === 1 && peers.ipv4[peer] === peers.localIpv4[peer] ? 1 : 0;
    page.heardAgoMs[row] = now - peers.lastReceptionAt[peer]!;
    page.sentAgoMs[row] = now - peers.lastTransmissionAt[peer]!;
    page.knownForMs[row] = now - 1000 * peers.addedAtSeconds[peer]!;
  }
  return page;
}
