import type { PortCounters } from '../counters.ts';
import { AF_INET, CMSGHDR, EAGAIN, EINVAL, EIO, EMSGSIZE, SOCKADDR_IN, SOL_UDP, UDP_SEGMENT } from './abi.ts';
import type { Arena } from './arena.ts';
import { MessageVector } from './message-vector.ts';
import { Outlet } from './outlet.ts';
import { writeEndpoint } from './socket.ts';

/** Messages of one flush: as many peers may get a run of datagrams each. */
const MESSAGES = 256;
/** Datagrams of one message: what every kernel with UDP_SEGMENT takes. */
const DATAGRAMS_MAX = 64;
/** A datagram is one piece, or header and payload. */
const VECTORS_MAX = 2 * DATAGRAMS_MAX;
/** The largest UDP payload over IPv4. */
const MESSAGE_LENGTH_MAX = 65_507;
/** A cmsghdr with a 16-bit number, padded. */
const CONTROL_LENGTH = 24;
const CONTROL_USED = CMSGHDR.length + 2;
/** Places in the table of messages that may still grow, by peer; a power of two. */
const OPEN_PLACES = 256;
const NONE = -1;
/** Flushes until a segment size that the kernel refused is tried again: the route may have changed. */
const CAUTION_FLUSHES = 4_096;

/**
 * Collects datagrams and gives them to the kernel: those of equal size to one peer as one message with UDP_SEGMENT,
 * which crosses the kernel once, and all messages with one call.
 *
 * Datagrams to one peer keep their order; datagrams to different peers need none.
 */
export class SegmentSender {
  /** Datagrams that the last flush brought into the kernel, and their octets. */
  sent = 0;
  sentOctets = 0;

  readonly #arena: Arena;
  readonly #vector: MessageVector;
  readonly #outlet: Outlet;
  readonly #counters: PortCounters;
  readonly #isSegmenting: boolean;
  // Columns of the messages.
  readonly #ipv4 = new Int32Array(MESSAGES);
  readonly #port = new Int32Array(MESSAGES);
  /** Octets of each datagram but the last. */
  readonly #segment = new Int32Array(MESSAGES);
  readonly #datagrams = new Int32Array(MESSAGES);
  readonly #vectors = new Int32Array(MESSAGES);
  readonly #octets = new Int32Array(MESSAGES);
  /** 1: no datagram may follow. */
  readonly #closed = new Uint8Array(MESSAGES);
  /** The newest message to a peer, by a hash of the peer; what it says is checked. */
  readonly #open = new Int16Array(OPEN_PLACES).fill(NONE);
  #count = 0;
  #current = NONE;
  /** Larger segments were refused a moment ago. */
  #segmentMax = MESSAGE_LENGTH_MAX;
  #caution = 0;

  /** Without `isSegmenting` every datagram is a message of its own. */
  constructor(arena: Arena, counters: PortCounters, isSegmenting: boolean) {
    this.#arena = arena;
    this.#counters = counters;
    this.#isSegmenting = isSegmenting;
    this.#vector = new MessageVector(arena, MESSAGES, SOCKADDR_IN.length, VECTORS_MAX, CONTROL_LENGTH);
    this.#outlet = new Outlet(arena, this.#vector);
    for (let index = 0; index < MESSAGES; index++) {
      arena.u16[(this.#vector.names + index * SOCKADDR_IN.length) >> 1] = AF_INET;
      const control = this.#vector.controls + index * CONTROL_LENGTH;
      arena.u32[control >> 2] = CONTROL_USED;
      arena.u32[(control + CMSGHDR.level) >> 2] = SOL_UDP;
      arena.u32[(control + CMSGHDR.type) >> 2] = UDP_SEGMENT;
    }
  }

  /** Octets of the arena that a sender takes. */
  static readonly octets = MessageVector.octets(MESSAGES, SOCKADDR_IN.length, VECTORS_MAX, CONTROL_LENGTH) + 64;

  /**
   * Makes room for a datagram of `length` octets; `addPiece` then says what is in it.
   *
   * Errors: false when this flush can take no more: flush, then ask again.
   */
  addDatagram(ipv4: number, port: number, length: number): boolean {
    const place = (ipv4 ^ (ipv4 >>> 16) ^ (ipv4 >>> 8) ^ port ^ (port >>> 8)) & (OPEN_PLACES - 1);
    let message = this.#open[place]!;
    if (message === NONE || !this.#takes(message, ipv4, port, length)) {
      if (this.#count === MESSAGES) return false;
      message = this.#count++;
      this.#open[place] = message;
      this.#ipv4[message] = ipv4;
      this.#port[message] = port;
      this.#segment[message] = length;
      this.#datagrams[message] = 0;
      this.#vectors[message] = 0;
      this.#octets[message] = 0;
      this.#closed[message] = this.#isSegmenting && length <= this.#segmentMax ? 0 : 1;
      const name = this.#vector.names + message * SOCKADDR_IN.length;
      writeEndpoint(this.#arena.bytes, name, ipv4, port);
    } else if (length < this.#segment[message]!) {
      this.#closed[message] = 1;
    }
    this.#current = message;
    this.#datagrams[message]!++;
    this.#octets[message]! += length;
    return true;
  }

  /** Adds octets to the datagram that was added last: one or two pieces make it whole. */
  addPiece(at: number, length: number): void {
    const message = this.#current;
    this.#vector.setPayload(message, at, length, this.#vectors[message]!++);
  }

  /**
   * Sends what was added and forgets it.
   *
   * Errors: none. What the kernel refuses is counted by errno and skipped, so it costs no other datagram its way;
   *         when the buffer stays full, the rest is counted as EAGAIN.
   */
  flush(fd: number, flags: number): void {
    const count = this.#count;
    this.sent = 0;
    this.sentOctets = 0;
    if (count === 0) return;
    this.#seal(count);
    this.#outlet.begin();
    let next = 0;
    while (next < count) {
      const sent = this.#outlet.send(fd, next, count - next, flags);
      if (sent > 0) {
        for (let index = next; index < next + sent; index++) {
          this.sent += this.#datagrams[index]!;
          this.sentOctets += this.#octets[index]!;
        }
        next += sent;
      } else if (sent === -EAGAIN) {
        for (; next < count; next++) this.#refused(next, EAGAIN);
      } else {
        if (this.#datagrams[next]! > 1 && isAboutSegments(-sent)) this.#sendOneByOne(fd, next, flags, -sent);
        else this.#refused(next, -sent);
        next++;
      }
    }
    this.#count = 0;
    this.#open.fill(NONE);
    if (this.#caution > 0 && --this.#caution === 0) this.#segmentMax = MESSAGE_LENGTH_MAX;
  }

  #takes(message: number, ipv4: number, port: number, length: number): boolean {
    return (
      this.#closed[message] === 0 &&
      this.#ipv4[message] === ipv4 &&
      this.#port[message] === port &&
      length <= this.#segment[message]! &&
      this.#datagrams[message]! < DATAGRAMS_MAX &&
      this.#octets[message]! + length <= MESSAGE_LENGTH_MAX
    );
  }

  /** Writes what is known of the messages only now. */
  #seal(count: number): void {
    for (let index = 0; index < count; index++) {
      this.#vector.setVectors(index, 0, this.#vectors[index]!);
      const isRun = this.#datagrams[index]! > 1;
      this.#vector.setControlLength(index, isRun ? CONTROL_LENGTH : 0);
      if (isRun) {
        const control = this.#vector.controls + index * CONTROL_LENGTH;
        this.#arena.u16[(control + CMSGHDR.length) >> 1] = this.#segment[index]!;
      }
    }
  }

  /**
   * The kernel does not segment toward this peer: EINVAL when a segment does not fit the outer MTU and IP must fragment
   * it, EIO where the interface computes no checksums. So each datagram goes alone, and for a while so do all others
   * of that size.
   */
  #sendOneByOne(fd: number, message: number, flags: number, reason: number): void {
    this.#segmentMax = Math.min(this.#segmentMax, reason === EIO ? 0 : this.#segment[message]! - 1);
    this.#caution = CAUTION_FLUSHES;
    this.#vector.setControlLength(message, 0);
    let vector = 0;
    while (vector < this.#vectors[message]!) {
      const first = vector;
      let length = 0;
      do length += this.#vector.payloadLength(message, vector++);
      while (length < this.#segment[message]! && vector < this.#vectors[message]!);
      this.#vector.setVectors(message, first, vector - first);
      const sent = this.#outlet.send(fd, message, 1, flags);
      if (sent < 0) {
        this.#counters.addError(-sent);
      } else {
        this.sent++;
        this.sentOctets += length;
      }
    }
  }

  #refused(message: number, number: number): void {
    for (let datagram = this.#datagrams[message]!; datagram > 0; datagram--) this.#counters.addError(number);
  }
}

function isAboutSegments(number: number): boolean {
  return number === EINVAL || number === EIO || number === EMSGSIZE;
}
