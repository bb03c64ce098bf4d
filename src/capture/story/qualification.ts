/** Sentences for router solicitations and advertisements, and what they prove about the NAT (RFC 4380 §5.2.1). */

import * as authentication from '../../wire/authentication.ts';
import { textOrHex } from '../../wire/field.ts';
import { parse } from '../../wire/router-advertisement.ts';
import { coneBit } from '../../wire/router-solicitation.ts';
import { formatEndpoint, formatIpv4 } from '../../wire/text.ts';
import type { Endpoint } from '../datagram.ts';
import { type Client, type ClientPort, put, type Solicitation } from './parties.ts';
import { nonceOf, originOf, type Scene, sameEndpoint } from './scene.ts';
import { duration, ordinal } from './words.ts';

export function tellSolicitation(scene: Scene): string {
  const { at, parties, sender, receiver, source, destination } = scene;
  const client = sender.client!;
  parties.addServer(destination.ipv4);
  const port = parties.port(client, source);
  const server = formatIpv4(destination.ipv4);
  const cone = coneBit(scene.bytes, scene.parts.packetAt);
  const previous = port.solicitations.get(server);
  const isRepeated = previous !== undefined && previous.answeredAt === undefined;
  const tries = isRepeated && previous.coneBit === cone ? previous.tries + 1 : 1;
  put<Solicitation>(port.solicitations, server, { at, coneBit: cone, nonce: nonceOf(scene), tries });
  return sentence() + signature(scene);

  function sentence(): string {
    const [who, whom] = [sender.noun, receiver.noun];
    if (isRepeated && previous.coneBit === 1 && cone === 0) {
      return `With the cone bit set no answer came, so this is no cone NAT; ${who} asks ${whom} again with the bit clear`;
    }
    if (isRepeated) {
      return `${who} heard nothing for ${duration(at - previous.at)} and asks ${whom} a ${ordinal(tries)} time`;
    }
    if (cone === 1) {
      return `${who} asks ${whom} with the cone bit set: answer me from your other address, which only a cone NAT lets in`;
    }
    if (previous?.answeredAt !== undefined) {
      const since = duration(at - previous.answeredAt);
      if (client.nat === 'symmetric') return `${since} after the last answer ${who} tries to qualify once more`;
      return `${since} after the last answer ${who} asks again, which keeps the mapping in its NAT alive`;
    }
    if (client.ports.size > 1 && port.mappings.size === 0) {
      return `From a second port of its own, ${who} asks ${whom} how that port is seen from outside`;
    }
    if (port.solicitations.size > 1) {
      return `${who} puts the same question to ${whom} at its other address, ${server}, to see whether the NAT shows it the same port`;
    }
    return `${who} asks ${whom} for a prefix, and how it is seen from outside; the cone bit is clear, so the same address answers`;
  }
}

/** Whom the solicitation names, when it is a secure one (RFC 4380 §5.2.2). */
function signature({ bytes, parts }: Scene): string {
  if (parts.authenticationAt < 0) return '';
  const identifier = authentication.identifier(bytes, parts.authenticationAt);
  return identifier.length === 0 ? '' : ` (signed as ${textOrHex(identifier)})`;
}

export function tellAdvertisement(scene: Scene): string {
  const { at, parties, sender, receiver, source, reached } = scene;
  parties.addServer(source.ipv4);
  const client = receiver.client;
  const found = client === undefined ? undefined : findQuestion(client, nonceOf(scene), source, reached);
  if (client === undefined || found === undefined) {
    return `An advertisement from ${sender.noun} that answers no question of this capture; ${receiver.noun} must ignore it`;
  }
  const { port, question, isSameAddress } = found;
  question.answeredAt = at;
  const advertisement = parse(scene.bytes, scene.parts.packetAt);
  if (typeof advertisement === 'number') {
    return `${sender.noun} answers with a faulty advertisement; ${receiver.noun} must ignore it and go on waiting`;
  }
  if (isRejected(scene)) {
    return `${sender.noun} answers but no longer knows the key of ${receiver.noun}, which must get a new one`;
  }
  const origin = originOf(scene);
  if (origin === undefined)
    return `${sender.noun} answers but does not say what it saw; ${receiver.noun} must ignore it`;

  client.server = advertisement.server;
  parties.addServer(advertisement.server);
  parties.addMapping(client, origin);
  const previous = port.mappings.get(formatIpv4(source.ipv4));
  const [other] = [...port.mappings].filter(([server]) => server !== formatIpv4(source.ipv4));
  put(port.mappings, formatIpv4(source.ipv4), origin);
  const seen = formatEndpoint(origin.ipv4, origin.port);
  const isServicePort = port === client.ports.values().next().value;
  if (isServicePort && (client.mapped === undefined || source.ipv4 === advertisement.server)) client.mapped = origin;

  if (question.coneBit === 1 && !isSameAddress) {
    client.nat = sameEndpoint(origin, port.endpoint) ? 'none' : 'cone';
    return (
      `The answer comes from ${formatIpv4(source.ipv4)}, where ${receiver.noun} never wrote, and gets in: ` +
      `a cone NAT (or none), and the mapped endpoint is ${seen}`
    );
  }
  if (previous !== undefined) {
    if (client.nat === 'symmetric' && client.address === undefined) {
      const others = [...new Set([...port.mappings.values()].map(({ ipv4, port: at }) => formatEndpoint(ipv4, at)))];
      return others.length > 1
        ? `${sender.noun} sees ${seen}, still not what the other address sees: the NAT is symmetric, and ${receiver.noun} has no address`
        : `${sender.noun} sees ${seen}: what the other address sees will tell whether the NAT is symmetric still`;
    }
    if (sameEndpoint(previous, origin))
      return `${sender.noun} still sees ${seen}: the mapping lives, the address stays`;
    const before = formatEndpoint(previous.ipv4, previous.port);
    return `${sender.noun} now sees ${seen} instead of ${before}: the old Teredo address of ${receiver.noun} ends, a new one begins`;
  }
  if (other !== undefined) return compare(client, receiver.noun, formatIpv4(source.ipv4), origin, other[1]);
  if (sameEndpoint(origin, port.endpoint)) {
    client.nat ??= 'none';
    return `${sender.noun} saw ${seen}, just what ${receiver.noun} is called here: no NAT between this place and the server`;
  }
  return (
    `${sender.noun} saw ${seen} where ${receiver.noun} is ${formatEndpoint(port.endpoint.ipv4, port.endpoint.port)} here: ` +
    `a NAT stands between, and this mapped endpoint goes into the Teredo address`
  );
}

/** RFC 4380 §5.2.1: two servers saw the same port, or each another one. */
function compare(client: Client, who: string, server: string, here: Endpoint, there: Endpoint): string {
  const seen = formatEndpoint(here.ipv4, here.port);
  if (sameEndpoint(here, there)) {
    if (client.nat === undefined || client.nat === 'symmetric') client.nat = 'not symmetric';
    return client.nat === 'none'
      ? `${server} saw ${seen} too: the client is qualified, without a NAT`
      : `${server} saw ${seen} too, so the NAT has one mapping for all destinations: it is not symmetric, and ${who} is qualified`;
  }
  client.nat = 'symmetric';
  const before = formatEndpoint(there.ipv4, there.port);
  return `${server} saw ${seen} and not ${before}: the NAT maps each destination anew, it is symmetric, and plain Teredo cannot work`;
}

function isRejected({ bytes, parts }: Scene): boolean {
  return parts.authenticationAt >= 0 && authentication.confirmation(bytes, parts.authenticationAt) !== 0;
}

interface Answered {
  readonly port: ClientPort;
  readonly question: Solicitation;
  /** Whether the answer comes from the address that was asked. */
  readonly isSameAddress: boolean;
}

/** The question this answers: by its nonce, else by the address and port it was asked from (ledger CLI-16). */
function findQuestion(client: Client, nonce: string, source: Endpoint, reached: Endpoint): Answered | undefined {
  const candidates: Answered[] = [];
  for (const port of client.ports.values()) {
    for (const [server, question] of port.solicitations) {
      const isSameAddress = server === formatIpv4(source.ipv4);
      // RFC 4380 §5.3.2: with the cone bit set the other address answers.
      if (question.nonce === nonce && (isSameAddress || question.coneBit === 1)) {
        candidates.push({ port, question, isSameAddress });
      }
    }
  }
  const here = candidates.filter(({ port }) => isPortAt(port, reached));
  const likely = here.length > 0 ? here : candidates;
  return likely.find(({ question }) => question.answeredAt === undefined) ?? likely[0];
}

function isPortAt(port: ClientPort, endpoint: Endpoint): boolean {
  return (
    sameEndpoint(port.endpoint, endpoint) ||
    [...port.mappings.values()].some((mapped) => sameEndpoint(mapped, endpoint))
  );
}
