import { SERVER_PORT } from '../roles/constants.ts';
import * as encapsulation from '../wire/encapsulation.ts';
import * as origin from '../wire/origin.ts';
import * as routerSolicitation from '../wire/router-solicitation.ts';
import { formatEndpoint, formatIpv4 } from '../wire/text.ts';
import type { Flight } from './flights.ts';

/** One question a client asked to learn about its NAT, and what came of it. */
export interface NatQuestion {
  /** In words, the same for every client that asked it. */
  readonly question: string;
  /** What the server saw, as "address:port"; undefined: no answer got in. */
  readonly seen: string | undefined;
  /** Why the answer did not get in. */
  readonly refusal: string | undefined;
}

/**
 * What one client asked to learn about its NAT, read off the datagrams (RFC 4380 §5.2.1; RFC 5991 §3.2).
 *
 * Shape:  repetitions of one question count once, answered if any of them was.
 */
export function natQuestionsOf(client: string, flights: readonly Flight[]): NatQuestion[] {
  const questions = new Map<string, NatQuestion>();
  const primed = new Set<number>();
  const service = flights.find(({ sender }) => sender === client)?.crossings[0]?.datagram?.sourcePort;
  for (const flight of flights) {
    const sent = flight.crossings[0]?.datagram;
    if (flight.sender !== client || sent === undefined) continue;
    if (sent.destinationPort !== SERVER_PORT) {
      primed.add(sent.destination);
      continue;
    }
    const parts = encapsulation.parse(sent.payload, 0, sent.payload.length);
    if (typeof parts === 'number' || !routerSolicitation.isValid(sent.payload, parts.packetAt)) continue;
    const cone = routerSolicitation.coneBit(sent.payload, parts.packetAt);
    const question = words(sent.sourcePort === service, formatIpv4(sent.destination), cone, primed.size > 0);
    const answers = flights.filter(({ cause }) => cause === flight.id);
    const heard = answers.find(({ arrivedAt }) => arrivedAt !== undefined);
    const before = questions.get(question);
    questions.set(question, {
      question,
      seen: before?.seen ?? originOf(heard),
      refusal: answers.find(({ loss }) => loss !== undefined)?.loss?.reason ?? before?.refusal,
    });
  }
  return [...questions.values()];
}

function words(isServicePort: boolean, server: string, cone: 0 | 1, isPrimed: boolean): string {
  if (cone === 1) {
    return isPrimed
      ? 'answer from there, once something was sent to another port there'
      : 'answer from the other address, where nothing was sent';
  }
  return isServicePort ? `mapping that ${server} sees` : `a second socket, seen by ${server}`;
}

function originOf(answer: Flight | undefined): string | undefined {
  const payload = answer?.crossings[0]?.datagram?.payload;
  if (payload === undefined) return undefined;
  const parts = encapsulation.parse(payload, 0, payload.length);
  if (typeof parts === 'number' || parts.originAt < 0) return undefined;
  return formatEndpoint(origin.ipv4(payload, parts.originAt), origin.port(payload, parts.originAt));
}
