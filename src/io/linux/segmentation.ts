import type { Arena } from './arena.ts';
import { type Checksum, fold, tcpField, udpField } from './checksum.ts';
import {
  ADDRESSES_LENGTH,
  CWR,
  FIN,
  IPV6_LENGTH,
  PAYLOAD_LENGTH,
  PSH,
  readI32,
  readU16,
  SOURCE,
  TCP,
  TCP_CHECKSUM,
  TCP_FLAGS,
  TCP_SEQUENCE,
  UDP_CHECKSUM,
  UDP_PAYLOAD_LENGTH,
  UpperLayer,
  writeI32,
  writeU16,
} from './inner-headers.ts';
import * as virtio from './virtio-header.ts';

/**
 * Splits a super-packet of the TUN device into the packets it stands for, as the kernel itself would do it late:
 * each gets a header of its own, written anew; the payload stays where it is.
 *
 * All it needs is the packet and its segment size: such a packet may have waited in a role's queue since it was
 * read. Its checksum field holds the sum of the pseudo-header with the length of the whole.
 */
export class Segmenter {
  /** Octets of the header before each payload. */
  headerLength = 0;
  /** Of the segment that `next` made last. */
  payloadAt = 0;
  payloadLength = 0;

  readonly #arena: Arena;
  readonly #checksum: Checksum;
  readonly #upper = new UpperLayer();
  #at = 0;
  #end = 0;
  #segment = 0;
  #isTcp = false;
  /** From the start of a packet. */
  #upperAt = 0;
  #sequence = 0;
  #flags = 0;
  /** The sum over everything that all segments have in common. */
  #commonSum = 0;

  constructor(arena: Arena, checksum: Checksum) {
    this.#arena = arena;
    this.#checksum = checksum;
  }

  /**
   * Takes the super-packet of `length` octets at `at`, whose segments carry `segment` octets but the last.
   *
   * Errors: false when it is neither TCP nor UDP, or has no payload: nobody can split it then.
   */
  begin(at: number, length: number, segment: number): boolean {
    const { bytes } = this.#arena;
    const end = at + length;
    if (segment <= 0 || !this.#upper.find(bytes, at, end)) return false;
    const upperAt = this.#upper.at;
    const payloadAt = this.#upper.payloadAt;
    this.#isTcp = this.#upper.protocol === TCP;
    this.#at = at;
    this.#end = end;
    this.#segment = segment;
    this.#upperAt = upperAt - at;
    this.headerLength = payloadAt - at;
    this.payloadAt = payloadAt;
    this.payloadLength = 0;
    // The field's pseudo-header sum is among these words; what differs between segments is taken off again.
    let sum = this.#checksum.sum(upperAt, payloadAt - upperAt, without(end - upperAt));
    if (this.#isTcp) {
      this.#sequence = readI32(bytes, upperAt + TCP_SEQUENCE);
      this.#flags = bytes[upperAt + TCP_FLAGS]!;
      sum += without(this.#sequence >>> 16) + without(this.#sequence & 0xffff) + without(this.#flags);
    } else {
      sum += without(readU16(bytes, upperAt + UDP_PAYLOAD_LENGTH));
    }
    this.#commonSum = fold(sum);
    return true;
  }

  /** Whether `next` has made the last segment. */
  get isDone(): boolean {
    return this.payloadAt + this.payloadLength >= this.#end;
  }

  /** Octets of the next segment, header and payload. */
  get nextLength(): number {
    return this.headerLength + Math.min(this.#segment, this.#end - this.payloadAt - this.payloadLength);
  }

  /** Writes the header of the next segment at offset `to`; its payload is from then on the one of this segment. */
  next(to: number): void {
    const { bytes } = this.#arena;
    const isFirst = this.payloadLength === 0;
    const payloadAt = this.payloadAt + this.payloadLength;
    const payloadLength = Math.min(this.#segment, this.#end - payloadAt);
    const isLast = payloadAt + payloadLength === this.#end;
    this.payloadAt = payloadAt;
    this.payloadLength = payloadLength;
    bytes.copyWithin(to, this.#at, this.#at + this.headerLength);
    writeU16(bytes, to + PAYLOAD_LENGTH, this.headerLength - IPV6_LENGTH + payloadLength);
    const upper = to + this.#upperAt;
    const carried = this.headerLength - this.#upperAt + payloadLength;
    const sum = this.#checksum.sum(payloadAt, payloadLength, this.#commonSum + carried);
    if (this.#isTcp) {
      const sequence = (this.#sequence + payloadAt - this.#at - this.headerLength) | 0;
      let flags = this.#flags;
      if (!isFirst) flags &= ~CWR; // RFC 3168 §6.1.2: told once
      if (!isLast) flags &= ~(FIN | PSH);
      writeI32(bytes, upper + TCP_SEQUENCE, sequence);
      bytes[upper + TCP_FLAGS] = flags;
      writeU16(bytes, upper + TCP_CHECKSUM, tcpField(sum + (sequence >>> 16) + (sequence & 0xffff) + flags));
    } else {
      writeU16(bytes, upper + UDP_PAYLOAD_LENGTH, carried);
      writeU16(bytes, upper + UDP_CHECKSUM, udpField(sum + carried));
    }
  }
}

/**
 * Brings a packet as the TUN device gave it, virtio header before it, into the shape a batch keeps.
 *
 * Shape:  a plain packet gets the checksum that the kernel left open; the checksum field of a super-packet holds the
 *         sum of its pseudo-header. Gives the segment size, 0 for a plain packet.
 * Errors: -1 when the header contradicts the packet.
 */
export function settle(arena: Arena, checksum: Checksum, upper: UpperLayer, at: number, length: number): number {
  const { bytes } = arena;
  const header = at - virtio.VIRTIO_HEADER;
  const needsChecksum = virtio.needsChecksum(bytes, header);
  if (virtio.gsoType(bytes, header) === 0) {
    return needsChecksum && !complete(arena, checksum, at, length) ? -1 : 0;
  }
  if (!needsChecksum && upper.find(bytes, at, at + length)) {
    const carried = at + length - upper.at;
    const sum = checksum.sum(at + SOURCE, ADDRESSES_LENGTH, upper.protocol + carried);
    writeU16(bytes, upper.at + (upper.protocol === TCP ? TCP_CHECKSUM : UDP_CHECKSUM), fold(sum));
  }
  return virtio.segment(bytes, header);
}

function complete({ bytes }: Arena, checksum: Checksum, at: number, length: number): boolean {
  const header = at - virtio.VIRTIO_HEADER;
  const start = virtio.checksumStart(bytes, header);
  const offset = virtio.checksumOffset(bytes, header);
  if (start + offset + 2 > length) return false;
  const sum = checksum.sum(at + start, length - start, 0);
  writeU16(bytes, at + start + offset, offset === UDP_CHECKSUM ? udpField(sum) : tcpField(sum));
  return true;
}

/** A word taken off a sum again. */
function without(word: number): number {
  return ~word & 0xffff;
}
