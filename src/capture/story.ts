/**
 * The story of a capture: who said what to whom, one plain sentence for each datagram.
 *
 * Datagrams come in the order they were seen. What a sentence says follows from what came before, never from what
 * comes later, so a story can be told while it happens.
 */

import { describe, describePacket } from '../wire/describe.ts';
import type { Encapsulation } from '../wire/encapsulation.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as teredo from '../wire/teredo.ts';
import { formatEndpoint } from '../wire/text.ts';
import type { Captured, CapturedDatagram, CapturedPacket, Endpoint } from './datagram.ts';
import * as dns from './dns.ts';
import { recognize } from './recognition.ts';
import { findEnds } from './story/ends.ts';
import { tellDns, tellNative } from './story/native.ts';
import { type Client, Parties, type Party, put } from './story/parties.ts';
import { innerAddresses, type Scene } from './story/scene.ts';
import { tell } from './story/tell.ts';
import { Totals } from './story/totals.ts';
import { type Translation, Twins } from './story/twins.ts';
import { capitalized } from './story/words.ts';

export type { Client, NatVerdict } from './story/parties.ts';
export type { Totals } from './story/totals.ts';

/** Something seen on a wire. */
export type Sighting = Captured & {
  /** ms; any beginning will do. */
  readonly at: number;
  /** The wire, where a capture has several. */
  readonly link?: string;
  /** Names of sender and receiver, where the caller knows better than the addresses do. */
  readonly from?: string;
  readonly to?: string;
  /** What NATs on the way made of the two endpoints, where the caller knows: as the receiver reads them. */
  readonly seenSource?: Endpoint;
  readonly reached?: Endpoint;
};

/** One line of the story. */
export interface Row {
  /** ms, as they were handed in. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  /** "router solicitation", "indirect bubble", "echo request", "DNS query", "translation" ... */
  readonly kind: string;
  /** The datagram itself in one line, from `wire/describe.ts`. */
  readonly summary: string;
  /** What it means, in one plain sentence. */
  readonly sentence: string;
  /** What UDP carried, or the native IPv6 packet. */
  readonly bytes: Uint8Array;
  readonly carrier: 'UDP' | 'IPv6';
  /** The client it concerns; of two, the one that sent it. */
  readonly client: Client | undefined;
  /** The other one of two. */
  readonly other: Client | undefined;
}

export class Story {
  readonly totals = new Totals();
  readonly #parties: Parties;
  readonly #twins = new Twins();
  /** Names of native hosts, learnt from DNS. Bounded by `put`. */
  readonly #hosts = new Map<string, string>();

  /** `names`: labels of nodes by IPv4 address, by "address:port", or by IPv6 address, all as text. */
  constructor(names: ReadonlyMap<string, string> = new Map()) {
    this.#parties = new Parties(names);
  }

  /** The clients met so far. */
  get clients(): readonly Client[] {
    return this.#parties.clients;
  }

  /**
   * Takes the next sighting and tells its row.
   *
   * Shape:  undefined: nothing of Teredo's; `totals` counts it with the reason.
   * Errors: none, whatever the octets are.
   */
  add(sighting: Sighting): Row | undefined {
    this.#parties.link = sighting.link ?? '';
    switch (sighting.type) {
      case 'datagram':
        return this.#addDatagram(sighting);
      case 'packet':
        return this.#addPacket(sighting);
      case 'other':
        this.totals.countOther(sighting.reason);
        return undefined;
    }
  }

  #addDatagram(sighting: Sighting & CapturedDatagram): Row | undefined {
    const { source, destination, payload } = sighting;
    const recognition = recognize(payload, source.port, destination.port);
    if (recognition.type !== 'teredo') {
      if (recognition.type === 'look-alike') this.totals.countLookAlike(recognition.reason);
      else this.totals.countOther(isDns(sighting) ? 'DNS' : 'UDP');
      return isDns(sighting) && this.#twins.find(sighting) === undefined ? this.#addDns(sighting) : undefined;
    }
    const twin = this.#twins.find(sighting);
    if (twin === 'hop') {
      this.totals.copies++;
      return undefined;
    }
    if (twin !== undefined) return this.#addTranslation(sighting, twin);
    return this.#addTeredo(sighting, recognition.parts);
  }

  #addTeredo(sighting: Sighting & CapturedDatagram, parts: Encapsulation): Row {
    const { at, source, destination, payload } = sighting;
    const description = describe(payload);
    const { sender, receiver } = findEnds(this.#parties, sighting, parts, description.kind);
    const scene: Scene = {
      at,
      parties: this.#parties,
      sender,
      receiver,
      source,
      destination,
      seenSource: sighting.seenSource ?? source,
      reached: sighting.reached ?? destination,
      bytes: payload,
      parts,
      description,
      ...innerAddresses(payload, parts.packetAt),
      hostName: this.#hostName,
    };
    const { kind, sentence } = tell(scene);
    for (const { client } of [sender, receiver]) if (client !== undefined) client.datagrams++;
    this.totals.countTeredo(kind, payload.length);
    const { summary } = description;
    const [from, to] = [sender.label, receiver.label];
    // A bubble on its way to a server concerns the client it is for.
    const target = this.#parties.clientOf(payload, parts.packetAt + ipv6.DESTINATION);
    const body = { at, from, to, kind, summary, sentence, bytes: payload, carrier: 'UDP' } as const;
    return row(body, sender.client, receiver.client ?? target);
  }

  /** A NAT has rewritten a datagram that was seen before. */
  #addTranslation(sighting: Sighting & CapturedDatagram, { before, isOutbound }: Translation): Row {
    this.totals.copies++;
    const { at, source, destination, payload } = sighting;
    const [old, now] = isOutbound ? [before.source, source] : [before.destination, destination];
    if (isOutbound) this.#parties.link = before.link;
    const client = this.#parties.known(old) ?? this.#parties.known(now);
    if (client !== undefined) this.#parties.addMapping(client, isOutbound ? now : old);
    const [from, to] = [formatEndpoint(old.ipv4, old.port), formatEndpoint(now.ipv4, now.port)];
    const sentence = `A NAT writes ${to} in place of ${from} and passes the datagram on`;
    const { summary } = describe(payload);
    return row({ at, from, to, kind: 'translation', summary, sentence, bytes: payload, carrier: 'UDP' }, client);
  }

  #addDns(sighting: Sighting & CapturedDatagram): Row | undefined {
    const message = dns.parse(sighting.payload);
    if (message?.type !== dns.TYPE_AAAA) return undefined;
    for (const address of message.addresses) put(this.#hosts, address, message.name);
    const { at, source, destination, payload } = sighting;
    const asker = message.isResponse ? this.#end(destination, sighting.to) : this.#end(source, sighting.from);
    const server = message.isResponse ? this.#end(source, sighting.from) : this.#end(destination, sighting.to);
    const [from, to] = message.isResponse ? [server, asker] : [asker, server];
    const kind = message.isResponse ? 'DNS answer' : 'DNS query';
    const addresses = message.addresses.length > 0 ? ` ${message.addresses.join(' ')}` : '';
    const summary = `${kind} AAAA ${message.name}${message.isResponse ? addresses || ' none' : ''}`;
    const sentence = tellDns(message, asker.noun);
    const body = {
      at,
      from: from.label,
      to: to.label,
      kind,
      summary,
      sentence,
      bytes: payload,
      carrier: 'UDP',
    } as const;
    return row(body, asker.client);
  }

  #addPacket(sighting: Sighting & CapturedPacket): Row | undefined {
    const { at, packet } = sighting;
    const { from, to } = innerAddresses(packet, 0);
    const isFromTeredo = teredo.isTeredo(packet, ipv6.SOURCE);
    const isToTeredo = teredo.isTeredo(packet, ipv6.DESTINATION);
    if (!isFromTeredo && !isToTeredo) {
      this.totals.countOther('native IPv6');
      return undefined;
    }
    const description = describePacket(packet);
    const { kind, summary } = description;
    const fromClient = this.#parties.clientOf(packet, ipv6.SOURCE);
    const toClient = this.#parties.clientOf(packet, ipv6.DESTINATION);
    const hostName = this.#hostName;
    const sentence = tellNative({ packet, description, from, to, fromClient, toClient, isToTeredo, hostName });
    const labels = {
      from: sighting.from ?? fromClient?.name ?? hostName(from),
      to: sighting.to ?? toClient?.name ?? hostName(to),
    };
    return row({ at, ...labels, kind, summary, sentence, bytes: packet, carrier: 'IPv6' }, fromClient, toClient);
  }

  #end(endpoint: Endpoint, given: string | undefined): Party {
    const client = this.#parties.known(endpoint, given) ?? this.#parties.clientOnHost(endpoint);
    return this.#parties.party(client === undefined ? 'unknown' : 'client', endpoint, client, given);
  }

  readonly #hostName = (address: string): string =>
    this.#parties.nameOfIpv6(address) ?? this.#parties.clientName(address) ?? this.#hosts.get(address) ?? address;
}

/** The row, with the clients it concerns: none, one or two. */
function row(body: Omit<Row, 'client' | 'other'>, ...clients: readonly (Client | undefined)[]): Row {
  const [client, other] = new Set(clients.filter((candidate) => candidate !== undefined));
  return { ...body, sentence: `${capitalized(body.sentence)}.`, client, other };
}

function isDns({ source, destination }: CapturedDatagram): boolean {
  return source.port === dns.PORT || destination.port === dns.PORT;
}
