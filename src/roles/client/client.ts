import type { Batch } from '../../batch/batch.ts';
import type { PeerTable } from '../../peers/peer-table.ts';
import { type Encapsulation, parse as parseEncapsulation } from '../../wire/encapsulation.ts';
import * as routerAdvertisement from '../../wire/router-advertisement.ts';
import {
  MTU,
  REFRESH_INTERVAL_MS,
  RETRY_PAUSE_MAX_MS,
  RETRY_PAUSE_MIN_MS,
  SERVER_PORT,
  VIA_DISCOVERY,
  VIA_RANDOM,
  VIA_SECONDARY,
  VIA_SERVICE,
} from '../constants.ts';
import { type ContactLimits, contactLimits } from '../contacts.ts';
import { DROP_REASONS, Drop, type DropCounters } from '../drop.ts';
import type { Endpoint, NatType, OfflineReason, RoleEvent } from '../events.ts';
import type { LimitUse } from '../limits.ts';
import type { LocalNetwork } from '../local-networks.ts';
import { Outbox } from '../outbox.ts';
import { between } from '../random.ts';
import type { Hmac, Random, Role } from '../role.ts';
import { TimerTable } from '../timers.ts';
import { allExtensions, type ExtensionSwitches } from './extensions/extensions.ts';
import * as forwarding from './forwarding.ts';
import { Identity } from './identity.ts';
import * as localDiscovery from './local-discovery.ts';
import { Maintenance } from './maintenance.ts';
import * as qualification from './qualification.ts';
import { isSameEndpoint, type Qualification } from './qualification.ts';
import { isServer, Reception } from './reception.ts';
import { SecondaryPort } from './secondary-port.ts';
import { SecureQualification, type Security } from './secure-qualification.ts';
import { Transmission } from './transmission.ts';

export interface ClientConfig extends ContactLimits {
  /** The primary and the secondary IPv4 address of the server, int32 (RFC 4380 §5.2; ledger CLI-01). */
  readonly server: number;
  readonly server2: number;
  readonly refreshIntervalMs: number;
  /** Secure qualification (RFC 4380 §5.2.2; ledger CLI-02); undefined: unsecured. */
  readonly security?: Security;
  /** RFC 4380 §5.2.8. */
  readonly localDiscovery: boolean;
  /** RFC 4380 §5.2.7. */
  readonly findRefreshInterval: boolean;
  /** Find out how the NAT filters, over a second socket, once qualified. */
  readonly identifyNat: boolean;
  /** RFC 6081, each section by itself. */
  readonly extensions: ExtensionSwitches;
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
  extensions: allExtensions,
  mtu: MTU,
} satisfies Omit<ClientConfig, 'server' | 'server2'>;

const TIMER_QUALIFICATION = 0;
const TIMER_DISCOVERY = 1;

/**
 * A Teredo client (RFC 4380 §5.2, RFC 5991; ledger CLI-03, CLI-04): it learns its mapped address and port from a server, makes an IPv6
 * address of them, and finds the way to each peer.
 */
export class Client implements Role {
  readonly drops: DropCounters;
  readonly peers: PeerTable;
  /** 16 octets; all zero, which no packet may carry, while there is none. */
  readonly ownAddress: Uint8Array;

  readonly #config: ClientConfig;
  readonly #random: Random;
  readonly #identity: Identity;
  readonly #events: RoleEvent[] = [];
  readonly #datagrams = new Outbox(4096, 1 << 20);
  readonly #packets = new Outbox(4096, 1 << 20);
  readonly #timers = new TimerTable(2);
  readonly #solicitations: SecureQualification;
  readonly #maintenance: Maintenance;
  readonly #secondary: SecondaryPort;
  readonly #transmission: Transmission;
  readonly #reception: Reception;

  #qualification: Qualification = qualification.offLine('not started');
  #nat: NatType = 'unknown';
  #failures = 0;
  #addressChangedAt = Number.NEGATIVE_INFINITY;

  constructor(config: ClientConfig, random: Random, hmac: Hmac, drops: DropCounters = new Float64Array(DROP_REASONS)) {
    const { server, server2 } = config;
    this.#config = config;
    this.#random = random;
    this.drops = drops;
    this.#identity = new Identity(server, server2, random);
    this.ownAddress = this.#identity.address;
    this.#solicitations = new SecureQualification(server, config.security, random, hmac, this.#datagrams);
    this.#transmission = new Transmission(
      config,
      this.#identity,
      random,
      this.#datagrams,
      this.#packets,
      drops,
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
    this.#maintenance = new Maintenance(config.refreshIntervalMs, random);
    this.#secondary = new SecondaryPort(this.#identity, this.#solicitations, this.#transmission.bubbles, this.#events, {
      refreshIntervalMs: config.refreshIntervalMs,
      findRefreshInterval: config.findRefreshInterval,
      // A symmetric NAT filters too, but that is not what people call it by.
      onNat: (nat) => (this.#identity.isSymmetric ? undefined : this.#identified(nat)),
      onBehaviour: (behaviour) => this.#events.push({ type: 'nat-behaviour', behaviour }),
      onRefreshInterval: (intervalMs) => this.#useRefreshInterval(intervalMs),
    });
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

  /** The refresh interval in use, in ms, before randomization. */
  get refreshIntervalMs(): number {
    return this.#maintenance.intervalMs;
  }

  /** Begins qualification, anew if need be; the solicitation leaves at the next turn. */
  start(now: number): void {
    // Whatever hangs on an older address ends with it.
    if (this.isQualified) this.stop(now);
    this.#failures = 0;
    this.#askForPortMapping(true);
    this.#enter(qualification.start(now), now);
  }

  /** Ends all activity; peers are not told, the protocol has no word for it. */
  stop(now: number): void {
    this.#enter(qualification.offLine('stopped'), now);
    this.#askForPortMapping(false);
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

  /** The service port that the UDP side really has. */
  setLocalPort(port: number): void {
    this.#identity.localPort = port;
  }

  /** The port mapping a router made for the service port; undefined: none. Answers the event 'port-mapping'. */
  setPortMapping(mapping: Endpoint | undefined): void {
    this.#identity.portMapping = mapping;
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
      this.#transmission.contacts.nextAt,
      this.#maintenance.deadlineAt,
      this.#secondary.deadlineAt,
      this.#transmission.extensions.deadlineAt,
    );
  }

  pollEvent(): RoleEvent | undefined {
    return this.#events.shift();
  }

  handleTimeout(now: number): void {
    if (this.#timers.take(TIMER_QUALIFICATION, now)) this.#qualificationTimeOut(now);
    if (this.#timers.take(TIMER_DISCOVERY, now)) this.#discover(now);
    if (this.#maintenance.deadlineAt <= now) this.#maintain(now);
    if (this.#secondary.deadlineAt <= now) this.#secondary.timeOut(now);
    this.#transmission.extensions.timeOut(now);
    this.#transmission.contacts.handleTimeout(now);
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
    const isFromServer = isServer(batch.ipv4[slot]!, batch.port[slot]!, this.#config.server);
    if (via === VIA_DISCOVERY) return this.#reception.receiveDiscovery(batch, slot, parts, now);
    if (via === VIA_SECONDARY) return this.#receiveOnSecondary(batch, slot, parts, isFromServer, now);
    if (isFromServer && via === VIA_SERVICE) this.#maintenance.serverHeard(now); // RFC 4380 §5.2.3; ledger CLI-62
    this.#reception.receive(batch, slot, parts, isFromServer, now);
  }

  /** Called by `forwarding.transmit` for whatever is not a packet of ours to a trusted, fresh peer. */
  transmitSlow(batch: Batch, slot: number, now: number): void {
    this.#transmission.transmit(batch, slot, this.isQualified, now);
  }

  // ---- Qualification and maintenance (RFC 4380 §5.2.1, §5.2.5) --------------------------------------------------

  #receiveAdvertisement(batch: Batch, slot: number, parts: Encapsulation, now: number): void {
    const via = batch.via[slot]!;
    const result = this.#solicitations.verify(batch.bytes, parts, via, batch.ipv4[slot]!, batch.port[slot]!);
    if (typeof result === 'number') return this.#drop(batch, slot, result);
    if (result !== 'rejected' && !this.#identity.isPlausible(result.mapped))
      return this.#drop(batch, slot, Drop.NotGlobalIpv4);
    this.#drop(batch, slot, Drop.Consumed);
    if (via < VIA_RANDOM) this.#solicitations.forget(via);
    if (via >= VIA_RANDOM) {
      if (result !== 'rejected') this.#echoed(via, batch.ipv4[slot]!, result.mapped.port, now);
    } else if (via === VIA_SECONDARY) {
      if (result !== 'rejected') this.#secondary.advertised(result.mapped, now);
    } else if (result === 'rejected') {
      this.#enter(qualification.offLine('server rejected the authentication key'), now);
    } else if (this.#qualification.state === 'starting') {
      const { mtu, extensions } = this.#config;
      this.#enter(qualification.advertised(this.#qualification, result, mtu, extensions.symmetricNat, now), now);
    } else if (this.#qualification.state === 'qualified') {
      this.#refreshed(this.#qualification, result, now);
    }
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
    // What was found out about another mapping need not be true of this one.
    this.#maintenance.intervalMs = this.#config.refreshIntervalMs;
    this.#maintenance.start(now);
    this.#addressChangedAt = now;
    this.#identity.assume(q.mapped);
    this.#identity.isSymmetric = q.isSymmetric;
    this.peers.clear();
    const { isDirect } = this.#identity;
    this.#nat = isDirect ? 'none' : q.isSymmetric ? 'symmetric' : 'restricted';
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
    if (q.isSymmetric) this.#events.push({ type: 'nat-identified', nat: 'symmetric' });
    this.#secondary.start(this.#config.identifyNat && !isDirect, now);
  }

  #enterOffLine(reason: OfflineReason, previous: Uint8Array | undefined, now: number): void {
    this.#maintenance.stop();
    this.#solicitations.forget(VIA_SERVICE);
    this.#timers.stop(TIMER_DISCOVERY);
    this.#secondary.close();
    if (this.#config.localDiscovery && previous !== undefined) {
      this.#events.push({ type: 'socket', via: VIA_DISCOVERY, open: false });
    }
    this.peers.clear();
    this.#identity.abandon();
    const retryAt = reason === 'stopped' ? Number.POSITIVE_INFINITY : now + this.#retryPauseMs();
    this.#timers.set(TIMER_QUALIFICATION, retryAt);
    this.#qualification = { state: 'off-line', reason, retryAt };
    if (reason === 'symmetric NAT') this.#identified('symmetric');
    this.#events.push({ type: 'off-line', reason, retryAt, ...(previous === undefined ? {} : { previous }) });
  }

  /** Doubles with each failure in a row, and is randomized, so that a server's clients do not come back all at once. */
  #retryPauseMs(): number {
    const longest = Math.min(RETRY_PAUSE_MAX_MS, RETRY_PAUSE_MIN_MS * 2 ** this.#failures++);
    return between(this.#random, 0.75 * longest, longest);
  }

  /**
   * Departs from RFC 6081 §5.3.3 (ledger EXT-20), which asks the router before the server: a router takes seconds to
   * find, and an address that late would help nobody. The answer counts from when it comes.
   */
  #askForPortMapping(wanted: boolean): void {
    if (!this.#transmission.extensions.wantsPortMapping) return;
    this.#events.push({ type: 'port-mapping', wanted, localPort: this.#identity.localPort });
  }

  // ---- What goes on beside it -----------------------------------------------------------------------------------

  #identified(nat: NatType): void {
    this.#nat = nat;
    this.#events.push({ type: 'nat-identified', nat });
  }

  #useRefreshInterval(intervalMs: number): void {
    this.#maintenance.intervalMs = intervalMs;
    this.#events.push({ type: 'refresh-interval', intervalMs });
  }

  /** RFC 6081 §5.5.4.4: a server tells which port a random port of ours has from there. */
  #echoed(via: number, ipv4: number, mappedPort: number, now: number): void {
    const isPrimary = ipv4 === this.#config.server;
    this.#transmission.extensions.sequentialPortNat?.advertised(via, isPrimary, mappedPort, now);
  }

  #receiveOnSecondary(batch: Batch, slot: number, parts: Encapsulation, isFromServer: boolean, now: number): void {
    const isTaken = this.#secondary.takeBubble(batch.bytes, parts.packetAt, isFromServer, now);
    this.#drop(batch, slot, isTaken ? Drop.Consumed : Drop.Unsolicited);
  }

  #discover(now: number): void {
    localDiscovery.emit(this.#datagrams, this.ownAddress);
    this.#timers.set(TIMER_DISCOVERY, localDiscovery.nextAt(this.#random, now));
  }

  #drop(batch: Batch, slot: number, reason: Drop): void {
    this.drops[reason]!++;
    batch.length[slot] = 0;
  }
}
