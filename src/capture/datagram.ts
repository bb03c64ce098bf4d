/** What a capture holds for us: UDP datagrams over IPv4, and IPv6 packets that travel natively. */

import { readI32, readU16 } from '../wire/bytes.ts';
import * as ipv6 from '../wire/ipv6.ts';
import type { Frame } from './frame.ts';
import { packetAt } from './link-layer.ts';

/** An IPv4 address as an int32 and a UDP port. */
export interface Endpoint {
  readonly ipv4: number;
  readonly port: number;
}

/** A UDP datagram over IPv4. */
export interface CapturedDatagram {
  readonly type: 'datagram';
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly payload: Uint8Array;
  /** The IPv4 time to live. */
  readonly ttl: number;
}

/** An IPv6 packet outside any tunnel. */
export interface CapturedPacket {
  readonly type: 'packet';
  readonly packet: Uint8Array;
}

/** Something else; `reason` says what, in a few words that can be counted. */
export interface Uninteresting {
  readonly type: 'other';
  readonly reason: string;
}

export type Captured = CapturedDatagram | CapturedPacket | Uninteresting;

const PROTOCOL_UDP = 17;
const IPV4_LENGTH_MIN = 20;
const UDP_LENGTH = 8;
/** The 13 bits of a fragment's offset and the "more fragments" bit. */
const FRAGMENT = 0x3fff;

/** Looks into a frame. Never throws and never reads past its end. */
export function dissect(frame: Pick<Frame, 'linkType' | 'bytes'>): Captured {
  const at = packetAt(frame.linkType, frame.bytes);
  if (typeof at === 'string') return other(at);
  return dissectPacket(frame.bytes.subarray(at));
}

/** Looks into an IPv4 or IPv6 packet; what follows its end (Ethernet padding) is ignored. */
export function dissectPacket(packet: Uint8Array): Captured {
  if (packet.length === 0) return other('frame cut');
  return packet[0]! >>> 4 === 6 ? dissectIpv6(packet) : dissectIpv4(packet);
}

function dissectIpv6(packet: Uint8Array): Captured {
  if (!ipv6.fits(packet, 0, packet.length)) return other('IPv6 packet cut');
  return { type: 'packet', packet: packet.subarray(0, ipv6.packetLength(packet, 0)) };
}

function dissectIpv4(packet: Uint8Array): Captured {
  if (packet.length < IPV4_LENGTH_MIN) return other('IPv4 packet cut');
  const header = 4 * (packet[0]! & 15);
  const total = readU16(packet, 2);
  if (packet[0]! >>> 4 !== 4 || header < IPV4_LENGTH_MIN || total < header) return other('bad IPv4 header');
  if (packet[9] !== PROTOCOL_UDP) return other(`not UDP (${protocolName(packet[9]!)})`);
  const fragment = readU16(packet, 6) & FRAGMENT;
  if (fragment !== 0) return other((fragment & 0x1fff) === 0 ? 'first IPv4 fragment' : 'later IPv4 fragment');
  if (packet.length < total) return other('IPv4 packet cut');
  if (total < header + UDP_LENGTH) return other('bad UDP length');
  const length = readU16(packet, header + 4);
  if (length < UDP_LENGTH || header + length > total) return other('bad UDP length');
  return {
    type: 'datagram',
    source: { ipv4: readI32(packet, 12), port: readU16(packet, header) },
    destination: { ipv4: readI32(packet, 16), port: readU16(packet, header + 2) },
    payload: packet.subarray(header + UDP_LENGTH, header + length),
    ttl: packet[8]!,
  };
}

function protocolName(protocol: number): string {
  const names: Record<number, string> = { 1: 'ICMP', 2: 'IGMP', 6: 'TCP', 41: 'IPv6 in IPv4', 47: 'GRE', 50: 'ESP' };
  return names[protocol] ?? `IPv4 protocol ${protocol}`;
}

function other(reason: string): Uninteresting {
  return { type: 'other', reason };
}
