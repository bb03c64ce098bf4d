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
import { tellBubbleFromServer, tellBubbleToServer, tellDirectBubble, tellDiscovery } from './story/bubbles.ts';
import { DISCOVERY_IPV4, findEnds } from './story/ends.ts';
import { tellDns, tellNative } from './story/native.ts';
import { tellDirect, tellTest, tellThroughServer } from './story/packets.ts';
import { type Client, Parties, type Party, put } from './story/parties.ts';
import { tellAdvertisement, tellSolicitation } from './story/qualification.ts';
import { innerAddresses, type Scene } from './story/scene.ts';
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
      return this.#addDns(sighting);
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
    const client = sender.client ?? receiver.client;
    return row(at, sender.label, receiver.label, kind, description.summary, sentence, payload, 'UDP', client);
  }

  /** A NAT has rewritten a datagram that was seen before. */
  #addTranslation(sighting: Sighting & CapturedDatagram, { before, isOutbound }: Translation): Row {
    this.totals.copies++;
    const { at, source, destination, payload } = sighting;
    const [old, now] = isOutbound ? [before.source, source] : [before.destination, destination];
    const client = this.#parties.known(isOutbound ? old : now);
    if (client !== undefined) this.#parties.addMapping(client, isOutbound ? now : old);
    const [is, was] = [formatEndpoint(now.ipv4, now.port), formatEndpoint(old.ipv4, old.port)];
    const sentence = `A NAT writes ${is} in place of ${was} and passes the datagram on`;
    return row(at, was, is, 'translation', describe(payload).summary, sentence, payload, 'UDP', client);
  }

  #addDns(sighting: Sighting & CapturedDatagram): Row | undefined {
    if (!isDns(sighting)) return undefined;
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
    return row(at, from.label, to.label, kind, summary, tellDns(message, asker.noun), payload, 'UDP', asker.client);
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
    const fromClient = this.#parties.clientOf(from);
    const toClient = this.#parties.clientOf(to);
    const parties = this.#parties;
    const sentence = tellNative({
      parties,
      packet,
      description,
      from,
      to,
      fromClient,
      toClient,
      isToTeredo,
      hostName: this.#hostName,
    });
    const labels = [
      sighting.from ?? fromClient?.name ?? this.#hostName(from),
      sighting.to ?? toClient?.name ?? this.#hostName(to),
    ];
    const client = fromClient ?? toClient;
    return row(at, labels[0]!, labels[1]!, description.kind, description.summary, sentence, packet, 'IPv6', client);
  }

  #end(endpoint: Endpoint, given: string | undefined): Party {
    const client = this.#parties.known(endpoint, given) ?? this.#parties.clientOnHost(endpoint);
    return this.#parties.party(client === undefined ? 'unknown' : 'client', endpoint, client, given);
  }

  readonly #hostName = (address: string): string =>
    this.#parties.nameOfIpv6(address) ?? this.#parties.clientOf(address)?.name ?? this.#hosts.get(address) ?? address;
}

function tell(scene: Scene): { kind: string; sentence: string } {
  const { sender, receiver, description, destination, bytes, parts } = scene;
  const { kind } = description;
  if (kind === 'router solicitation') return { kind, sentence: tellSolicitation(scene) };
  if (kind === 'router advertisement') return { kind, sentence: tellAdvertisement(scene) };
  if (ipv6.isBubble(bytes, parts.packetAt)) {
    if (destination.ipv4 === DISCOVERY_IPV4) return { kind: 'discovery bubble', sentence: tellDiscovery(scene) };
    if (receiver.role === 'server') return { kind: 'indirect bubble', sentence: tellBubbleToServer(scene) };
    if (sender.role === 'server') return { kind: 'indirect bubble', sentence: tellBubbleFromServer(scene) };
    return { kind: 'direct bubble', sentence: tellDirectBubble(scene) };
  }
  const isTest =
    kind === 'echo request' &&
    receiver.role === 'server' &&
    sender.client !== undefined &&
    !teredo.isTeredo(bytes, parts.packetAt + ipv6.DESTINATION);
  if (isTest) return { kind: 'connectivity test', sentence: tellTest(scene) };
  if (receiver.role === 'server' || sender.role === 'server') return { kind, sentence: tellThroughServer(scene) };
  return { kind, sentence: tellDirect(scene) };
}

function row(
  at: number,
  from: string,
  to: string,
  kind: string,
  summary: string,
  sentence: string,
  bytes: Uint8Array,
  carrier: Row['carrier'],
  client: Client | undefined,
): Row {
  return { at, from, to, kind, summary, sentence: `${capitalized(sentence)}.`, bytes, carrier, client };
}

function isDns({ source, destination }: CapturedDatagram): boolean {
  return source.port === dns.PORT || destination.port === dns.PORT;
}
