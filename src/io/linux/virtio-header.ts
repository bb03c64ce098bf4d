/**
 * struct virtio_net_hdr (linux/virtio_net.h), which stands before each packet of a TUN device with IFF_VNET_HDR.
 *   0       1          2               4                 6                8                 10
 *   | flags | GSO type | header length | segment payload | checksum start | checksum offset |
 *
 * Numbers are little-endian, as the machine's are; offsets count from the start of the packet.
 */
export const VIRTIO_HEADER = 10;

const FLAGS = 0;
const GSO_TYPE = 1;
const HEADER_LENGTH = 2;
const SEGMENT = 4;
const CHECKSUM_START = 6;
const CHECKSUM_OFFSET = 8;

const NEEDS_CHECKSUM = 1;
/** TCP over IPv6. */
export const GSO_TCP6 = 4;
/** UDP over either, one datagram a segment. */
export const GSO_UDP = 5;
/** Set beside the type when the packet carries CWR. */
const GSO_ECN = 0x80;

/** Whether the checksum field of the packet holds no more than the pseudo-header's sum. */
export function needsChecksum(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + FLAGS]! & NEEDS_CHECKSUM) !== 0;
}

/** 0: one packet; else one of GSO_... */
export function gsoType(bytes: Uint8Array, at: number): number {
  return bytes[at + GSO_TYPE]! & ~GSO_ECN;
}

/** Payload octets of each segment but the last. */
export function segment(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at + SEGMENT);
}

/** Where the checksummed part begins. */
export function checksumStart(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at + CHECKSUM_START);
}

/** Where its checksum field is, from there. */
export function checksumOffset(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at + CHECKSUM_OFFSET);
}

/** The header of a super-packet whose checksum field holds the pseudo-header's sum. */
export function emitSuper(
  bytes: Uint8Array,
  at: number,
  type: typeof GSO_TCP6 | typeof GSO_UDP,
  headerLength: number,
  segmentPayload: number,
  start: number,
  offset: number,
): void {
  bytes[at + FLAGS] = NEEDS_CHECKSUM;
  bytes[at + GSO_TYPE] = type;
  writeU16(bytes, at + HEADER_LENGTH, headerLength);
  writeU16(bytes, at + SEGMENT, segmentPayload);
  writeU16(bytes, at + CHECKSUM_START, start);
  writeU16(bytes, at + CHECKSUM_OFFSET, offset);
}

function readU16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}
