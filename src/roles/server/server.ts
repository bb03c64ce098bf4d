import type { Batch } from '../../batch/batch.ts';
import { copy } from '../../wire/bytes.ts';
import type { Encapsulation } from '../../wire/encapsulation.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as origin from '../../wire/origin.ts';
import * as routerSolicitation from '../../wire/router-solicitation.ts';
import * as teredo from '../../wire/teredo.ts';
import { CASES, Case, type CaseCounters } from '../case.ts';
import { SERVER_PORT, VIA_PRIMARY_ADDRESS, VIA_SECONDARY_ADDRESS } from '../constants.ts';
import { DROP_REASONS, Drop, type DropCounters } from '../drop.ts';
import type { RoleEvent } from '../events.ts';
import type { LimitUse } from '../limits.ts';
import { isDirectedBroadcast, isOwnAddress, type LocalNetwork } from '../local-networks.ts';
import { Outbox } from '../outbox.ts';
import { RateLimit } from '../rate-limit.ts';
import type { Hmac, Random, Role } from '../role.ts';
import { Advertisements, type Answer, type ServerSecurity } from './advertisement.ts';
import * as forwarding from './forwarding.ts';

export interface ServerRates {
  /** Router advertisements to one IPv4 address, per second and at once. */
  readonly advertisementsPerSecond: number;
  readonly advertisementsBurst: number;
  /** Bubbles and echoes toward one IPv4 address, and echoes from one, per second and at once. */
  readonly forwardedPerSecond: number;
  readonly forwardedBurst: number;
}

export interface ServerConfig extends ServerRates {
  /** The primary and the secondary address, int32 (RFC 4380 §5.3). */
  readonly ipv4: number;
  readonly ipv4Secondary: number;
  /** Secure qualification; undefined: every client is answered, none is authenticated. */
  readonly security?: ServerSecurity;
  /** Octets; given: advertisements carry an MTU option, and 8 octets more. */
  readonly mtu?: number;
  /** Addresses whose rates are told apart. */
  readonly rateBuckets: number;
}

/** Limits are on by default: a server must not be a weapon (ledger SEC-14; RFC 4380 §7.4.1). */
export const serverDefaults = {
  advertisementsPerSecond: 50,
  advertisementsBurst: 100,
  forwardedPerSecond: 100,
  forwardedBurst: 200,
  rateBuckets: 4096,
} satisfies Omit<ServerConfig, 'ipv4' | 'ipv4Secondary'>;

/**
 * A Teredo server (RFC 4380 §5.3; ledger SRV-01): it tells clients their mapping, carries bubbles to its clients and connectivity
 * tests to the IPv6 Internet, and keeps no state about anyone.
 */
export class Server implements Role {
  readonly drops: DropCounters;
  readonly cases: CaseCounters;
  readonly config: ServerConfig;
  readonly advertisements: Advertisements;
  readonly #datagrams = new Outbox(8192, 1 << 20);
  readonly #advertisementLimit: RateLimit;
  readonly #towardLimit: RateLimit;
  readonly #fromLimit: RateLimit;
  #networks: readonly LocalNetwork[] = [];
  #isDraining = false;

  constructor(
    config: ServerConfig,
    random: Random,
    hmac: Hmac,
    drops: DropCounters = new Float64Array(DROP_REASONS),
    cases: CaseCounters = new Float64Array(CASES),
  ) {
    this.cases = cases;
    this.config = config;
    this.drops = drops;
    this.advertisements = new Advertisements(config.ipv4, config.mtu, config.security, hmac, this.#datagrams);
    const { rateBuckets, forwardedPerSecond, forwardedBurst } = config;
    this.#advertisementLimit = new RateLimit(
      config.advertisementsPerSecond,
      config.advertisementsBurst,
      rateBuckets,
      random.uint32(),
    );
    this.#towardLimit = new RateLimit(forwardedPerSecond, forwardedBurst, rateBuckets, random.uint32());
    this.#fromLimit = new RateLimit(forwardedPerSecond, forwardedBurst, rateBuckets, random.uint32());
  }

  /** The host's IPv4 addresses and subnets, for the directed broadcasts of ledger SEC-01. */
  setLocalNetworks(networks: readonly LocalNetwork[]): void {
    this.#networks = networks;
  }

  /** From now on nobody is told an address any more, so that clients turn to another server; the rest goes on. */
  drain(): void {
    this.#isDraining = true;
  }

  limits(now: number): LimitUse[] {
    return [
      this.#advertisementLimit.use('advertisements-per-address', now),
      this.#towardLimit.use('forwarded-to-address', now),
      this.#fromLimit.use('echoes-from-address', now),
      this.#datagrams.use('own-datagrams', 'datagrams'),
    ];
  }

  /** Other limits, from now on. */
  setRates(rates: ServerRates): void {
    this.#advertisementLimit.setRate(rates.advertisementsPerSecond, rates.advertisementsBurst);
    this.#towardLimit.setRate(rates.forwardedPerSecond, rates.forwardedBurst);
    this.#fromLimit.setRate(rates.forwardedPerSecond, rates.forwardedBurst);
  }

  receive(batch: Batch, now: number): void {
    forwarding.receive(this, batch, now);
  }

  /** A server has no route of its own for Teredo addresses; a relay has (RFC 4380 §5.4.3). */
  transmit(batch: Batch, _now: number): void {
    for (let slot = 0; slot < batch.count; slot++) this.drop(batch, slot, Drop.NotServed);
  }

  handleTimeout(_now: number): void {}

  pollDatagrams(batch: Batch): void {
    this.#datagrams.poll(batch);
  }

  pollPackets(_batch: Batch): void {}

  pollTimeout(): number {
    return Number.POSITIVE_INFINITY;
  }

  pollEvent(): RoleEvent | undefined {
    return undefined;
  }

  isOwn(ipv4: number): boolean {
    return ipv4 === this.config.ipv4 || ipv4 === this.config.ipv4Secondary || isOwnAddress(this.#networks, ipv4);
  }

  isDirectedBroadcast(ipv4: number): boolean {
    return isDirectedBroadcast(this.#networks, ipv4);
  }

  /** Answers a usual solicitation: what `advertise` does, without an octet of garbage. */
  advertiseUsual(batch: Batch, slot: number, solicitationAt: number, now: number): void {
    const ipv4 = batch.ipv4[slot]!;
    if (this.#isDraining) return this.drop(batch, slot, Drop.Draining);
    if (!this.#advertisementLimit.allow(ipv4, now)) return this.drop(batch, slot, Drop.RateLimited);
    const { bytes, start, port } = batch;
    const via = this.#answeringSocket(batch, slot, solicitationAt);
    const isSent = this.advertisements.emitUsual(bytes, start[slot]!, solicitationAt, ipv4, port[slot]!, via);
    if (isSent) this.#countAdvertisement(Case.AdvertisementsSent, via !== batch.via[slot]);
    this.drop(batch, slot, isSent ? Drop.Consumed : Drop.QueueFull);
  }

  /** Answers a valid solicitation (RFC 4380 §5.3.2; ledger SRV-11, UPD-04). */
  advertise(batch: Batch, slot: number, parts: Encapsulation, now: number): void {
    const ipv4 = batch.ipv4[slot]!;
    const answer = this.advertisements.authenticate(batch.bytes, parts);
    if (typeof answer === 'number') return this.drop(batch, slot, answer);
    if (this.#isDraining) return this.drop(batch, slot, Drop.Draining);
    if (!this.#advertisementLimit.allow(ipv4, now)) return this.drop(batch, slot, Drop.RateLimited);
    const via = this.#answeringSocket(batch, slot, parts.packetAt);
    const isSent = this.advertisements.emit(batch.bytes, parts, answer, ipv4, batch.port[slot]!, via);
    if (isSent) this.#countAdvertisement(kindOf(answer), via !== batch.via[slot]);
    this.drop(batch, slot, isSent ? Drop.Consumed : Drop.QueueFull);
  }

  /**
   * Carries a bubble or echo to a Teredo address: the packet and its trailers, octet for octet, with the origin in
   * front when the address is one of our clients (RFC 4380 §5.3.1; ledger SRV-20 to SRV-22).
   */
  forwardToClient(batch: Batch, slot: number, packetAt: number, end: number, now: number): void {
    const { bytes } = batch;
    const destination = packetAt + ipv6.DESTINATION;
    const ipv4 = teredo.ipv4(bytes, destination);
    if (!this.#towardLimit.allow(ipv4, now)) return this.drop(batch, slot, Drop.RateLimited);
    const header = teredo.server(bytes, destination) === this.config.ipv4 ? origin.LENGTH : 0;
    const length = end - packetAt;
    const at = this.#datagrams.reserve(header + length);
    if (at < 0) return this.drop(batch, slot, Drop.QueueFull);
    if (header > 0) {
      origin.emit(this.#datagrams.bytes, at, batch.ipv4[slot]!, batch.port[slot]!);
      this.cases[Case.OriginIndicationsSent]!++;
    }
    copy(bytes, packetAt, this.#datagrams.bytes, at + header, length);
    this.cases[ipv6.isBubble(bytes, packetAt) ? Case.BubblesForwarded : Case.EchoesForwardedToClients]!++;
    this.#datagrams.add(at + header + length, ipv4, teredo.port(bytes, destination), VIA_PRIMARY_ADDRESS);
    this.drop(batch, slot, Drop.Consumed);
  }

  /**
   * Lets a connectivity test go to the IPv6 Internet: the packet stays in its slot, without what surrounded it
   * (RFC 4380 §5.3.1; ledger SRV-19).
   */
  forwardToNative(batch: Batch, slot: number, packetAt: number, packetEnd: number, now: number): void {
    if (!this.#fromLimit.allow(batch.ipv4[slot]!, now)) return this.drop(batch, slot, Drop.RateLimited);
    batch.start[slot] = packetAt;
    batch.length[slot] = packetEnd - packetAt;
    this.cases[Case.EchoesForwardedToNativeHosts]!++;
    batch.bytes[packetAt + ipv6.HOP_LIMIT]!--; // RFC 8200 §3: who forwards, lowers it; above 1 it was
  }

  drop(batch: Batch, slot: number, reason: Drop): void {
    this.drops[reason]!++;
    batch.length[slot] = 0;
  }

  #countAdvertisement(kind: Case, isFromOtherAddress: boolean): void {
    this.cases[kind]!++;
    if (isFromOtherAddress) this.cases[Case.ConeAdvertisementsSent]!++;
  }

  /** Ledger SRV-12: with the cone bit set, the answer must come from the address the client did not ask. */
  #answeringSocket({ bytes, via }: Batch, slot: number, solicitationAt: number): number {
    const asked = via[slot]!;
    if (routerSolicitation.coneBit(bytes, solicitationAt) === 0) return asked;
    return asked === VIA_PRIMARY_ADDRESS ? VIA_SECONDARY_ADDRESS : VIA_PRIMARY_ADDRESS;
  }
}

function kindOf({ key }: Answer): Case {
  if (key === undefined) return Case.AdvertisementsSent;
  return key.isRevoked === true ? Case.RevokedAdvertisementsSent : Case.SecuredAdvertisementsSent;
}

/** Whether a datagram from or to this port of a server's own address would come back to it (ledger SEC-07). */
export function isTeredoPort(port: number): boolean {
  return port === SERVER_PORT;
}
