import type { PeerTable } from '../../../peers/peer-table.ts';
import * as teredo from '../../../wire/teredo.ts';
import { emitRandomPort, type Trailers } from '../../../wire/trailer.ts';
import { countBubble, isBudgetSpent } from '../../bubbles.ts';
import { BUBBLES_MAX, VIA_SERVICE } from '../../constants.ts';
import type { Identity } from '../identity.ts';
import type { Extension, Target } from './extension.ts';
import type { RandomPort, RandomPorts } from './random-ports.ts';

/** RFC 6081 §5.4.2. */
const REFRESH_INTERVAL_MS = 30_000;
const REFRESHES_MAX = 20;
/** Ports that the system does not give, for one peer, before it is asked without. */
const REFUSALS_MAX = 2;
/** RFC 6081 §5.4.4.4: a peer that exchanged anything so lately keeps the port it advertised. */
const IDLE_MS = 30_000;

/** RFC 6081 §5.4.1, for one peer. */
interface State {
  /** The external port that our NAT will show the peer, as we predict it; 0: none. */
  randomPort: number;
  /** The one that the peer predicts of its own NAT; 0: none. */
  peerRandomPort: number;
  /** The peer has answered through our server, and needs no random port itself. */
  isPeerPlain: boolean;
  /** The peer was heard on the random port, and not yet on the service port. */
  isOnRandom: boolean;
  /** The service port does now; the socket stays a little for what is under way to it. */
  isClosing: boolean;
  /** Direct bubbles since the last data. */
  refreshes: number;
  /** When the socket needs refreshing, or has been of no use for long enough. */
  dueAt: number;
  /** Sockets that the system did not give, in this round. */
  refusals: number;
}

/** What the extension asks its client to do. */
export interface PortPreservingActions {
  /** A direct bubble to where the peer is known to be. */
  sendDirectToKnown(peer: number): void;
  sendIndirectNow(peer: number, now: number): void;
}

/**
 * Port-preserving symmetric NAT (RFC 6081 §5.4; ledger EXT-30 to EXT-38).
 *
 * A NAT that keeps port numbers when it can shows a fresh local port as itself. So the client opens a random port for
 * the peer, tells it through the servers which, and both send their first datagram to exactly that pair.
 *
 * A peer that advertises such a port is obeyed whatever our own NAT is like (ledger Q-11). Bounded by the peers of
 * the table and by the sockets of `RandomPorts`.
 */
export class PortPreservingNat implements Extension {
  readonly #identity: Identity;
  readonly #peers: PeerTable;
  readonly #ports: RandomPorts;
  readonly #actions: PortPreservingActions;
  readonly #states = new Map<number, State>();
  deadlineAt = Number.POSITIVE_INFINITY;

  constructor(identity: Identity, peers: PeerTable, ports: RandomPorts, actions: PortPreservingActions) {
    this.#identity = identity;
    this.#peers = peers;
    this.#ports = ports;
    this.#actions = actions;
  }

  /** Opens a socket for the peer if it has none; undefined: all are in use. One that is not makes room. */
  open(peer: number, now: number): RandomPort | undefined {
    if (this.#ports.isFull && this.#ports.of(peer) === undefined) this.#closeOldestIdle();
    const port = this.#ports.open(peer);
    if (port !== undefined) this.#due(this.#of(peer), now);
    return port;
  }

  /** The system does not give the socket `via`: the peer is told of another one, within the budget, or asked without. */
  refuse(via: number, now: number): void {
    const peer = this.#ports.by(via)?.peer;
    if (peer === undefined) return;
    const state = this.#of(peer);
    this.#ports.refuse(peer);
    state.randomPort = 0;
    state.refusals++;
    if (!this.#needsOwnPort(peer) || isBudgetSpent(this.#peers, peer, BUBBLES_MAX, now)) return;
    countBubble(this.#peers, peer, now);
    this.#actions.sendIndirectNow(peer, now);
  }

  /** Whether an external port has been predicted for this peer. */
  hasRandomPort(peer: number): boolean {
    return (this.#states.get(peer)?.randomPort ?? 0) !== 0;
  }

  /** The NAT will show the peer this port of ours: it was preserved, or found by an echo test. */
  predict(peer: number, externalPort: number): void {
    this.#of(peer).randomPort = externalPort;
  }

  /** EXT-31. */
  writeIndirect(peer: number, bytes: Uint8Array, at: number, now: number): number {
    if (this.#needsOwnPort(peer)) this.#openPreserved(peer, now);
    const state = this.#states.get(peer);
    if (state === undefined || state.randomPort === 0) return at;
    this.#due(state, now);
    return emitRandomPort(bytes, at, state.randomPort);
  }

  /** EXT-32: only those that leave by the random port name it. */
  writeDirect(peer: number, via: number, bytes: Uint8Array, at: number): number {
    const randomPort = this.#states.get(peer)?.randomPort ?? 0;
    return via === VIA_SERVICE || randomPort === 0 ? at : emitRandomPort(bytes, at, randomPort);
  }

  /** EXT-32, ledger Q-11: from our random port if we have or need one, else from the service port. */
  targets(peer: number, now: number): readonly Target[] {
    const state = this.#states.get(peer);
    if (state === undefined || this.#peers.trusted[peer] === 1) return [];
    const address = this.#peers.address(peer);
    const ipv4 = teredo.ipv4(address, 0);
    if (this.#needsOwnPort(peer)) this.#openPreserved(peer, now);
    // The first datagram of a random port decides its mapping: it must go to where the peer will send from.
    const port = state.peerRandomPort || (state.isPeerPlain && state.randomPort !== 0 ? teredo.port(address, 0) : 0);
    if (port === 0 || !this.#identity.maySendTo(ipv4, port)) return [];
    return [{ ipv4, port, via: this.#ports.of(peer)?.via ?? VIA_SERVICE }];
  }

  /** The port that the peer foretold of its NAT; 0: none. */
  peerRandomPort(peer: number): number {
    return this.#states.get(peer)?.peerRandomPort ?? 0;
  }

  /** EXT-33. */
  indirectReceived(peer: number, trailers: Trailers, now: number): void {
    const advertised = trailers.randomPort ?? 0;
    const state = this.#of(peer);
    state.isPeerPlain = advertised === 0;
    if (advertised === 0) return;
    if (state.peerRandomPort === advertised) return;
    if (state.peerRandomPort !== 0) {
      const lastAt = Math.max(this.#peers.lastReceptionAt[peer]!, this.#lastDataAt(peer));
      if (now - lastAt < IDLE_MS) return;
      if (this.#identity.isPortPreserving) this.#closePort(peer, state);
    }
    state.peerRandomPort = advertised;
  }

  /** EXT-34 to EXT-37: the service port is better, for it needs no refreshing of its own. */
  reached(peer: number, from: Target, now: number): Target | undefined {
    const state = this.#states.get(peer);
    if (state === undefined) return undefined;
    if (from.via === VIA_SERVICE) {
      state.isOnRandom = false;
      state.isClosing = this.#ports.of(peer) !== undefined;
    } else if (state.isClosing) {
      return { ipv4: this.#peers.ipv4[peer]!, port: this.#peers.port[peer]!, via: VIA_SERVICE };
    } else if (!state.isOnRandom) {
      state.isOnRandom = true;
      state.refreshes = 0;
    }
    this.#due(state, now);
    return undefined;
  }

  /** EXT-38: a mapping of a random port is kept alive by nobody else. One of which nothing came is closed. */
  timeOut(now: number): void {
    this.deadlineAt = Number.POSITIVE_INFINITY;
    for (const { peer } of [...this.#ports.all()]) {
      const state = this.#of(peer);
      if (state.dueAt > now) this.deadlineAt = Math.min(this.deadlineAt, state.dueAt);
      else if (state.isClosing) this.#closePort(peer, state);
      else if (state.isOnRandom) this.#refresh(peer, state, now);
      else this.forget(peer);
    }
  }

  #refresh(peer: number, state: State, now: number): void {
    this.#due(state, now);
    if (now - this.#lastDataAt(peer) < REFRESH_INTERVAL_MS) {
      state.refreshes = 0;
    } else if (state.refreshes < REFRESHES_MAX) {
      state.refreshes++;
      this.#actions.sendDirectToKnown(peer);
    }
  }

  #due(state: State, now: number): void {
    state.dueAt = now + REFRESH_INTERVAL_MS;
    this.deadlineAt = Math.min(this.deadlineAt, state.dueAt);
  }

  forget(peer: number): void {
    this.#closeSocket(peer);
    this.#states.delete(peer);
  }

  #needsOwnPort(peer: number): boolean {
    const { isSymmetric, isPortPreserving } = this.#identity;
    if ((this.#states.get(peer)?.refusals ?? 0) > REFUSALS_MAX) return false;
    return isSymmetric && isPortPreserving && this.#peers.trusted[peer] === 0 && !this.hasRandomPort(peer);
  }

  #openPreserved(peer: number, now: number): void {
    const port = this.open(peer, now);
    if (port !== undefined) this.predict(peer, port.localPort);
  }

  #closeOldestIdle(): void {
    for (const { peer } of this.#ports.all()) {
      const state = this.#of(peer);
      if (state.isOnRandom) continue;
      this.#closePort(peer, state);
      return;
    }
  }

  #closePort(peer: number, state: State): void {
    state.randomPort = 0;
    state.isOnRandom = false;
    state.isClosing = false;
    this.#closeSocket(peer);
  }

  /** Where the peer was reached by that socket, nothing leads any more. */
  #closeSocket(peer: number): void {
    const via = this.#ports.of(peer)?.via;
    if (via !== undefined && this.#peers.via[peer] === via) this.#peers.port[peer] = 0;
    this.#ports.close(peer);
  }

  /** The columns tell: the last transmission was data, unless it was the last bubble. */
  #lastDataAt(peer: number): number {
    const lastAt = this.#peers.lastTransmissionAt[peer]!;
    return lastAt > this.#peers.lastBubbleAt[peer]! ? lastAt : Number.NEGATIVE_INFINITY;
  }

  #of(peer: number): State {
    let state = this.#states.get(peer);
    if (state === undefined) {
      state = {
        randomPort: 0,
        peerRandomPort: 0,
        isPeerPlain: false,
        isOnRandom: false,
        isClosing: false,
        refreshes: 0,
        dueAt: Number.POSITIVE_INFINITY,
        refusals: 0,
      };
      this.#states.set(peer, state);
    }
    return state;
  }
}
