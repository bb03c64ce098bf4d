import type { Batch } from '../../batch/batch.ts';
import { PacketQueue, type WaitingPacket } from '../../peers/packet-queue.ts';
import type { PeerTable } from '../../peers/peer-table.ts';
import { equal } from '../../wire/bytes.ts';
import { type Encapsulation, parse as parseEncapsulation } from '../../wire/encapsulation.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import { isGlobalUnicast } from '../../wire/ipv4.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as origin from '../../wire/origin.ts';
import * as routerAdvertisement from '../../wire/router-advertisement.ts';
import * as teredo from '../../wire/teredo.ts';
import { parse as parseTrailers } from '../../wire/trailer.ts';
import { countBubble, mayBubble, mayRevalidate } from '../bubbles.ts';
import {
  ATTEMPTS_FOR_STRANGERS_MAX,
  ATTEMPTS_MAX,
  BUBBLE_HOP_LIMIT,
  LOCAL_PEER_MEMORY_MS,
  MTU,
  PEER_VALIDITY_MS,
  REFRESH_INTERVAL_MS,
  RETRY_PAUSE_MAX_MS,
  RETRY_PAUSE_MIN_MS,
  SERVER_PORT,
  VIA_DISCOVERY,
  VIA_SECONDARY,
  VIA_SERVICE,
} from '../constants.ts';
import { type Asked, type Asker, type ContactLimits, Contacts, contactLimits } from '../contacts.ts';
import { DROP_REASONS, Drop, type DropCounters } from '../drop.ts';
import type { Endpoint, NatType, OfflineReason, RoleEvent } from '../events.ts';
import { IcmpErrors } from '../icmp-errors.ts';
import { isDirectedBroadcast, isOwnAddress, type LocalNetwork } from '../local-networks.ts';
import { Outbox } from '../outbox.ts';
import { between } from '../random.ts';
import { RateLimit } from '../rate-limit.ts';
import type { Hmac, Random, Role } from '../role.ts';
import { TimerTable } from '../timers.ts';
import * as connectivityTest from './connectivity-test.ts';
import * as forwarding from './forwarding.ts';
import * as localDiscovery from './local-discovery.ts';
import { Maintenance } from './maintenance.ts';
import { NatIdentification } from './nat-identification.ts';
import * as qualification from './qualification.ts';
import { isSameEndpoint, type Qualification } from './qualification.ts';
import { RefreshIntervalSearch } from './refresh-interval.ts';
import { SecureQualification, type Security } from './secure-qualification.ts';

export interface ClientConfig extends ContactLimits {
  /** The primary and the secondary IPv4 address of the server, int32 (RFC 4380 §5.2). */
  readonly server: number;
  readonly server2: number;
  readonly refreshIntervalMs: number;
  /** Secure qualification (RFC 4380 §5.2.2); undefined: unsecured. */
  readonly security?: Security;
  /** RFC 4380 §5.2.8. */
  readonly localDiscovery: boolean;
  /** RFC 4380 §5.2.7. */
  readonly findRefreshInterval: boolean;
  /** Find out how the NAT filters, over a second socket, once qualified. */
  readonly identifyNat: boolean;
  /** Link MTU when the server tells none, and the most that is taken from it, in octets. */
  readonly mtu: number;
}

/** Everything but the server. */
export const clientDefaults = {
  ...contactLimits,
  refreshIntervalMs: REFRESH_INTERVAL_MS,
  localDiscovery: true,
  findRefreshInterval: false,
  identifyNat: true,
  mtu: MTU,
} satisfies Omit<ClientConfig, 'server' | 'server2'>;

/** The interface's own link-local address, fe80::ffff:ffff:ffff, as Miredo's: the source of ICMPv6 errors to the host. */
const LINK_LOCAL = Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

/** Bubbles to one address that strangers can cause (ledger SEC-12), and connectivity tests in all (SEC-11), per second and at once. */
const ANSWERS_PER_SECOND = 10;
const ANSWERS_BURST = 20;
const STRANGER_TESTS_PER_SECOND = 10;
const STRANGER_TESTS_BURST = 50;

const TIMER_QUALIFICATION = 0;
const TIMER_DISCOVERY = 1;

/**
 * A Teredo client (RFC 4380 §5.2, RFC 5991): it learns its mapped address and port from a server, makes an IPv6
 * address of them, and finds the way to each peer.
 */
export class Client implements Role, Asker {
  readonly drops: DropCounters;
  readonly peers: PeerTable;
  /** 16 octets; all zero, which no packet may carry, while there is none. */
  readonly ownAddress = new Uint8Array(16);

  readonly #config: ClientConfig;
  readonly #random: Random;
  readonly #datagrams = new Outbox(4096, 1 << 20);
  readonly #packets = new Outbox(4096, 1 << 20);
  readonly #errors = new IcmpErrors(this.#packets);
  readonly #contacts: Contacts;
  /** Packets from native hosts whose relay has not proved itself (RFC 4380 §5.2.3 (6)). */
  readonly #unproven: PacketQueue;
  readonly #timers = new TimerTable(2);
  readonly #solicitations: SecureQualification;
  readonly #maintenance: Maintenance;
  readonly #identification: NatIdentification;
  readonly #refreshInterval: RefreshIntervalSearch;
  readonly #answers: RateLimit;
  readonly #strangerTests: RateLimit;
  readonly #events: RoleEvent[] = [];

  #qualification: Qualification = qualification.offLine('not started');
  #nat: NatType = 'unknown';
  #networks: readonly LocalNetwork[] = [];
  #localPort = 0;
  #failures = 0;
  #addressChangedAt = Number.NEGATIVE_INFINITY;
  #mapped: Endpoint | undefined;

  constructor(config: ClientConfig, random: Random, hmac: Hmac, drops: DropCounters = new Float64Array(DROP_REASONS)) {
    this.#config = config;
    this.#random = random;
    this.drops = drops;
    this.#unproven = new PacketQueue(config.queuedPacketsMax, config.queuedOctetsPerPeerMax, config.queuedOctetsMax);
    this.#contacts = new Contacts(config, random, this.#datagrams, drops, this, (peer) => this.#dropUnproven(peer));
    this.peers = this.#contacts.peers;
    this.#solicitations = new SecureQualification(config.server, config.security, random, hmac, this.#datagrams);
    this.#maintenance = new Maintenance(config.refreshIntervalMs, random);
    this.#identification = new NatIdentification(this.#solicitations, config.server, config.server2);
    this.#refreshInterval = new RefreshIntervalSearch(config.refreshIntervalMs, {
      solicit: () => this.#solicitations.solicit(VIA_SECONDARY, config.server, 0),
      bubbleTo: (secondary) => this.#bubbleToSecondary(secondary),
      done: (intervalMs) => this.#useRefreshInterval(intervalMs),
    });
    this.#answers = new RateLimit(ANSWERS_PER_SECOND, ANSWERS_BURST, 256, random.uint32());
    this.#strangerTests = new RateLimit(STRANGER_TESTS_PER_SECOND, STRANGER_TESTS_BURST, 1, 0);
  }

  get state(): Qualification['state'] {
    return this.#qualification.state;
  }

  get isQualified(): boolean {
    return this.#qualification.state === 'qualified';
  }

  /** 16 octets; undefined while the client has none. */
  get address(): Uint8Array | undefined {
    return this.isQualified ? this.ownAddress : undefined;
  }

  get mapped(): Endpoint | undefined {
    return this.#qualification.state === 'qualified' ? this.#qualification.mapped : undefined;
  }

  get nat(): NatType {
    return this.#nat;
  }

  /** The refresh interval in use, in ms. */
  get refreshIntervalMs(): number {
    return this.#maintenance.intervalMs;
  }

  /** Begins qualification; the solicitation leaves at the next turn. */
  start(now: number): void {
    this.#failures = 0;
    this.#enter(qualification.start(now), now);
  }

  /** Ends all activity; peers are not told, the protocol has no word for it. */
  stop(now: number): void {
    this.#enter(qualification.offLine('stopped'), now);
  }

  /** The host's own IPv4 addresses; known before `start`, told again when they change. */
  setLocalNetworks(networks: readonly LocalNetwork[]): void {
    this.#networks = networks;
  }

  /** The service port that the UDP side really has. */
  setLocalPort(port: number): void {
    this.#localPort = port;
  }

  receive(batch: Batch, now: number): void {
    forwarding.receive(this, batch, now);
  }

  transmit(batch: Batch, now: number): void {
    forwarding.transmit(this, batch, now);
  }

  pollDatagrams(batch: Batch): void {
    this.#datagrams.poll(batch);
  }

  pollPackets(batch: Batch): void {
    this.#packets.poll(batch);
  }

  pollTimeout(): number {
    return Math.min(
      this.#timers.next(),
      this.#contacts.nextAt,
      this.#maintenance.deadlineAt,
      this.#identification.deadlineAt,
      this.#refreshInterval.deadlineAt,
    );
  }

  pollEvent(): RoleEvent | undefined {
    return this.#events.shift();
  }

  handleTimeout(now: number): void {
    if (this.#timers.take(TIMER_QUALIFICATION, now)) this.#qualificationTimeOut(now);
    if (this.#timers.take(TIMER_DISCOVERY, now)) this.#discover(now);
    if (this.#maintenance.deadlineAt <= now) this.#maintain(now);
    if (this.#identification.deadlineAt <= now) this.#identified(this.#identification.timeOut(now), now);
    if (this.#refreshInterval.deadlineAt <= now) this.#refreshInterval.timeOut(now);
    this.#contacts.handleTimeout(now);
  }

  // ---- UDP to IPv6, the unusual (RFC 4380 §5.2.3) ---------------------------------------------------------------

  /** Called by `forwarding.receive` for whatever is not a plain packet from a known mapping. */
  receiveSlow(batch: Batch, slot: number, now: number): void {
    const { bytes } = batch;
    const at = batch.start[slot]!;
    const parts = parseEncapsulation(bytes, at, at + batch.length[slot]!);
    if (typeof parts === 'number') return this.#drop(batch, slot, parts);
    const via = batch.via[slot]!;
    if (via === VIA_DISCOVERY) return this.#receiveDiscovery(batch, slot, parts, now);
    if (routerAdvertisement.isPresent(bytes, parts.packetAt))
      return this.#receiveAdvertisement(batch, slot, parts, now);
    if (!this.isQualified) return this.#drop(batch, slot, Drop.NotQualified);
    if (via === VIA_SECONDARY) return this.#receiveOnSecondary(batch, slot, parts, now);

    const trailers = parseTrailers(bytes, parts.packetEnd, parts.end);
    if (typeof trailers === 'number') return this.#drop(batch, slot, trailers);
    // What goes on from here is the IPv6 packet alone (RFC 6081 §4).
    batch.start[slot] = parts.packetAt;
    batch.length[slot] = parts.packetEnd - parts.packetAt;
    const refused = this.#refuseInner(bytes, parts.packetAt, parts.packetEnd);
    if (refused !== undefined) return this.#drop(batch, slot, refused);
    const isFromServer = batch.ipv4[slot] === this.#config.server && batch.port[slot] === SERVER_PORT;
    if (isFromServer) this.#maintenance.serverHeard(now); // RFC 4380 §5.2.3
    if (isFromServer && ipv6.isBubble(bytes, parts.packetAt))
      return this.#answerIndirectBubble(batch, slot, parts, now);
    this.#receiveFromPeer(batch, slot, now);
  }

  /** Why the inner packet may not go on, whoever sent it. */
  #refuseInner(bytes: Uint8Array, at: number, end: number): Drop | undefined {
    if (localDiscovery.isDiscoveryBubble(bytes, at)) return Drop.Discovery; // ledger CLI-122: not by multicast
    if (!ipv6.sameAddress(bytes, at + ipv6.DESTINATION, this.ownAddress, 0)) return Drop.NotForUs; // CLI-61
    if (ipv6.sameAddress(bytes, at + ipv6.SOURCE, this.ownAddress, 0)) return Drop.Loop; // SEC-08
    if (icmpv6.isNeighborDiscovery(bytes, at)) return Drop.NeighborDiscoveryFromTunnel;
    if (ipv6.hasRoutingHeader(bytes, at, end)) return Drop.RoutingHeader; // SEC-10
    return undefined;
  }

  /**
   * A bubble that came through our server: answer directly to whoever sent it there, which opens our NAT for them.
   *
   * Source: RFC 4380 §5.2.3, §5.2.6; ledger CLI-63. Microsoft's servers give no origin for Teredo sources.
   */
  #answerIndirectBubble(batch: Batch, slot: number, parts: Encapsulation, now: number): void {
    const { bytes } = batch;
    const source = parts.packetAt + ipv6.SOURCE;
    const isTeredo = teredo.isTeredo(bytes, source);
    if (ipv6.isMulticast(bytes, source) || ipv6.isUnspecifiedOrLoopback(bytes, source)) {
      return this.#drop(batch, slot, Drop.AddressScope);
    }
    if (parts.originAt < 0 && !isTeredo) return this.#drop(batch, slot, Drop.UnknownPeer);
    const ipv4 = parts.originAt >= 0 ? origin.ipv4(bytes, parts.originAt) : teredo.ipv4(bytes, source);
    const port = parts.originAt >= 0 ? origin.port(bytes, parts.originAt) : teredo.port(bytes, source);
    if (!this.#maySendTo(ipv4, port)) return this.#drop(batch, slot, Drop.NotGlobalIpv4);
    if (!this.#answers.allow(ipv4, now)) return this.#drop(batch, slot, Drop.RateLimited);
    if (isTeredo) {
      const peer = this.peers.add(bytes, source, now);
      if (!mayBubble(this.peers, peer, now)) return this.#drop(batch, slot, Drop.Budget);
      countBubble(this.peers, peer, now);
    }
    this.#emitBubble(bytes, source, ipv4, port);
    this.#drop(batch, slot, Drop.Consumed);
  }

  /** A packet or bubble for us, not through the server: the cases of RFC 4380 §5.2.3. */
  #receiveFromPeer(batch: Batch, slot: number, now: number): void {
    const { bytes } = batch;
    const { peers } = this;
    const at = batch.start[slot]!;
    const source = at + ipv6.SOURCE;
    const ipv4 = batch.ipv4[slot]!;
    const port = batch.port[slot]!;
    const peer = peers.find(bytes, source);
    if (!ipv6.isGlobal(bytes, source)) return this.#drop(batch, slot, Drop.AddressScope); // ledger CLI-70

    const isWhereExpected = peer >= 0 && peers.ipv4[peer] === ipv4 && peers.port[peer] === port;
    if (teredo.isTeredo(bytes, source)) {
      if (isWhereExpected && peers.trusted[peer] === 1) {
        this.#accept(batch, slot, peer, now); // case 1
      } else if (teredo.embeds(bytes, source, ipv4, port)) {
        // Ledger SEC-06: a mapping that nobody may have on the Internet is not believed.
        if (!this.#maySendTo(ipv4, port)) return this.#drop(batch, slot, Drop.NotGlobalIpv4);
        this.#accept(batch, slot, this.peers.add(bytes, source, now), now); // case 3
      } else if (isWhereExpected && peers.local[peer] === 1) {
        this.#accept(batch, slot, peer, now); // case 5
      } else {
        this.#drop(batch, slot, Drop.MappingMismatch);
      }
    } else if (ipv6.isBubble(bytes, at)) {
      this.#drop(batch, slot, Drop.Consumed); // it has opened the sender's NAT; nothing in it proves a thing
    } else if (peer >= 0 && connectivityTest.takeReply(peers, peer, bytes, at)) {
      this.#testAnswered(batch, slot, peer, now); // case 2
    } else if (isWhereExpected && peers.trusted[peer] === 1) {
      peers.lastReceptionAt[peer] = now; // case 1
    } else {
      this.#holdUnproven(batch, slot, now); // case 6
    }
  }

  /** The peer is where it says: trust it; a bubble has done its work then, anything else goes to the host. */
  #accept(batch: Batch, slot: number, peer: number, now: number): void {
    const ipv4 = batch.ipv4[slot]!;
    const port = batch.port[slot]!;
    this.#trust(peer, ipv4, port, now);
    if (ipv6.isBubble(batch.bytes, batch.start[slot]!)) this.#drop(batch, slot, Drop.Consumed);
  }

  /** The reply to a connectivity test shows the relay of a native host (RFC 4380 §5.2.3 (2), §5.2.9). */
  #testAnswered(batch: Batch, slot: number, peer: number, now: number): void {
    const ipv4 = batch.ipv4[slot]!;
    const port = batch.port[slot]!;
    if (!this.#maySendTo(ipv4, port)) return this.#drop(batch, slot, Drop.NotGlobalIpv4);
    this.#trust(peer, ipv4, port, now);
    for (const waiting of this.#unproven.take(peer)) {
      if (waiting.ipv4 !== ipv4 || waiting.port !== port) this.drops[Drop.MappingMismatch]!++;
      else if (!this.#packets.push(waiting.packet)) this.drops[Drop.QueueFull]!++;
    }
    this.#drop(batch, slot, Drop.Consumed);
  }

  /** RFC 4380 §5.2.3 (6): keep the packet until a connectivity test has shown that this relay serves its source. */
  #holdUnproven(batch: Batch, slot: number, now: number): void {
    const { bytes } = batch;
    const source = batch.start[slot]! + ipv6.SOURCE;
    const ipv4 = batch.ipv4[slot]!;
    const port = batch.port[slot]!;
    const known = this.peers.find(bytes, source);
    const isTested = known >= 0 && this.#contacts.isPending(known);
    if (!isTested && !this.#strangerTests.allow(0, now)) return this.#drop(batch, slot, Drop.RateLimited);
    const peer = this.peers.add(bytes, source, now);
    if (!this.#unproven.push(peer, batch.packet(slot), 0, ipv4, port)) this.drops[Drop.QueueFull]!++;
    batch.length[slot] = 0;
    this.#contacts.ask(peer, ATTEMPTS_FOR_STRANGERS_MAX, now);
  }

  #receiveOnSecondary(batch: Batch, slot: number, parts: Encapsulation, now: number): void {
    const source = parts.packetAt + ipv6.SOURCE;
    const isOurBubble =
      batch.ipv4[slot] === this.#config.server &&
      batch.port[slot] === SERVER_PORT &&
      ipv6.isBubble(batch.bytes, parts.packetAt) &&
      ipv6.sameAddress(batch.bytes, source, this.ownAddress, 0);
    if (isOurBubble) this.#refreshInterval.bubbleArrived(now);
    this.#drop(batch, slot, isOurBubble ? Drop.Consumed : Drop.Unsolicited);
  }

  /** RFC 4380 §5.2.8: a neighbour announces itself; remember it and answer by a bubble to where it really is. */
  #receiveDiscovery(batch: Batch, slot: number, parts: Encapsulation, now: number): void {
    const { bytes } = batch;
    const source = parts.packetAt + ipv6.SOURCE;
    const ipv4 = batch.ipv4[slot]!;
    const q = this.#qualification;
    const isGood =
      q.state === 'qualified' &&
      batch.port[slot] !== 0 &&
      localDiscovery.isDiscoveryBubble(bytes, parts.packetAt) &&
      localDiscovery.isBelievable(bytes, parts.packetAt, ipv4, this.#networks, q.mapped.ipv4) &&
      !isOwnAddress(this.#networks, ipv4) &&
      !isDirectedBroadcast(this.#networks, ipv4);
    if (!isGood) return this.#drop(batch, slot, Drop.Discovery);
    const peer = this.peers.add(bytes, source, now);
    this.peers.local[peer] = 1;
    if (this.peers.trusted[peer] === 0) {
      this.peers.ipv4[peer] = ipv4;
      this.peers.port[peer] = batch.port[slot]!;
      this.peers.lastReceptionAt[peer] = now;
    }
    if (mayBubble(this.peers, peer, now)) {
      countBubble(this.peers, peer, now);
      this.#emitBubble(bytes, source, ipv4, batch.port[slot]!);
    }
    this.#drop(batch, slot, Drop.Consumed);
  }

  // ---- IPv6 to UDP, the unusual (RFC 4380 §5.2.4) ---------------------------------------------------------------

  /** Called by `forwarding.transmit` for whatever is not a packet of ours to a trusted, fresh peer. */
  transmitSlow(batch: Batch, slot: number, now: number): void {
    const { bytes } = batch;
    const at = batch.start[slot]!;
    if (batch.length[slot]! < ipv6.LENGTH || bytes[at]! >>> 4 !== 6) return this.#drop(batch, slot, Drop.Truncated);
    const source = at + ipv6.SOURCE;
    const destination = at + ipv6.DESTINATION;
    // The host's own Neighbor Discovery, multicast listener reports and the like end here.
    if (!ipv6.isGlobal(bytes, source) || !ipv6.isGlobal(bytes, destination)) {
      return this.#drop(batch, slot, Drop.AddressScope);
    }
    if (!this.isQualified) return this.#refuse(batch, slot, Drop.NotQualified, icmpv6.ADDRESS_UNREACHABLE, now);
    if (!ipv6.sameAddress(bytes, source, this.ownAddress, 0)) {
      return this.#refuse(batch, slot, Drop.SourceAddress, icmpv6.ADMINISTRATIVELY_PROHIBITED, now);
    }
    if (ipv6.sameAddress(bytes, destination, this.ownAddress, 0)) return this.#drop(batch, slot, Drop.Loop);
    const known = this.peers.find(bytes, destination);
    if (known >= 0 && this.#isUsable(known, now)) return this.#transmitAndRevalidate(batch, slot, known, now);
    if (teredo.isTeredo(bytes, destination)) {
      const isLocal = known >= 0 && this.#isLocal(known, now);
      if (!isLocal && !this.#maySendTo(teredo.ipv4(bytes, destination), teredo.port(bytes, destination))) {
        return this.#drop(batch, slot, Drop.NotGlobalIpv4);
      }
      if (!isGlobalUnicast(teredo.server(bytes, destination))) return this.#drop(batch, slot, Drop.NotGlobalIpv4);
    }
    const peer = this.peers.add(bytes, destination, now);
    this.#contacts.hold(peer, batch, slot, ATTEMPTS_MAX, now);
  }

  /** Trusted and heard within its validity. */
  #isUsable(peer: number, now: number): boolean {
    return this.peers.trusted[peer] === 1 && now - this.peers.lastReceptionAt[peer]! < PEER_VALIDITY_MS;
  }

  /** Heard by local discovery, or spoken to on the link, in the last ten minutes (ledger CLI-43). */
  #isLocal(peer: number, now: number): boolean {
    return this.peers.local[peer] === 1 && now - this.peers.lastReceptionAt[peer]! < LOCAL_PEER_MEMORY_MS;
  }

  #transmitAndRevalidate(batch: Batch, slot: number, peer: number, now: number): void {
    const isAsked = mayRevalidate(this.peers, peer, now);
    if (isAsked) this.#askNow(peer, now);
    batch.ipv4[slot] = this.peers.ipv4[peer]!;
    batch.port[slot] = this.peers.port[peer]!;
    batch.via[slot] = VIA_SERVICE;
    this.peers.lastTransmissionAt[peer] = now;
  }

  /** Asker: a bubble pair, a local bubble, or a connectivity test, within the rules of RFC 4380 §5.2.6. */
  ask(peer: number, now: number): Asked {
    const { peers } = this;
    const isStale = peers.trusted[peer] === 1 && !this.#isUsable(peer, now);
    // A flow in one direction has sent just now; what counts for a peer that was trusted is the last bubble.
    const isAllowed = peers.trusted[peer] === 1 ? mayRevalidate(peers, peer, now) : mayBubble(peers, peer, now);
    if (isStale) peers.distrust(peer, now);
    if (!isAllowed)
      return now - peers.lastBubbleAt[peer]! < 2000 || peers.bubbles[peer]! < ATTEMPTS_MAX ? 'later' : 'spent';
    this.#askNow(peer, now);
    return 'sent';
  }

  unanswered(peer: number, waiting: readonly WaitingPacket[], now: number): void {
    connectivityTest.end(this.peers, peer);
    this.#dropUnproven(peer);
    // RFC 4443 §3.1 (3); ledger CLI-49.
    for (const { packet } of waiting) this.#errors.unreachable(icmpv6.ADDRESS_UNREACHABLE, LINK_LOCAL, packet, now);
    if (waiting.length > 0) this.#events.push({ type: 'peer-unreachable', peer: this.peers.address(peer) });
  }

  #askNow(peer: number, now: number): void {
    const { peers } = this;
    const address = peers.address(peer);
    countBubble(peers, peer, now);
    if (!teredo.isTeredo(address, 0)) {
      connectivityTest.emit(
        peers,
        peer,
        this.ownAddress,
        this.#random,
        this.#datagrams,
        this.#config.server,
        SERVER_PORT,
      );
    } else if (this.#isLocal(peer, now)) {
      // RFC 4380 §5.2.4 (3): and one by multicast, so that the neighbour learns where we are.
      this.#emitBubble(address, 0, peers.ipv4[peer]!, peers.port[peer]!);
      localDiscovery.emit(this.#datagrams, this.ownAddress);
    } else {
      // RFC 4380 §5.2.4 (5): the direct one opens our NAT, the indirect one asks the peer to open its own.
      const ipv4 = teredo.ipv4(address, 0);
      const port = teredo.port(address, 0);
      if (this.#maySendTo(ipv4, port)) this.#emitBubble(address, 0, ipv4, port);
      if (isGlobalUnicast(teredo.server(address, 0)))
        this.#emitBubble(address, 0, teredo.server(address, 0), SERVER_PORT);
    }
  }

  // ---- Qualification and maintenance (RFC 4380 §5.2.1, §5.2.5) --------------------------------------------------

  #receiveAdvertisement(batch: Batch, slot: number, parts: Encapsulation, now: number): void {
    const via = batch.via[slot]!;
    const result = this.#solicitations.verify(batch.bytes, parts, via, batch.ipv4[slot]!, batch.port[slot]!);
    if (typeof result === 'number') return this.#drop(batch, slot, result);
    if (result !== 'rejected' && !this.#isPlausible(result.mapped)) return this.#drop(batch, slot, Drop.NotGlobalIpv4);
    this.#drop(batch, slot, Drop.Consumed);
    this.#solicitations.forget(via);
    if (via === VIA_SECONDARY) {
      if (result === 'rejected') return;
      this.#identified(this.#identification.advertised(now), now);
      this.#refreshInterval.advertised(result.mapped, now);
    } else if (result === 'rejected') {
      this.#enter(qualification.offLine('server rejected the authentication key'), now);
    } else if (this.#qualification.state === 'starting') {
      this.#enter(qualification.advertised(this.#qualification, result, this.#config.mtu, now), now);
    } else if (this.#qualification.state === 'qualified') {
      this.#refreshed(this.#qualification, result, now);
    }
  }

  /** Ledger SEC-06, W-04: an address must not name a mapping that others would refuse to send to. */
  #isPlausible(mapped: Endpoint): boolean {
    const { server, server2 } = this.#config;
    const isServer = mapped.port === SERVER_PORT && (mapped.ipv4 === server || mapped.ipv4 === server2);
    return isGlobalUnicast(mapped.ipv4) && mapped.port !== 0 && !isServer;
  }

  #qualificationTimeOut(now: number): void {
    const q = this.#qualification;
    if (q.state === 'starting') this.#enter(qualification.timeOut(q, now), now);
    else if (q.state === 'off-line') this.#enter(qualification.start(now), now);
  }

  #maintain(now: number): void {
    const step = this.#maintenance.timeOut(now);
    if (step === 'solicit') this.#solicitations.solicit(VIA_SERVICE, this.#config.server, 0);
    else if (step === 'lost') this.#enter(qualification.offLine('primary server unreachable'), now);
  }

  /** An advertisement while qualified: the mapping is confirmed, or has changed (RFC 4380 §5.2.5; ledger CLI-103). */
  #refreshed(q: qualification.Qualified, advertisement: qualification.Advertised, now: number): void {
    this.#maintenance.start(now);
    if (isSameEndpoint(q.mapped, advertisement.mapped)) return;
    // One change of address in a refresh interval; a server or NAT that flaps faster must not renumber the host.
    if (now - this.#addressChangedAt < 0.5 * this.#maintenance.intervalMs) return;
    this.#enter({ ...q, mapped: advertisement.mapped }, now);
  }

  /** The one place where the client's state changes; what must be sent follows from the state entered. */
  #enter(next: Qualification, now: number): void {
    const previous = this.#qualification;
    const previousAddress = previous.state === 'qualified' ? this.ownAddress.slice() : undefined;
    this.#qualification = next;
    this.#timers.stop(TIMER_QUALIFICATION);
    switch (next.state) {
      case 'starting':
        return this.#enterStarting(next);
      case 'qualified':
        return this.#enterQualified(next, previousAddress, now);
      case 'off-line':
        return this.#enterOffLine(next.reason, previousAddress, now);
    }
  }

  #enterStarting(q: qualification.Starting): void {
    const ipv4 = q.server === 'primary' ? this.#config.server : this.#config.server2;
    this.#timers.set(TIMER_QUALIFICATION, q.deadlineAt);
    this.#solicitations.solicit(VIA_SERVICE, ipv4, 0);
    this.#events.push({ type: 'starting', server: { ipv4, port: SERVER_PORT }, attempt: q.attempt });
  }

  #enterQualified(q: qualification.Qualified, previous: Uint8Array | undefined, now: number): void {
    this.#failures = 0;
    this.#maintenance.start(now);
    this.#addressChangedAt = now;
    this.#setAddress(q.mapped);
    this.peers.clear();
    const isDirect = isOwnAddress(this.#networks, q.mapped.ipv4) && q.mapped.port === this.#localPort;
    this.#nat = isDirect ? 'none' : 'restricted';
    this.#events.push({
      type: 'qualified',
      address: this.ownAddress.slice(),
      ...(previous === undefined ? {} : { previous }),
      mtu: Math.min(q.mtu, this.#config.mtu),
      mapped: q.mapped,
      nat: this.#nat,
    });
    if (this.#config.localDiscovery) {
      this.#events.push({ type: 'socket', via: VIA_DISCOVERY, open: true });
      this.#discover(now);
    }
    this.#identification.stop();
    this.#refreshInterval.stop();
    if (this.#config.identifyNat && !isDirect) {
      this.#events.push({ type: 'socket', via: VIA_SECONDARY, open: true });
      this.#identification.start(now);
    } else {
      this.#searchRefreshInterval(now);
    }
  }

  #enterOffLine(reason: OfflineReason, previous: Uint8Array | undefined, now: number): void {
    this.#maintenance.stop();
    this.#solicitations.forget(VIA_SERVICE);
    this.#timers.stop(TIMER_DISCOVERY);
    if (this.#identification.isRunning || this.#refreshInterval.isRunning) this.#closeSecondary();
    if (this.#config.localDiscovery && previous !== undefined) {
      this.#events.push({ type: 'socket', via: VIA_DISCOVERY, open: false });
    }
    this.peers.clear();
    this.ownAddress.fill(0);
    const retryAt = reason === 'stopped' ? Number.POSITIVE_INFINITY : now + this.#retryPauseMs();
    this.#timers.set(TIMER_QUALIFICATION, retryAt);
    this.#qualification = { state: 'off-line', reason, retryAt };
    if (reason === 'symmetric NAT') this.#identified('symmetric', now);
    this.#events.push({ type: 'off-line', reason, retryAt, ...(previous === undefined ? {} : { previous }) });
  }

  /** Doubles with each failure in a row, and is randomized, so that a server's clients do not come back all at once. */
  #retryPauseMs(): number {
    const longest = Math.min(RETRY_PAUSE_MAX_MS, RETRY_PAUSE_MIN_MS * 2 ** this.#failures++);
    return between(this.#random, 0.75 * longest, longest);
  }

  /** RFC 4380 §4, RFC 5991 §3.1: random bits stay while the mapping stays (ledger UPD-06), the cone bit is never set. */
  #setAddress(mapped: Endpoint): void {
    if (this.#mapped === undefined || !isSameEndpoint(this.#mapped, mapped)) {
      this.#mapped = mapped;
      this.#flags = this.#random.uint32() & teredo.FLAGS_RANDOM;
    }
    teredo.emit(this.ownAddress, 0, this.#config.server, this.#flags, mapped.ipv4, mapped.port);
  }

  #flags = 0;

  // ---- What goes on beside it -----------------------------------------------------------------------------------

  #identified(nat: NatType | undefined, now: number): void {
    if (nat === undefined) return;
    if (nat !== 'unknown') {
      this.#nat = nat;
      this.#events.push({ type: 'nat-identified', nat });
    }
    if (this.isQualified) this.#searchRefreshInterval(now);
  }

  #searchRefreshInterval(now: number): void {
    if (!this.#config.findRefreshInterval) return this.#closeSecondary();
    this.#events.push({ type: 'socket', via: VIA_SECONDARY, open: true });
    this.#refreshInterval.start(now);
  }

  #useRefreshInterval(intervalMs: number): void {
    this.#maintenance.intervalMs = intervalMs;
    this.#events.push({ type: 'refresh-interval', intervalMs });
    this.#closeSecondary();
  }

  #closeSecondary(): void {
    this.#identification.stop();
    this.#refreshInterval.stop();
    this.#events.push({ type: 'socket', via: VIA_SECONDARY, open: false });
  }

  #bubbleToSecondary(secondary: Endpoint): void {
    const address = new Uint8Array(16);
    teredo.emit(address, 0, this.#config.server, this.#flags, secondary.ipv4, secondary.port);
    this.#emitBubble(address, 0, this.#config.server, SERVER_PORT);
  }

  #discover(now: number): void {
    localDiscovery.emit(this.#datagrams, this.ownAddress);
    this.#timers.set(TIMER_DISCOVERY, localDiscovery.nextAt(this.#random, now));
  }

  #trust(peer: number, ipv4: number, port: number, now: number): void {
    const isNew = this.peers.trusted[peer] === 0;
    this.#contacts.trust(peer, ipv4, port, now);
    if (isNew) this.#events.push({ type: 'peer-trusted', peer: this.peers.address(peer), mapped: { ipv4, port } });
  }

  #dropUnproven(peer: number): void {
    this.drops[Drop.Unanswered]! += this.#unproven.take(peer).length;
  }

  /** From our address to the 16 octets at `atDestination`, in one datagram to this endpoint (ledger CLI-85, CLI-86). */
  #emitBubble(destination: Uint8Array, atDestination: number, ipv4: number, port: number): void {
    const at = this.#datagrams.reserve(ipv6.LENGTH);
    if (at < 0) return;
    const { bytes } = this.#datagrams;
    const end = ipv6.emitBubble(bytes, at, BUBBLE_HOP_LIMIT, this.ownAddress, 0, destination, atDestination);
    this.#datagrams.add(end, ipv4, port, VIA_SERVICE);
  }

  /** RFC 4380 §5.2.4: global unicast, no directed broadcast of ours; ledger SEC-08: not ourselves. */
  #maySendTo(ipv4: number, port: number): boolean {
    const isOurs = this.#mapped !== undefined && this.#mapped.ipv4 === ipv4 && this.#mapped.port === port;
    const isLocalSelf = port === this.#localPort && isOwnAddress(this.#networks, ipv4);
    return port !== 0 && isGlobalUnicast(ipv4) && !isOurs && !isLocalSelf && !isDirectedBroadcast(this.#networks, ipv4);
  }

  #refuse(batch: Batch, slot: number, reason: Drop, code: number, now: number): void {
    this.#errors.unreachable(code, LINK_LOCAL, batch.packet(slot), now);
    this.#drop(batch, slot, reason);
  }

  #drop(batch: Batch, slot: number, reason: Drop): void {
    this.drops[reason]!++;
    batch.length[slot] = 0;
  }
}
