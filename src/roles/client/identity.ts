import { isGlobalUnicast, isMulticast } from '../../wire/ipv4.ts';
import * as teredo from '../../wire/teredo.ts';
import { SERVER_PORT } from '../constants.ts';
import type { Endpoint } from '../events.ts';
import { isDirectedBroadcast, isOnLink, isOwnAddress, type LocalNetwork } from '../local-networks.ts';
import type { Random, Remembered } from '../role.ts';
import { isSameEndpoint } from './qualification.ts';
import type { ServerAddress } from './servers.ts';

/** Who a client is: its Teredo address, the mapping behind it, and the host's own IPv4 networks. */
export class Identity {
  /** 16 octets; all zero, which no packet may carry, while the client has none. */
  readonly address = new Uint8Array(16);
  /** The host's own IPv4 addresses and subnets. */
  networks: readonly LocalNetwork[] = [];
  /** The service port that the UDP side really has. */
  localPort = 0;
  /** What a router mapped the service port to; undefined: nothing, or it took it back (ledger EXT-21). */
  portMapping: Endpoint | undefined;
  /** Our NAT shows each destination another port (RFC 4380 §5.2.1). */
  isSymmetric = false;

  /** The server in use, both addresses; 0: none is known. */
  server = 0;
  server2 = 0;
  readonly #random: Random;
  #earlier: Remembered | undefined;
  #mapped: Endpoint | undefined;
  #flags = 0;

  /** `earlier`: the mapping before the last start; its random bits stay while it stays. */
  constructor(random: Random, earlier?: Remembered) {
    this.#random = random;
    this.#earlier = earlier;
  }

  /** The address that is assumed next belongs to this server. */
  use({ ipv4, ipv4Secondary }: ServerAddress): void {
    this.server = ipv4;
    this.server2 = ipv4Secondary;
  }

  /** The last mapping that was known; it stays while the client is off-line. */
  get mapped(): Endpoint | undefined {
    return this.#mapped;
  }

  /** Whether no NAT lies between us and the server. */
  get isDirect(): boolean {
    const mapped = this.#mapped;
    return mapped !== undefined && isOwnAddress(this.networks, mapped.ipv4) && mapped.port === this.localPort;
  }

  /** Our NAT shows our port as it is (RFC 6081 §5.4.3; ledger EXT-30). */
  get isPortPreserving(): boolean {
    return this.#mapped !== undefined && this.#mapped.port === this.localPort && !this.isDirect;
  }

  /** Whether the mapping in our address is the one that a router made for us: one NAT, open to all (ledger EXT-22). */
  get isOpenByRouter(): boolean {
    return this.portMapping !== undefined && this.outerPortMapping === undefined && this.#mapped !== undefined;
  }

  /** The router's mapping when the server sees us elsewhere: another NAT lies behind the router (ledger EXT-22). */
  get outerPortMapping(): Endpoint | undefined {
    if (this.portMapping === undefined || this.#mapped === undefined) return undefined;
    return isSameEndpoint(this.portMapping, this.#mapped) ? undefined : this.portMapping;
  }

  /** Where the service port is on our side of the NAT, at most `max` endpoints. */
  localEndpoints(max: number): Endpoint[] {
    if (this.isDirect || this.localPort === 0) return [];
    return this.networks.slice(0, max).map(({ ipv4 }) => ({ ipv4, port: this.localPort }));
  }

  /**
   * Makes the address of this mapping ours.
   *
   * Source: RFC 4380 §4, RFC 5991 §3.1: twelve random bits (ledger UPD-01), which stay while the mapping stays (UPD-06); the
   *         cone bit is never set (UPD-02).
   */
  assume(mapped: Endpoint): void {
    if (this.#mapped === undefined || !isSameEndpoint(this.#mapped, mapped)) {
      this.#mapped = mapped;
      const earlier = this.#earlier;
      const isEarlier = earlier !== undefined && isSameEndpoint(earlier.mapped, mapped);
      this.#flags = (isEarlier ? earlier.flags : this.#random.uint32()) & teredo.FLAGS_RANDOM;
    }
    this.writeAddressOf(mapped, this.address);
  }

  /** The address we would have with this server and the last mapping; with none known, one that nobody can have. */
  expected(server: ServerAddress | undefined): Uint8Array {
    const address = new Uint8Array(16);
    teredo.emit(address, 0, server?.ipv4 ?? 0, this.#flags, this.#mapped?.ipv4 ?? 0, this.#mapped?.port ?? 0);
    return address;
  }

  /** The client has no address any more. */
  abandon(): void {
    this.address.fill(0);
  }

  /** Not even the last mapping is remembered, nor the one before the last start, so that the next address is another one. */
  forget(): void {
    this.abandon();
    this.#mapped = undefined;
    this.#earlier = undefined;
  }

  /** Writes the address we would have with this mapping. */
  writeAddressOf(mapped: Endpoint, bytes: Uint8Array): void {
    teredo.emit(bytes, 0, this.server, this.#flags, mapped.ipv4, mapped.port);
  }

  /** Ledger W-04, SEC-06: an address must not name a mapping that others refuse to send to. */
  isPlausible(mapped: Endpoint): boolean {
    const isServer = mapped.port === SERVER_PORT && (mapped.ipv4 === this.server || mapped.ipv4 === this.server2);
    return isGlobalUnicast(mapped.ipv4) && mapped.port !== 0 && !isServer;
  }

  /** RFC 4380 §5.2.4, ledger SEC-03: global unicast, no directed broadcast of ours; ledger SEC-08: not ourselves. */
  maySendTo(ipv4: number, port: number): boolean {
    const isOurs = this.#mapped !== undefined && this.#mapped.ipv4 === ipv4 && this.#mapped.port === port;
    const isLocalSelf = port === this.localPort && isOwnAddress(this.networks, ipv4);
    return port !== 0 && isGlobalUnicast(ipv4) && !isOurs && !isLocalSelf && !isDirectedBroadcast(this.networks, ipv4);
  }

  /** Whether a peer behind the same NAT as we may have this endpoint, private or not (ledger SEC-13). */
  mayBeInside(ipv4: number, port: number): boolean {
    const isOurs = this.#mapped !== undefined && this.#mapped.ipv4 === ipv4 && this.#mapped.port === port;
    const isHost = isOneHost(ipv4) && !isDirectedBroadcast(this.networks, ipv4);
    return port !== 0 && isHost && !isOurs && !isOwnAddress(this.networks, ipv4);
  }

  /** Whether a neighbour on our link may have this endpoint: one host of an attached subnet, and not we ourselves. */
  mayBeNeighbour(ipv4: number, port: number): boolean {
    const isOnOurLink = isOnLink(this.networks, ipv4) && !isOwnAddress(this.networks, ipv4);
    return port !== 0 && isOneHost(ipv4) && isOnOurLink && !isDirectedBroadcast(this.networks, ipv4);
  }
}

/** Neither "this network", loopback, multicast nor broadcast. */
function isOneHost(ipv4: number): boolean {
  const first = ipv4 >>> 24;
  return first !== 0 && first !== 127 && ipv4 !== -1 && !isMulticast(ipv4);
}
