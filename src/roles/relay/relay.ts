import type { Batch } from '../../batch/batch.ts';
import { PacketQueue, type WaitingPacket } from '../../peers/packet-queue.ts';
import type { PeerTable } from '../../peers/peer-table.ts';
import { readI32, writeI32 } from '../../wire/bytes.ts';
import { parse as parseEncapsulation } from '../../wire/encapsulation.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import { isGlobalUnicast } from '../../wire/ipv4.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as teredo from '../../wire/teredo.ts';
import { parse as parseTrailers } from '../../wire/trailer.ts';
import { countBubble, permission } from '../bubbles.ts';
import { CASES, Case, type CaseCounters } from '../case.ts';
import { ATTEMPTS_MAX, BUBBLE_HOP_LIMIT, PEER_VALIDITY_MS, SERVER_PORT } from '../constants.ts';
import { type Asked, type Asker, type ContactLimits, Contacts, contactLimits, queueUse } from '../contacts.ts';
import { DROP_REASONS, Drop, type DropCounters } from '../drop.ts';
import type { RoleEvent } from '../events.ts';
import { IcmpErrors } from '../icmp-errors.ts';
import type { LimitUse } from '../limits.ts';
import { isDirectedBroadcast, isOwnAddress, type LocalNetwork } from '../local-networks.ts';
import { Outbox } from '../outbox.ts';
import { RateLimit } from '../rate-limit.ts';
import type { Random, Role } from '../role.ts';
import * as forwarding from './forwarding.ts';
import { NewPeers, siteOf } from './new-peers.ts';

export interface RelayRates {
  /** Peers that may be asked for the first time, per second and at once (RFC 4380 §7.3.5). */
  readonly newPeersPerSecond: number;
  readonly newPeersBurst: number;
  /** Bubbles to one IPv4 address, per second and at once: whose server that is, anyone may claim (RFC 4380 §7.4.3). */
  readonly bubblesPerSecond: number;
  readonly bubblesBurst: number;
}

export interface RelayConfig extends ContactLimits, RelayRates {
  /** True: send direct bubbles too, for the relay's own NAT must be opened (RFC 4380 §5.4.1; ledger REL-07, HSR-05). */
  readonly behindNat: boolean;
}

/** Limits are on by default: from the IPv6 side anyone can make a relay send bubbles (ledger REL-14). */
export const relayDefaults: RelayConfig = {
  ...contactLimits,
  behindNat: false,
  newPeersPerSecond: 1000,
  newPeersBurst: 4000,
  bubblesPerSecond: 1000,
  bubblesBurst: 4000,
};

/** IPv4 addresses whose rates of bubbles are told apart. */
const BUBBLE_BUCKETS = 4096;

/** fe80::/64, then 64 bits that only the receiver of a bubble learns. */
const LINK_LOCAL_PREFIX = 0xfe800000 | 0;
/** U and G bits of an interface identifier: a random one has both clear. */
const UNIVERSAL_AND_GROUP = 0x03000000;
/** Upper half of the interface identifier of an ISATAP address, U and G bits aside (RFC 5214 §6.1). */
const ISATAP = 0x00005efe;

/**
 * A Teredo relay (RFC 4380 §5.4; ledger REL-01): the way between native IPv6 hosts and Teredo clients.
 *
 * With `ownAddresses` it is a host-specific relay: it serves one dual-stack host and nobody else; it has no Teredo
 * address and asks no server for one (ledger HSR-01, HSR-02).
 */
export class Relay implements Role, Asker {
  readonly drops: DropCounters;
  readonly cases: CaseCounters;
  readonly peers: PeerTable;
  readonly #config: RelayConfig;
  readonly #random: Random;
  readonly #datagrams = new Outbox(8192, 4 << 20);
  readonly #packets = new Outbox(1024, 1 << 20);
  readonly #errors = new IcmpErrors(this.#packets);
  readonly #contacts: Contacts;
  /** Packets of clients that spoke first (ledger REL-11), until they have proved themselves. */
  readonly #unproven: PacketQueue;
  readonly #newPeers: NewPeers;
  readonly #toward: RateLimit;
  readonly #events: RoleEvent[] = [];
  #networks: readonly LocalNetwork[] = [];
  #ownAddresses: readonly Uint8Array[] | undefined;
  #errorSource: Uint8Array | undefined;
  #isDraining = false;

  constructor(
    config: RelayConfig,
    random: Random,
    drops: DropCounters = new Float64Array(DROP_REASONS),
    cases: CaseCounters = new Float64Array(CASES),
  ) {
    this.cases = cases;
    this.#config = config;
    this.#random = random;
    this.drops = drops;
    this.#unproven = new PacketQueue(config.queuedPacketsMax, config.queuedOctetsPerPeerMax, config.queuedOctetsMax);
    this.#contacts = new Contacts(config, random, this.#datagrams, drops, this, (peer) => this.#dropUnproven(peer));
    this.peers = this.#contacts.peers;
    const { bubblesPerSecond, bubblesBurst, newPeersPerSecond, newPeersBurst } = config;
    const seed = random.uint32();
    this.#newPeers = new NewPeers(newPeersPerSecond, newPeersBurst, seed);
    this.#toward = new RateLimit(bubblesPerSecond, bubblesBurst, BUBBLE_BUCKETS, seed);
  }

  /** Other limits, from now on. */
  setRates(rates: RelayRates): void {
    this.#newPeers.setRate(rates.newPeersPerSecond, rates.newPeersBurst);
    this.#toward.setRate(rates.bubblesPerSecond, rates.bubblesBurst);
  }

  /** The host's own IPv4 addresses: nothing is tunnelled to them, nor to their directed broadcasts. */
  setLocalNetworks(networks: readonly LocalNetwork[]): void {
    this.#networks = networks;
    const { trusted, ipv4, port } = this.peers;
    this.#contacts.forgetIf((peer) => trusted[peer] === 1 && !this.#maySendTo(ipv4[peer]!, port[peer]!));
  }

  /** The only destinations served, 16 octets each (ledger HSR-04); undefined: every global native address. */
  setOwnAddresses(addresses: readonly Uint8Array[] | undefined): void {
    this.#ownAddresses = addresses;
  }

  /** The 16 octets that ICMPv6 errors come from; undefined: none are sent. */
  setErrorSource(source: Uint8Array | undefined): void {
    this.#errorSource = source;
  }

  /** Forgets every client: each is asked again when the next packet for it comes. */
  reset(): void {
    this.peers.clear();
  }

  /** From now on only the clients that are known are served, so that another relay can take over the others. */
  drain(): void {
    this.#isDraining = true;
  }

  limits(now: number): LimitUse[] {
    return [
      ...this.#contacts.limits(),
      queueUse('unproven-packets', this.#unproven),
      ...this.#newPeers.limits(now),
      this.#toward.use('bubbles-per-address', now),
      this.#errors.use('icmpv6-errors', now),
      this.#datagrams.use('own-datagrams', 'datagrams'),
      this.#packets.use('own-packets', 'packets'),
    ];
  }

  receive(batch: Batch, now: number): void {
    forwarding.receive(this, batch, now);
  }

  transmit(batch: Batch, now: number): void {
    forwarding.transmit(this, batch, now);
  }

  handleTimeout(now: number): void {
    this.#contacts.handleTimeout(now);
  }

  pollDatagrams(batch: Batch): void {
    this.#datagrams.poll(batch);
  }

  pollPackets(batch: Batch): void {
    this.#packets.poll(batch);
  }

  pollTimeout(): number {
    return this.#contacts.nextAt;
  }

  pollEvent(): RoleEvent | undefined {
    return this.#events.shift();
  }

  /**
   * Whether a packet from the tunnel may go on to the 16-octet destination at `at`.
   *
   * Source: RFC 4380 §5.4.2; ledger SEC-09 (never back into a tunnel: neither Teredo nor our own 6to4), HSR-04.
   */
  serves(bytes: Uint8Array, at: number): boolean {
    const own = this.#ownAddresses;
    if (own !== undefined) {
      for (let i = 0; i < own.length; i++) if (ipv6.sameAddress(bytes, at, own[i]!, 0)) return true;
      return false;
    }
    if (!ipv6.isGlobal(bytes, at) || teredo.isTeredo(bytes, at)) return false;
    return !this.#isTunnelOfOurs(bytes, at);
  }

  /**
   * Whether a packet with the 16-octet source at `at` may go into the tunnel: never what came out of one.
   *
   * Source: ledger SEC-09, HSR-02: a host-specific relay sends what its host sends.
   */
  carries(bytes: Uint8Array, at: number): boolean {
    if (!ipv6.isGlobal(bytes, at) || teredo.isTeredo(bytes, at)) return false;
    return this.#ownAddresses === undefined || this.serves(bytes, at);
  }

  drop(batch: Batch, slot: number, reason: Drop): void {
    this.drops[reason]!++;
    batch.length[slot] = 0;
  }

  /** RFC 6324 §3.1: a 6to4 or ISATAP address that names one of our own IPv4 addresses leads back to us. */
  #isTunnelOfOurs(bytes: Uint8Array, at: number): boolean {
    const is6to4 = bytes[at] === 0x20 && bytes[at + 1] === 0x02;
    if (is6to4 && isOwnAddress(this.#networks, readI32(bytes, at + 2))) return true;
    const isIsatap = (readI32(bytes, at + 8) & ~UNIVERSAL_AND_GROUP) === ISATAP;
    return isIsatap && isOwnAddress(this.#networks, readI32(bytes, at + 12));
  }

  /** Called by `forwarding.receive`: bubbles, trailers, packets from peers not yet trusted (RFC 4380 §5.4.2). */
  receiveSlow(batch: Batch, slot: number, now: number): void {
    const { bytes } = batch;
    const parts = parseEncapsulation(bytes, batch.start[slot]!, batch.start[slot]! + batch.length[slot]!);
    if (typeof parts === 'number') return this.drop(batch, slot, parts);
    if (parts.authenticationAt >= 0 || parts.originAt >= 0) return this.drop(batch, slot, Drop.Unexpected);
    const trailers = parseTrailers(bytes, parts.packetEnd, parts.end);
    if (typeof trailers === 'number') return this.drop(batch, slot, trailers);
    // Ledger REL-17: trailers on client packets are not for us.
    batch.start[slot] = parts.packetAt;
    batch.length[slot] = parts.packetEnd - parts.packetAt;
    const at = parts.packetAt;
    const source = at + ipv6.SOURCE;
    if (!teredo.isTeredo(bytes, source)) return this.drop(batch, slot, Drop.Unexpected);
    const peer = this.peers.find(bytes, source);
    if (peer < 0 || this.#isUnproven(batch, slot, peer)) return this.#holdUnproven(batch, slot, parts.packetEnd, now);
    const refused = this.#refusePeer(batch, slot, peer);
    if (refused !== 0) return this.drop(batch, slot, refused);
    if (ipv6.isBubble(bytes, at)) this.cases[Case.DirectBubblesReceived]!++;
    this.#trust(peer, batch.ipv4[slot]!, batch.port[slot]!, now); // ledger REL-12, before the destination is looked at
    this.#deliver(batch, slot, at, parts.packetEnd);
  }

  /**
   * Whether nothing but the answer to a bubble of ours proves this peer: it is in the list because it spoke first, or
   * because it never answered. Otherwise a forger would only have to send twice (RFC 4380 §5.4.2 believes the list).
   */
  #isUnproven(batch: Batch, slot: number, peer: number): boolean {
    const { bytes } = batch;
    const at = batch.start[slot]!;
    if (ipv6.isBubble(bytes, at) && ipv6.isLinkLocal(bytes, at + ipv6.DESTINATION)) return false;
    if (this.peers.lastReceptionAt[peer] !== Number.NEGATIVE_INFINITY) return false;
    return this.#unproven.has(peer) || !this.#contacts.isPending(peer);
  }

  /**
   * A client that we do not know speaks as to an old acquaintance: perhaps we were started anew. Its packet waits
   * until it has answered a bubble through its server, like the packets of our own side (ledger REL-11: it might as
   * well be dropped, and the client would lose everything until its own patience with us ends, 30 s).
   */
  #holdUnproven(batch: Batch, slot: number, end: number, now: number): void {
    const { bytes } = batch;
    const at = batch.start[slot]!;
    const source = at + ipv6.SOURCE;
    const ipv4 = batch.ipv4[slot]!;
    const port = batch.port[slot]!;
    const isBubble = ipv6.isBubble(bytes, at);
    if (isBubble || teredo.ipv4(bytes, source) !== ipv4) return this.drop(batch, slot, Drop.UnknownPeer);
    if (!this.#maySendTo(ipv4, port)) return this.drop(batch, slot, Drop.NotGlobalIpv4);
    this.#deliver(batch, slot, at, end);
    if (batch.length[slot] === 0) return;
    const known = this.peers.find(bytes, source);
    if (known < 0 && this.#isDraining) return this.drop(batch, slot, Drop.Draining);
    if (known < 0 && !this.#newPeers.admits(ipv4, now)) return this.drop(batch, slot, Drop.RateLimited);
    const peer = this.peers.add(bytes, source, now);
    if (!this.#unproven.push(peer, batch.packet(slot), 0, ipv4, port)) this.drops[Drop.QueueFull]!++;
    batch.length[slot] = 0;
    // Asked while nothing of its waits, it would pass for a peer that our own side asked for.
    if (!this.#unproven.has(peer)) return;
    this.#contacts.ask(peer, ATTEMPTS_MAX, now);
  }

  /** Ledger REL-13: what may go on to the native side. */
  #deliver(batch: Batch, slot: number, at: number, end: number): void {
    const { bytes } = batch;
    if (ipv6.isBubble(bytes, at)) this.drop(batch, slot, Drop.Consumed);
    else if (icmpv6.isNeighborDiscovery(bytes, at)) this.drop(batch, slot, Drop.NeighborDiscoveryFromTunnel);
    else if (ipv6.hasRoutingHeader(bytes, at, end)) this.drop(batch, slot, Drop.RoutingHeader);
    else if (!this.serves(bytes, at + ipv6.DESTINATION)) this.drop(batch, slot, Drop.NotServed);
  }

  /**
   * Whether the sender is who it says (ledger REL-10): it sends from the mapping inside its address (RFC 4380 §5.4.2), or from the
   * mapping it has proved, or it answers the bubble that only it can have received. The last lets in clients whose
   * NAT gives every destination another mapping.
   */
  #refusePeer(batch: Batch, slot: number, peer: number): Drop | 0 {
    const { bytes } = batch;
    const at = batch.start[slot]!;
    const ipv4 = batch.ipv4[slot]!;
    const port = batch.port[slot]!;
    const destination = at + ipv6.DESTINATION;
    if (!this.#maySendTo(ipv4, port)) return Drop.NotGlobalIpv4;
    if (ipv6.isBubble(bytes, at) && ipv6.isLinkLocal(bytes, destination)) {
      return this.#isAnswer(bytes, destination, peer) ? 0 : Drop.Authentication; // ledger REL-15
    }
    if (teredo.embeds(bytes, at + ipv6.SOURCE, ipv4, port)) return 0;
    const isProved = this.peers.trusted[peer] === 1 && this.peers.ipv4[peer] === ipv4 && this.peers.port[peer] === port;
    return isProved ? 0 : Drop.MappingMismatch;
  }

  #isAnswer(bytes: Uint8Array, destination: number, peer: number): boolean {
    return (
      readI32(bytes, destination + 8) === this.peers.nonceHigh[peer] &&
      readI32(bytes, destination + 12) === this.peers.nonceLow[peer] &&
      (this.peers.nonceHigh[peer] !== 0 || this.peers.nonceLow[peer] !== 0)
    );
  }

  /** Called by `forwarding.transmit`: peers not known, not trusted, or silent for a while (RFC 4380 §5.4.1). */
  transmitSlow(batch: Batch, slot: number, now: number): void {
    const { bytes } = batch;
    const at = batch.start[slot]!;
    const destination = at + ipv6.DESTINATION;
    if (batch.length[slot]! < ipv6.LENGTH || bytes[at]! >>> 4 !== 6) return this.drop(batch, slot, Drop.Truncated);
    if (!ipv6.isGlobal(bytes, at + ipv6.SOURCE) || !ipv6.isGlobal(bytes, destination)) {
      return this.drop(batch, slot, Drop.AddressScope);
    }
    if (!teredo.isTeredo(bytes, destination)) return this.#refuse(batch, slot, Drop.NotTeredoDestination, now); // REL-02
    if (teredo.isTeredo(bytes, at + ipv6.SOURCE)) return this.drop(batch, slot, Drop.Loop); // ledger SEC-09
    if (!this.carries(bytes, at + ipv6.SOURCE)) return this.drop(batch, slot, Drop.SourceAddress); // ledger HSR-02
    // RFC 4380 §5.4.1, ledger REL-03: first of all, and in silence.
    const isAllowed =
      this.#maySendTo(teredo.ipv4(bytes, destination), teredo.port(bytes, destination)) &&
      this.#mayAskServer(teredo.server(bytes, destination));
    if (!isAllowed) return this.drop(batch, slot, Drop.NotGlobalIpv4);
    const known = this.peers.find(bytes, destination);
    if (known >= 0 && this.#isUsable(known, now)) return this.#transmitAndRevalidate(batch, slot, known, now);
    if (known < 0 && this.#isDraining) return this.drop(batch, slot, Drop.Draining);
    if (known < 0 && !this.#newPeers.admits(this.#ownAddresses ? undefined : siteOf(bytes, at), now))
      return this.drop(batch, slot, Drop.RateLimited);
    const peer = this.peers.add(bytes, destination, now);
    this.#contacts.hold(peer, batch, slot, ATTEMPTS_MAX, now);
  }

  /**
   * Asker: a bubble through the client's server, which makes the client open its NAT for us (RFC 4380 §5.4.1 (3);
   * ledger REL-06, HSR-03). The cone bit is not looked at (RFC 5991 §3.2; ledger UPD-03).
   */
  ask(peer: number, now: number): Asked {
    const asked = permission(this.peers, peer, now);
    if (asked !== 'sent') return asked;
    return this.#sendBubbles(peer, now) ? 'sent' : 'later';
  }

  /**
   * Departs from RFC 4380 §5.4.1, which removes the entry: it stays, untrusted, so that the count of its bubbles
   * stays too. Without that a flood toward one address would be four bubbles every eight seconds, for ever.
   */
  unanswered(peer: number, waiting: readonly WaitingPacket[], now: number): void {
    this.#dropUnproven(peer);
    for (const { packet } of waiting) this.#reportUnreachable(packet, now);
    if (waiting.length === 0) return;
    this.cases[Case.PeersUnreachable]!++;
    const reason = 'no answer, neither directly nor through its server';
    this.#events.push({ type: 'peer-unreachable', peer: this.peers.address(peer), reason });
  }

  #isUsable(peer: number, now: number): boolean {
    return this.peers.trusted[peer] === 1 && now - this.peers.lastReceptionAt[peer]! < PEER_VALIDITY_MS;
  }

  #transmitAndRevalidate(batch: Batch, slot: number, peer: number, now: number): void {
    if (permission(this.peers, peer, now) === 'sent') this.#sendBubbles(peer, now);
    batch.ipv4[slot] = this.peers.ipv4[peer]!;
    batch.port[slot] = this.peers.port[peer]!;
    batch.via[slot] = 0;
    this.peers.lastTransmissionAt[peer] = now;
  }

  /** False: too many have gone that way lately. */
  #sendBubbles(peer: number, now: number): boolean {
    const { peers } = this;
    const address = peers.address(peer);
    const server = teredo.server(address, 0);
    const mappedIpv4 = teredo.ipv4(address, 0);
    const mappedPort = teredo.port(address, 0);
    if (!this.#toward.allow(server, now)) return false;
    countBubble(peers, peer, now);
    if (peers.nonceHigh[peer] === 0 && peers.nonceLow[peer] === 0) {
      peers.nonceHigh[peer] = this.#random.uint32() & ~UNIVERSAL_AND_GROUP;
      peers.nonceLow[peer] = this.#random.uint32();
    }
    const isDirectToo = this.#config.behindNat && this.#maySendTo(mappedIpv4, mappedPort);
    if (isDirectToo && this.#toward.allow(mappedIpv4, now))
      this.#emitBubble(peer, address, mappedIpv4, mappedPort, Case.DirectBubblesSent);
    if (this.#mayAskServer(server)) this.#emitBubble(peer, address, server, SERVER_PORT, Case.IndirectBubblesSent);
    return true;
  }

  /** Ledger M-3, REL-15: the source of a bubble is a link-local address that nobody but its receiver can know. */
  #emitBubble(peer: number, address: Uint8Array, ipv4: number, port: number, kind: Case): void {
    const at = this.#datagrams.reserve(ipv6.LENGTH);
    if (at < 0) return;
    const { bytes } = this.#datagrams;
    const source = new Uint8Array(16);
    writeI32(source, 0, LINK_LOCAL_PREFIX);
    writeI32(source, 8, this.peers.nonceHigh[peer]!);
    writeI32(source, 12, this.peers.nonceLow[peer]!);
    this.#datagrams.add(ipv6.emitBubble(bytes, at, BUBBLE_HOP_LIMIT, source, 0, address, 0), ipv4, port);
    this.cases[kind]!++;
  }

  #trust(peer: number, ipv4: number, port: number, now: number): void {
    const isNew = this.peers.trusted[peer] === 0;
    this.#contacts.trust(peer, ipv4, port, now);
    for (const held of this.#unproven.take(peer)) {
      if (held.ipv4 !== ipv4 || held.port !== port) this.drops[Drop.MappingMismatch]!++;
      else if (!this.#packets.push(held.packet)) this.drops[Drop.QueueFull]!++;
    }
    if (!isNew) return;
    this.cases[Case.PeersTrusted]!++;
    this.#events.push({ type: 'peer-trusted', peer: this.peers.address(peer), mapped: { ipv4, port } });
  }

  #dropUnproven(peer: number): void {
    this.drops[Drop.Unanswered]! += this.#unproven.take(peer).length;
  }

  #maySendTo(ipv4: number, port: number): boolean {
    return (
      port !== 0 &&
      isGlobalUnicast(ipv4) &&
      !isOwnAddress(this.#networks, ipv4) &&
      !isDirectedBroadcast(this.#networks, ipv4)
    );
  }

  /** Our own host may be a server too, so own addresses pass here. */
  #mayAskServer(ipv4: number): boolean {
    return isGlobalUnicast(ipv4) && !isDirectedBroadcast(this.#networks, ipv4);
  }

  #refuse(batch: Batch, slot: number, reason: Drop, now: number): void {
    this.#reportUnreachable(batch.packet(slot), now);
    this.drop(batch, slot, reason);
  }

  #reportUnreachable(packet: Uint8Array, now: number): void {
    if (this.#errorSource === undefined) return;
    this.#errors.unreachable(icmpv6.ADDRESS_UNREACHABLE, this.#errorSource, packet, now);
  }
}
