import * as icmpv6 from '../wire/icmpv6.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as teredo from '../wire/teredo.ts';
import { formatIpv6, parseIpv6 } from '../wire/text.ts';
import { type Context, cross, lose } from './context.ts';
import type { Packet } from './datagram.ts';
import type { Link } from './link.ts';

/** A node with a place in the IPv6 Internet. */
export interface Ipv6Node {
  readonly name: string;
  receiveIpv6(packet: Packet): void;
}

export interface Ipv6Attachment {
  readonly node: Ipv6Node;
  readonly link: Link;
  /** Routers between the node and the middle of the Internet; each lowers the hop limit by one. */
  readonly routers: number;
  /** How far this node is from a relay, by the relay's name; else the metric the relay announces with. */
  readonly distanceTo: ReadonlyMap<string, number>;
}

interface Announcement {
  readonly relay: Ipv6Attachment;
  readonly metric: number;
}

/** The native IPv6 Internet: hosts by address, and relays that announce 2001::/32. */
export class Ipv6Network {
  readonly name = 'IPv6 Internet';
  readonly #context: Context;
  readonly #byAddress = new Map<string, Ipv6Attachment>();
  /** Bounded by the relays of the world. */
  readonly #announcements: Announcement[] = [];

  constructor(context: Context) {
    this.#context = context;
  }

  attach(attachment: Ipv6Attachment, addresses: readonly Uint8Array[]): void {
    for (const address of addresses) {
      const key = keyOf(address, 0);
      if (this.#byAddress.has(key)) throw new Error(`${formatIpv6(address)} is in use already`);
      this.#byAddress.set(key, attachment);
    }
  }

  /** RFC 4380 §5.4: the relay tells routing that it leads to 2001::/32. */
  announce(relay: Ipv6Attachment, metric: number): void {
    this.withdraw(relay);
    this.#announcements.push({ relay, metric });
  }

  withdraw(relay: Ipv6Attachment): void {
    const place = this.#announcements.findIndex((announcement) => announcement.relay === relay);
    if (place >= 0) this.#announcements.splice(place, 1);
  }

  /** The relay that traffic from here to a Teredo client reaches: the nearest that announces. */
  relayFor(from: Ipv6Attachment): Ipv6Attachment | undefined {
    let [best, bestDistance]: [Ipv6Attachment | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
    for (const { relay, metric } of this.#announcements) {
      const distance = from.distanceTo.get(relay.node.name) ?? metric;
      if (distance < bestDistance) [best, bestDistance] = [relay, distance];
    }
    return best;
  }

  send(from: Ipv6Attachment, packet: Packet): void {
    const { bytes } = packet;
    const toTeredo = teredo.isTeredo(bytes, ipv6.DESTINATION);
    const to = toTeredo ? this.relayFor(from) : this.#byAddress.get(keyOf(bytes, ipv6.DESTINATION));
    const refusal = this.#refusal(from, to, packet);
    if (to === undefined || refusal !== undefined) {
      this.#record(from, to?.node.name ?? '', packet, undefined);
      lose(this.#context, this.name, refusal ?? 'no route', packet.flight);
      if (to !== undefined && bytes.length > to.link.mtu) this.#tellTooBig(from, to.link.mtu, bytes);
      return;
    }
    const { random, now } = this.#context;
    const delayMs = from.link.delay(random) + to.link.delay(random);
    this.#record(from, to.node.name, packet, now + delayMs);
    const arriving = Uint8Array.from(bytes);
    arriving[ipv6.HOP_LIMIT] = bytes[ipv6.HOP_LIMIT]! - from.routers - to.routers;
    this.#context.after(delayMs, () => to.node.receiveIpv6({ ...packet, bytes: arriving }));
  }

  #refusal(from: Ipv6Attachment, to: Ipv6Attachment | undefined, { bytes }: Packet): string | undefined {
    if (to === undefined) {
      const destination = formatIpv6(bytes, ipv6.DESTINATION);
      return teredo.isTeredo(bytes, ipv6.DESTINATION) ? 'no relay announces 2001::/32' : `no route to ${destination}`;
    }
    if (bytes[ipv6.HOP_LIMIT]! <= from.routers + to.routers) return 'hop limit is over';
    const { random } = this.#context;
    return from.link.refuses(bytes.length, random) ?? to.link.refuses(bytes.length, random);
  }

  /** RFC 4443 §3.2: the router before the narrow link says how much fits. */
  #tellTooBig(from: Ipv6Attachment, mtu: number, packet: Uint8Array): void {
    if (!icmpv6.mayAnswerWithError(packet, 0)) return;
    const error = new Uint8Array(icmpv6.ERROR_LENGTH_MAX);
    const bytes = error.slice(0, icmpv6.emitTooBig(error, 0, mtu, ROUTER, packet));
    const answer = { flight: this.#context.nextFlight(), sender: 'router', bytes };
    this.#context.after(from.link.delayMs, () => from.node.receiveIpv6(answer));
  }

  #record(from: Ipv6Attachment, to: string, packet: Packet, arrivesAt: number | undefined): void {
    cross(this.#context, this.name, [from.node.name, to], { datagram: undefined, packet }, arrivesAt);
  }
}

const ROUTER = parseIpv6('2001:db8:ffff::1')!;

function keyOf(bytes: Uint8Array, at: number): string {
  let key = '';
  for (let i = at; i < at + 16; i++) key += String.fromCharCode(bytes[i]!);
  return key;
}
