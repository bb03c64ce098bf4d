import type { Endpoint } from '../roles/role.ts';
import * as checksum from '../wire/checksum.ts';
import * as icmpv6 from '../wire/icmpv6.ts';
import { isMulticast } from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as teredo from '../wire/teredo.ts';
import { formatEndpoint, formatIpv6 } from '../wire/text.ts';
import { type Context, lose } from './context.ts';
import type { Datagram, Packet } from './datagram.ts';
import type { Ipv4Attachment, Ipv4Network, Ipv4Node } from './ipv4-network.ts';
import type { Ipv6Attachment, Ipv6Network, Ipv6Node } from './ipv6-network.ts';
import { Link, type LinkOptions } from './link.ts';
import { endpointKey } from './nat-table.ts';
import { Ping, type PingOptions, pingDefaults } from './ping.ts';
import type { SeededRandom } from './random.ts';

/** A UDP socket of a simulated host. */
export interface UdpSocket {
  /** The address datagrams leave from, as int32. */
  readonly ipv4: number;
  readonly port: number;
  send(ipv4: number, port: number, payload: Uint8Array): void;
  close(): void;
}

/** Where IPv6 packets go when the host has a tunnel; `tunnel.ts` has the only one there is. */
export interface TunnelInterface {
  /** The Teredo address of a client, once it is qualified. */
  readonly address: Uint8Array | undefined;
  /** Another address of the host's, which older flows use. */
  readonly provisional?: Uint8Array | undefined;
  /** `default`: all IPv6 of the host (a client); `teredo`: 2001::/32 (a relay); `none`: only outwards (a server). */
  readonly route: 'default' | 'teredo' | 'none';
  /** Whether packets of others pass between the tunnel and the native side. */
  readonly forwards: boolean;
  send(packet: Uint8Array): void;
}

/** RFC 4380 §5.1.2: the MTU of the tunnel interface, in octets. */
const TUNNEL_MTU = 1280;
const HOP_LIMIT = 64;
const TIME_TO_LIVE = 64;

/** A machine: IPv4 and IPv6 addresses, UDP sockets, an IPv6 stack that answers echo requests, maybe a tunnel. */
export class Host implements Ipv4Node, Ipv6Node {
  readonly name: string;
  readonly random: SeededRandom;
  tunnel: TunnelInterface | undefined;
  /** Sees every IPv6 packet that is for this host, after the checks of its own stack. */
  onPacket: ((packet: Uint8Array) => void) | undefined;
  protected readonly context: Context;
  readonly #sockets = new Map<number, (datagram: Datagram) => void>();
  readonly #groups = new Set<number>();
  readonly #ipv6Addresses: Uint8Array[] = [];
  /** Bounded by the pings a scenario starts. */
  readonly #pings = new Map<number, Ping>();
  #ipv4: { readonly network: Ipv4Network; readonly attachment: Ipv4Attachment } | undefined;
  #ipv6: { readonly network: Ipv6Network; readonly attachment: Ipv6Attachment } | undefined;
  #identification = 0;

  constructor(name: string, context: Context, random: SeededRandom) {
    this.name = name;
    this.context = context;
    this.random = random;
  }

  // ---- Attachments -----------------------------------------------------------------------------------------

  attachIpv4(network: Ipv4Network, addresses: readonly number[], link?: LinkOptions): void {
    const attachment = { node: this, link: new Link(link), addresses, groups: this.#groups };
    network.attach(attachment);
    this.#ipv4 = { network, attachment };
  }

  attachIpv6(
    network: Ipv6Network,
    addresses: readonly Uint8Array[],
    options: { link?: LinkOptions; routers?: number; distanceTo?: Iterable<readonly [string, number]> } = {},
  ): void {
    const attachment = {
      node: this,
      link: new Link(options.link),
      routers: options.routers ?? 2,
      distanceTo: new Map(options.distanceTo),
    };
    network.attach(attachment, addresses);
    this.#ipv6Addresses.push(...addresses);
    this.#ipv6 = { network, attachment };
  }

  get ipv4Addresses(): readonly number[] {
    return this.#ipv4?.attachment.addresses ?? [];
  }

  /** The native IPv6 addresses; a Teredo address is the tunnel's. */
  get ipv6Addresses(): readonly Uint8Array[] {
    return this.#ipv6Addresses;
  }

  get ipv4Network(): Ipv4Network | undefined {
    return this.#ipv4?.network;
  }

  /** The wires of this host, to be made worse as the world runs. */
  get ipv4Link(): Link | undefined {
    return this.#ipv4?.attachment.link;
  }

  get ipv6Link(): Link | undefined {
    return this.#ipv6?.attachment.link;
  }

  /** RFC 4380 §5.4: announces 2001::/32 to the IPv6 Internet from here. */
  announceTeredo(metric: number): void {
    this.#ipv6?.network.announce(this.#ipv6.attachment, metric);
  }

  withdrawTeredo(): void {
    this.#ipv6?.network.withdraw(this.#ipv6.attachment);
  }

  // ---- UDP over IPv4 ---------------------------------------------------------------------------------------

  /**
   * Opens a socket.
   *
   * Shape:  `port` undefined: a free one, drawn. `group`: joined, and only datagrams to it are received.
   * Errors: throws when the host has no IPv4 or the port is taken; a scenario that does this is wrong.
   */
  openSocket(
    options: {
      readonly port?: number | undefined;
      readonly ipv4?: number | undefined;
      readonly group?: number | undefined;
    },
    receive: (datagram: Datagram) => void,
  ): UdpSocket {
    const ipv4 = options.ipv4 ?? this.ipv4Addresses[0];
    if (ipv4 === undefined) throw new Error(`${this.name} has no IPv4 address`);
    const boundIpv4 = options.group ?? ipv4;
    const port = options.port ?? this.#freePort(boundIpv4);
    const key = endpointKey({ ipv4: boundIpv4, port });
    if (this.#sockets.has(key)) throw new Error(`${this.name}: port ${port} is taken`);
    this.#sockets.set(key, receive);
    if (options.group !== undefined) this.#groups.add(options.group);
    return {
      ipv4,
      port,
      send: (toIpv4, toPort, payload) => this.#sendDatagram(ipv4, port, toIpv4, toPort, payload),
      close: () => {
        this.#sockets.delete(key);
        if (options.group !== undefined) this.#groups.delete(options.group);
      },
    };
  }

  /** Whether a socket of the first address has this port. */
  isTaken(port: number): boolean {
    return this.#sockets.has(endpointKey({ ipv4: this.ipv4Addresses[0] ?? 0, port }));
  }

  /** Sends a datagram with any source, as those do whose provider does not filter (RFC 2827). */
  sendForged(source: Endpoint, destination: Endpoint, payload: Uint8Array): void {
    this.#sendDatagram(source.ipv4, source.port, destination.ipv4, destination.port, payload);
  }

  receiveIpv4(datagram: Datagram): void {
    const { destination, destinationPort } = datagram;
    const receive = this.#sockets.get(endpointKey({ ipv4: destination, port: destinationPort }));
    if (receive === undefined) {
      const reason = `no socket at ${formatEndpoint(destination, destinationPort)}`;
      lose(this.context, this.name, reason, datagram.flight);
      return;
    }
    this.context.cause = datagram.flight;
    receive(datagram);
    this.context.cause = undefined;
  }

  #sendDatagram(ipv4: number, port: number, toIpv4: number, toPort: number, payload: Uint8Array): void {
    this.#identification = (this.#identification + 1) & 0xffff;
    this.#ipv4?.network.send(this.#ipv4.attachment, {
      flight: this.context.nextFlight(),
      sender: this.name,
      source: ipv4,
      sourcePort: port,
      destination: toIpv4,
      destinationPort: toPort,
      // RFC 4380 §5.2.8: discovery bubbles stay on the link.
      timeToLive: isMulticast(toIpv4) ? 1 : TIME_TO_LIVE,
      identification: this.#identification,
      payload,
    });
  }

  #freePort(ipv4: number): number {
    let port = this.random.between(EPHEMERAL_MIN, EPHEMERAL_MAX);
    while (this.#sockets.has(endpointKey({ ipv4, port }))) port++;
    return port;
  }

  // ---- IPv6 ------------------------------------------------------------------------------------------------

  /**
   * Sends echo requests; `world.runFor` makes it happen.
   *
   * Shape:  the source is the Teredo address for a client, the first native address otherwise. 1 request unless told.
   * Errors: throws when the host has no IPv6 address yet.
   */
  ping(target: Uint8Array, options: PingOptions = {}): Ping {
    const { count, intervalMs, size } = { ...pingDefaults, ...options };
    const source = this.#sourceFor(target);
    if (source === undefined) throw new Error(`${this.name} has no IPv6 address to ping from`);
    const ping = new Ping(target, this.random.between(1, 0xffff), count);
    this.#pings.set(ping.identifier, ping);
    const data = Uint8Array.from({ length: size }, (_, i) => 0x61 + (i % 23));
    for (let sequence = 1; sequence <= count; sequence++) {
      this.context.after((sequence - 1) * intervalMs, () => {
        ping.echoes.push({ sequence, sentAt: this.context.now, answeredAt: undefined });
        this.sendPacket(echo(icmpv6.ECHO_REQUEST, source, target, ping.identifier, sequence, data));
      });
    }
    return ping;
  }

  /** Sends any IPv6 packet by the host's own routing table; also what an attacker in a scenario uses. */
  sendPacket(bytes: Uint8Array): void {
    const { tunnel } = this;
    if (this.#isOwn(bytes, ipv6.DESTINATION)) {
      this.#accept(bytes, this.context.cause);
    } else if (tunnel !== undefined && this.#leadsToTunnel(tunnel, bytes)) {
      tunnel.send(bytes);
    } else if (this.#ipv6 !== undefined) {
      this.#ipv6.network.send(this.#ipv6.attachment, { flight: this.context.nextFlight(), sender: this.name, bytes });
    } else {
      lose(this.context, this.name, `no route to ${formatIpv6(bytes, ipv6.DESTINATION)}`, this.context.cause);
    }
  }

  /** A packet arrives from the native side. */
  receiveIpv6(packet: Packet): void {
    this.context.cause = packet.flight;
    if (this.#isOwn(packet.bytes, ipv6.DESTINATION)) this.#accept(packet.bytes, packet.flight);
    else this.#forward(packet.bytes, packet.flight);
    this.context.cause = undefined;
  }

  /** A packet comes out of the tunnel. */
  receiveFromTunnel(bytes: Uint8Array): void {
    const { cause } = this.context;
    if (this.#isOwn(bytes, ipv6.DESTINATION)) this.#accept(bytes, cause);
    else this.#forward(bytes, cause);
  }

  /** As a router: one hop less, never back where it came from. */
  #forward(bytes: Uint8Array, flight: number | undefined): void {
    const { tunnel } = this;
    if (tunnel === undefined || !tunnel.forwards) {
      lose(this.context, this.name, `not for this host: ${formatIpv6(bytes, ipv6.DESTINATION)}`, flight);
      return;
    }
    if (bytes[ipv6.HOP_LIMIT]! <= 1) {
      lose(this.context, this.name, 'hop limit is over', flight);
      return;
    }
    const onward = Uint8Array.from(bytes);
    onward[ipv6.HOP_LIMIT] = bytes[ipv6.HOP_LIMIT]! - 1;
    if (tunnel.route === 'teredo' && teredo.isTeredo(bytes, ipv6.DESTINATION) && bytes.length > TUNNEL_MTU) {
      lose(this.context, this.name, `tunnel MTU: ${bytes.length} octets, ${TUNNEL_MTU} fit`, flight);
      this.#tellTooBig(bytes);
    } else {
      this.sendPacket(onward);
    }
  }

  #tellTooBig(packet: Uint8Array): void {
    const own = this.#ipv6Addresses[0];
    if (own === undefined || !icmpv6.mayAnswerWithError(packet, 0)) return;
    const error = new Uint8Array(icmpv6.ERROR_LENGTH_MAX);
    this.sendPacket(error.slice(0, icmpv6.emitTooBig(error, 0, TUNNEL_MTU, own, packet)));
  }

  #accept(bytes: Uint8Array, flight: number | undefined): void {
    if (icmpv6.isMessage(bytes, 0)) {
      if (!checksum.isIcmpv6Right(bytes, 0)) {
        lose(this.context, this.name, 'wrong ICMPv6 checksum', flight);
        return;
      }
      const type = icmpv6.type(bytes, 0);
      const [identifier, sequence] = [icmpv6.echoIdentifier(bytes, 0), icmpv6.echoSequence(bytes, 0)];
      if (type === icmpv6.ECHO_REQUEST) {
        const source = bytes.slice(ipv6.DESTINATION, ipv6.DESTINATION + 16);
        const target = bytes.slice(ipv6.SOURCE, ipv6.SOURCE + 16);
        this.sendPacket(
          echo(icmpv6.ECHO_REPLY, source, target, identifier, sequence, bytes.subarray(icmpv6.echoDataAt(0))),
        );
      } else if (type === icmpv6.ECHO_REPLY) {
        const ping = this.#pings.get(identifier);
        if (ping !== undefined && ipv6.sameAddress(bytes, ipv6.SOURCE, ping.target, 0)) {
          ping.answer(sequence, this.context.now);
        }
      } else if (icmpv6.isError(bytes, 0) && icmpv6.isEcho(bytes, icmpv6.quotedAt(0))) {
        const ping = this.#pings.get(icmpv6.echoIdentifier(bytes, icmpv6.quotedAt(0)));
        if (ping !== undefined) ping.error = { type, code: icmpv6.code(bytes, 0) };
      }
    }
    this.onPacket?.(bytes);
  }

  #leadsToTunnel(tunnel: TunnelInterface, bytes: Uint8Array): boolean {
    if (tunnel.route === 'none') return false;
    return tunnel.route === 'default' ? this.#ipv6 === undefined : teredo.isTeredo(bytes, ipv6.DESTINATION);
  }

  #isOwn(bytes: Uint8Array, at: number): boolean {
    const { address: own, provisional } = this.tunnel ?? {};
    if (provisional !== undefined && ipv6.sameAddress(bytes, at, provisional, 0)) return true;
    if (own !== undefined && ipv6.sameAddress(bytes, at, own, 0)) return true;
    return this.#ipv6Addresses.some((address) => ipv6.sameAddress(bytes, at, address, 0));
  }

  #sourceFor(target: Uint8Array): Uint8Array | undefined {
    const native = this.#ipv6Addresses[0];
    // RFC 6724: a Teredo source comes last, and is all that a client has.
    return teredo.isTeredo(target, 0) ? (this.tunnel?.address ?? native) : (native ?? this.tunnel?.address);
  }
}

/** RFC 6335 §6: ports for those who do not care which. */
const EPHEMERAL_MIN = 49152;
const EPHEMERAL_MAX = 65000;

function echo(
  type: number,
  source: Uint8Array,
  target: Uint8Array,
  identifier: number,
  sequence: number,
  data: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(ipv6.LENGTH + icmpv6.HEADER_LENGTH + data.length);
  icmpv6.emitEcho(bytes, 0, type, HOP_LIMIT, source, 0, target, 0, identifier, sequence, data);
  return bytes;
}
