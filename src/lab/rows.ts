import type { CapturedDatagram, CapturedPacket } from '../capture/datagram.ts';
import { Story } from '../capture/story.ts';
import * as dns from '../sim/dns.ts';
import { describe, describePacket } from '../wire/describe.ts';
import * as icmpv6 from '../wire/icmpv6.ts';
import { formatIpv6 } from '../wire/text.ts';
import type { Cast } from './build.ts';
import { type Flight, pathOf } from './flights.ts';
import type { LadderRow } from './ladder.ts';
import { Narrator, packetOf } from './narrator.ts';
import { NatStory, type Translation, translationsOf } from './nat-story.ts';
import { capital, noun } from './nouns.ts';
import type { Result } from './result.ts';

/** One datagram or packet of a chapter, told. */
export interface LabRow extends LadderRow {
  readonly from: string;
  readonly to: string;
  /** As in the story of a capture: "router solicitation", "connectivity test", "direct bubble" ... */
  readonly kind: string;
  readonly summary: string;
  readonly arrivedAt: number | undefined;
  readonly translations: readonly Translation[];
  readonly loss: { readonly where: string; readonly reason: string } | undefined;
  /** Numbers of its frames in the saved capture, one for each network it crossed. */
  readonly frames: readonly number[];
}

/** The rows of every chapter of a result, numbered through. */
export function tellResult(result: Result): LabRow[][] {
  const teller = new Teller(result.cast);
  return result.chapters.map(({ flights }) => flights.map((flight) => teller.tell(flight)));
}

class Teller {
  readonly #story: Story;
  readonly #nats: NatStory;
  readonly #narrator: Narrator;
  readonly #cast: Cast;
  #number = 0;

  constructor(cast: Cast) {
    this.#cast = cast;
    const names = new Map<string, string>();
    for (const [name, host] of cast.hosts)
      for (const address of host.ipv6Addresses) names.set(formatIpv6(address), noun(name));
    this.#story = new Story(names);
    this.#nats = new NatStory(cast.nats);
    this.#narrator = new Narrator(cast);
  }

  tell(flight: Flight): LabRow {
    const { loss, sender } = flight;
    const receiver = this.#receiver(flight);
    // What the receiver never saw cannot teach the story anything about the receiver.
    const isForSender = loss === undefined || this.#cast.clients.has(sender) || this.#cast.relays.has(sender);
    const told = isForSender ? this.#story.add(sighting(flight, receiver)) : undefined;
    const kind = told?.kind ?? kindOf(flight);
    const own = this.#narrator.tell(flight, receiver, kind);
    const words =
      own?.text ?? told?.sentence.replace(/\.$/, '') ?? `${noun(sender)} sends ${noun(receiver)} a datagram`;
    const section = own?.section ?? sectionFor(kind);
    const main = `${capital(words)}${section === '' ? '' : ` (§${section})`}.`;
    const sentence = [main, this.#nats.tell(flight)].filter((clause) => clause !== '').join(' ');
    const text = label(kind, flight, this.#narrator.isTest(flight));
    return {
      number: ++this.#number,
      at: flight.at,
      arrivedAt: flight.arrivedAt,
      from: sender,
      to: receiver,
      path: pathOf(flight),
      kind,
      label: text,
      shortLabel: SHORT_LABELS[text] ?? text,
      summary: told?.summary ?? '',
      sentence,
      isLost: loss !== undefined,
      colour: colour(kind),
      translations: translationsOf(flight),
      loss: loss === undefined ? undefined : { where: loss.where, reason: loss.reason },
      frames: flight.frames,
    };
  }

  /** The host it arrived at, or the one behind the NAT that kept it out. */
  #receiver({ receiver, crossings }: Flight): string {
    const last = crossings.at(-1)!;
    if (this.#cast.hosts.has(receiver)) return receiver;
    const nat = this.#cast.nats.get(last.to);
    if (nat === undefined) return last.to === '' ? receiver : last.to;
    const behind = this.#cast.specs.find((spec) => spec.type === 'client' && spec.behind === nat.name);
    return behind?.name ?? nat.name;
  }
}

/** By its octets alone. */
function kindOf(flight: Flight): string {
  const { datagram, packet } = flight.crossings[0]!;
  if (datagram !== undefined) return describe(datagram.payload).kind;
  return packet === undefined ? 'packet' : describePacket(packet.bytes).kind;
}

/** As the sender wrote it, with what the NATs made of it. */
function sighting(flight: Flight, receiver: string): Parameters<Story['add']>[0] {
  const { at, sender } = flight;
  const [first, last] = [flight.crossings[0]!, flight.crossings.at(-1)!];
  const names = { at, from: noun(sender), to: noun(receiver) };
  const sent = first.datagram;
  if (sent === undefined) {
    const packet: CapturedPacket = { type: 'packet', packet: first.packet?.bytes ?? new Uint8Array(0) };
    return { ...packet, ...names };
  }
  const datagram: CapturedDatagram = {
    type: 'datagram',
    source: { ipv4: sent.source, port: sent.sourcePort },
    destination: { ipv4: sent.destination, port: sent.destinationPort },
    payload: sent.payload,
    ttl: sent.timeToLive,
  };
  const seen = last.datagram ?? sent;
  const seenSource = { ipv4: seen.source, port: seen.sourcePort };
  const reached = { ipv4: seen.destination, port: seen.destinationPort };
  return { ...datagram, ...names, seenSource, reached, link: String(flight.id) };
}

const SHORT_LABELS: Readonly<Record<string, string>> = { solicitation: 'RS', advertisement: 'RA' };

/** A word or two for the arrow. */
function label(kind: string, flight: Flight, isTest: boolean): string {
  if (kind === 'router solicitation') return 'solicitation';
  if (kind === 'router advertisement') return 'advertisement';
  if (kind.endsWith('bubble')) return 'bubble';
  const payload = flight.crossings[0]?.datagram?.payload;
  if (kind.startsWith('DNS') && payload !== undefined) {
    return dns.parse(payload)?.isResponse === true ? 'AAAA' : 'AAAA?';
  }
  const packet = packetOf(flight);
  if (packet === undefined || !icmpv6.isEcho(packet, 0)) return kind;
  const isReply = icmpv6.type(packet, 0) === icmpv6.ECHO_REPLY;
  if (isTest) return isReply ? 'reply' : 'test';
  return `${isReply ? 'reply' : 'ping'} ${icmpv6.echoSequence(packet, 0)}`;
}

/** Where RFC 4380 has the rule behind what the story of a capture says. */
function sectionFor(kind: string): string {
  if (kind === 'router solicitation') return '5.2.1';
  return kind === 'router advertisement' ? '5.3.2, 5.2.1' : '';
}

function colour(kind: string): LadderRow['colour'] {
  if (kind.endsWith('bubble')) return 'bubble';
  if (kind.startsWith('router') || kind === 'connectivity test') return 'control';
  return kind.startsWith('echo') ? 'data' : 'plain';
}
