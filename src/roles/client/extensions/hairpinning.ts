import type { PeerTable } from '../../../peers/peer-table.ts';
import * as teredo from '../../../wire/teredo.ts';
import { type AlternateAddress, emitAlternates, type Trailers } from '../../../wire/trailer.ts';
import { VIA_SERVICE } from '../../constants.ts';
import { RateLimit } from '../../rate-limit.ts';
import type { Identity } from '../identity.ts';
import type { Extension, Target } from './extension.ts';

/** Bubbles that alternate addresses can cause, per second and at once (ledger SEC-13). */
const TARGETS_PER_SECOND = 10;
const TARGETS_BURST = 20;
/** RFC 6081 §4.3: what is advertised should not be more. */
const ADVERTISED_MAX = 2;

/**
 * Hairpinning (RFC 6081 §5.6; ledger EXT-50 to EXT-53).
 *
 * Two clients behind one NAT cannot always reach each other's mapped address from inside. Each tells the other where
 * it is on its own side, and bubbles go there too.
 *
 * A stranger must not aim our bubbles at hosts inside our network: alternate addresses are obeyed only from a peer
 * with the same mapped IPv4 address as ours, which is the only case they are good for, and within a rate.
 *
 * Bounded by the peers of the table, with four endpoints each.
 */
export class Hairpinning implements Extension {
  readonly #identity: Identity;
  readonly #peers: PeerTable;
  readonly #alternates = new Map<number, readonly AlternateAddress[]>();
  readonly #limit = new RateLimit(TARGETS_PER_SECOND, TARGETS_BURST, 1, 0);

  constructor(identity: Identity, peers: PeerTable) {
    this.#identity = identity;
    this.#peers = peers;
  }

  /** EXT-51: until the peer is established. */
  writeIndirect(peer: number, bytes: Uint8Array, at: number): number {
    if (this.#peers.trusted[peer] === 1) return at;
    const own = this.#identity.localEndpoints(ADVERTISED_MAX);
    const router = this.#identity.outerPortMapping;
    const all = router === undefined ? own : [...own.slice(0, ADVERTISED_MAX - 1), router];
    return all.length === 0 ? at : emitAlternates(bytes, at, all);
  }

  /** EXT-52. A badly formed trailer never comes so far: the parser drops its bubble. */
  indirectReceived(peer: number, trailers: Trailers): void {
    if (trailers.alternates === undefined || !this.#isBehindOurNat(peer)) this.#alternates.delete(peer);
    else this.#alternates.set(peer, trailers.alternates);
  }

  /** EXT-53: a trusted peer is reached where it is known to be. */
  targets(peer: number, now: number): readonly Target[] {
    const alternates = this.#alternates.get(peer);
    if (alternates === undefined || this.#peers.trusted[peer] === 1) return [];
    return alternates
      .filter(({ ipv4, port }) => this.#identity.mayBeInside(ipv4, port) && this.#limit.allow(0, now))
      .map(({ ipv4, port }) => ({ ipv4, port, via: VIA_SERVICE }));
  }

  forget(peer: number): void {
    this.#alternates.delete(peer);
  }

  #isBehindOurNat(peer: number): boolean {
    return this.#identity.mapped?.ipv4 === teredo.ipv4(this.#peers.address(peer), 0);
  }
}
