import * as encapsulation from '../wire/encapsulation.ts';
import * as icmpv6 from '../wire/icmpv6.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as origin from '../wire/origin.ts';
import { formatEndpoint } from '../wire/text.ts';
import type { Datagram } from './datagram.ts';
import * as dns from './dns.ts';
import type { Crossing, Loss, TraceRecord } from './trace.ts';

/**
 * A trace as a conversation: one line for each UDP datagram, from the host that sent it to the node it came to.
 *
 * Shape:  "relay > server: bubble"; what was not received ends with "(lost: reason)" or "(dropped: reason)".
 */
export function conversation(records: readonly TraceRecord[]): string[] {
  const lastCrossing = new Map<number, Crossing>();
  const losses = new Map<number, Loss>();
  for (const record of records) {
    if (record.type === 'loss') {
      if (record.flight !== undefined) losses.set(record.flight, record);
    } else if (record.datagram !== undefined) {
      lastCrossing.set(record.flight, record);
    }
  }
  const lines: string[] = [];
  for (const [flight, crossing] of lastCrossing) {
    if (crossing.datagram === undefined) continue;
    const { sender, to, network } = crossing;
    lines.push(`${sender} > ${to || network}: ${describeDatagram(crossing.datagram)}${ending(losses.get(flight), to)}`);
  }
  return lines;
}

/** What a datagram is, in few words: "RS", "bubble, origin 203.0.113.9", "ICMPv6 echo request". */
export function describeDatagram(datagram: Datagram): string {
  const { payload, sourcePort, destinationPort } = datagram;
  if (sourcePort === dns.PORT || destinationPort === dns.PORT) {
    const message = dns.parse(payload);
    return message === undefined ? 'not DNS' : dns.describe(message);
  }
  const parts = encapsulation.parse(payload, 0, payload.length);
  if (typeof parts === 'number') return `${payload.length} octets`;
  const what = describePacket(payload, parts.packetAt);
  if (parts.originAt < 0) return what;
  return `${what}, origin ${formatEndpoint(origin.ipv4(payload, parts.originAt), origin.port(payload, parts.originAt))}`;
}

function describePacket(bytes: Uint8Array, at: number): string {
  if (ipv6.isBubble(bytes, at)) return 'bubble';
  if (!icmpv6.isMessage(bytes, at)) return `IPv6, next header ${ipv6.nextHeader(bytes, at)}`;
  const type = icmpv6.type(bytes, at);
  return ICMPV6_NAMES.get(type) ?? `ICMPv6 type ${type}`;
}

const ICMPV6_NAMES = new Map<number, string>([
  [icmpv6.ECHO_REQUEST, 'ICMPv6 echo request'],
  [icmpv6.ECHO_REPLY, 'ICMPv6 echo reply'],
  [icmpv6.ROUTER_SOLICITATION, 'RS'],
  [icmpv6.ROUTER_ADVERTISEMENT, 'RA'],
  [icmpv6.DESTINATION_UNREACHABLE, 'ICMPv6 destination unreachable'],
  [icmpv6.PACKET_TOO_BIG, 'ICMPv6 packet too big'],
]);

function ending(loss: Loss | undefined, to: string): string {
  if (loss === undefined) return '';
  return loss.where === to ? ` (dropped: ${loss.reason})` : ` (lost: ${loss.reason})`;
}
