/** Sentences for bubbles: who opens which NAT for whom (RFC 4380 §5.2.6, §5.4.1). */

import * as ipv6 from '../../wire/ipv6.ts';
import * as teredo from '../../wire/teredo.ts';
import { formatEndpoint } from '../../wire/text.ts';
import type { Endpoint } from '../datagram.ts';
import type { Party } from './parties.ts';
import { originOf, type Scene } from './scene.ts';

/** A bubble on its first leg, to the server of the client it is for. */
export function tellBubbleToServer(scene: Scene): string {
  const { sender, receiver, parties, bytes, parts } = scene;
  const target = parties.clientOf(bytes, parts.packetAt + ipv6.DESTINATION);
  const whom = target?.name ?? (sender.role === 'client' ? 'the other client' : 'the client');
  if (sender.role === 'client') {
    return `${sender.noun} sends a bubble by way of ${whom}'s server, for the NAT of ${whom} lets in what comes from ${receiver.noun}`;
  }
  return `${sender.noun} holds packets for ${whom} back and sends a bubble to ${whom}'s server, the only one whose datagrams surely get in`;
}

/** A bubble on its second leg: the server hands it to its client. */
export function tellBubbleFromServer(scene: Scene): string {
  const { sender, receiver, parties, parts, bytes, from } = scene;
  const origin = originOf(scene);
  const embedded = embeddedMapping(bytes, parts.packetAt + ipv6.SOURCE);
  const from4 = origin ?? embedded;
  if (from4 === undefined)
    return `${sender.noun} hands on a bubble without saying from where; ${receiver.noun} cannot answer it`;
  const path = receiver.client === undefined ? undefined : parties.path(receiver.client, from4);
  if (path !== undefined) path.bubbleFrom = from;
  const where = formatEndpoint(from4.ipv4, from4.port);
  const source =
    origin === undefined ? 'and the Teredo address inside tells where to answer' : 'and adds where it came from';
  return `${sender.noun} hands the bubble on through the path that ${receiver.noun} keeps open, ${source}: ${where}`;
}

/** A bubble straight from one end to the other. */
export function tellDirectBubble(scene: Scene): string {
  const { sender, receiver, parties, seenSource, destination, hostName, to, bytes, parts } = scene;
  const there = formatEndpoint(destination.ipv4, destination.port);
  const outgoing = sender.client === undefined ? undefined : parties.path(sender.client, destination);
  const incoming = receiver.client === undefined ? undefined : parties.path(receiver.client, seenSource);
  const wasOpen = outgoing?.isOpen ?? false;
  const isAnswer = outgoing?.bubbleFrom !== undefined;
  const isExpected = incoming?.isOpen ?? false;
  if (outgoing !== undefined) {
    outgoing.isOpen = true;
    delete outgoing.bubbleFrom;
  }
  if (incoming !== undefined) incoming.isHeard = true;
  if (isAnswer) return `${sender.noun} answers ${answer(receiver, isExpected)}`;
  if (outgoing?.isHeard === true && wasOpen) {
    return `${sender.noun} sends ${receiver.noun} a bubble again: the way is open, and stays so`;
  }
  if (isExpected) {
    return `${sender.noun} writes straight to ${receiver.noun}, which wrote there before, so its NAT lets this in: the way is open both ways`;
  }
  if (wasOpen) return `${sender.noun} tries once more: a bubble straight to ${there}`;
  if (receiver.client !== undefined || teredo.isTeredo(bytes, parts.packetAt + ipv6.DESTINATION)) {
    const whose = receiver.client === undefined ? 'the NAT there' : `the NAT of ${receiver.noun}`;
    return `${sender.noun} sends a bubble straight to ${there}: ${whose} may refuse it, but its own NAT now awaits an answer from there`;
  }
  return `${sender.noun} sends a bubble for ${hostName(to)} straight to ${there}, where it expects a relay, and so opens its NAT for it`;
}

function answer(receiver: Party, isExpected: boolean): string {
  if (receiver.client === undefined) {
    return `the bubble straight to ${receiver.noun}: that opens its NAT for ${receiver.noun}, and shows ${receiver.noun} its mapped endpoint`;
  }
  const way = isExpected
    ? `the NAT of ${receiver.noun} already waits for it`
    : `that opens its own NAT for ${receiver.noun}`;
  return `the bubble straight to ${receiver.noun}: ${way}`;
}

/** RFC 4380 §5.2.8: clients on one link find each other. */
export function tellDiscovery(scene: Scene): string {
  return `${scene.sender.noun} calls out on its own link, so that Teredo clients there can reach it without the NAT (local discovery)`;
}

function embeddedMapping(bytes: Uint8Array, address: number): Endpoint | undefined {
  if (!teredo.isTeredo(bytes, address)) return undefined;
  return { ipv4: teredo.ipv4(bytes, address), port: teredo.port(bytes, address) };
}
