import type { CapturedDatagram, CapturedPacket } from '../capture/datagram.ts';
import { Story, type Row as Told } from '../capture/story.ts';
import * as dns from '../sim/dns.ts';
import type { Crossing } from '../sim/trace.ts';
import * as encapsulation from '../wire/encapsulation.ts';
import * as icmpv6 from '../wire/icmpv6.ts';
import { formatIpv6 } from '../wire/text.ts';
import type { Cast } from './build.ts';
import { citationFor } from './citations.ts';
import { type Flight, pathOf } from './flights.ts';
import type { LadderRow } from './ladder.ts';
import { capital, NatStory, type Translation, translationsOf } from './nat-story.ts';
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
  readonly #cast: Cast;
  #number = 0;

  constructor(cast: Cast) {
    this.#cast = cast;
    const names = new Map<string, string>();
    for (const [name, host] of cast.hosts)
      for (const address of host.ipv6Addresses) names.set(formatIpv6(address), name);
    this.#story = new Story(names);
    this.#nats = new NatStory(cast.nats);
  }

  tell(flight: Flight): LabRow {
    const { loss, crossings, sender } = flight;
    const first = crossings[0]!;
    const receiver = this.#receiver(flight);
    // What the receiver never saw cannot teach the story anything about the receiver.
    const isForSender = loss === undefined || this.#cast.clients.has(sender) || this.#cast.relays.has(sender);
    const told = isForSender ? this.#story.add(sighting(flight, receiver)) : undefined;
    const kind = told?.kind ?? 'datagram';
    const plain = told?.sentence ?? `${capital(sender)} sends ${receiver} a datagram.`;
    const clauses = [plain, this.#nats.tell(flight)].filter((clause) => clause !== '').join(' ');
    const citation = citationFor(kind, this.#cast, flight, receiver);
    return {
      number: ++this.#number,
      at: flight.at,
      arrivedAt: flight.arrivedAt,
      from: sender,
      to: receiver,
      path: pathOf(flight),
      kind,
      label: label(kind, told, first),
      summary: told?.summary ?? '',
      sentence: citation === '' ? clauses : `${clauses} ${citation}`,
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

/** As the sender wrote it, with what the NATs made of it. */
function sighting(flight: Flight, receiver: string): Parameters<Story['add']>[0] {
  const { at, sender } = flight;
  const [first, last] = [flight.crossings[0]!, flight.crossings.at(-1)!];
  const names = { at, from: sender, to: receiver };
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

/** A word or two for the arrow. */
function label(kind: string, told: Told | undefined, first: Crossing): string {
  if (kind === 'router solicitation') return 'solicitation';
  if (kind === 'router advertisement') return 'advertisement';
  if (kind === 'connectivity test') return 'test';
  if (kind.endsWith('bubble')) return 'bubble';
  if (kind.startsWith('DNS') && first.datagram !== undefined) {
    return dns.parse(first.datagram.payload)?.isResponse === true ? 'AAAA' : 'AAAA?';
  }
  if (kind.startsWith('echo') && told !== undefined) {
    const at = told.carrier === 'IPv6' ? 0 : packetAt(told.bytes);
    const sequence = icmpv6.echoSequence(told.bytes, at);
    return `${kind === 'echo request' ? 'ping' : 'reply'}${sequence < 100 ? ` ${sequence}` : ''}`;
  }
  return kind;
}

function packetAt(payload: Uint8Array): number {
  const parts = encapsulation.parse(payload, 0, payload.length);
  return typeof parts === 'number' ? 0 : parts.packetAt;
}

function colour(kind: string): LadderRow['colour'] {
  if (kind.endsWith('bubble')) return 'bubble';
  if (kind.startsWith('router') || kind === 'connectivity test') return 'control';
  return kind.startsWith('echo') ? 'data' : 'plain';
}
