import { emitNonce, type Trailers } from '../../../wire/trailer.ts';
import type { Endpoint } from '../../events.ts';
import type { Random } from '../../role.ts';
import type { Extension } from './extension.ts';

/** RFC 6081 §5.2.1; 0: none. */
interface Nonces {
  sent: number;
  /** The one before: its answer may still be under way. */
  sentBefore: number;
  received: number;
  /** When its last indirect bubble came; -Infinity: none has. */
  heardAt: number;
  /** The peer's server would not carry its Teredo address as a source (ledger M-1). */
  isFromLinkLocal: boolean;
  /** A second endpoint that the peer has proved to send from. */
  alsoAt: Endpoint | undefined;
}

/**
 * Symmetric NAT support (RFC 6081 §5.2; ledger EXT-10 to EXT-15).
 *
 * A symmetric NAT shows each destination another port, so a bubble from behind it does not come from where the
 * sender's address says. It is believed when it brings back the nonce of our last indirect bubble, which went to the
 * mapping that the address names.
 *
 * Bounded by the peers of the table.
 */
export class SymmetricNat implements Extension {
  readonly #random: Random;
  readonly #nonces = new Map<number, Nonces>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** EXT-11: a fresh nonce for each indirect bubble. */
  writeIndirect(peer: number, bytes: Uint8Array, at: number): number {
    const nonces = this.#of(peer);
    nonces.sentBefore = nonces.sent;
    do nonces.sent = this.#random.uint32() | 0;
    while (nonces.sent === 0);
    return emitNonce(bytes, at, nonces.sent);
  }

  /** EXT-12: back with the peer's nonce, if it has sent one. */
  writeDirect(peer: number, _via: number, bytes: Uint8Array, at: number): number {
    const received = this.#nonces.get(peer)?.received ?? 0;
    return received === 0 ? at : emitNonce(bytes, at, received);
  }

  /** EXT-13. */
  indirectReceived(peer: number, trailers: Trailers, now: number): void {
    const nonces = this.#of(peer);
    nonces.heardAt = now;
    nonces.received = trailers.nonce ?? 0;
    nonces.isFromLinkLocal = trailers.server !== undefined;
  }

  /** Whether this is the nonce of the peer's last indirect bubble. */
  isReceived(peer: number, nonce: number): boolean {
    return this.#nonces.get(peer)?.received === nonce;
  }

  hasHeard(peer: number, since: number): boolean {
    return (this.#nonces.get(peer)?.heardAt ?? Number.NEGATIVE_INFINITY) >= since;
  }

  isFromLinkLocal(peer: number): boolean {
    return this.#nonces.get(peer)?.isFromLinkLocal ?? false;
  }

  /** Whether the peer has been given a nonce to prove itself with. */
  awaitsProof(peer: number): boolean {
    return (this.#nonces.get(peer)?.sent ?? 0) !== 0;
  }

  /** EXT-14. */
  proves(peer: number, trailers: Trailers): boolean {
    const nonces = this.#nonces.get(peer);
    if (nonces === undefined || trailers.nonce === undefined || trailers.nonce === 0) return false;
    return trailers.nonce === nonces.sent || trailers.nonce === nonces.sentBefore;
  }

  /** It has been reached: should it be lost again, what it sent before says nothing. */
  reached(peer: number): undefined {
    const nonces = this.#nonces.get(peer);
    if (nonces !== undefined) nonces.heardAt = Number.NEGATIVE_INFINITY;
  }

  noteSender(peer: number, from: Endpoint): void {
    this.#of(peer).alsoAt = from;
  }

  isFrom(peer: number, ipv4: number, port: number): boolean {
    const alsoAt = this.#nonces.get(peer)?.alsoAt;
    return alsoAt !== undefined && alsoAt.ipv4 === ipv4 && alsoAt.port === port;
  }

  forget(peer: number): void {
    this.#nonces.delete(peer);
  }

  #of(peer: number): Nonces {
    let nonces = this.#nonces.get(peer);
    if (nonces === undefined) {
      const heardAt = Number.NEGATIVE_INFINITY;
      nonces = { sent: 0, sentBefore: 0, received: 0, heardAt, isFromLinkLocal: false, alsoAt: undefined };
      this.#nonces.set(peer, nonces);
    }
    return nonces;
  }
}
