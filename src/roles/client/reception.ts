import type { Batch } from '../../batch/batch.ts';
import { PacketQueue } from '../../peers/packet-queue.ts';
import { copyAddress } from '../../peers/peer-table.ts';
import type { Encapsulation } from '../../wire/encapsulation.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as origin from '../../wire/origin.ts';
import * as teredo from '../../wire/teredo.ts';
import { parse as parseTrailers, type Trailers } from '../../wire/trailer.ts';
import { countBubble, isBudgetSpent, permission } from '../bubbles.ts';
import { Case, type CaseCounters } from '../case.ts';
import { ATTEMPTS_FOR_STRANGERS_MAX, BUBBLES_MAX, PEER_VALIDITY_MS, SERVER_PORT, VIA_SERVICE } from '../constants.ts';
import { type ContactLimits, queueUse } from '../contacts.ts';
import { Drop, type DropCounters } from '../drop.ts';
import type { Endpoint, RoleEvent } from '../events.ts';
import type { LimitUse } from '../limits.ts';
import type { Outbox } from '../outbox.ts';
import type { Random } from '../role.ts';
import * as connectivityTest from './connectivity-test.ts';
import { countReceived } from './extensions/usage.ts';
import type { Identity } from './identity.ts';
import * as localDiscovery from './local-discovery.ts';
import { StrangerLimits } from './stranger-limits.ts';
import type { Transmission } from './transmission.ts';

/** UDP to IPv6, the unusual (RFC 4380 §5.2.3): bubbles, trailers, peers not known, and relays not proved. */
export class Reception {
  readonly #identity: Identity;
  readonly #transmission: Transmission;
  readonly #packets: Outbox;
  readonly #drops: DropCounters;
  readonly #cases: CaseCounters;
  readonly #events: RoleEvent[];
  /** Packets from native hosts whose relay has not proved itself (RFC 4380 §5.2.3 (6)). */
  readonly #unproven: PacketQueue;
  readonly #strangers: StrangerLimits;

  constructor(
    limits: ContactLimits,
    identity: Identity,
    transmission: Transmission,
    random: Random,
    packets: Outbox,
    drops: DropCounters,
    events: RoleEvent[],
  ) {
    this.#identity = identity;
    this.#transmission = transmission;
    this.#cases = transmission.cases;
    this.#packets = packets;
    this.#drops = drops;
    this.#events = events;
    this.#unproven = new PacketQueue(limits.queuedPacketsMax, limits.queuedOctetsPerPeerMax, limits.queuedOctetsMax);
    this.#strangers = new StrangerLimits(random);
  }

  /** A datagram for the service port of a qualified client that is no router advertisement. */
  receive(batch: Batch, slot: number, parts: Encapsulation, isFromServer: boolean, now: number): void {
    const { bytes } = batch;
    const trailers = parseTrailers(bytes, parts.packetEnd, parts.end);
    if (typeof trailers === 'number') return this.#drop(batch, slot, trailers);
    // What goes on from here is the IPv6 packet alone (RFC 6081 §4).
    batch.start[slot] = parts.packetAt;
    batch.length[slot] = parts.packetEnd - parts.packetAt;
    if (!isFromServer && this.#isKeyedAnswer(batch, slot, now)) return this.#receiveKeyed(batch, slot, trailers, now);
    const refused = this.#refuse(bytes, parts.packetAt, parts.packetEnd);
    if (refused !== 0) return this.#drop(batch, slot, refused);
    countReceived(this.#cases, trailers);
    const isBubble = ipv6.isBubble(bytes, parts.packetAt);
    if (isBubble) this.#cases[isFromServer ? Case.IndirectBubblesReceived : Case.DirectBubblesReceived]!++;
    if (isFromServer && isBubble) {
      this.#answerIndirectBubble(batch, slot, parts, trailers, now);
    } else {
      this.#receiveFromPeer(batch, slot, trailers, now);
    }
  }

  /** RFC 4380 §5.2.8, ledger CLI-67, CLI-125: a neighbour announces itself; remember it and answer by a bubble to where it really is. */
  receiveDiscovery(batch: Batch, slot: number, parts: Encapsulation, now: number): void {
    const { bytes } = batch;
    const { peers } = this.#transmission.contacts;
    const { address, mapped } = this.#identity;
    const source = parts.packetAt + ipv6.SOURCE;
    const ipv4 = batch.ipv4[slot]!;
    const port = batch.port[slot]!;
    const isGood =
      mapped !== undefined &&
      localDiscovery.isDiscoveryBubble(bytes, parts.packetAt) &&
      localDiscovery.isBelievable(bytes, parts.packetAt, mapped.ipv4) &&
      !ipv6.sameAddress(bytes, source, address, 0) && // SEC-08
      this.#identity.mayBeNeighbour(ipv4, port);
    if (!isGood) return this.#drop(batch, slot, Drop.Discovery);
    this.#cases[Case.DiscoveryBubblesReceived]!++;
    if (!this.#strangers.mayAnswer(ipv4, now)) return this.#drop(batch, slot, Drop.RateLimited);
    const peer = peers.add(bytes, source, now);
    peers.local[peer] = 1;
    peers.localIpv4[peer] = ipv4;
    peers.localPort[peer] = port;
    peers.localHeardAt[peer] = now;
    if (peers.trusted[peer] === 0) peers.lastReceptionAt[peer] = now;
    if (permission(peers, peer, now) === 'sent') {
      countBubble(peers, peer, now);
      this.#transmission.bubbles.sendDirectTo(peer, ipv4, port);
    }
    this.#drop(batch, slot, Drop.Consumed);
  }

  limits(now: number): LimitUse[] {
    return [queueUse('unproven-packets', this.#unproven), ...this.#strangers.use(now)];
  }

  /** Packets that wait for this peer's connectivity test end here. */
  giveUp(peer: number): void {
    this.#drops[Drop.Unanswered]! += this.#unproven.take(peer).length;
  }

  /** Why the inner packet may not go on, whoever sent it; 0: it may. */
  #refuse(bytes: Uint8Array, at: number, end: number): Drop | 0 {
    if (localDiscovery.isDiscoveryBubble(bytes, at)) return Drop.Discovery; // ledger CLI-122: not by multicast
    if (!ipv6.sameAddress(bytes, at + ipv6.DESTINATION, this.#identity.address, 0)) return Drop.NotForUs; // CLI-61
    if (ipv6.sameAddress(bytes, at + ipv6.SOURCE, this.#identity.address, 0)) return Drop.Loop; // SEC-08
    if (icmpv6.isNeighborDiscovery(bytes, at)) return Drop.NeighborDiscoveryFromTunnel;
    return ipv6.hasRoutingHeader(bytes, at, end) ? Drop.RoutingHeader : 0; // SEC-10
  }

  /**
   * A bubble that came through our server: answer directly to whoever sent it there, which opens our NAT for them.
   *
   * Source: RFC 4380 §5.2.3, §5.2.6; ledger CLI-63. Microsoft's servers give no origin for Teredo sources.
   */
  #answerIndirectBubble(batch: Batch, slot: number, parts: Encapsulation, trailers: Trailers, now: number): void {
    const { bytes } = batch;
    const source = parts.packetAt + ipv6.SOURCE;
    const isTeredo = teredo.isTeredo(bytes, source);
    if (ipv6.isMulticast(bytes, source) || ipv6.isUnspecifiedOrLoopback(bytes, source)) {
      return this.#drop(batch, slot, Drop.AddressScope);
    }
    const hasOrigin = parts.originAt >= 0;
    if (!hasOrigin && !isTeredo) return this.#drop(batch, slot, Drop.UnknownPeer);
    const ipv4 = hasOrigin ? origin.ipv4(bytes, parts.originAt) : teredo.ipv4(bytes, source);
    const port = hasOrigin ? origin.port(bytes, parts.originAt) : teredo.port(bytes, source);
    if (!this.#identity.maySendTo(ipv4, port)) return this.#drop(batch, slot, Drop.NotGlobalIpv4);
    if (!this.#strangers.mayAnswer(ipv4, now)) return this.#drop(batch, slot, Drop.RateLimited);
    const client = isTeredo ? copyAddress(bytes, source) : this.#toldAddress(bytes, source, trailers, ipv4);
    if (client !== undefined) {
      const peer = this.#transmission.contacts.peers.add(client, 0, now);
      const isAnswered = this.#answerClient(peer, trailers, isTeredo ? { ipv4, port } : undefined, now);
      return this.#drop(batch, slot, isAnswered ? Drop.Consumed : Drop.Budget);
    }
    this.#transmission.bubbles.emit(bytes, source, ipv4, port);
    this.#drop(batch, slot, Drop.Consumed);
  }

  /**
   * The Teredo address of a client that could not use it as a source (ledger M-1): its server is in a trailer, the
   * rest in the link-local address. Whoever sends it can only name addresses behind the IPv4 address it sends from.
   */
  #toldAddress(bytes: Uint8Array, source: number, trailers: Trailers, originIpv4: number): Uint8Array | undefined {
    if (!this.#transmission.extensions.supportsSymmetric || trailers.server === undefined) return undefined;
    if (!ipv6.isLinkLocal(bytes, source) || teredo.ipv4(bytes, source) !== originIpv4) return undefined;
    const address = new Uint8Array(16);
    const { flags, port } = teredo;
    teredo.emit(address, 0, trailers.server, flags(bytes, source), originIpv4, port(bytes, source));
    return ipv6.sameAddress(address, 0, this.#identity.address, 0) ? undefined : address;
  }

  /**
   * RFC 6081 §6.1: a client that speaks it gets a direct bubble with its nonce and, while it is not trusted, an
   * indirect one (ledger EXT-12, EXT-15). A new nonce is a new question: the 2 s of RFC 4380 §5.2.6 do not hold its
   * answer back, as in the examples of RFC 6081, the budget does.
   */
  #answerClient(peer: number, trailers: Trailers, seenAt: Endpoint | undefined, now: number): boolean {
    const { bubbles, contacts, extensions } = this.#transmission;
    const { peers } = contacts;
    const asked = permission(peers, peer, now);
    const isNews = trailers.nonce !== undefined && !extensions.knowsNonce(peer, trailers.nonce);
    const isAlone = peers.trusted[peer] === 0 && !contacts.isPending(peer);
    // Foretold so long ago, when nothing came of it, our port need not be what our NAT would show now.
    if (isAlone && now - peers.lastBubbleAt[peer]! >= PEER_VALIDITY_MS) extensions.endRound(peer);
    extensions.indirectReceived(peer, trailers, now);
    // It asks because it has lost us: what was known of a silent peer need not be true any more.
    if (!this.#transmission.isUsable(peer, now)) peers.distrust(peer, now);
    if (asked === 'spent' || (asked === 'later' && !isNews)) return false;
    countBubble(peers, peer, now);
    bubbles.sendDirect(peer, now, seenAt);
    if (isNews && asked === 'sent' && peers.trusted[peer] === 0) bubbles.sendIndirect(peer, now);
    return true;
  }

  /** A packet or bubble for us, not through the server: the cases of RFC 4380 §5.2.3. */
  #receiveFromPeer(batch: Batch, slot: number, trailers: Trailers, now: number): void {
    const { bytes } = batch;
    const source = batch.start[slot]! + ipv6.SOURCE;
    if (!ipv6.isGlobal(bytes, source))
      this.#drop(batch, slot, Drop.AddressScope); // ledger CLI-70
    else if (teredo.isTeredo(bytes, source)) this.#receiveFromClient(batch, slot, trailers, now);
    else this.#receiveFromRelay(batch, slot, now);
  }

  #receiveFromClient(batch: Batch, slot: number, trailers: Trailers, now: number): void {
    const { bytes } = batch;
    const { peers } = this.#transmission.contacts;
    const source = batch.start[slot]! + ipv6.SOURCE;
    const ipv4 = batch.ipv4[slot]!;
    const port = batch.port[slot]!;
    const via = batch.via[slot]!;
    const peer = peers.find(bytes, source);
    if (via !== VIA_SERVICE && !this.#transmission.extensions.isPortOf(peer, via)) {
      this.#drop(batch, slot, Drop.UnknownPeer); // a random port is one peer's
    } else if (
      peer >= 0 &&
      peers.local[peer] === 1 &&
      peers.localIpv4[peer] === ipv4 &&
      peers.localPort[peer] === port
    ) {
      peers.localHeardAt[peer] = now;
      this.#accept(batch, slot, peer, trailers, now); // case 5; ledger CLI-68
    } else if (!teredo.embeds(bytes, source, ipv4, port)) {
      this.#receiveFromElsewhere(batch, slot, peer, trailers, now);
    } else if (!this.#identity.maySendTo(ipv4, port)) {
      // Ledger SEC-06: a mapping that nobody may have on the Internet is not believed.
      this.#drop(batch, slot, Drop.NotGlobalIpv4);
    } else {
      if (this.#isReachedElsewhere(peer, ipv4, port, now)) {
        // Data stays in its slot: RFC 4380 §5.2.3 (3) believes it, and it says nothing of the other way.
        if (!ipv6.isBubble(bytes, batch.start[slot]!)) return;
        this.#transmission.extensions.noteSender(peer, { ipv4, port });
        return this.#drop(batch, slot, Drop.Consumed);
      }
      const known = peers.add(bytes, source, now);
      peers.local[known] = 0; // no neighbour, or one that has left: it is to be reached like any other
      this.#accept(batch, slot, known, trailers, now); // cases 1 and 3; ledger CLI-66
    }
  }

  /** Ledger EXT-35, EXT-53: a peer that RFC 6081 has brought us to by another way stays there while that is in use. */
  #isReachedElsewhere(peer: number, ipv4: number, port: number, now: number): boolean {
    const { peers } = this.#transmission.contacts;
    if (peer < 0 || peers.local[peer] === 1 || !this.#transmission.isUsable(peer, now)) return false;
    if (peers.via[peer] !== VIA_SERVICE) return false; // EXT-36: the service port is the better way
    return peers.ipv4[peer] !== ipv4 || peers.port[peer] !== port;
  }

  /** The source is not where its address says: behind a symmetric NAT, or inside our own, or false (RFC 6081 §5.2.4.4). */
  #receiveFromElsewhere(batch: Batch, slot: number, peer: number, trailers: Trailers, now: number): void {
    const { contacts, extensions } = this.#transmission;
    const { peers } = contacts;
    const ipv4 = batch.ipv4[slot]!;
    const port = batch.port[slot]!;
    const via = batch.via[slot]!;
    const isBubble = ipv6.isBubble(batch.bytes, batch.start[slot]!);
    const isWhereExpected = peer >= 0 && peers.ipv4[peer] === ipv4 && peers.port[peer] === port;
    if (isWhereExpected && peers.trusted[peer] === 1) {
      this.#acceptFrom(batch, slot, peer, trailers, now);
    } else if (
      peer >= 0 &&
      peers.trusted[peer] === 1 &&
      extensions.isFrom(peer, ipv4, port) &&
      this.#mayReach(ipv4, port) // ledger SEC-01: it may have sent from anywhere
    ) {
      // It goes by its other way now; the one so far is its other way from here on.
      extensions.noteSender(peer, { ipv4: peers.ipv4[peer]!, port: peers.port[peer]! });
      this.#acceptFrom(batch, slot, peer, trailers, now);
    } else if (peer >= 0 && isBubble && this.#transmission.isUsable(peer, now)) {
      // Ledger EXT-35: the first way that was proved stays while it is in use.
      if (extensions.proves(peer, trailers)) extensions.noteSender(peer, { ipv4, port });
      this.#drop(batch, slot, Drop.Consumed);
    } else if (peer >= 0 && isBubble && extensions.proves(peer, trailers) && this.#mayReach(ipv4, port)) {
      this.#cases[Case.PeersProvedByNonce]!++;
      this.#acceptFrom(batch, slot, peer, trailers, now); // ledger EXT-14
    } else if (peer >= 0 && !isBubble && (contacts.isPending(peer) || extensions.awaitsProof(peer))) {
      this.#holdUnproven(batch, slot, now); // its proof may be a few milliseconds behind
    } else {
      const isLost = isBubble && peer >= 0 && peers.trusted[peer] === 1;
      if (isLost) {
        // Ledger EXT-35, EXT-37: idle for 30 s, its NAT has another mapping for it now.
        peers.distrust(peer, now);
        if (via !== VIA_SERVICE) extensions.endRound(peer);
      }
      if (isBubble && (via === VIA_SERVICE || isLost)) this.#askThroughServer(batch, slot, peer, trailers, now);
      this.#drop(batch, slot, Drop.MappingMismatch);
    }
  }

  /** Whether the bubble goes to the key that we sent its sender, and to nobody else (ledger SEC-04, CLI-86). */
  #isKeyedAnswer(batch: Batch, slot: number, now: number): boolean {
    const { bytes } = batch;
    const at = batch.start[slot]!;
    const destination = at + ipv6.DESTINATION;
    if (!ipv6.isBubble(bytes, at) || !ipv6.isLinkLocal(bytes, destination)) return false;
    if (batch.via[slot] !== VIA_SERVICE || !this.#identity.maySendTo(batch.ipv4[slot]!, batch.port[slot]!))
      return false;
    const { contacts, extensions } = this.#transmission;
    const peer = contacts.peers.find(bytes, at + ipv6.SOURCE);
    return peer >= 0 && extensions.takesKey(peer, bytes, destination, now);
  }

  /** It has proved where it is, wherever that is; the first way that was proved stays while it is in use. */
  #receiveKeyed(batch: Batch, slot: number, trailers: Trailers, now: number): void {
    const peer = this.#transmission.contacts.peers.find(batch.bytes, batch.start[slot]! + ipv6.SOURCE);
    this.#cases[Case.DirectBubblesReceived]!++;
    if (this.#transmission.isUsable(peer, now)) return this.#drop(batch, slot, Drop.Consumed);
    this.#cases[Case.PeersProvedByKey]!++;
    this.#acceptFrom(batch, slot, peer, trailers, now);
  }

  #mayReach(ipv4: number, port: number): boolean {
    const { mapped } = this.#identity;
    const isInside = mapped !== undefined && this.#identity.mayBeInside(ipv4, port);
    return this.#identity.maySendTo(ipv4, port) || isInside;
  }

  /**
   * Ledger M-1, CLI-71: perhaps a client behind a symmetric NAT, whose bubbles no server of ours would carry. Its own
   * server carries ours, and the nonce in it lets the client prove itself. Anyone may claim to be that client, from
   * anywhere: it is asked once for each bubble, and neither it nor the server it names gets more than the rate.
   */
  #askThroughServer(batch: Batch, slot: number, known: number, trailers: Trailers, now: number): void {
    const { contacts, extensions } = this.#transmission;
    const { peers } = contacts;
    const { bytes } = batch;
    const source = batch.start[slot]! + ipv6.SOURCE;
    const claimed = teredo.ipv4(bytes, source);
    if (!extensions.supportsSymmetric || !this.#identity.maySendTo(claimed, teredo.port(bytes, source))) return;
    if (!this.#strangers.mayAnswer(claimed, now) || !this.#strangers.mayTrouble(teredo.server(bytes, source), now))
      return;
    contacts.ask(peers.add(bytes, source, now), 1, now);
    const isNonceless = known >= 0 && trailers.nonce === undefined && extensions.noteNonceless(known);
    // It has answered our question, in its own way: one more, which it can answer so that we believe it. The 2 s of
    // RFC 4380 §5.2.6 are for peers that are silent; the budget holds.
    if (!isNonceless || isBudgetSpent(peers, known, BUBBLES_MAX, now)) return;
    countBubble(peers, known, now);
    this.#transmission.bubbles.sendKeyed(known, now);
  }

  #acceptFrom(batch: Batch, slot: number, peer: number, trailers: Trailers, now: number): void {
    const { bubbles, contacts } = this.#transmission;
    const isBubble = ipv6.isBubble(batch.bytes, batch.start[slot]!);
    const isNew = contacts.peers.trusted[peer] === 0;
    this.#accept(batch, slot, peer, trailers, now);
    // The peer may still wait for a sign of us, and our own NAT must see one leave to where the peer really is.
    if (isNew && isBubble && batch.via[slot] === VIA_SERVICE) bubbles.sendDirectToKnown(peer);
  }

  #receiveFromRelay(batch: Batch, slot: number, now: number): void {
    const { bytes } = batch;
    const { peers } = this.#transmission.contacts;
    const at = batch.start[slot]!;
    const ipv4 = batch.ipv4[slot]!;
    const port = batch.port[slot]!;
    const peer = peers.find(bytes, at + ipv6.SOURCE);
    if (ipv6.isBubble(bytes, at)) {
      this.#drop(batch, slot, Drop.Consumed); // it has opened the sender's NAT; nothing in it proves a thing
    } else if (!this.#identity.maySendTo(ipv4, port)) {
      this.#drop(batch, slot, Drop.NotGlobalIpv4);
    } else if (peer >= 0 && connectivityTest.takeReply(peers, peer, bytes, at, now)) {
      this.#testAnswered(batch, slot, peer, now); // case 2
    } else if (peer >= 0 && peers.trusted[peer] === 1 && peers.ipv4[peer] === ipv4 && peers.port[peer] === port) {
      peers.lastReceptionAt[peer] = now; // case 1
    } else {
      this.#holdUnproven(batch, slot, now); // case 6
    }
  }

  /** The peer is where it says: trust it; a bubble has done its work then, anything else goes to the host. */
  #accept(batch: Batch, slot: number, peer: number, trailers: Trailers, now: number): void {
    const isNew = this.#transmission.contacts.peers.trusted[peer] === 0;
    this.#trust(peer, batch.ipv4[slot]!, batch.port[slot]!, now, batch.via[slot]!);
    this.#releaseUnproven(peer, batch.ipv4[slot]!, batch.port[slot]!);
    if (!ipv6.isBubble(batch.bytes, batch.start[slot]!)) return;
    // By a random port: the peer may still wait for a sign of us.
    if (isNew && batch.via[slot] !== VIA_SERVICE) this.#transmission.bubbles.sendDirectToKnown(peer);
    if (trailers.discovery === 'solicitation' && this.#strangers.mayAnswer(batch.ipv4[slot]!, now)) {
      this.#transmission.answerSolicitation(peer); // ledger EXT-62
    }
    this.#drop(batch, slot, Drop.Consumed);
  }

  /** The reply to a connectivity test shows the relay of a native host (RFC 4380 §5.2.3 (2), §5.2.9). */
  #testAnswered(batch: Batch, slot: number, peer: number, now: number): void {
    const ipv4 = batch.ipv4[slot]!;
    const port = batch.port[slot]!;
    this.#cases[Case.ConnectivityTestsAnswered]!++;
    this.#trust(peer, ipv4, port, now);
    this.#releaseUnproven(peer, ipv4, port);
    this.#drop(batch, slot, Drop.Consumed);
  }

  /** What came from the endpoint that is proved now goes to the host, the rest ends. */
  #releaseUnproven(peer: number, ipv4: number, port: number): void {
    for (const waiting of this.#unproven.take(peer)) {
      if (waiting.ipv4 !== ipv4 || waiting.port !== port) this.#drops[Drop.MappingMismatch]!++;
      else if (!this.#packets.push(waiting.packet)) this.#drops[Drop.QueueFull]!++;
    }
  }

  /** RFC 4380 §5.2.3 (6), ledger CLI-69, CLI-94: keep the packet until a connectivity test has shown that this relay serves its source. */
  #holdUnproven(batch: Batch, slot: number, now: number): void {
    const { contacts } = this.#transmission;
    const source = batch.start[slot]! + ipv6.SOURCE;
    const known = contacts.peers.find(batch.bytes, source);
    if (known < 0 || !contacts.isPending(known)) {
      const isSpent = known >= 0 && isBudgetSpent(contacts.peers, known, ATTEMPTS_FOR_STRANGERS_MAX, now);
      if (isSpent || !this.#strangers.mayTest(now)) return this.#drop(batch, slot, Drop.RateLimited);
    }
    const peer = contacts.peers.add(batch.bytes, source, now);
    const isKept = this.#unproven.push(peer, batch.packet(slot), 0, batch.ipv4[slot], batch.port[slot]);
    if (!isKept) this.#drops[Drop.QueueFull]!++;
    batch.length[slot] = 0;
    contacts.ask(peer, ATTEMPTS_FOR_STRANGERS_MAX, now);
  }

  #trust(peer: number, ipv4: number, port: number, now: number, via = VIA_SERVICE): void {
    const { contacts, extensions } = this.#transmission;
    const isNew = contacts.peers.trusted[peer] === 0;
    const target = extensions.reached(peer, { ipv4, port, via }, now);
    contacts.trust(peer, target.ipv4, target.port, now, target.via);
    if (!isNew) return;
    this.#cases[Case.PeersTrusted]!++;
    this.#events.push({ type: 'peer-trusted', peer: contacts.peers.address(peer), mapped: { ipv4, port } });
  }

  #drop(batch: Batch, slot: number, reason: Drop): void {
    this.#drops[reason]!++;
    batch.length[slot] = 0;
  }
}

/** Whether a datagram comes from the server's primary address (RFC 4380 §5.2.3). */
export function isServer(ipv4: number, port: number, server: number): boolean {
  return ipv4 === server && port === SERVER_PORT;
}
