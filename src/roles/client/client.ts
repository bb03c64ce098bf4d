import type { Batch } from '../../batch/batch.ts';
import type { PeerTable } from '../../peers/peer-table.ts';
import { type Encapsulation, parse as parseEncapsulation } from '../../wire/encapsulation.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as routerAdvertisement from '../../wire/router-advertisement.ts';
import { CASES, Case, type CaseCounters } from '../case.ts';
import { VIA_DISCOVERY, VIA_RANDOM, VIA_SECONDARY, VIA_SERVICE } from '../constants.ts';
import { DROP_REASONS, Drop, type DropCounters } from '../drop.ts';
import type { Endpoint, NatType, OfflineReason, RoleEvent } from '../events.ts';
import type { LimitUse } from '../limits.ts';
import type { LocalNetwork } from '../local-networks.ts';
import { Outbox } from '../outbox.ts';
import type { Hmac, Random, Role } from '../role.ts';
import type { ClientConfig } from './config.ts';
import * as forwarding from './forwarding.ts';
import { HeldPackets } from './held-packets.ts';
import { Identity } from './identity.ts';
import type { Qualification } from './qualification.ts';
import { isServer, Reception } from './reception.ts';
import { SecureQualification } from './secure-qualification.ts';
import type { ServerAddress } from './servers.ts';
import { Service } from './service.ts';
import { Transmission } from './transmission.ts';

export { type ClientConfig, clientDefaults } from './config.ts';

/**
 * A Teredo client (RFC 4380 §5.2, RFC 5991; ledger CLI-03, CLI-04): it learns its mapped address and port from a server, makes an IPv6
 * address of them, and finds the way to each peer.
 */
export class Client implements Role {
  readonly drops: DropCounters;
  readonly cases: CaseCounters;
  readonly peers: PeerTable;
  /** 16 octets; all zero, which no packet may carry, while there is none. */
  readonly ownAddress: Uint8Array;

  readonly #identity: Identity;
  readonly #events: RoleEvent[] = [];
  readonly #datagrams = new Outbox(4096, 1 << 20);
  readonly #packets = new Outbox(4096, 1 << 20);
  readonly #solicitations: SecureQualification;
  readonly #transmission: Transmission;
  readonly #reception: Reception;
  readonly #service: Service;
  readonly #held: HeldPackets;

  constructor(
    config: ClientConfig,
    random: Random,
    hmac: Hmac,
    drops: DropCounters = new Float64Array(DROP_REASONS),
    cases: CaseCounters = new Float64Array(CASES),
  ) {
    this.drops = drops;
    this.cases = cases;
    this.#identity = new Identity(random, config.remembered);
    this.ownAddress = this.#identity.address;
    this.#solicitations = new SecureQualification(
      this.#identity,
      config.security,
      random,
      hmac,
      this.#datagrams,
      cases,
    );
    this.#transmission = new Transmission(
      config,
      this.#identity,
      random,
      this.#datagrams,
      this.#packets,
      drops,
      cases,
      this.#events,
      config.extensions,
      this.#solicitations,
      (peer) => this.#reception.giveUp(peer),
    );
    this.peers = this.#transmission.contacts.peers;
    this.#reception = new Reception(
      config,
      this.#identity,
      this.#transmission,
      random,
      this.#packets,
      drops,
      this.#events,
    );
    this.#held = new HeldPackets(this.#datagrams, drops);
    this.#service = new Service(
      config,
      this.#identity,
      random,
      this.#datagrams,
      this.#events,
      this.#transmission,
      this.#solicitations,
    );
  }

  get state(): Qualification['state'] {
    return this.#service.state;
  }

  get isQualified(): boolean {
    return this.#service.isQualified;
  }

  /** 16 octets; undefined while the client has none. */
  get address(): Uint8Array | undefined {
    return this.isQualified ? this.ownAddress : undefined;
  }

  /** 16 octets: what the host may send from while the client is dormant; undefined: it is not. */
  get provisional(): Uint8Array | undefined {
    const { flows } = this.#service;
    return flows.isActive ? flows.address : undefined;
  }

  get mapped(): Endpoint | undefined {
    return this.#service.mapped;
  }

  get nat(): NatType {
    return this.#service.nat;
  }

  /** The refresh interval in use, in ms, before randomization. */
  get refreshIntervalMs(): number {
    return this.#service.refreshIntervalMs;
  }

  /** Begins qualification, anew if need be; the solicitation leaves at the next turn. On demand: waits for a packet. */
  start(now: number): void {
    this.#service.start(now);
  }

  /** Forgets everything, its address included, and begins again. */
  reset(now: number): void {
    this.stop(now);
    this.#identity.forget();
    this.start(now);
  }

  /** Ends all activity; peers are not told, the protocol has no word for it. */
  stop(now: number, reason?: OfflineReason): void {
    this.#service.stop(now, reason);
  }

  /** Replaces the list of servers; whoever serves us goes on until another has answered. */
  setServers(servers: readonly ServerAddress[], now: number): void {
    this.#service.setServers(servers, now);
  }

  limits(now: number): LimitUse[] {
    return [
      ...this.#transmission.limits(now),
      ...this.#reception.limits(now),
      this.#datagrams.use('own-datagrams', 'datagrams'),
      this.#packets.use('own-packets', 'packets'),
    ];
  }

  /** The host's own IPv4 addresses; known before `start`, told again when they change. */
  setLocalNetworks(networks: readonly LocalNetwork[]): void {
    this.#identity.networks = networks;
    this.#transmission.review();
  }

  /** The host has come to another network, or has other IPv4 addresses in it: the server is asked at once. */
  hostMoved(now: number): void {
    this.#service.hostMoved(now);
  }

  /** The service port that the UDP side really has. */
  setLocalPort(port: number): void {
    this.#identity.localPort = port;
  }

  /** The system does not give the local socket that an event has asked for. */
  refuseSocket(via: number, now: number): void {
    this.#transmission.extensions.refusePort(via, now);
  }

  /** The port mapping a router made for the service port; undefined: none. Answers the event 'port-mapping'. */
  setPortMapping(mapping: Endpoint | undefined): void {
    this.#identity.portMapping = mapping;
  }

  /** Another refresh interval, in ms, in place of the configured one and of what was found out; peers stay. */
  setRefreshInterval(intervalMs: number): void {
    this.#service.setRefreshInterval(intervalMs);
  }

  receive(batch: Batch, now: number): void {
    forwarding.receive(this, batch, now);
    const { flows } = this.#service;
    if (flows.isActive) flows.receive(batch, now);
    this.#release(now);
  }

  transmit(batch: Batch, now: number): void {
    if (this.#service.flows.isActive && this.isQualified) this.#service.flows.transmit(batch, now);
    forwarding.transmit(this, batch, now);
  }

  pollDatagrams(batch: Batch): void {
    this.#datagrams.poll(batch);
  }

  pollPackets(batch: Batch): void {
    const first = batch.count;
    this.#packets.poll(batch);
    const { flows } = this.#service;
    if (flows.isActive) flows.receive(batch, flows.now, first);
  }

  pollTimeout(): number {
    return Math.min(
      this.#service.deadlineAt,
      this.#transmission.contacts.nextAt,
      this.#transmission.extensions.deadlineAt,
    );
  }

  pollEvent(): RoleEvent | undefined {
    return this.#events.shift();
  }

  handleTimeout(now: number): void {
    this.#service.handleTimeout(now);
    this.#transmission.extensions.timeOut(now);
    this.#transmission.contacts.handleTimeout(now);
    this.#release(now);
  }

  /** Called by `forwarding.receive` for whatever is not a plain packet from a known mapping. */
  receiveSlow(batch: Batch, slot: number, now: number): void {
    const { bytes } = batch;
    const at = batch.start[slot]!;
    const via = batch.via[slot];
    const parts = parseEncapsulation(bytes, at, at + batch.length[slot]!);
    if (typeof parts === 'number') return this.#drop(batch, slot, parts); // ledger CLI-60
    if (via !== VIA_DISCOVERY && routerAdvertisement.isPresent(bytes, parts.packetAt)) {
      return this.#receiveAdvertisement(batch, slot, parts, now);
    }
    if (!this.isQualified) return this.#drop(batch, slot, Drop.NotQualified); // ledger CLI-07
    if (parts.originAt >= 0) this.cases[Case.OriginIndicationsReceived]!++;
    const isFromServer = isServer(batch.ipv4[slot]!, batch.port[slot]!, this.#identity.server);
    if (via === VIA_DISCOVERY) return this.#reception.receiveDiscovery(batch, slot, parts, now);
    if (via === VIA_SECONDARY) return this.#receiveOnSecondary(batch, slot, parts, isFromServer, now);
    if (isFromServer && via === VIA_SERVICE) this.#service.serverHeard(now); // RFC 4380 §5.2.3; ledger CLI-62
    this.#reception.receive(batch, slot, parts, isFromServer, now);
  }

  /** Called by `forwarding.transmit` for whatever is not a packet of ours to a trusted, fresh peer. */
  transmitSlow(batch: Batch, slot: number, now: number): void {
    if (ipv6.isGlobal(batch.bytes, batch.start[slot]! + ipv6.DESTINATION)) this.#service.hostSentAt = now;
    if (this.#service.holds && this.#held.take(batch, slot, this.#service.flows.address)) {
      return this.#service.wake(now);
    }
    this.#transmission.transmit(batch, slot, this.isQualified, now);
  }

  #receiveAdvertisement(batch: Batch, slot: number, parts: Encapsulation, now: number): void {
    const via = batch.via[slot]!;
    const answer = this.#solicitations.verify(batch.bytes, parts, via, batch.ipv4[slot]!, batch.port[slot]!);
    if (typeof answer === 'number') return this.#drop(batch, slot, answer);
    const { told, asked } = answer;
    if (told !== 'rejected' && !this.#identity.isPlausible(told.mapped))
      return this.#drop(batch, slot, Drop.NotGlobalIpv4);
    this.cases[Case.OriginIndicationsReceived]!++;
    this.#drop(batch, slot, Drop.Consumed);
    if (via === VIA_SERVICE) {
      this.#solicitations.forget(via, asked);
      return this.#service.advertised(answer, now);
    }
    if (via < VIA_RANDOM) this.#solicitations.forget(via);
    if (told === 'rejected') return;
    if (via === VIA_SECONDARY) this.#service.secondary.advertised(told.mapped, now);
    else this.#echoed(via, batch.ipv4[slot]!, told.mapped.port, now);
  }

  /** RFC 6081 §5.5.4.4: a server tells which port a random port of ours has from there. */
  #echoed(via: number, ipv4: number, mappedPort: number, now: number): void {
    const isPrimary = ipv4 === this.#identity.server;
    this.#transmission.extensions.sequentialPortNat?.advertised(via, isPrimary, mappedPort, now);
  }

  #receiveOnSecondary(batch: Batch, slot: number, parts: Encapsulation, isFromServer: boolean, now: number): void {
    const isTaken = this.#service.secondary.takeBubble(batch.bytes, parts.packetAt, isFromServer, now);
    this.#drop(batch, slot, isTaken ? Drop.Consumed : Drop.Unsolicited);
  }

  /** What waited for the qualification goes on, or back to the host with a word when there is none. */
  #release(now: number): void {
    if (!this.#held.isEmpty && !this.#service.holds) this.#held.release(this, now);
  }

  #drop(batch: Batch, slot: number, reason: Drop): void {
    this.drops[reason]!++;
    batch.length[slot] = 0;
  }
}
