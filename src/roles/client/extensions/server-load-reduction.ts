import { emitDiscovery } from '../../../wire/trailer.ts';
import type { Extension } from './extension.ts';

/** RFC 6081 §5.7.2. */
const SOLICITATIONS_MAX = 3;

/**
 * Server load reduction (RFC 6081 §5.7; ledger EXT-60 to EXT-62).
 *
 * A peer that was established and has been silent for a while is asked by a direct bubble, which costs no server
 * anything; only when three of them bring no answer is it asked like a stranger. Peers that have never sent a
 * trailer do not know the question, and are asked like strangers at once.
 *
 * Bounded by the peers of the table.
 */
export class ServerLoadReduction implements Extension {
  /** Solicitations sent in this round, by peer; only peers that speak RFC 6081 are in it. */
  readonly #sent = new Map<number, number>();
  #kind: 'solicitation' | 'advertisement' | undefined;

  /** The peer has sent a trailer. */
  noteSpeaker(peer: number): void {
    if (!this.#sent.has(peer)) this.#sent.set(peer, 0);
  }

  /** Whether the peer is to be asked directly this time; counts the solicitation. */
  takeTurn(peer: number): boolean {
    const sent = this.#sent.get(peer);
    if (sent === undefined || sent >= SOLICITATIONS_MAX) return false;
    this.#sent.set(peer, sent + 1);
    return true;
  }

  /** The next direct bubble is of this kind. */
  mark(kind: 'solicitation' | 'advertisement' | undefined): void {
    this.#kind = kind;
  }

  writeDirect(_peer: number, _via: number, bytes: Uint8Array, at: number): number {
    return this.#kind === undefined ? at : emitDiscovery(bytes, at, this.#kind);
  }

  reached(peer: number): undefined {
    if (this.#sent.has(peer)) this.#sent.set(peer, 0);
    return undefined;
  }

  forget(peer: number): void {
    this.#sent.delete(peer);
  }
}
