import type { Batch } from '../../batch/batch.ts';
import type { WaitingPacket } from '../../peers/packet-queue.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as teredo from '../../wire/teredo.ts';
import { countBubble, permission } from '../bubbles.ts';
import { Case, type CaseCounters } from '../case.ts';
import {
  ATTEMPTS_MAX,
  BUBBLE_SPACING_MS,
  BUBBLE_WINDOW_MS,
  LOCAL_PEER_MEMORY_MS,
  PEER_VALIDITY_MS,
  SERVER_PORT,
} from '../constants.ts';
import { type Asked, type Asker, type ContactLimits, Contacts } from '../contacts.ts';
import { Drop, type DropCounters } from '../drop.ts';
import type { RoleEvent, UnreachableReason } from '../events.ts';
import { IcmpErrors } from '../icmp-errors.ts';
import type { LimitUse } from '../limits.ts';
import type { Outbox } from '../outbox.ts';
import type { Random } from '../role.ts';
import { BubbleSender } from './bubble-sender.ts';
import * as connectivityTest from './connectivity-test.ts';
import { type ExtensionSwitches, Extensions } from './extensions/extensions.ts';
import type { Identity } from './identity.ts';
import * as localDiscovery from './local-discovery.ts';
import type { SecureQualification } from './secure-qualification.ts';

/** The interface's own link-local address, fe80::ffff:ffff:ffff, as Miredo's: the source of ICMPv6 errors to the host. */
const LINK_LOCAL = Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

/**
 * IPv6 to UDP, the unusual (RFC 4380 §5.2.4): peers that are new, silent or on our own link, and how they are asked
 * to show themselves (§5.2.6, §5.2.9).
 */
export class Transmission implements Asker {
  readonly contacts: Contacts;
  readonly bubbles: BubbleSender;
  readonly extensions: Extensions;
  readonly cases: CaseCounters;
  readonly #identity: Identity;
  readonly #random: Random;
  readonly #datagrams: Outbox;
  readonly #errors: IcmpErrors;
  readonly #drops: DropCounters;
  readonly #events: RoleEvent[];
  readonly #onGivenUp: (peer: number) => void;

  /** `onGivenUp` is told of peers that did not answer and of peers whose place is given up. */
  constructor(
    limits: ContactLimits,
    identity: Identity,
    random: Random,
    datagrams: Outbox,
    packets: Outbox,
    drops: DropCounters,
    cases: CaseCounters,
    events: RoleEvent[],
    switches: ExtensionSwitches,
    solicitations: SecureQualification,
    onGivenUp: (peer: number) => void,
  ) {
    this.#identity = identity;
    this.#random = random;
    this.#datagrams = datagrams;
    this.#errors = new IcmpErrors(packets);
    this.#drops = drops;
    this.cases = cases;
    this.#events = events;
    this.#onGivenUp = onGivenUp;
    this.contacts = new Contacts(limits, random, datagrams, drops, this, (peer) => {
      this.extensions.forget(peer);
      onGivenUp(peer);
    });
    const { peers } = this.contacts;
    this.bubbles = new BubbleSender(identity, peers, datagrams, cases);
    this.extensions = new Extensions(switches, identity, peers, random, solicitations, events, this.bubbles);
    this.bubbles.extensions = this.extensions;
  }

  /** A packet from the host that `forwarding.transmit` could not send at once (ledger CLI-42, CLI-45, CLI-47). */
  transmit(batch: Batch, slot: number, isQualified: boolean, now: number): void {
    const { bytes } = batch;
    const { peers } = this.contacts;
    const at = batch.start[slot]!;
    if (batch.length[slot]! < ipv6.LENGTH || bytes[at]! >>> 4 !== 6) return this.#drop(batch, slot, Drop.Truncated);
    const source = at + ipv6.SOURCE;
    const destination = at + ipv6.DESTINATION;
    // The host's own Neighbor Discovery, multicast listener reports and the like end here.
    if (!ipv6.isGlobal(bytes, source) || !ipv6.isGlobal(bytes, destination)) {
      return this.#drop(batch, slot, Drop.AddressScope);
    }
    if (!isQualified) return this.#refuse(batch, slot, Drop.NotQualified, icmpv6.ADDRESS_UNREACHABLE, now);
    if (!ipv6.sameAddress(bytes, source, this.#identity.address, 0)) {
      return this.#refuse(batch, slot, Drop.SourceAddress, icmpv6.ADMINISTRATIVELY_PROHIBITED, now);
    }
    if (ipv6.sameAddress(bytes, destination, this.#identity.address, 0)) return this.#drop(batch, slot, Drop.Loop);
    const known = peers.find(bytes, destination);
    if (known >= 0 && this.isUsable(known, now)) return this.#transmitAndRevalidate(batch, slot, known, now);
    if (teredo.isTeredo(bytes, destination) && !this.#mayContact(bytes, destination, known, now)) {
      return this.#drop(batch, slot, Drop.NotGlobalIpv4); // RFC 4380 §5.2.4: silently
    }
    const peer = peers.add(bytes, destination, now);
    this.contacts.hold(peer, batch, slot, ATTEMPTS_MAX, now);
  }

  limits(now: number): LimitUse[] {
    return [...this.contacts.limits(), this.#errors.use('icmpv6-errors', now)];
  }

  /** The host's networks have changed: peers where nothing may be sent to any more are forgotten. */
  review(): void {
    const { peers } = this.contacts;
    this.contacts.forgetIf((peer) => {
      const localIpv4 = peers.localIpv4[peer]!;
      const wasLocal = peers.local[peer] === 1 && peers.ipv4[peer] === localIpv4;
      const hasLeft = peers.local[peer] === 1 && !this.#identity.mayBeNeighbour(localIpv4, peers.localPort[peer]!);
      if (hasLeft) peers.local[peer] = 0;
      if (peers.trusted[peer] === 0) return false;
      if (wasLocal) return hasLeft && !this.#identity.maySendTo(peers.ipv4[peer]!, peers.port[peer]!);
      return !this.#mayStayAt(peer, peers.ipv4[peer]!, peers.port[peer]!);
    });
  }

  /** A peer behind our own NAT may be reached inside it (RFC 6081 §5.6), where addresses are private. */
  #mayStayAt(peer: number, ipv4: number, port: number): boolean {
    if (this.#identity.maySendTo(ipv4, port)) return true;
    const isBehindOurNat = this.#identity.mapped?.ipv4 === teredo.ipv4(this.contacts.peers.address(peer), 0);
    return isBehindOurNat && this.#identity.mayBeInside(ipv4, port);
  }

  /** Asker: what a peer is asked by depends on what it is; how often, on RFC 4380 §5.2.6. */
  ask(peer: number, now: number): Asked {
    const asked = this.#permission(peer, now);
    if (asked !== 'sent') return asked;
    // Of a silent peer nothing is known any more: it is told all that a stranger is (RFC 6081 §5.4.4.2, §5.6.4.1).
    if (!this.isUsable(peer, now)) this.contacts.peers.distrust(peer, now);
    this.#askNow(peer, now);
    return asked;
  }

  unanswered(peer: number, waiting: readonly WaitingPacket[], now: number): void {
    connectivityTest.end(this.contacts.peers, peer);
    const reason = this.#whyUnreachable(peer, now);
    if (this.contacts.peers.trusted[peer] === 0) this.extensions.endRound(peer);
    this.#onGivenUp(peer);
    // RFC 4443 §3.1 (3); ledger CLI-49.
    for (const { packet } of waiting) this.#errors.unreachable(icmpv6.ADDRESS_UNREACHABLE, LINK_LOCAL, packet, now);
    if (waiting.length > 0) {
      this.cases[Case.PeersUnreachable]!++;
      this.#events.push({ type: 'peer-unreachable', peer: this.contacts.peers.address(peer), reason });
    }
  }

  #whyUnreachable(peer: number, now: number): UnreachableReason {
    if (!teredo.isTeredo(this.contacts.peers.address(peer), 0)) return 'no relay answered for it';
    // As long as the budget forbids to ask again, the last answer is the answer.
    return this.extensions.hasHeard(peer, now - BUBBLE_WINDOW_MS)
      ? 'it answers through its server, but the two NATs let nothing through directly'
      : 'no answer, neither directly nor through its server';
  }

  /** Heard by local discovery, or spoken to on the link, in the last ten minutes (ledger CLI-43). */
  #isLocal(peer: number, now: number): boolean {
    const { peers } = this.contacts;
    return peers.local[peer] === 1 && now - peers.localHeardAt[peer]! < LOCAL_PEER_MEMORY_MS;
  }

  /** RFC 4380 §5.2.4: what the peer's address says must be global unicast, unless it is a neighbour of ours. */
  #mayContact(bytes: Uint8Array, at: number, known: number, now: number): boolean {
    const isLocal = known >= 0 && this.#isLocal(known, now);
    const isSendable = isLocal || this.#identity.maySendTo(teredo.ipv4(bytes, at), teredo.port(bytes, at));
    return isSendable && this.#identity.maySendTo(teredo.server(bytes, at), SERVER_PORT);
  }

  /** The peer is valid still, but silent for a while: the packet goes, and a question with it. */
  #transmitAndRevalidate(batch: Batch, slot: number, peer: number, now: number): void {
    const { peers } = this.contacts;
    if (this.#permission(peer, now) === 'sent') this.#askNow(peer, now);
    batch.ipv4[slot] = peers.ipv4[peer]!;
    batch.port[slot] = peers.port[peer]!;
    batch.via[slot] = peers.via[peer]!;
    peers.lastTransmissionAt[peer] = now;
  }

  /** Bubbles have a budget; tests of native hosts only the spacing of 2 s and the end of each round (ledger CLI-93). */
  #permission(peer: number, now: number): Asked {
    const { peers } = this.contacts;
    if (teredo.isTeredo(peers.address(peer), 0)) return permission(peers, peer, now);
    return now < peers.lastBubbleAt[peer]! + BUBBLE_SPACING_MS ? 'later' : 'sent';
  }

  #askNow(peer: number, now: number): void {
    const { peers } = this.contacts;
    const address = peers.address(peer);
    const lastAt = peers.lastBubbleAt[peer]!;
    countBubble(peers, peer, now);
    if (!teredo.isTeredo(address, 0)) {
      this.#emitTest(peer, lastAt, now);
    } else if (this.#isLocal(peer, now)) {
      // RFC 4380 §5.2.4 (3), ledger CLI-126: and one by multicast, so that the neighbour learns where we are.
      this.bubbles.sendDirectTo(peer, peers.localIpv4[peer]!, peers.localPort[peer]!);
      localDiscovery.emit(this.#datagrams, this.#identity.address, this.cases);
    } else if (peers.port[peer] !== 0 && this.extensions.takeDirectTurn(peer)) {
      // RFC 6081 §5.7: it was established once; its server need not be troubled yet.
      this.#sendDiscovery(peer, 'solicitation');
    } else {
      // RFC 4380 §5.2.4 (5): the direct one opens our NAT, the indirect one asks the peer to open its own. The cone
      // bit in the peer's address is not looked at (RFC 5991 §3.2; ledger CLI-46, CLI-80, CLI-81, UPD-03).
      this.bubbles.sendDirect(peer, now);
      this.bubbles.sendIndirect(peer, now);
    }
  }

  /** Trusted and heard within its validity (ledger CLI-40). */
  isUsable(peer: number, now: number): boolean {
    const { peers } = this.contacts;
    return peers.trusted[peer] === 1 && now - peers.lastReceptionAt[peer]! < PEER_VALIDITY_MS;
  }

  /** RFC 6081 §5.7.4.2. */
  answerSolicitation(peer: number): void {
    this.#sendDiscovery(peer, 'advertisement');
  }

  #sendDiscovery(peer: number, kind: 'solicitation' | 'advertisement'): void {
    const { serverLoadReduction } = this.extensions;
    serverLoadReduction?.mark(kind);
    this.bubbles.sendDirectToKnown(peer);
    serverLoadReduction?.mark(undefined);
  }

  #emitTest(peer: number, lastAt: number, now: number): void {
    const { address, server } = this.#identity;
    const { peers } = this.contacts;
    const { cases } = this;
    connectivityTest.emit(peers, peer, address, this.#random, this.#datagrams, server, SERVER_PORT, lastAt, now, cases);
  }

  #refuse(batch: Batch, slot: number, reason: Drop, code: number, now: number): void {
    this.#errors.unreachable(code, LINK_LOCAL, batch.packet(slot), now);
    this.#drop(batch, slot, reason);
  }

  #drop(batch: Batch, slot: number, reason: Drop): void {
    this.#drops[reason]!++;
    batch.length[slot] = 0;
  }
}
