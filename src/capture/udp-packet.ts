import { writeI32, writeU16 } from '../wire/bytes.ts';
import * as checksum from '../wire/checksum.ts';
import type { Endpoint } from './datagram.ts';

const IPV4_LENGTH = 20;
const UDP_LENGTH = 8;
const PROTOCOL_UDP = 17;
const TIME_TO_LIVE = 64;
const DO_NOT_FRAGMENT = 0x4000;

/**
 * An IPv4 packet with a UDP datagram, for a capture that saw only what UDP carried.
 *
 * Shape:  time to live and identification are made up; the UDP checksum is 0, which says that there is none. Where the
 *         payload was cut, `payloadLength` tells how long it was.
 */
export function udpPacket(
  source: Endpoint,
  destination: Endpoint,
  payload: Uint8Array,
  payloadLength = payload.length,
): Uint8Array {
  const packet = new Uint8Array(IPV4_LENGTH + UDP_LENGTH + payload.length);
  const udpLength = UDP_LENGTH + payloadLength;
  packet[0] = 0x45;
  writeU16(packet, 2, IPV4_LENGTH + udpLength);
  writeU16(packet, 6, DO_NOT_FRAGMENT);
  packet[8] = TIME_TO_LIVE;
  packet[9] = PROTOCOL_UDP;
  writeI32(packet, 12, source.ipv4);
  writeI32(packet, 16, destination.ipv4);
  writeU16(packet, 10, checksum.finish(checksum.sum(packet, 0, IPV4_LENGTH, 0)));
  writeU16(packet, IPV4_LENGTH, source.port);
  writeU16(packet, IPV4_LENGTH + 2, destination.port);
  writeU16(packet, IPV4_LENGTH + 4, udpLength);
  packet.set(payload, IPV4_LENGTH + UDP_LENGTH);
  return packet;
}
