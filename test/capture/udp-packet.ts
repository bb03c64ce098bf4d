/** An IPv4 packet around a datagram, with right checksums: what a capture of RAW link type holds. */

import type { Endpoint } from '../../src/capture/datagram.ts';
import { writeI32, writeU16 } from '../../src/wire/bytes.ts';
import * as checksum from '../../src/wire/checksum.ts';

const IPV4_LENGTH = 20;
const UDP_LENGTH = 8;
const PROTOCOL_UDP = 17;

export interface UdpPacketOptions {
  /** 64 unless told otherwise. */
  readonly ttl?: number;
  /** The IPv4 identification; 0 unless told otherwise. */
  readonly identification?: number;
}

/**
 * Wraps a datagram.
 *
 * Shape:  no IPv4 options, not fragmented, "don't fragment" clear (RFC 4380 §5.1.2).
 * Errors: RangeError for a payload above 65507 octets.
 */
export function udpPacket(
  source: Endpoint,
  destination: Endpoint,
  payload: Uint8Array,
  options: UdpPacketOptions = {},
): Uint8Array {
  const length = IPV4_LENGTH + UDP_LENGTH + payload.length;
  if (length > 65_535) throw new RangeError(`a datagram of ${payload.length} octets; 65507 fit`);
  const packet = new Uint8Array(length);
  packet[0] = 0x45;
  writeU16(packet, 2, length);
  writeU16(packet, 4, options.identification ?? 0);
  packet[8] = options.ttl ?? 64;
  packet[9] = PROTOCOL_UDP;
  writeI32(packet, 12, source.ipv4);
  writeI32(packet, 16, destination.ipv4);
  writeU16(packet, 10, checksum.finish(checksum.sum(packet, 0, IPV4_LENGTH, 0)));

  const udpLength = UDP_LENGTH + payload.length;
  writeU16(packet, IPV4_LENGTH, source.port);
  writeU16(packet, IPV4_LENGTH + 2, destination.port);
  writeU16(packet, IPV4_LENGTH + 4, udpLength);
  packet.set(payload, IPV4_LENGTH + UDP_LENGTH);
  const pseudoHeader = checksum.sum(packet, 12, 8, PROTOCOL_UDP + udpLength);
  const udpChecksum = checksum.finish(checksum.sum(packet, IPV4_LENGTH, udpLength, pseudoHeader));
  // RFC 768: a checksum of 0 means "none", so a sum that comes out as 0 is sent as ffff.
  writeU16(packet, IPV4_LENGTH + 6, udpChecksum === 0 ? 0xffff : udpChecksum);
  return packet;
}
