import type { PeerTable } from '../../../peers/peer-table.ts';
import type { Trailers } from '../../../wire/trailer.ts';
import type { Endpoint, RoleEvent } from '../../events.ts';
import type { Random } from '../../role.ts';
import type { Identity } from '../identity.ts';
import type { SecureQualification } from '../secure-qualification.ts';
import type { Extension, Target } from './extension.ts';
import { Hairpinning } from './hairpinning.ts';
import { KeyedBubbles } from './keyed-bubbles.ts';
import { PortPreservingNat } from './port-preserving-nat.ts';
import { RandomPorts } from './random-ports.ts';
import { SequentialPortNat } from './sequential-port-nat.ts';
import { ServerLoadReduction } from './server-load-reduction.ts';
import { SymmetricNat } from './symmetric-nat.ts';
import { UpnpSymmetricNat } from './upnp-symmetric-nat.ts';

/** Which extensions of RFC 6081 a client has; each stands for a section. */
export interface ExtensionSwitches {
  /** §5.2; the next three need it (ledger EXT-01). */
  readonly symmetricNat: boolean;
  /** §5.3. */
  readonly upnpSymmetricNat: boolean;
  /** §5.4; the next one needs it. */
  readonly portPreservingNat: boolean;
  /** §5.5. */
  readonly sequentialPortNat: boolean;
  /** §5.6. */
  readonly hairpinning: boolean;
  /** §5.7. */
  readonly serverLoadReduction: boolean;
}

export const allExtensions: ExtensionSwitches = {
  symmetricNat: true,
  upnpSymmetricNat: true,
  portPreservingNat: true,
  sequentialPortNat: true,
  hairpinning: true,
  serverLoadReduction: true,
};

export const noExtensions: ExtensionSwitches = {
  symmetricNat: false,
  upnpSymmetricNat: false,
  portPreservingNat: false,
  sequentialPortNat: false,
  hairpinning: false,
  serverLoadReduction: false,
};

/** How an extension has bubbles sent. */
export interface BubbleActions {
  /** A direct bubble to where the peer was last heard. */
  sendDirectToKnown(peer: number): void;
  /** One to the mapping in the peer's address, by the local socket `via`. */
  sendDirectBy(peer: number, via: number): void;
  sendIndirectNow(peer: number, now: number): void;
}

/** The extensions that are switched on, asked in the order in which Windows writes their trailers. */
export class Extensions {
  readonly sequentialPortNat: SequentialPortNat | undefined;
  readonly serverLoadReduction: ServerLoadReduction | undefined;
  /** RFC 6081 §5.2: clients behind symmetric NATs are served, and may be such. */
  readonly supportsSymmetric: boolean;
  readonly #nonces: SymmetricNat | undefined;
  readonly #hairpinning: Hairpinning | undefined;
  readonly #keyedBubbles: KeyedBubbles | undefined;
  readonly #upnpSymmetricNat: UpnpSymmetricNat | undefined;
  readonly #portPreservingNat: PortPreservingNat | undefined;
  readonly #ports: RandomPorts;
  readonly #active: readonly Extension[];

  constructor(
    switches: ExtensionSwitches,
    identity: Identity,
    peers: PeerTable,
    random: Random,
    solicitations: SecureQualification,
    events: RoleEvent[],
    actions: BubbleActions,
  ) {
    const hasSymmetric = switches.symmetricNat;
    this.supportsSymmetric = hasSymmetric;
    const hasPortPreserving = hasSymmetric && switches.portPreservingNat;
    this.#ports = new RandomPorts(random, events, identity);
    // Hairpinning needs the nonce too (ledger EXT-01), and a nonce does no harm where nobody looks at it.
    this.#nonces = hasSymmetric || switches.hairpinning ? new SymmetricNat(random) : undefined;
    this.#keyedBubbles = hasSymmetric ? new KeyedBubbles(random) : undefined;
    const portPreservingNat = hasPortPreserving
      ? new PortPreservingNat(identity, peers, this.#ports, actions)
      : undefined;
    this.#portPreservingNat = portPreservingNat;
    this.sequentialPortNat =
      portPreservingNat !== undefined && switches.sequentialPortNat
        ? new SequentialPortNat(identity, peers, this.#ports, portPreservingNat, solicitations, actions)
        : undefined;
    this.#upnpSymmetricNat =
      hasSymmetric && switches.upnpSymmetricNat ? new UpnpSymmetricNat(identity, peers) : undefined;
    this.#hairpinning = switches.hairpinning ? new Hairpinning(identity, peers) : undefined;
    this.serverLoadReduction = switches.serverLoadReduction ? new ServerLoadReduction() : undefined;
    this.#active = [
      this.#nonces,
      this.#hairpinning,
      this.#keyedBubbles,
      this.serverLoadReduction,
      portPreservingNat,
      this.sequentialPortNat,
      this.#upnpSymmetricNat,
    ].filter((extension) => extension !== undefined);
  }

  get deadlineAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { deadlineAt = next } of this.#active) next = Math.min(next, deadlineAt);
    return next;
  }

  timeOut(now: number): void {
    for (const extension of this.#active) if ((extension.deadlineAt ?? Infinity) <= now) extension.timeOut?.(now);
  }

  /** Whether a port mapping is of use (RFC 6081 §5.3.3, §5.6.3). */
  get wantsPortMapping(): boolean {
    return this.#upnpSymmetricNat !== undefined || this.#hairpinning !== undefined;
  }

  /** Ledger EXT-60: whether the peer is asked by a direct bubble this time. */
  takeDirectTurn(peer: number): boolean {
    return this.serverLoadReduction?.takeTurn(peer) ?? false;
  }

  writeIndirect(peer: number, bytes: Uint8Array, at: number, now: number): number {
    return this.#active.reduce((end, extension) => extension.writeIndirect?.(peer, bytes, end, now) ?? end, at);
  }

  writeDirect(peer: number, via: number, bytes: Uint8Array, at: number): number {
    return this.#active.reduce((end, extension) => extension.writeDirect?.(peer, via, bytes, end) ?? end, at);
  }

  targets(peer: number, now: number): readonly Target[] {
    return this.#active.flatMap((extension) => extension.targets?.(peer, now) ?? []);
  }

  postponesIndirect(peer: number, now: number): boolean {
    return this.#active.some((extension) => extension.postponesIndirect?.(peer, now) ?? false);
  }

  /** Whether the peer's last indirect bubble had to come from a link-local address. */
  isFromLinkLocal(peer: number): boolean {
    return this.#nonces?.isFromLinkLocal(peer) ?? false;
  }

  /** Whether the peer has sent this nonce before. */
  knowsNonce(peer: number, nonce: number): boolean {
    return this.#nonces?.isReceived(peer, nonce) ?? true;
  }

  indirectReceived(peer: number, trailers: Trailers, now: number): void {
    if (trailers.nonce !== undefined) this.serverLoadReduction?.noteSpeaker(peer);
    for (const extension of this.#active) extension.indirectReceived?.(peer, trailers, now);
  }

  /** Whether the peer has sent something by its server since `since`. */
  hasHeard(peer: number, since: number): boolean {
    return this.#nonces?.hasHeard(peer, since) ?? false;
  }

  awaitsProof(peer: number): boolean {
    return this.#nonces?.awaitsProof(peer) ?? false;
  }

  /** The peer has come from elsewhere without a nonce; true: it was given one, so it knows none, which is news. */
  noteNonceless(peer: number): boolean {
    return this.awaitsProof(peer) && (this.#keyedBubbles?.noteNonceless(peer) ?? false);
  }

  /** Where a second indirect bubble comes from, for a peer that proves itself by nothing else; undefined: it needs none. */
  keyedSource(peer: number, now: number): Uint8Array | undefined {
    return this.#keyedBubbles?.source(peer, now);
  }

  /** Whether the address at `at` is what only this peer can have learnt from such a bubble. */
  takesKey(peer: number, bytes: Uint8Array, at: number, now: number): boolean {
    return this.#keyedBubbles?.takes(peer, bytes, at, now) ?? false;
  }

  proves(peer: number, trailers: Trailers): boolean {
    return this.#active.some((extension) => extension.proves?.(peer, trailers) ?? false);
  }

  /** Where the peer that was heard at `from` is to be reached. */
  reached(peer: number, from: Target, now: number): Target {
    let target = from;
    for (const extension of this.#active) target = extension.reached?.(peer, from, now) ?? target;
    return target;
  }

  isFrom(peer: number, ipv4: number, port: number): boolean {
    return this.#active.some((extension) => extension.isFrom?.(peer, ipv4, port) ?? false);
  }

  /** The peer did not answer: what was foretold of our NAT for it need not be true at the next try. */
  endRound(peer: number): void {
    this.#portPreservingNat?.forget(peer);
    this.sequentialPortNat?.forget(peer);
  }

  /** The system does not give the local socket `via`. */
  refusePort(via: number, now: number): void {
    this.#portPreservingNat?.refuse(via, now);
  }

  forget(peer: number): void {
    for (const extension of this.#active) extension.forget?.(peer);
  }

  /** The port that the peer foretold of its NAT; 0: none. */
  peerRandomPort(peer: number): number {
    return this.#portPreservingNat?.peerRandomPort(peer) ?? 0;
  }

  /** The peer, established elsewhere, has proved that it sends from here too. */
  noteSender(peer: number, from: Endpoint): void {
    this.#nonces?.noteSender(peer, from);
  }

  /** Whether the local socket `via` was opened for this peer. */
  isPortOf(peer: number, via: number): boolean {
    return this.#ports.of(peer)?.via === via;
  }
}
