import { writeI32, writeU16 } from '../wire/bytes.ts';
import * as checksum from '../wire/checksum.ts';

/**
 * One UDP datagram on its way through the simulated IPv4 internet.
 *
 * Shape:  never changed: a NAT hands on a copy with other addresses and the same `flight`, so that all crossings of
 *         one datagram can be told apart from its twin. Addresses are int32.
 */
export interface Datagram {
  readonly flight: number;
  /** Name of the host that sent it. */
  readonly sender: string;
  readonly source: number;
  readonly sourcePort: number;
  readonly destination: number;
  readonly destinationPort: number;
  readonly timeToLive: number;
  readonly identification: number;
  readonly payload: Uint8Array;
}

/** One IPv6 packet on its way through the simulated IPv6 internet. */
export interface Packet {
  readonly flight: number;
  readonly sender: string;
  /** The whole packet; routers hand on a copy with a lower hop limit. */
  readonly bytes: Uint8Array;
}

export const IPV4_HEADER_LENGTH = 20;
export const UDP_HEADER_LENGTH = 8;

/** Octets of the IPv4 packet that carries the datagram. */
export function ipv4Length(datagram: Datagram): number {
  return IPV4_HEADER_LENGTH + UDP_HEADER_LENGTH + datagram.payload.length;
}

/**
 * The IPv4 packet as it lies on the wire, both checksums right.
 *
 * Shape:  header without options, "don't fragment" clear (RFC 4380 §5.1.2); UDP checksum never 0 (RFC 768).
 */
export function ipv4Packet(datagram: Datagram): Uint8Array {
  const length = ipv4Length(datagram);
  const bytes = new Uint8Array(length);
  bytes[0] = 0x45;
  writeU16(bytes, 2, length);
  writeU16(bytes, 4, datagram.identification);
  bytes[8] = datagram.timeToLive;
  bytes[9] = UDP;
  writeI32(bytes, 12, datagram.source);
  writeI32(bytes, 16, datagram.destination);
  writeU16(bytes, 10, checksum.finish(checksum.sum(bytes, 0, IPV4_HEADER_LENGTH, 0)));

  const udpLength = length - IPV4_HEADER_LENGTH;
  writeU16(bytes, 20, datagram.sourcePort);
  writeU16(bytes, 22, datagram.destinationPort);
  writeU16(bytes, 24, udpLength);
  bytes.set(datagram.payload, IPV4_HEADER_LENGTH + UDP_HEADER_LENGTH);
  const pseudoHeader = checksum.sum(bytes, 12, 8, UDP + udpLength);
  writeU16(bytes, 26, checksum.finish(checksum.sum(bytes, IPV4_HEADER_LENGTH, udpLength, pseudoHeader)) || 0xffff);
  return bytes;
}

const UDP = 17;
