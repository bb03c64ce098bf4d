import type { Batch } from '../../batch/batch.ts';
import type { UdpPort } from '../../driver/driver.ts';
import type { TeredoError } from '../../errors.ts';
import { Counter, type PortCounters } from '../counters.ts';
import { MSG_DONTWAIT, MSG_NOSIGNAL } from './abi.ts';
import type { Arena } from './arena.ts';
import type { Checksum } from './checksum.ts';
import { close } from './libc.ts';
import { OFFLOADS, type Offloads } from './offloads.ts';
import type { Poller, Source } from './poller.ts';
import { Segmenter } from './segmentation.ts';
import { RUN_CAPACITY, type SlotBuffers } from './slot-buffers.ts';
import { SocketOpener, type SocketPlan } from './socket.ts';
import { UdpReceiver } from './udp-receiver.ts';
import { SegmentSender } from './udp-segment.ts';

const CLOSED = -1;
/** Room for the headers of split super-packets between two flushes. */
const HEADERS_OCTETS = 1 << 18;

export interface UdpPortParts {
  readonly arena: Arena;
  /** The port's own: a run of datagrams may stay here from one read to the next. */
  readonly buffers: SlotBuffers;
  readonly poller: Poller;
  readonly counters: PortCounters;
  readonly checksum: Checksum;
  /** What may be used; all by default. */
  readonly offloads?: Offloads;
  /** By local socket, the `via` of a batch. Those not in `openAtStart` wait for `setOpen`. */
  readonly plans: readonly SocketPlan[];
  readonly openAtStart: readonly number[];
  /** A socket that was asked for later could not be opened; the role goes on without. */
  readonly onTrouble: (via: number, error: TeredoError) => void;
}

/** Datagrams in and out by recvmmsg and sendmmsg, where they lie: no payload is copied between the kernel and a batch. */
export class LinuxUdpPort implements UdpPort, Source {
  /** `segment` and `gro`, as far as they are in use. */
  readonly offloads: Offloads;
  readonly #parts: UdpPortParts;
  readonly #opener: SocketOpener;
  readonly #receiver: UdpReceiver;
  readonly #sender: SegmentSender;
  readonly #segmenter: Segmenter;
  readonly #headers: number;
  #nextHeader: number;
  readonly #fds: Int32Array;
  /** 1: epoll said so, and no read has found the socket empty since. */
  readonly #readable: Uint8Array;
  /** By local socket: overflows that are in the counters already. */
  readonly #overflows: Float64Array;
  /** The socket that is read first, moved on each turn so that a flood on one does not silence the others. */
  #first = 0;

  /** Errors: TeredoError when a socket of `openAtStart` cannot be opened; what was opened is closed again. */
  constructor(parts: UdpPortParts) {
    const { arena, buffers, counters } = parts;
    this.#parts = parts;
    this.#opener = new SocketOpener(arena);
    const offloads = this.#opener.offloads(parts.offloads ?? OFFLOADS);
    // Buffers for one datagram each would cut runs.
    this.offloads = buffers.capacity < RUN_CAPACITY ? offloads.filter((name) => name !== 'gro') : offloads;
    this.#receiver = new UdpReceiver(arena, buffers, counters);
    this.#sender = new SegmentSender(arena, counters, this.offloads.includes('segment'));
    this.#segmenter = new Segmenter(arena, parts.checksum);
    this.#headers = arena.take(HEADERS_OCTETS);
    this.#nextHeader = this.#headers;
    this.#fds = new Int32Array(parts.plans.length).fill(CLOSED);
    this.#readable = new Uint8Array(parts.plans.length);
    this.#overflows = new Float64Array(parts.plans.length);
    try {
      for (const via of parts.openAtStart) this.#open(via);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Octets of the arena that a port takes, its buffers not counted. */
  static octets(buffers: number): number {
    return UdpReceiver.octets(buffers) + SegmentSender.octets + HEADERS_OCTETS + 1024;
  }

  read(batch: Batch): void {
    if (!this.#receiver.begin(batch)) return;
    const sockets = this.#fds.length;
    for (let turn = 0; turn < sockets; turn++) {
      const via = (this.#first + turn) % sockets;
      if (this.#readable[via] === 0) continue;
      if (!this.#receiver.read(this.#fds[via]!, via, batch)) this.#readable[via] = 0;
    }
    this.#first = (this.#first + 1) % sockets;
  }

  write(batch: Batch): void {
    const { start, length, ipv4, port, via, segment } = batch;
    const sender = this.#sender;
    let socket = CLOSED;
    for (let slot = 0; slot < batch.count; slot++) {
      if (length[slot] === 0) continue;
      const fd = this.#fds[via[slot]!] ?? CLOSED;
      // Port 0 is no destination, and what the kernel makes of it is nobody's promise.
      if (fd === CLOSED || port[slot] === 0) {
        this.#refuse();
        continue;
      }
      if (fd !== socket) {
        if (socket !== CLOSED) this.#flush(socket);
        socket = fd;
      }
      if (segment[slot] !== 0) {
        this.#split(fd, batch, slot);
        continue;
      }
      if (!sender.addDatagram(ipv4[slot]!, port[slot]!, length[slot]!)) {
        this.#flush(fd);
        sender.addDatagram(ipv4[slot]!, port[slot]!, length[slot]!);
      }
      sender.addPiece(start[slot]!, length[slot]!);
    }
    if (socket !== CLOSED) this.#flush(socket);
  }

  setOpen(via: number, open: boolean, port?: number): void {
    if (!open) {
      this.#close(via);
    } else if (this.#fds[via] === CLOSED) {
      try {
        this.#open(via, port);
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

  /** Takes over what the kernel has counted by now: datagrams that came while nobody read, and found no room. */
  countOverflows(): void {
    for (const [via, fd] of this.#fds.entries()) if (fd !== CLOSED) this.#countOverflows(via, fd);
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

  /** A super-packet leaves as the packets it stands for: a new header and the payload where it lies, for each. */
  #split(fd: number, { start, length, ipv4, port, segment }: Batch, slot: number): void {
    const segmenter = this.#segmenter;
    const sender = this.#sender;
    if (!segmenter.begin(start[slot]!, length[slot]!, segment[slot]!)) {
      this.#refuse();
      return;
    }
    const { headerLength } = segmenter;
    const headerSpace = (headerLength + 7) & ~7;
    while (!segmenter.isDone) {
      if (this.#nextHeader + headerSpace > this.#headers + HEADERS_OCTETS) this.#flush(fd);
      if (!sender.addDatagram(ipv4[slot]!, port[slot]!, segmenter.nextLength)) {
        this.#flush(fd);
        sender.addDatagram(ipv4[slot]!, port[slot]!, segmenter.nextLength);
      }
      segmenter.next(this.#nextHeader);
      sender.addPiece(this.#nextHeader, headerLength);
      sender.addPiece(segmenter.payloadAt, segmenter.payloadLength);
      this.#nextHeader += headerSpace;
    }
  }

  #flush(fd: number): void {
    const { counters } = this.#parts;
    this.#sender.flush(fd, MSG_DONTWAIT | MSG_NOSIGNAL);
    this.#nextHeader = this.#headers;
    counters.add(Counter.DatagramsSent, this.#sender.sent);
    counters.add(Counter.DatagramOctetsSent, this.#sender.sentOctets);
  }

  #countOverflows(via: number, fd: number): void {
    const overflows = this.#opener.overflows(fd);
    this.#parts.counters.add(Counter.DatagramsOverflowed, overflows - this.#overflows[via]!);
    this.#overflows[via] = overflows;
  }

  #refuse(): void {
    this.#parts.counters.add(Counter.DatagramsRefused, 1);
  }

  #open(via: number, port?: number): void {
    const plan = this.#parts.plans[via]!;
    const wanted = port === undefined ? plan : { ...plan, port };
    const fd = this.#opener.openUdp(wanted, this.offloads.includes('gro'));
    this.#parts.poller.add(fd, this, via);
    this.#fds[via] = fd;
  }

  #close(via: number): void {
    const fd = this.#fds[via]!;
    if (fd === CLOSED) return;
    this.#countOverflows(via, fd);
    this.#overflows[via] = 0;
    this.#parts.poller.remove(fd);
    close(fd);
    this.#fds[via] = CLOSED;
    this.#readable[via] = 0;
  }
}
