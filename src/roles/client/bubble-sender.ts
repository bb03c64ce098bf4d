import type { PeerTable } from '../../peers/peer-table.ts';
import { copy } from '../../wire/bytes.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as teredo from '../../wire/teredo.ts';
import { emitServerAddress } from '../../wire/trailer.ts';
import { Case, type CaseCounters } from '../case.ts';
import { BUBBLE_HOP_LIMIT, PEER_VALIDITY_MS, SERVER_PORT, VIA_SERVICE } from '../constants.ts';
import type { Endpoint } from '../events.ts';
import type { Outbox } from '../outbox.ts';
import type { Target } from './extensions/extension.ts';
import type { BubbleActions, Extensions } from './extensions/extensions.ts';
import { countSent } from './extensions/usage.ts';
import type { Identity } from './identity.ts';

/** Octets that all trailers of one bubble take at most: nonce, two alternates, discovery, random port, server. */
const TRAILERS_MAX = 6 + 16 + 6 + 4 + 6;

/** Writes the bubbles of a client (RFC 4380 §5.2.6), with what RFC 6081 appends to them. */
export class BubbleSender implements BubbleActions {
  /** Undefined until the client is complete. */
  extensions: Extensions | undefined;

  readonly #identity: Identity;
  readonly #peers: PeerTable;
  readonly #datagrams: Outbox;
  readonly #cases: CaseCounters;

  constructor(identity: Identity, peers: PeerTable, datagrams: Outbox, cases: CaseCounters) {
    this.#cases = cases;
    this.#identity = identity;
    this.#peers = peers;
    this.#datagrams = datagrams;
  }

  /** A bare bubble from our address to the 16 octets at `atDestination` (ledger CLI-85, CLI-86). */
  emit(destination: Uint8Array, atDestination: number, ipv4: number, port: number, via = VIA_SERVICE): void {
    const at = this.#datagrams.reserve(ipv6.LENGTH);
    if (at < 0) return;
    const { bytes } = this.#datagrams;
    const source = this.#identity.address;
    const end = ipv6.emitBubble(bytes, at, BUBBLE_HOP_LIMIT, source, 0, destination, atDestination);
    this.#datagrams.add(end, ipv4, port, via);
    const isIndirect = ipv4 === this.#identity.server && port === SERVER_PORT;
    this.#cases[isIndirect ? Case.IndirectBubblesSent : Case.DirectBubblesSent]!++;
  }

  /**
   * Direct bubbles to a peer: to where it is known to be; else to the mapping in its address, and wherever the
   * extensions expect it. `seenAt` is where its server saw it, if that was told.
   */
  sendDirect(peer: number, now: number, seenAt?: Endpoint): void {
    const peers = this.#peers;
    const isKnown = peers.trusted[peer] === 1 && now - peers.lastReceptionAt[peer]! < PEER_VALIDITY_MS;
    if (isKnown) return this.sendDirectToKnown(peer);
    if (seenAt === undefined) this.sendDirectBy(peer, VIA_SERVICE);
    else this.#sendTo(peer, { ...seenAt, via: VIA_SERVICE });
    for (const target of this.extensions?.targets(peer, now) ?? []) this.#sendTo(peer, target);
  }

  /** One to this endpoint of a peer, by the service port. */
  sendDirectTo(peer: number, ipv4: number, port: number): void {
    this.#sendTo(peer, { ipv4, port, via: VIA_SERVICE });
  }

  /** One to where the peer was last heard, however long ago. */
  sendDirectToKnown(peer: number): void {
    const { ipv4, port, via } = this.#peers;
    if (port[peer] !== 0) this.#sendTo(peer, { ipv4: ipv4[peer]!, port: port[peer]!, via: via[peer]! });
  }

  /** One to the mapping in the peer's address; by a random port, to the one that the peer foretold, if any. */
  sendDirectBy(peer: number, via: number): void {
    const address = this.#peers.address(peer);
    const ipv4 = teredo.ipv4(address, 0);
    const foretold = via === VIA_SERVICE ? 0 : (this.extensions?.peerRandomPort(peer) ?? 0);
    const port = foretold || teredo.port(address, 0);
    if (this.#identity.maySendTo(ipv4, port)) this.#sendTo(peer, { ipv4, port, via });
  }

  /** The bubble that asks a peer, through its server, to open its NAT for us; an extension may send it later. */
  sendIndirect(peer: number, now: number): void {
    if (this.extensions?.postponesIndirect(peer, now)) return;
    this.sendIndirectNow(peer, now);
  }

  sendIndirectNow(peer: number, now: number): void {
    // RFC 4380 §5.2.6: one bubble through the server for each question, of whatever source.
    if (this.sendKeyed(peer, now)) return;
    const address = this.#peers.address(peer);
    const server = teredo.server(address, 0);
    if (!this.#identity.maySendTo(server, SERVER_PORT)) return;
    const at = this.#datagrams.reserve(ipv6.LENGTH + TRAILERS_MAX);
    if (at < 0) return;
    const { bytes } = this.#datagrams;
    const isMistrusted = this.#isMistrusted(peer, server);
    const source = isMistrusted ? this.#linkLocal() : this.#identity.address;
    const packetEnd = ipv6.emitBubble(bytes, at, BUBBLE_HOP_LIMIT, source, 0, address, 0);
    let end = this.extensions?.writeIndirect(peer, bytes, packetEnd, now) ?? packetEnd;
    if (isMistrusted) end = emitServerAddress(bytes, end, this.#identity.server);
    this.#datagrams.add(end, server, SERVER_PORT, VIA_SERVICE);
    this.#cases[Case.IndirectBubblesSent]!++;
    countSent(this.#cases, bytes, packetEnd, end);
  }

  /**
   * The bubble through the server of a peer that proves itself by a key (`KeyedBubbles`); false: not this time. Behind a
   * symmetric NAT it would be in vain: the answer goes to the mapping that the peer's server sees.
   */
  sendKeyed(peer: number, now: number): boolean {
    const source = this.extensions?.keyedSource(peer, now);
    const address = this.#peers.address(peer);
    const server = teredo.server(address, 0);
    if (source === undefined || this.#identity.isSymmetric || !this.#identity.maySendTo(server, SERVER_PORT)) {
      return false;
    }
    const at = this.#datagrams.reserve(ipv6.LENGTH);
    if (at < 0) return false;
    const end = ipv6.emitBubble(this.#datagrams.bytes, at, BUBBLE_HOP_LIMIT, source, 0, address, 0);
    this.#datagrams.add(end, server, SERVER_PORT, VIA_SERVICE);
    this.#cases[Case.IndirectBubblesSent]!++;
    return true;
  }

  #sendTo(peer: number, { ipv4, port, via }: Target): void {
    const at = this.#datagrams.reserve(ipv6.LENGTH + TRAILERS_MAX);
    if (at < 0) return;
    const { bytes } = this.#datagrams;
    const { address } = this.#identity;
    const packetEnd = ipv6.emitBubble(bytes, at, BUBBLE_HOP_LIMIT, address, 0, this.#peers.address(peer), 0);
    const end = this.extensions?.writeDirect(peer, via, bytes, packetEnd) ?? packetEnd;
    this.#datagrams.add(end, ipv4, port, via);
    this.#cases[Case.DirectBubblesSent]!++;
    countSent(this.#cases, bytes, packetEnd, end);
  }

  /**
   * Ledger M-1: behind a symmetric NAT a foreign server sees us elsewhere than our address says, and a strict one
   * drops the bubble (RFC 4380 §5.3.1 check 5). So all but the first one, and every one to a peer that does the
   * same, comes from a link-local address, which check 6 lets pass. That address and a trailer of ours together tell the
   * peer our Teredo address; a peer that does not know the trailer answers to the origin, which opens its NAT.
   */
  #isMistrusted(peer: number, server: number): boolean {
    if (!this.#identity.isSymmetric || server === this.#identity.server) return false;
    return this.#peers.bubbles[peer]! > 1 || (this.extensions?.isFromLinkLocal(peer) ?? false);
  }

  /** fe80::/64 with the interface identifier of our Teredo address. */
  #linkLocal(): Uint8Array {
    const source = new Uint8Array(16);
    source[0] = 0xfe;
    source[1] = 0x80;
    copy(this.#identity.address, 8, source, 8, 8);
    return source;
  }
}
