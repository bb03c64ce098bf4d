import type { Endpoint } from '../roles/role.ts';
import { formatIpv4 } from '../wire/text.ts';
import { type Context, lose } from './context.ts';
import type { Datagram } from './datagram.ts';
import type { Ipv4Attachment, Ipv4Network, Ipv4Node, PortMapper } from './ipv4-network.ts';
import type { Link } from './link.ts';
import type { NatKind } from './nat-kinds.ts';
import { NatTable } from './nat-table.ts';
import type { SeededRandom } from './random.ts';

/** A NAT: a node of two networks that rewrites addresses and ports between them. */
export class Nat implements Ipv4Node, PortMapper {
  readonly name: string;
  /** The LAN behind it. */
  readonly inside: Ipv4Network;
  readonly outside: Ipv4Network;
  /** The wire to the outer network. */
  readonly link: Link;
  readonly #context: Context;
  readonly #outward: Ipv4Attachment;
  readonly #inward: Ipv4Attachment;
  readonly #random: SeededRandom;
  #kind: NatKind;
  #table: NatTable;

  constructor(
    name: string,
    kind: NatKind,
    context: Context,
    outside: Ipv4Network,
    inside: Ipv4Network,
    external: readonly number[],
    outsideLink: Link,
    insideLink: Link,
    random: SeededRandom,
  ) {
    this.name = name;
    this.#kind = kind;
    this.#random = random;
    this.inside = inside;
    this.outside = outside;
    this.link = outsideLink;
    this.#context = context;
    this.#table = new NatTable(kind, external, random);
    const tableNow = () => this.#table;
    this.#outward = {
      node: this,
      link: outsideLink,
      groups: new Set(),
      get addresses() {
        return tableNow().external;
      },
    };
    const gateway = (inside.subnet?.ipv4 ?? 0) + 1;
    const fromInside: Ipv4Node = { name, receiveIpv4: (datagram) => this.#sendOut(datagram) };
    this.#inward = { node: fromInside, link: insideLink, addresses: [gateway], groups: new Set() };
    outside.attach(this.#outward);
    inside.attachGateway(this.#inward);
    inside.portMapper = this;
  }

  get kind(): NatKind {
    return this.#kind;
  }

  get table(): NatTable {
    return this.#table;
  }

  /** Another box takes its place: what was mapped and permitted is forgotten, the external addresses stay. */
  replace(kind: NatKind): void {
    this.#kind = kind;
    this.#table = new NatTable(kind, this.#table.external, this.#random);
  }

  /** RFC 4380 §5.2.5: the event that changes a client's mapping; with new external addresses if given. */
  reboot(external: readonly number[] = this.table.external): void {
    const previous = this.table.external;
    this.table.reboot(external);
    this.outside.renumber(this.#outward, previous);
  }

  /** A host behind it asks for a port mapping; undefined: it gets none. */
  reserve(inside: Endpoint): Endpoint | undefined {
    return this.table.reserve(inside, this.#context.now);
  }

  release(inside: Endpoint): void {
    this.table.release(inside);
  }

  /** A datagram arrives from outside. */
  receiveIpv4(datagram: Datagram): void {
    this.#letIn(datagram);
  }

  #sendOut(datagram: Datagram): void {
    const remote = { ipv4: datagram.destination, port: datagram.destinationPort };
    const inside = { ipv4: datagram.source, port: datagram.sourcePort };
    const hairpins = this.table.external.includes(datagram.destination);
    if (hairpins && !this.kind.hairpinning) return this.#lose(datagram, 'NAT: no hairpinning');
    const external = this.table.outbound(inside, remote, this.#context.now);
    if ('refusal' in external) return this.#lose(datagram, external.refusal);
    const sent = this.#forward(datagram);
    if (sent === undefined) return;
    const translated = { ...sent, source: external.ipv4, sourcePort: external.port };
    // RFC 4787 REQ-9a: the other inside host sees the external source.
    if (hairpins) this.#letIn(translated);
    else this.#during(datagram.flight, () => this.outside.send(this.#outward, translated));
  }

  #letIn(datagram: Datagram): void {
    const external = { ipv4: datagram.destination, port: datagram.destinationPort };
    const remote = { ipv4: datagram.source, port: datagram.sourcePort };
    const inside = this.table.inbound(external, remote, this.#context.now);
    if ('refusal' in inside) return this.#lose(datagram, inside.refusal);
    const sent = this.#forward(datagram);
    if (sent === undefined) return;
    const translated = { ...sent, destination: inside.ipv4, destinationPort: inside.port };
    this.#during(datagram.flight, () => this.inside.send(this.#inward, translated));
  }

  #forward(datagram: Datagram): Datagram | undefined {
    if (datagram.timeToLive > 1) return { ...datagram, timeToLive: datagram.timeToLive - 1 };
    this.#lose(datagram, 'time to live is over');
    return undefined;
  }

  #during(flight: number, send: () => void): void {
    const before = this.#context.cause;
    this.#context.cause = flight;
    send();
    this.#context.cause = before;
  }

  #lose(datagram: Datagram, reason: string): void {
    lose(this.#context, this.name, reason, datagram.flight);
  }

  /** "port-restricted NAT 192.0.2.1". */
  toString(): string {
    return `${this.kind.kind} NAT ${this.table.external.map(formatIpv4).join(', ')}`;
  }
}
