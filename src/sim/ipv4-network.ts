import type { Endpoint } from '../roles/role.ts';
import { isMulticast } from '../wire/ipv4.ts';
import { formatIpv4 } from '../wire/text.ts';
import { type Context, cross, lose } from './context.ts';
import { type Datagram, ipv4Length } from './datagram.ts';
import type { Link } from './link.ts';

/** A node with a place in an IPv4 network: a host, or one side of a NAT. */
export interface Ipv4Node {
  readonly name: string;
  receiveIpv4(datagram: Datagram): void;
}

/** Whoever maps ports for the hosts of a LAN when they ask: its NAT. */
export interface PortMapper {
  /** The external endpoint that leads to the inside one now; undefined: it is refused. */
  reserve(inside: Endpoint): Endpoint | undefined;
  release(inside: Endpoint): void;
}

export interface Ipv4Attachment {
  readonly node: Ipv4Node;
  readonly link: Link;
  /** int32 addresses the node answers to; a NAT that reboots may come back with others. */
  readonly addresses: readonly number[];
  /** Multicast groups joined, as int32. */
  readonly groups: ReadonlySet<number>;
}

/** One IPv4 network: the Internet, or the LAN behind a NAT, whose gateway takes whatever is not local. */
export class Ipv4Network {
  readonly name: string;
  /** Network address and prefix length of a LAN; undefined for the Internet. */
  readonly subnet: { readonly ipv4: number; readonly prefixLength: number } | undefined;
  portMapper: PortMapper | undefined;
  readonly #context: Context;
  readonly #attachments: Ipv4Attachment[] = [];
  readonly #byAddress = new Map<number, Ipv4Attachment>();
  #gateway: Ipv4Attachment | undefined;

  constructor(name: string, context: Context, subnet?: { ipv4: number; prefixLength: number }) {
    this.name = name;
    this.#context = context;
    this.subnet = subnet;
  }

  attach(attachment: Ipv4Attachment): void {
    this.#attachments.push(attachment);
    for (const ipv4 of attachment.addresses) this.#addAddress(ipv4, attachment);
  }

  /** The node that takes what this network does not know. */
  attachGateway(attachment: Ipv4Attachment): void {
    this.attach(attachment);
    this.#gateway = attachment;
  }

  /** Tells the network that an attachment has other addresses from now on. */
  renumber(attachment: Ipv4Attachment, previous: readonly number[]): void {
    for (const ipv4 of previous) this.#byAddress.delete(ipv4);
    for (const ipv4 of attachment.addresses) this.#addAddress(ipv4, attachment);
  }

  /** An address of the LAN that no node has yet, as int32; the world never fills a /24. */
  freeAddress(): number {
    const first = (this.subnet?.ipv4 ?? 0) + FIRST_HOST;
    let ipv4 = first;
    while (this.#byAddress.has(ipv4)) ipv4++;
    return ipv4;
  }

  has(ipv4: number): boolean {
    return this.#byAddress.has(ipv4);
  }

  send(from: Ipv4Attachment, datagram: Datagram): void {
    if (isMulticast(datagram.destination)) {
      for (const to of this.#attachments) {
        if (to !== from && to.groups.has(datagram.destination)) this.#cross(from, to, datagram);
      }
      return;
    }
    const to = this.#byAddress.get(datagram.destination) ?? this.#gateway;
    if (to === undefined || to === from) {
      this.#record(from, '', datagram, undefined);
      lose(this.#context, this.name, `no route to ${formatIpv4(datagram.destination)}`, datagram.flight);
    } else {
      this.#cross(from, to, datagram);
    }
  }

  /** Over the sender's link and the receiver's, each with its own luck. */
  #cross(from: Ipv4Attachment, to: Ipv4Attachment, datagram: Datagram): void {
    const { random } = this.#context;
    const length = ipv4Length(datagram);
    const refusal = from.link.refuses(length, random) ?? to.link.refuses(length, random);
    if (refusal !== undefined) {
      this.#record(from, to.node.name, datagram, undefined);
      lose(this.#context, this.name, refusal, datagram.flight);
      return;
    }
    this.#deliver(from, to, datagram);
    if (random.chance(from.link.duplicate) || random.chance(to.link.duplicate)) this.#deliver(from, to, datagram);
  }

  #deliver(from: Ipv4Attachment, to: Ipv4Attachment, datagram: Datagram): void {
    const { random, now } = this.#context;
    const delayMs = from.link.delay(random) + to.link.delay(random);
    this.#record(from, to.node.name, datagram, now + delayMs);
    this.#context.after(delayMs, () => to.node.receiveIpv4(datagram));
  }

  #record(from: Ipv4Attachment, to: string, datagram: Datagram, arrivesAt: number | undefined): void {
    cross(this.#context, this.name, [from.node.name, to], { datagram, packet: undefined }, arrivesAt);
  }

  #addAddress(ipv4: number, attachment: Ipv4Attachment): void {
    if (this.#byAddress.has(ipv4)) throw new Error(`${formatIpv4(ipv4)} is in ${this.name} already`);
    this.#byAddress.set(ipv4, attachment);
  }
}

/** Hosts of a LAN are numbered from .10; .1 is the gateway. */
const FIRST_HOST = 10;
