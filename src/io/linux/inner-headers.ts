/** Headers of the packets inside the tunnel, as far as offloads look at them: IPv6 (RFC 8200), TCP (RFC 9293), UDP. */

export const IPV6_LENGTH = 40;
export const PAYLOAD_LENGTH = 4;
export const NEXT_HEADER = 6;
export const SOURCE = 8;
/** Source and destination stand together. */
export const ADDRESSES_LENGTH = 32;

export const HOP_BY_HOP = 0;
export const TCP = 6;
export const UDP = 17;
export const ROUTING = 43;
export const DESTINATION_OPTIONS = 60;

/** Offsets in a TCP header. */
export const TCP_SEQUENCE = 4;
export const TCP_DATA_OFFSET = 12;
export const TCP_FLAGS = 13;
export const TCP_CHECKSUM = 16;
export const TCP_URGENT = 18;
export const TCP_LENGTH = 20;

export const FIN = 0x01;
export const PSH = 0x08;
export const ACK = 0x10;
export const CWR = 0x80;

/** Offsets in a UDP header. */
export const UDP_PAYLOAD_LENGTH = 4;
export const UDP_CHECKSUM = 6;
export const UDP_LENGTH = 8;

/** What a walk along the extension headers found; one is reused for every packet. */
export class UpperLayer {
  protocol = 0;
  /** Offset of its header. */
  at = 0;
  /** Offset of what it carries. */
  payloadAt = 0;

  /**
   * Finds the TCP or UDP header of the packet from `at` to `end`, behind extension headers that may stand before it.
   *
   * Errors: false when there is none, or nothing behind it.
   */
  find(bytes: Uint8Array, at: number, end: number): boolean {
    let next = bytes[at + NEXT_HEADER]!;
    let here = at + IPV6_LENGTH;
    while (next === HOP_BY_HOP || next === ROUTING || next === DESTINATION_OPTIONS) {
      if (here + 8 > end) return false;
      next = bytes[here]!;
      here += 8 + 8 * bytes[here + 1]!;
    }
    this.protocol = next;
    this.at = here;
    if (next === TCP && here + TCP_LENGTH < end) {
      this.payloadAt = here + Math.max(TCP_LENGTH, (bytes[here + TCP_DATA_OFFSET]! >>> 4) * 4);
    } else if (next === UDP) {
      this.payloadAt = here + UDP_LENGTH;
    } else {
      return false;
    }
    return this.payloadAt < end;
  }
}

export function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function readI32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function writeI32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
