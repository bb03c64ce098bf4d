import { PEER_VALIDITY_MS } from '../roles/constants.ts';
import type { Datagram } from '../sim/datagram.ts';
import * as dns from '../sim/dns.ts';
import * as encapsulation from '../wire/encapsulation.ts';
import * as icmpv6 from '../wire/icmpv6.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as origin from '../wire/origin.ts';
import { formatEndpoint, formatIpv4, formatIpv6 } from '../wire/text.ts';
import type { Cast } from './build.ts';
import type { Flight } from './flights.ts';
import { duration, noun } from './nouns.ts';

/** A sentence without its first capital and last stop, and where RFC 4380 has its rule. */
export interface Sentence {
  readonly text: string;
  readonly section: string;
}

/**
 * Sentences for what a capture alone cannot tell so well: the simulator knows which datagram made a node send which
 * other one, so it can say what waited for what.
 */
export class Narrator {
  readonly #cast: Cast;
  /** Bounded by the datagrams of a scenario. */
  readonly #told = new Map<number, Flight>();
  /** Connectivity tests by client, destination, identifier and sequence number. */
  readonly #tests = new Set<string>();
  /** Where a client last knew the way to a host: by both names, the endpoint that answered its test. */
  readonly #ways = new Map<string, string>();
  /** What a client last got of a host from somewhere else. */
  readonly #doubts = new Map<string, string>();
  /** Ends that exchanged data, to tell the first time from later ones. */
  readonly #routine = new Map<string, number>();

  constructor(cast: Cast) {
    this.#cast = cast;
  }

  /** Whether an echo message belongs to a connectivity test that this narrator saw leave. */
  isTest(flight: Flight): boolean {
    const packet = packetOf(flight);
    return packet !== undefined && icmpv6.isEcho(packet, 0) && this.#tests.has(testKey(packet));
  }

  /** Undefined: the story of the capture says it as well. */
  tell(flight: Flight, receiver: string, kind: string): Sentence | undefined {
    const packet = packetOf(flight);
    if (kind === 'connectivity test' && packet !== undefined) this.#tests.add(testKey(packet));
    const sentence = this.#tell(flight, receiver, kind, packet);
    this.#told.set(flight.id, flight);
    return sentence;
  }

  #tell(flight: Flight, receiver: string, kind: string, packet: Uint8Array | undefined): Sentence | undefined {
    const forged = this.#cast.forgeries.get(flight.id);
    if (forged !== undefined) return plain(forged);
    const sent = flight.crossings[0]?.datagram;
    if (kind.startsWith('DNS') && sent !== undefined) return this.#tellDns(flight, receiver, sent);
    if (packet === undefined) return undefined;
    if (kind === 'router solicitation') return this.#tellRefresh(flight, receiver);
    if (kind === 'router advertisement') return this.#tellLostAdvertisement(flight, receiver, sent);
    if (kind === 'connectivity test') return this.#tellTest(flight, receiver, packet);
    if (kind.endsWith('bubble')) return this.#tellBubble(flight, receiver, kind, packet);
    if (sent === undefined) return this.#tellNative(flight, receiver, packet);
    return this.#tellData(flight, receiver, packet);
  }

  #tellDns({ sender }: Flight, receiver: string, { payload }: Datagram): Sentence | undefined {
    const message = dns.parse(payload);
    if (message === undefined) return undefined;
    const address = message.addresses.map((octets) => formatIpv6(octets)).join(', ');
    return plain(
      message.isResponse
        ? `the only address of ${message.name} is an IPv6 address, ${address}: without IPv6, ${noun(receiver)} cannot reach it`
        : `${noun(sender)} asks ${noun(receiver)} for the IPv6 address (AAAA) of ${message.name}`,
    );
  }

  /** Only for clients that are qualified already and solicit by themselves. */
  #tellRefresh({ sender, at, cause }: Flight, receiver: string): Sentence | undefined {
    const client = this.#cast.clients.get(sender);
    const qualified = client?.tunnel.events.find(({ event }) => event.type === 'qualified');
    if (cause !== undefined || qualified === undefined || qualified.at >= at) return undefined;
    const heard = this.#lastHeard(sender, receiver, at);
    if (heard === undefined || at - heard < 10_000) return undefined;
    return {
      text: `${noun(sender)} has heard nothing from ${noun(receiver)} for ${duration(at - heard)} and asks again, before its NAT can forget the mapping`,
      section: '5.2.5',
    };
  }

  #tellLostAdvertisement({ sender, loss }: Flight, receiver: string, sent?: Datagram): Sentence | undefined {
    if (loss === undefined || sent === undefined) return undefined;
    const from = formatIpv4(sent.source);
    return { text: `${noun(sender)} answers ${noun(receiver)} from ${from}`, section: '5.3.2' };
  }

  #tellTest({ sender, cause, at }: Flight, receiver: string, packet: Uint8Array): Sentence {
    const host = this.#nounAt(packet, ipv6.DESTINATION);
    const [who, server] = [noun(sender), noun(receiver)];
    const from = this.#causeOf(cause);
    if (from !== undefined && from.sender !== receiver) {
      const stranger = sourceOf(from);
      return {
        text: `${who} gets a packet of ${host} from ${stranger}, and anybody could say that; it holds the packet and tests the way with an echo request of its own, through ${server}`,
        section: '5.2.3 case 6, 5.2.9',
      };
    }
    const way = `${sender} ${host}`;
    const doubt = this.#doubts.get(way);
    if (doubt !== undefined) {
      return {
        text: `${who} tests the way to ${host} again, for what came from there lately came by way of ${doubt} and not of ${this.#ways.get(way)}`,
        section: '5.2.3 case 6, 5.2.9',
      };
    }
    const before = [...this.#told.values()].findLast((told) => told.sender === sender && isSameTest(told, packet));
    if (before !== undefined) {
      return {
        text: `${who} tests the way to ${host} again, ${duration(at - before.at)} after the last try`,
        section: '5.2.4, 5.2.9',
      };
    }
    return {
      text: `${who} does not know which relay leads to ${host}; its ping has to wait while an echo request of its own, with data nobody can guess, goes there through ${server}`,
      section: '5.2.4 case 2, 5.2.9',
    };
  }

  #tellBubble(flight: Flight, receiver: string, kind: string, packet: Uint8Array): Sentence | undefined {
    const { sender } = flight;
    const [who, whom] = [noun(sender), noun(receiver)];
    const target = this.#nounAt(packet, ipv6.DESTINATION);
    const { servers, clients } = this.#cast;
    const sent = flight.crossings[0]?.datagram;
    if (sent === undefined || kind === 'discovery bubble') return undefined;
    if (servers.has(receiver)) {
      const address = formatIpv4(sent.destination);
      if (!clients.has(sender)) {
        return {
          text: `${who} knows ${target} only by its address; it keeps the packet and sends a bubble, an IPv6 header and nothing else, to the server that the address names, ${address}`,
          section: '5.4.1 case 3',
        };
      }
      return {
        text: `${who} sends the same bubble to the server inside the address of ${target}, ${address}, for what comes from there gets in`,
        section: '5.2.4 case 5',
      };
    }
    if (servers.has(sender)) {
      const [from, hidden] = originOf(sent.payload);
      return {
        text: `${who} passes the bubble on and puts in front of it where it came from, ${from} (as ${hidden}, for some NATs rewrite addresses they recognize)`,
        section: '5.3.1, 5.1.1',
      };
    }
    const there = formatEndpoint(sent.destination, sent.destinationPort);
    const isAnswer = this.#causeOf(flight.cause) !== undefined;
    if (isAnswer && clients.has(receiver)) {
      return { text: `${who} answers ${whom} directly, at ${there}`, section: '5.2.3, 5.2.6' };
    }
    if (isAnswer) {
      return {
        text: `${who} answers ${whom} directly, at ${there}, and so opens its NAT for it`,
        section: '5.2.3, 5.2.6',
      };
    }
    return {
      text: `${who} writes straight to the mapped endpoint inside the address of ${target}, ${there}: whether that arrives or not, its own NAT will let in what comes back from there`,
      section: '5.2.4 case 5',
    };
  }

  /** Plain IPv6, outside any tunnel. */
  #tellNative(flight: Flight, receiver: string, packet: Uint8Array): Sentence | undefined {
    const { sender } = flight;
    const [who, whom] = [noun(sender), noun(receiver)];
    const client = this.#nounAt(packet, ipv6.DESTINATION);
    const what = this.#nameOfEcho(flight);
    const times = this.#count(`${sender} ${receiver} ${client}`);
    if (this.#cast.servers.has(sender)) {
      return {
        text: `${who} takes the packet out of the datagram and sends it into the IPv6 Internet; its source is the Teredo address of ${this.#nounAt(packet, ipv6.SOURCE)}, so the reply need not come back this way`,
        section: '5.3.1',
      };
    }
    if (this.#cast.relays.has(sender)) {
      return times > 2
        ? plain(`${who} unwraps ${what} for ${whom}`)
        : plain(`${who} unwraps ${what} and forwards it to ${whom} as plain IPv6, hop limit ${packet[ipv6.HOP_LIMIT]}`);
    }
    if (times > 2) return plain(`${who} sends ${what} to ${client}, by way of ${whom}`);
    if (icmpv6.type(packet, 0) === icmpv6.ECHO_REQUEST) {
      return {
        text: `${who} pings an IPv6 address like any other; it begins with 2001:0, and routing takes it to the nearest relay that announces 2001::/32`,
        section: '5.4',
      };
    }
    return times > 1
      ? plain(`${who} replies to ${client}; again 2001::/32 leads to ${whom}`)
      : {
          text: `${who} replies to ${client} as it would to anybody; the address begins with 2001:0, and routing takes the reply to the nearest relay that announces 2001::/32`,
          section: '5.4',
        };
  }

  /** An IPv6 packet inside a datagram, straight between two ends. */
  #tellData(flight: Flight, receiver: string, packet: Uint8Array): Sentence | undefined {
    const { sender, at } = flight;
    const { clients, servers } = this.#cast;
    if (servers.has(sender) || servers.has(receiver) || !icmpv6.isEcho(packet, 0)) return undefined;
    const [who, whom] = [noun(sender), noun(receiver)];
    const what = this.#nameOfEcho(flight);
    const times = this.#count(`${sender} ${receiver} data`);
    const reached = flight.crossings[0]!.datagram!;
    const there = formatEndpoint(reached.destination, reached.destinationPort);
    const host = this.#nounAt(packet, ipv6.SOURCE);
    const from = this.#causeOf(flight.cause);
    const isReleased = from !== undefined && isBubble(from);

    if (clients.has(receiver) && !clients.has(sender)) {
      const way = `${receiver} ${host}`;
      const source = sourceOf(flight);
      if (this.isTest(flight)) {
        this.#ways.set(way, source);
        this.#doubts.delete(way);
        const data = isReleased
          ? `the bubble came from the very endpoint that the address names, so ${who} trusts ${whom} and lets go what it kept: ${what}, with the data of the test; `
          : `${who} hands over ${what}, with the data of the test; `;
        return {
          text: `${data}now ${whom} knows that ${source} leads to ${host}`,
          section: isReleased ? '5.4.2, 5.2.3 case 2' : '5.2.3 case 2',
        };
      }
      const known = this.#ways.get(way);
      const isDoubted = known !== undefined && known !== source;
      if (isDoubted) this.#doubts.set(way, source);
      const doubt = isDoubted
        ? `; ${whom} knows another way to ${host} and holds this back until a test proves it`
        : '';
      if (isReleased) {
        return {
          text: `the bubble came from the very endpoint that the address names, so ${who} trusts ${whom} and lets go what it kept: ${what}${doubt}`,
          section: isDoubted ? '5.4.2, 5.2.3 case 6' : '5.4.2, 5.4.1',
        };
      }
      if (isDoubted) return { text: `${who} hands over ${what}${doubt}`, section: '5.2.3 case 6' };
      return times > 3
        ? plain(`${who} sends ${what} to ${whom}`)
        : { text: `${who} knows ${whom} by now: ${what} goes straight to ${there}`, section: '5.4.1 case 1' };
    }
    if (clients.has(sender) && from !== undefined && this.isTest(from)) {
      return {
        text: `the way is proved: ${what}, which had to wait, goes straight to ${whom} at ${there}; the server has no part in it any more`,
        section: '5.2.4 case 1',
      };
    }
    if (clients.has(sender) && isReleased) {
      return {
        text: `${who} has heard ${whom} from the endpoint that its address names: it is trusted, and ${what}, which had to wait, goes straight to ${there}`,
        section: '5.2.3 case 3, 5.2.4 case 1',
      };
    }
    const heard = this.#lastHeard(sender, receiver, at);
    if (from === undefined && heard !== undefined && at - heard < PEER_VALIDITY_MS && times <= 3) {
      return {
        text: `no prelude this time: ${who} heard ${whom} ${duration(at - heard)} ago, so ${what} goes straight to ${there}`,
        section: '5.2.4 case 1',
      };
    }
    return plain(`${who} sends ${what} straight to ${whom}`);
  }

  /** "ping 2", "the reply to ping 2", "the reply to the test". */
  #nameOfEcho(flight: Flight): string {
    const packet = packetOf(flight);
    if (packet === undefined || !icmpv6.isEcho(packet, 0)) return 'the packet';
    const isReply = icmpv6.type(packet, 0) === icmpv6.ECHO_REPLY;
    const request = this.isTest(flight) ? 'the test' : `ping ${icmpv6.echoSequence(packet, 0)}`;
    return isReply ? `the reply to ${request}` : request;
  }

  /** The node that has the address at this offset. */
  #nounAt(packet: Uint8Array, at: number): string {
    const address = formatIpv6(packet, at);
    for (const [name, client] of this.#cast.clients) {
      if (client.tunnel.address !== undefined && formatIpv6(client.tunnel.address) === address) return noun(name);
    }
    for (const [name, host] of this.#cast.hosts) {
      if (host.ipv6Addresses.some((own) => formatIpv6(own) === address)) return noun(name);
    }
    return address;
  }

  /** When a datagram of `from` last arrived at `at`; undefined: never. */
  #lastHeard(who: string, from: string, before: number): number | undefined {
    let last: number | undefined;
    for (const { sender, receiver, arrivedAt, crossings } of this.#told.values()) {
      if (sender !== from || receiver !== who || arrivedAt === undefined || arrivedAt > before) continue;
      const isFromOtherServerAddress =
        this.#cast.servers.has(from) && crossings[0]?.datagram?.source !== this.#cast.servers.get(from)?.ipv4;
      if (!isFromOtherServerAddress) last = Math.max(last ?? 0, arrivedAt);
    }
    return last;
  }

  #causeOf(cause: number | undefined): Flight | undefined {
    return cause === undefined ? undefined : this.#told.get(cause);
  }

  #count(key: string): number {
    const times = (this.#routine.get(key) ?? 0) + 1;
    this.#routine.set(key, times);
    return times;
  }
}

/** The IPv6 packet of a flight, taken out of its datagram; undefined: there is none. */
export function packetOf(flight: Flight): Uint8Array | undefined {
  const first = flight.crossings[0];
  if (first?.packet !== undefined) return first.packet.bytes;
  const payload = first?.datagram?.payload;
  if (payload === undefined) return undefined;
  const parts = encapsulation.parse(payload, 0, payload.length);
  return typeof parts === 'number' ? undefined : payload.subarray(parts.packetAt, parts.packetEnd);
}

/** Where a datagram came from, as its receiver saw it. */
function sourceOf(flight: Flight): string {
  const seen = flight.crossings.at(-1)?.datagram;
  return seen === undefined ? flight.sender : formatEndpoint(seen.source, seen.sourcePort);
}

/** The origin of a datagram from a server, and the octets it is written with. */
function originOf(payload: Uint8Array): [string, string] {
  const parts = encapsulation.parse(payload, 0, payload.length);
  if (typeof parts === 'number' || parts.originAt < 0) return ['nowhere', ''];
  const at = parts.originAt;
  const hex = Array.from(payload.subarray(at + 2, at + origin.LENGTH), (octet) => octet.toString(16).padStart(2, '0'));
  return [formatEndpoint(origin.ipv4(payload, at), origin.port(payload, at)), hex.join('')];
}

function testKey(packet: Uint8Array): string {
  return `${icmpv6.echoIdentifier(packet, 0)} ${icmpv6.echoSequence(packet, 0)}`;
}

function isSameTest(flight: Flight, packet: Uint8Array): boolean {
  const other = packetOf(flight);
  if (other === undefined || !icmpv6.isEcho(other, 0) || flight.crossings[0]?.datagram === undefined) return false;
  return testKey(other) === testKey(packet) && ipv6.sameAddress(other, ipv6.DESTINATION, packet, ipv6.DESTINATION);
}

function isBubble(flight: Flight): boolean {
  const packet = packetOf(flight);
  return packet !== undefined && ipv6.isBubble(packet, 0);
}

function plain(text: string): Sentence {
  return { text, section: '' };
}
