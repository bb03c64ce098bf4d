/** Who the two ends of a Teredo datagram are. */

import type { Encapsulation } from '../../wire/encapsulation.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import * as teredo from '../../wire/teredo.ts';
import { formatEndpoint, formatIpv6 } from '../../wire/text.ts';
import type { CapturedDatagram, Endpoint } from '../datagram.ts';
import type { Client, Parties, Party } from './parties.ts';

export const SERVER_PORT = 3544;
/** RFC 4380 §2.17: 224.0.0.253. */
export const DISCOVERY_IPV4 = 0xe00000fd | 0;
/** Our own bound. */
const RELAYS_MAX = 100;

interface Ends {
  readonly sender: Party;
  readonly receiver: Party;
}

/** What `findEnds` reads of a sighting. */
interface Sighted extends CapturedDatagram {
  readonly from?: string;
  readonly to?: string;
  readonly seenSource?: Endpoint;
  readonly reached?: Endpoint;
}

/** Shape: whoever writes with a Teredo source is a client; who does not, and is no server, is a relay. */
export function findEnds(parties: Parties, sighted: Sighted, parts: Encapsulation, kind: string): Ends {
  const { source, destination, payload } = sighted;
  const from = parts.packetAt + ipv6.SOURCE;
  const to = parts.packetAt + ipv6.DESTINATION;
  const isAsking = kind === 'router solicitation';
  const isAnswering = kind === 'router advertisement';
  const isFromServer = isAnswering || (!isAsking && source.port === SERVER_PORT && !isEmbedded(payload, from, source));
  const isToServer =
    isAsking || (!isAnswering && destination.port === SERVER_PORT && !isEmbedded(payload, to, destination));

  const client = isFromServer ? undefined : sendingClient(parties, sighted, from, kind);
  const sender = parties.party(isFromServer ? 'server' : client ? 'client' : 'relay', source, client, sighted.from);
  if (destination.ipv4 === DISCOVERY_IPV4) {
    return { sender, receiver: { role: 'unknown', label: 'the link', noun: 'the link', endpoint: destination } };
  }
  const target = isToServer ? undefined : receivingClient(parties, sighted, to, isFromServer);
  const role = isToServer ? 'server' : target ? 'client' : 'relay';
  const receiver = parties.party(role, destination, target, sighted.to);
  noteRelay(sender, receiver);
  return { sender, receiver };
}

function sendingClient(parties: Parties, sighted: Sighted, from: number, kind: string): Client | undefined {
  const { source, payload, seenSource } = sighted;
  const isTeredo = teredo.isTeredo(payload, from);
  if (!isTeredo && kind !== 'router solicitation') return parties.known(source, sighted.from);
  const client = parties.clientOf(payload, from) ?? parties.client(source, sighted.from);
  if (seenSource !== undefined) parties.addMapping(client, seenSource);
  if (isTeredo) learnAddress(parties, client, payload, from);
  return client;
}

function receivingClient(parties: Parties, sighted: Sighted, to: number, isFromServer: boolean): Client | undefined {
  const { destination, payload, reached = destination } = sighted;
  const isTeredo = teredo.isTeredo(payload, to);
  const known =
    parties.clientOf(payload, to) ?? parties.known(reached, sighted.to) ?? parties.known(destination, sighted.to);
  if (known === undefined && !isTeredo && !isFromServer) return undefined;
  const client = known ?? parties.client(reached, sighted.to);
  if (isTeredo) learnAddress(parties, client, payload, to);
  return client;
}

function learnAddress(parties: Parties, client: Client, bytes: Uint8Array, at: number): void {
  parties.addAddress(client, formatIpv6(bytes, at));
  const mapped = { ipv4: teredo.ipv4(bytes, at), port: teredo.port(bytes, at) };
  client.server ??= teredo.server(bytes, at);
  client.mapped ??= mapped;
  parties.addMapping(client, mapped);
}

function noteRelay(sender: Party, receiver: Party): void {
  for (const [one, other] of [
    [sender, receiver],
    [receiver, sender],
  ] as const) {
    if (one.client !== undefined && other.role === 'relay' && one.client.relays.size < RELAYS_MAX) {
      one.client.relays.add(formatEndpoint(other.endpoint.ipv4, other.endpoint.port));
    }
  }
}

/** Whether the inner address is a Teredo address of just this endpoint: a client may use port 3544 too. */
function isEmbedded(bytes: Uint8Array, address: number, endpoint: Endpoint): boolean {
  return teredo.embeds(bytes, address, endpoint.ipv4, endpoint.port);
}
