import type { Nat } from '../sim/nat.ts';
import { formatEndpoint, formatIpv4 } from '../wire/text.ts';
import type { Flight } from './flights.ts';
import { capital, noun } from './nouns.ts';

/** What one NAT did to one datagram. */
export interface Translation {
  readonly nat: string;
  readonly direction: 'out' | 'in';
  /** The inside endpoint and its external one, as text. */
  readonly inside: string;
  readonly external: string;
}

/** Every rewriting on a datagram's way, read off its crossings. */
export function translationsOf(flight: Flight): Translation[] {
  const translations: Translation[] = [];
  for (let i = 0; i + 1 < flight.crossings.length; i++) {
    const [before, after] = [flight.crossings[i]!.datagram, flight.crossings[i + 1]!.datagram];
    if (before === undefined || after === undefined) continue;
    const nat = flight.crossings[i]!.to;
    const sourceBefore = formatEndpoint(before.source, before.sourcePort);
    const sourceAfter = formatEndpoint(after.source, after.sourcePort);
    const destinationBefore = formatEndpoint(before.destination, before.destinationPort);
    const destinationAfter = formatEndpoint(after.destination, after.destinationPort);
    if (sourceBefore !== sourceAfter) {
      translations.push({ nat, direction: 'out', inside: sourceBefore, external: sourceAfter });
    }
    if (destinationBefore !== destinationAfter) {
      translations.push({ nat, direction: 'in', inside: destinationAfter, external: destinationBefore });
    }
  }
  return translations;
}

/** Tells what the NATs do to datagrams, and remembers what it has told. */
export class NatStory {
  readonly #nats: ReadonlyMap<string, Nat>;
  /** Mappings that were seen being made. Bounded by the mappings of a scenario. */
  readonly #known = new Set<string>();

  constructor(nats: ReadonlyMap<string, Nat>) {
    this.#nats = nats;
  }

  /** A clause or two on the NATs of this flight; empty when there is nothing new to say. */
  tell(flight: Flight): string {
    const clauses = translationsOf(flight).map((translation) =>
      translation.direction === 'out' ? this.#tellOut(translation) : this.#tellIn(translation, flight),
    );
    const refusal = this.#tellRefusal(flight);
    return [...clauses, refusal].filter((clause) => clause !== '').join(' ');
  }

  #tellOut({ nat, inside, external }: Translation): string {
    const key = `${nat} ${inside} ${external}`;
    if (this.#known.has(key)) return '';
    this.#known.add(key);
    return `${capital(noun(nat))} maps ${inside} to ${external}.`;
  }

  #tellIn({ nat, external }: Translation, flight: Flight): string {
    const kind = this.#nats.get(nat)?.kind;
    const arriving = flight.crossings.find((crossing) => crossing.to === nat)?.datagram;
    if (kind === undefined || arriving === undefined) return '';
    const source = formatEndpoint(arriving.source, arriving.sourcePort);
    const key = `${nat} ${external} lets in ${source}`;
    if (this.#known.has(key)) return '';
    this.#known.add(key);
    switch (kind.filtering) {
      case 'endpoint-independent':
        return `${capital(noun(nat))} lets it in, as it lets in everybody.`;
      case 'address':
        return `${capital(noun(nat))} lets it in: it has seen a datagram to ${formatIpv4(arriving.source)} leave.`;
      case 'address-and-port':
        return `${capital(noun(nat))} lets it in: it has seen a datagram to ${source} leave.`;
    }
  }

  #tellRefusal({ loss, crossings, receiver }: Flight): string {
    if (loss === undefined) return '';
    const last = crossings.at(-1)?.datagram;
    if (!this.#nats.has(receiver) || last === undefined) {
      return loss.reason.startsWith('link')
        ? `It is lost on the way (${loss.reason}).`
        : `${capital(noun(receiver))} refuses it (${loss.reason}).`;
    }
    const source = formatEndpoint(last.source, last.sourcePort);
    if (loss.reason === 'NAT filter: address not contacted') {
      return `${capital(noun(receiver))} drops it: nothing has been sent to ${formatIpv4(last.source)} from inside yet.`;
    }
    if (loss.reason === 'NAT filter: endpoint not contacted') {
      return `${capital(noun(receiver))} drops it: nothing has been sent to ${source} from inside yet.`;
    }
    return `${capital(noun(receiver))} drops it (${loss.reason}).`;
  }
}
