import type { Trailers } from '../../../wire/trailer.ts';

/** Where a direct bubble goes, and by which local socket. */
export interface Target {
  readonly ipv4: number;
  readonly port: number;
  readonly via: number;
}

/**
 * One extension of RFC 6081: what it adds to the bubbles of RFC 4380.
 *
 * Every method is optional; an extension speaks only where it has something to say. None of them is called for data:
 * an established peer is reached by the columns of the peer table alone.
 */
export interface Extension {
  /** Writes its trailers of an indirect bubble to `peer` at `at`; returns the next offset. */
  writeIndirect?(peer: number, bytes: Uint8Array, at: number, now: number): number;
  /** The same for a direct bubble that leaves by the local socket `via`. */
  writeDirect?(peer: number, via: number, bytes: Uint8Array, at: number): number;
  /** Direct bubbles beside the one to the mapping in the peer's address. */
  targets?(peer: number, now: number): readonly Target[];
  /** True: this extension sends the indirect bubble itself, later. */
  postponesIndirect?(peer: number, now: number): boolean;
  /** An indirect bubble of this peer came in. */
  indirectReceived?(peer: number, trailers: Trailers, now: number): void;
  /** Whether a direct bubble from elsewhere than the peer's address says is the peer's all the same. */
  proves?(peer: number, trailers: Trailers): boolean;
  /** The peer has shown itself, by a direct bubble or by data, at `from`; where to reach it if that is elsewhere. */
  reached?(peer: number, from: Target, now: number): Target | undefined;
  /** Whether this endpoint, which is not where we reach the peer, is one it is known to send from. */
  isFrom?(peer: number, ipv4: number, port: number): boolean;
  /** The peer's place in the table is given up, or the client has lost its address. */
  forget?(peer: number): void;
  /** Instant of its next deadline; Infinity: none. */
  readonly deadlineAt?: number;
  timeOut?(now: number): void;
}
