import type { Batch } from '../../batch/batch.ts';
import type { UdpPort } from '../../driver/driver.ts';
import type { TeredoError } from '../../errors.ts';
import { Counter, type PortCounters } from '../counters.ts';
import { AF_INET, EAGAIN, EINTR, MSG_DONTWAIT, MSG_NOSIGNAL, SOCKADDR_IN } from './abi.ts';
import type { Arena } from './arena.ts';
import { close, errno, recvmmsg } from './libc.ts';
import { MessageVector } from './message-vector.ts';
import type { Poller, Source } from './poller.ts';
import { Sender } from './sender.ts';
import type { SlotBuffers } from './slot-buffers.ts';
import { SocketOpener, type SocketPlan, writeEndpoint } from './socket.ts';

const CLOSED = -1;

export interface UdpPortParts {
  readonly arena: Arena;
  readonly buffers: SlotBuffers;
  readonly poller: Poller;
  readonly counters: PortCounters;
  /** By local socket, the `via` of a batch. Those not in `openAtStart` wait for `setOpen`. */
  readonly plans: readonly SocketPlan[];
  readonly openAtStart: readonly number[];
  /** A socket that was asked for later could not be opened; the role goes on without. */
  readonly onTrouble: (via: number, error: TeredoError) => void;
}

/** Datagrams in and out by recvmmsg and sendmmsg, where they lie: nothing is copied between the kernel and a batch. */
export class LinuxUdpPort implements UdpPort, Source {
  readonly #parts: UdpPortParts;
  readonly #opener: SocketOpener;
  readonly #incoming: MessageVector;
  readonly #sender: Sender;
  readonly #fds: Int32Array;
  /** 1: epoll said so, and no read has found the socket empty since. */
  readonly #readable: Uint8Array;
  /** The socket that is read first, moved on each turn so that a flood on one does not silence the others. */
  #first = 0;

  /** Errors: TeredoError when a socket of `openAtStart` cannot be opened; what was opened is closed again. */
  constructor(parts: UdpPortParts) {
    const { arena, buffers } = parts;
    this.#parts = parts;
    this.#opener = new SocketOpener(arena);
    this.#incoming = new MessageVector(arena, buffers.count, SOCKADDR_IN.length);
    for (let slot = 0; slot < buffers.count; slot++) {
      this.#incoming.setPayload(slot, buffers.start(slot), buffers.capacity);
    }
    this.#sender = new Sender(arena, buffers.count, SOCKADDR_IN.length, AF_INET, parts.counters);
    this.#fds = new Int32Array(parts.plans.length).fill(CLOSED);
    this.#readable = new Uint8Array(parts.plans.length);
    try {
      for (const via of parts.openAtStart) this.#open(via);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  read(batch: Batch): void {
    const sockets = this.#fds.length;
    for (let turn = 0; turn < sockets; turn++) {
      const via = (this.#first + turn) % sockets;
      if (this.#readable[via] === 1) this.#readFrom(via, batch);
    }
    this.#first = (this.#first + 1) % sockets;
  }

  write(batch: Batch): void {
    const { start, length, ipv4, port, via } = batch;
    const { counters } = this.#parts;
    const sender = this.#sender;
    let socket = CLOSED;
    for (let slot = 0; slot < batch.count; slot++) {
      if (length[slot] === 0) continue;
      const fd = this.#fds[via[slot]!] ?? CLOSED;
      // Port 0 is no destination, and what the kernel makes of it is nobody's promise.
      if (fd === CLOSED || port[slot] === 0) {
        counters.add(Counter.DatagramsRefused, 1);
        continue;
      }
      if (fd !== socket || sender.isFull) {
        if (socket !== CLOSED) this.#flush(socket);
        socket = fd;
      }
      const name = sender.add(start[slot]!, length[slot]!);
      writeEndpoint(batch.bytes, name, ipv4[slot]!, port[slot]!);
    }
    if (socket !== CLOSED) this.#flush(socket);
  }

  setOpen(via: number, open: boolean): void {
    if (!open) {
      this.#close(via);
    } else if (this.#fds[via] === CLOSED) {
      try {
        this.#open(via);
      } catch (error) {
        this.#parts.onTrouble(via, error as TeredoError);
      }
    }
  }

  /** Joins multicast groups anew, for instance after the host moved to another link. */
  rejoin(): void {
    for (const [via, plan] of this.#parts.plans.entries()) {
      if (plan.group === undefined || this.#fds[via] === CLOSED) continue;
      this.setOpen(via, false);
      this.setOpen(via, true);
    }
  }

  /** The port that local socket `via` has; 0: it is closed. */
  localPort(via: number): number {
    const fd = this.#fds[via] ?? CLOSED;
    return fd === CLOSED ? 0 : this.#opener.localPort(fd);
  }

  /** Octets of receive buffer that the kernel granted to local socket `via`. */
  receiveBuffer(via: number): number {
    return this.#opener.receiveBuffer(this.#fds[via]!);
  }

  ready(via: number): void {
    this.#readable[via] = 1;
  }

  close(): void {
    for (let via = 0; via < this.#fds.length; via++) this.#close(via);
  }

  #readFrom(via: number, batch: Batch): void {
    const { arena, buffers, counters } = this.#parts;
    const first = batch.count;
    const room = Math.min(batch.slots, buffers.count) - first;
    if (room <= 0) return;
    const received = recvmmsg(this.#fds[via]!, this.#incoming.pointer(first), room, MSG_DONTWAIT, 0);
    if (received < room) this.#readable[via] = 0;
    if (received < 0) {
      const number = errno();
      // Anything else is an error of one datagram: epoll tells again when there is more.
      if (number !== EAGAIN && number !== EINTR) counters.addError(number);
      return;
    }
    const { bytes } = arena;
    let octets = 0;
    for (let slot = first; slot < first + received; slot++) {
      const name = this.#incoming.names + slot * SOCKADDR_IN.length;
      const length = this.#incoming.receivedLength(slot);
      batch.start[slot] = buffers.start(slot);
      batch.length[slot] = length;
      batch.ipv4[slot] =
        (bytes[name + SOCKADDR_IN.address]! << 24) |
        (bytes[name + SOCKADDR_IN.address + 1]! << 16) |
        (bytes[name + SOCKADDR_IN.address + 2]! << 8) |
        bytes[name + SOCKADDR_IN.address + 3]!;
      batch.port[slot] = (bytes[name + SOCKADDR_IN.port]! << 8) | bytes[name + SOCKADDR_IN.port + 1]!;
      batch.via[slot] = via;
      batch.segment[slot] = 0;
      octets += length;
    }
    batch.count = first + received;
    counters.add(Counter.DatagramsReceived, received);
    counters.add(Counter.DatagramOctetsReceived, octets);
  }

  #flush(fd: number): void {
    const { counters } = this.#parts;
    this.#sender.flush(fd, MSG_DONTWAIT | MSG_NOSIGNAL);
    counters.add(Counter.DatagramsSent, this.#sender.sent);
    counters.add(Counter.DatagramOctetsSent, this.#sender.sentOctets);
  }

  #open(via: number): void {
    const fd = this.#opener.openUdp(this.#parts.plans[via]!);
    this.#parts.poller.add(fd, this, via);
    this.#fds[via] = fd;
  }

  #close(via: number): void {
    const fd = this.#fds[via]!;
    if (fd === CLOSED) return;
    this.#parts.poller.remove(fd);
    close(fd);
    this.#fds[via] = CLOSED;
    this.#readable[via] = 0;
  }
}
