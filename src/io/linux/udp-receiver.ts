import type { Batch } from '../../batch/batch.ts';
import { Counter, type PortCounters } from '../counters.ts';
import {
  CMSGHDR,
  EAGAIN,
  EINTR,
  EMSGSIZE,
  IP_TOS,
  MSG_DONTWAIT,
  SOCKADDR_IN,
  SOL_IP,
  SOL_UDP,
  UDP_GRO,
} from './abi.ts';
import type { Arena } from './arena.ts';
import { decapsulate, ECN_MASK } from './ecn.ts';
import { errno, recvmmsg } from './libc.ts';
import { MessageVector } from './message-vector.ts';
import type { SlotBuffers } from './slot-buffers.ts';

/** One piece of control data: a cmsghdr with an int or less, padded. */
const CONTROL_PIECE = 24;
/** The TOS, and the size of the datagrams of a run. */
const CONTROL_LENGTH = 2 * CONTROL_PIECE;

/**
 * Datagrams from sockets into a batch, where the kernel put them: a message may hold a run of datagrams of one sender
 * (UDP_GRO), which becomes one slot for each of them.
 *
 * A run that does not fit into the batch goes on in the next one; the buffers are the receiver's own for that.
 */
export class UdpReceiver {
  readonly #arena: Arena;
  readonly #buffers: SlotBuffers;
  readonly #counters: PortCounters;
  readonly #vector: MessageVector;
  /** Messages that wait to be taken apart: from `#next` to `#end`, the first of them from octet `#offset` on. */
  #next = 0;
  #end = 0;
  #offset = 0;
  #via = 0;
  /** What the control data of the message at hand said: octets of each datagram but the last, and the outer ECN. */
  #segment = 0;
  #ecn = 0;

  constructor(arena: Arena, buffers: SlotBuffers, counters: PortCounters) {
    this.#arena = arena;
    this.#buffers = buffers;
    this.#counters = counters;
    this.#vector = new MessageVector(arena, buffers.count, SOCKADDR_IN.length, 1, CONTROL_LENGTH);
    for (let message = 0; message < buffers.count; message++) {
      this.#vector.setPayload(message, buffers.start(message), buffers.capacity);
    }
  }

  /** Octets of the arena that a receiver with `count` buffers takes, buffers not counted. */
  static octets(count: number): number {
    return MessageVector.octets(count, SOCKADDR_IN.length, 1, CONTROL_LENGTH);
  }

  /** Begins a read: hands out what the last one left over. False when that filled the batch, or was all there is room for. */
  begin(batch: Batch): boolean {
    if (this.#next < this.#end) {
      this.#unpack(batch);
      return false;
    }
    this.#next = 0;
    this.#end = 0;
    return true;
  }

  /**
   * Reads from one socket into the buffers that are still free.
   *
   * Shape:  true when the socket may have more.
   * Errors: counted by errno; an error of one datagram does not end the reading.
   */
  read(fd: number, via: number, batch: Batch): boolean {
    const first = this.#end;
    const room = this.#buffers.count - first;
    if (room === 0 || batch.count === batch.slots) return true;
    const received = recvmmsg(fd, this.#vector.pointer(first), room, MSG_DONTWAIT, 0);
    if (received < 0) {
      const number = errno();
      // Anything else is an error of one datagram: epoll tells again when there is more.
      if (number !== EAGAIN && number !== EINTR) this.#counters.addError(number);
      return false;
    }
    this.#end = first + received;
    this.#via = via;
    this.#unpack(batch);
    return received === room;
  }

  #unpack(batch: Batch): void {
    const { bytes } = this.#arena;
    const before = batch.count;
    let octets = 0;
    while (this.#next < this.#end && batch.count < batch.slots) {
      const message = this.#next;
      const name = this.#vector.names + message * SOCKADDR_IN.length;
      const ipv4 =
        (bytes[name + SOCKADDR_IN.address]! << 24) |
        (bytes[name + SOCKADDR_IN.address + 1]! << 16) |
        (bytes[name + SOCKADDR_IN.address + 2]! << 8) |
        bytes[name + SOCKADDR_IN.address + 3]!;
      const port = (bytes[name + SOCKADDR_IN.port]! << 8) | bytes[name + SOCKADDR_IN.port + 1]!;
      const start = this.#buffers.start(message);
      const length = this.#vector.receivedLength(message);
      this.#readControl(message, length);
      let offset = this.#offset;
      if (this.#vector.isCut(message)) {
        // Longer than anything its receiver takes: whoever sized the buffers knew.
        this.#counters.addError(EMSGSIZE);
        offset = length;
      }
      while (offset < length && batch.count < batch.slots) {
        const datagram = Math.min(this.#segment, length - offset);
        const at = start + offset;
        offset += datagram;
        if (this.#ecn !== 0 && !decapsulate(bytes, at, datagram, this.#ecn)) {
          this.#counters.add(Counter.DatagramsCongested, 1);
          continue;
        }
        const slot = batch.count++;
        batch.start[slot] = at;
        batch.length[slot] = datagram;
        batch.ipv4[slot] = ipv4;
        batch.port[slot] = port;
        batch.via[slot] = this.#via;
        batch.segment[slot] = 0;
        octets += datagram;
      }
      this.#offset = offset;
      if (offset >= length) {
        this.#vector.setControlLength(message, CONTROL_LENGTH);
        this.#offset = 0;
        this.#next = message + 1;
      }
    }
    this.#counters.add(Counter.DatagramsReceived, batch.count - before);
    this.#counters.add(Counter.DatagramOctetsReceived, octets);
  }

  #readControl(message: number, length: number): void {
    const { bytes, u32 } = this.#arena;
    const controls = this.#vector.controls + message * CONTROL_LENGTH;
    const end = controls + this.#vector.controlLengthOf(message);
    this.#segment = length;
    this.#ecn = 0;
    for (let control = controls; control + CMSGHDR.length < end; control += CONTROL_PIECE) {
      const level = u32[(control + CMSGHDR.level) >> 2];
      const type = u32[(control + CMSGHDR.type) >> 2];
      const data = control + CMSGHDR.length;
      if (level === SOL_UDP && type === UDP_GRO) this.#segment = u32[data >> 2]! || length;
      else if (level === SOL_IP && type === IP_TOS) this.#ecn = bytes[data]! & ECN_MASK;
    }
  }
}
