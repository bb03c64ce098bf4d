import type { Arena } from './arena.ts';
import { type Checksum, fold } from './checksum.ts';
import {
  ACK,
  ADDRESSES_LENGTH,
  IPV6_LENGTH,
  NEXT_HEADER,
  PAYLOAD_LENGTH,
  PSH,
  SOURCE,
  TCP,
  TCP_CHECKSUM,
  TCP_DATA_OFFSET,
  TCP_FLAGS,
  TCP_LENGTH,
  TCP_SEQUENCE,
  TCP_URGENT,
  UDP,
  UDP_CHECKSUM,
  UDP_LENGTH,
  UDP_PAYLOAD_LENGTH,
  writeU16,
} from './inner-headers.ts';
import * as virtio from './virtio-header.ts';

/** Packets in one super-packet. The kernel sends as many as 64 segments of UDP since it can, 128 of late. */
const PIECES_MAX = 64;
/** IPv6 header and what its length field can tell, less a little. */
const LENGTH_MAX = 65_535;
const HEADER_MAX = virtio.VIRTIO_HEADER + IPV6_LENGTH + 60;

const UPPER = IPV6_LENGTH;

/** No packet can join; a protocol's number made negative says the same of a run that is complete. */
const NOTHING = 0;

/**
 * Merges consecutive packets of one flow into a super-packet for the TUN device: what `Segmenter` does, undone.
 *
 * Splitting the super-packet gives back the same packets, octet by octet; that is the rule for what may be merged:
 * equal headers, consecutive sequence numbers, equal payload sizes but for the last, right checksums. Everything
 * else stays alone, as it is, in its place.
 */
export class Coalescer {
  /** Packets of the run at hand. */
  count = 0;
  /** Octets of the first one's header, virtio header not counted. */
  headerLength = 0;
  /** Payload of each packet of the run; of a run of one, the packet itself. */
  readonly pieceAt = new Int32Array(PIECES_MAX);
  readonly pieceLength = new Int32Array(PIECES_MAX);
  /** Where `finish` writes the virtio header and the headers of a super-packet. */
  readonly header: number;

  readonly #arena: Arena;
  readonly #checksum: Checksum;
  readonly #withTcp: boolean;
  readonly #withUdp: boolean;
  #protocol = NOTHING;
  #head = 0;
  #headLength = 0;
  #isHeadRight = false;
  #segment = 0;
  #total = 0;
  /** TCP: the sequence number that continues the run. */
  #sequence = 0;
  #isPushed = false;

  constructor(arena: Arena, checksum: Checksum, withTcp: boolean, withUdp: boolean) {
    this.#arena = arena;
    this.#checksum = checksum;
    this.#withTcp = withTcp;
    this.#withUdp = withUdp;
    this.header = arena.take(HEADER_MAX);
  }

  /** Begins a run with the packet at `at`; the run before has been taken. */
  begin(at: number, length: number): void {
    this.count = 1;
    this.pieceAt[0] = at;
    this.pieceLength[0] = length;
    this.#head = at;
    this.#headLength = length;
    this.#isHeadRight = false;
    this.#protocol = this.#open(at, length);
  }

  /** Adds the packet at `at` to the run; false: it does not continue it, so that a new run must begin. */
  join(at: number, length: number): boolean {
    if (this.#protocol <= NOTHING) return false;
    const payload = length - this.headerLength;
    if (payload <= 0 || payload > this.#segment || this.count === PIECES_MAX) return false;
    if (this.headerLength + this.#total + payload > LENGTH_MAX) return false;
    if (!this.#isSameFlow(at, length)) return false;
    if (!this.#isHeadRight) {
      if (!this.#isRight(this.#head, this.#headLength)) {
        this.#protocol = NOTHING;
        return false;
      }
      this.#isHeadRight = true;
    }
    if (!this.#isRight(at, length)) return false;
    if (this.count === 1) {
      this.pieceAt[0] = this.#head + this.headerLength;
      this.pieceLength[0] = this.#segment;
    }
    this.pieceAt[this.count] = at + this.headerLength;
    this.pieceLength[this.count] = payload;
    this.count++;
    this.#total += payload;
    let isLast = payload < this.#segment;
    if (this.#protocol === TCP) {
      this.#sequence = (this.#sequence + payload) | 0;
      this.#isPushed = (this.#arena.bytes[at + UPPER + TCP_FLAGS]! & PSH) !== 0;
      isLast ||= this.#isPushed;
    }
    if (isLast) this.#protocol = -this.#protocol;
    return true;
  }

  /** Writes the virtio header, the IPv6 header and the TCP or UDP header of a run of two or more at `header`. */
  finish(): void {
    const { bytes } = this.#arena;
    const isTcp = Math.abs(this.#protocol) === TCP;
    const at = this.header + virtio.VIRTIO_HEADER;
    const upperLength = this.headerLength - IPV6_LENGTH + this.#total;
    bytes.copyWithin(at, this.#head, this.#head + this.headerLength);
    writeU16(bytes, at + PAYLOAD_LENGTH, upperLength);
    const sum = fold(this.#checksum.sum(at + SOURCE, ADDRESSES_LENGTH, upperLength + (isTcp ? TCP : UDP)));
    if (isTcp) {
      if (this.#isPushed) bytes[at + UPPER + TCP_FLAGS]! |= PSH;
      writeU16(bytes, at + UPPER + TCP_CHECKSUM, sum);
    } else {
      writeU16(bytes, at + UPPER + UDP_PAYLOAD_LENGTH, upperLength);
      writeU16(bytes, at + UPPER + UDP_CHECKSUM, sum);
    }
    const type = isTcp ? virtio.GSO_TCP6 : virtio.GSO_UDP;
    const field = isTcp ? TCP_CHECKSUM : UDP_CHECKSUM;
    virtio.emitSuper(bytes, this.header, type, this.headerLength, this.#segment, UPPER, field);
  }

  /** Whether a run may grow from this packet: its protocol, or NOTHING. */
  #open(at: number, length: number): number {
    const { bytes, view } = this.#arena;
    const next = length > IPV6_LENGTH ? bytes[at + NEXT_HEADER]! : NOTHING;
    if (next === TCP && this.#withTcp) {
      if (length <= IPV6_LENGTH + TCP_LENGTH || !isWhole(view, at, length)) return NOTHING;
      const upper = at + UPPER;
      const upperLength = (bytes[upper + TCP_DATA_OFFSET]! >>> 4) * 4;
      // Only ACK; a packet with PSH, SYN, FIN, RST, URG or a word on congestion is sent at once, as it is.
      if (upperLength < TCP_LENGTH || (bytes[upper + TCP_DATA_OFFSET]! & 0x0f) !== 0) return NOTHING;
      if (bytes[upper + TCP_FLAGS] !== ACK || view.getUint16(upper + TCP_URGENT) !== 0) return NOTHING;
      this.headerLength = IPV6_LENGTH + upperLength;
      this.#segment = length - this.headerLength;
      if (this.#segment <= 0) return NOTHING;
      this.#sequence = (view.getInt32(upper + TCP_SEQUENCE) + this.#segment) | 0;
      this.#isPushed = false;
    } else if (next === UDP && this.#withUdp) {
      if (length <= IPV6_LENGTH + UDP_LENGTH || !isWhole(view, at, length)) return NOTHING;
      if (!isWholeDatagram(view, at, length)) return NOTHING;
      this.headerLength = IPV6_LENGTH + UDP_LENGTH;
      this.#segment = length - this.headerLength;
    } else {
      return NOTHING;
    }
    this.#total = this.#segment;
    return next;
  }

  /** Whether all that must be equal is equal, and what must follow follows. */
  #isSameFlow(at: number, length: number): boolean {
    const { bytes, view } = this.#arena;
    const head = this.#head;
    if (bytes[at + NEXT_HEADER] !== this.#protocol || !isWhole(view, at, length)) return false;
    // Version, traffic class and flow label; next header and hop limit; addresses; ports.
    if (view.getInt32(at, true) !== view.getInt32(head, true)) return false;
    if (view.getUint16(at + NEXT_HEADER, true) !== view.getUint16(head + NEXT_HEADER, true)) return false;
    if (!isSame(view, at, head, SOURCE, IPV6_LENGTH + 4)) return false;
    if (this.#protocol === UDP) return isWholeDatagram(view, at, length);
    const upper = at + UPPER;
    const headUpper = head + UPPER;
    return (
      view.getInt32(upper + TCP_SEQUENCE) === this.#sequence &&
      // Acknowledgement; header length, flags and window, where PSH may end a run; no urgent data; options.
      view.getInt32(upper + 8, true) === view.getInt32(headUpper + 8, true) &&
      (view.getInt32(upper + 12) & ~(PSH << 16)) === view.getInt32(headUpper + 12) &&
      view.getUint16(upper + TCP_URGENT) === 0 &&
      isSame(view, upper, headUpper, TCP_LENGTH, this.headerLength - IPV6_LENGTH)
    );
  }

  /** Whether the packet's checksum is right; the addresses and what follows them are one range. */
  #isRight(at: number, length: number): boolean {
    const upperLength = length - IPV6_LENGTH;
    const sum = this.#checksum.sum(at + SOURCE, length - SOURCE, upperLength + this.#arena.bytes[at + NEXT_HEADER]!);
    return fold(sum) === 0xffff;
  }
}

/** Whether the IPv6 header's length is the packet's. */
function isWhole(view: DataView, at: number, length: number): boolean {
  return view.getUint16(at + PAYLOAD_LENGTH) === length - IPV6_LENGTH;
}

/** Whether the UDP header's length is the packet's, and there is a checksum to go by. */
function isWholeDatagram(view: DataView, at: number, length: number): boolean {
  const upper = at + UPPER;
  return (
    view.getUint16(upper + UDP_PAYLOAD_LENGTH) === length - IPV6_LENGTH && view.getUint16(upper + UDP_CHECKSUM) !== 0
  );
}

/** Whether two packets are the same from one offset to another, a multiple of 4 octets apart. */
function isSame(view: DataView, a: number, b: number, from: number, to: number): boolean {
  for (let index = from; index < to; index += 4) {
    if (view.getInt32(a + index, true) !== view.getInt32(b + index, true)) return false;
  }
  return true;
}
