/** Sentences for packets other than bubbles and router discovery: tests, data, errors. */

import * as icmpv6 from '../../wire/icmpv6.ts';
import { formatEndpoint } from '../../wire/text.ts';
import { put, type Test } from './parties.ts';
import { echoData, type Scene } from './scene.ts';
import { aPacket, duration } from './words.ts';

/** RFC 4380 §5.2.9: an echo request to a native host, sent by way of the server. */
export function tellTest(scene: Scene): string {
  const { at, sender, receiver, to, hostName, parts, bytes } = scene;
  const client = sender.client!;
  const data = echoData(bytes, parts.packetAt, parts.packetEnd);
  const previous = client.tests.get(to);
  const tries = previous === undefined || previous.answered ? 1 : previous.tries + 1;
  put<Test>(client.tests, to, { at, data, tries, answered: false });
  if (tries > 1) {
    return `After ${duration(at - previous!.at)} without an answer ${sender.noun} tests the way to ${hostName(to)} again`;
  }
  return `${sender.noun} has ${receiver.noun} carry an echo request to ${hostName(to)}: the answer will show which relay is nearest to that host (connectivity test)`;
}

/** Anything else from or to a server, and from a server's own relay. */
export function tellThroughServer(scene: Scene): string {
  const { sender, receiver, description, to, from, hostName } = scene;
  const packet = aPacket(description.kind);
  if (receiver.role === 'server')
    return `${sender.noun} sends ${packet} for ${hostName(to)} by way of ${receiver.noun}`;
  return `${sender.noun} hands ${packet} from ${hostName(from)} to ${receiver.noun}`;
}

/** A packet straight between a client and a relay, or between two clients. */
export function tellDirect(scene: Scene): string {
  const { sender, receiver, parties, seenSource, destination, parts, bytes } = scene;
  const outgoing = sender.client === undefined ? undefined : parties.path(sender.client, destination);
  const incoming = receiver.client === undefined ? undefined : parties.path(receiver.client, seenSource);
  const isFirst = (outgoing?.sent ?? 0) === 0 && (incoming?.received ?? 0) === 0;
  const isNew = isFirst && (outgoing?.received ?? 0) === 0 && (incoming?.sent ?? 0) === 0;
  if (outgoing !== undefined) {
    outgoing.isOpen = true;
    outgoing.sent++;
  }
  if (incoming !== undefined) {
    incoming.isHeard = true;
    incoming.received++;
  }
  if (icmpv6.isError(bytes, parts.packetAt)) return tellError(scene);
  // What answers a packet that went straight to the relay was not held back.
  const isOpening = isFirst && (incoming?.sent ?? 0) === 0;
  if (receiver.client !== undefined && sender.client === undefined) return tellFromRelay(scene, isOpening);
  if (receiver.client === undefined && sender.client !== undefined) return tellToRelay(scene, isFirst);
  return tellBetweenClients(scene, isNew);
}

function tellFromRelay(scene: Scene, isFirst: boolean): string {
  const { sender, receiver, from, hostName, description, parts, bytes, seenSource } = scene;
  const test = receiver.client!.tests.get(from);
  const host = hostName(from);
  const isReply = icmpv6.isEcho(bytes, parts.packetAt) && icmpv6.type(bytes, parts.packetAt) === icmpv6.ECHO_REPLY;
  if (isReply && test !== undefined && !test.answered) {
    test.answered = true;
    const isRight = test.data === echoData(bytes, parts.packetAt, parts.packetEnd);
    if (!isRight)
      return `An echo reply with other data than the test had: ${receiver.noun} must not trust ${sender.noun} for it`;
    const where = formatEndpoint(seenSource.ipv4, seenSource.port);
    const waited = isFirst ? ', held back until now,' : '';
    return `The echo reply of ${host}${waited} gets in with the test's own data: ${receiver.noun} trusts ${where} as the way to it`;
  }
  const packet = aPacket(description.kind);
  if (isFirst)
    return `The way is open: ${sender.noun} sends ${packet} of ${host}, held back until now, straight to ${receiver.noun}`;
  // RFC 4380 §3.4: a host may be its own relay.
  if (host === sender.noun) return `${sender.noun} sends ${packet} straight to ${receiver.noun}`;
  return `${sender.noun} wraps ${packet} of ${host} and sends it straight to ${receiver.noun}`;
}

function tellToRelay(scene: Scene, isFirst: boolean): string {
  const { sender, receiver, to, hostName, description } = scene;
  // RFC 4380 §3.4: a host may be its own relay.
  const whom = hostName(to) === receiver.noun ? '' : ` for ${hostName(to)}`;
  const sentence = `${sender.noun} sends ${aPacket(description.kind)}${whom} straight to ${receiver.noun}`;
  return isFirst ? `${sentence}, without the server` : sentence;
}

function tellBetweenClients(scene: Scene, isFirst: boolean): string {
  const { sender, receiver, description } = scene;
  const packet = aPacket(description.kind);
  if (isFirst)
    return `Both NATs are open: ${sender.noun} sends ${packet} straight to ${receiver.noun}, with no relay and no server`;
  return `${sender.noun} sends ${packet} straight to ${receiver.noun}`;
}

function tellError({ sender, receiver, description }: Scene): string {
  return `${sender.noun} tells ${receiver.noun} of a problem: ${[description.kind, ...reasons(description.summary)].join(', ')}`;
}

/** What the summary of an ICMPv6 error says behind the addresses. */
function reasons(summary: string): string[] {
  return summary.split(', ').slice(1, 2);
}
