import type { Batch } from '../../batch/batch.ts';
import type { TunPort } from '../../driver/driver.ts';
import { TeredoError } from '../../errors.ts';
import { Counter, type PortCounters } from '../counters.ts';
import { EAGAIN, EBADFD, EINTR, EPOLLERR, IOVEC } from './abi.ts';
import type { Arena } from './arena.ts';
import type { Checksum } from './checksum.ts';
import { Coalescer } from './coalescing.ts';
import { UpperLayer } from './inner-headers.ts';
import { close, errno, read, writev } from './libc.ts';
import { OFFLOADS, type Offloads } from './offloads.ts';
import type { Poller, Source } from './poller.ts';
import { settle } from './segmentation.ts';
import type { SlotBuffers } from './slot-buffers.ts';
import { openTun, type TunDevice } from './tun-device.ts';
import { VIRTIO_HEADER } from './virtio-header.ts';

/** Packets of one read: more of them would keep the other direction waiting. */
const PACKETS_MAX = 256;
/** The largest packet without a jumbo payload, and the header before it. */
const READ_MAX = 40 + 65_535 + VIRTIO_HEADER;
const ALIGNMENT = 8;
/** Headers and the pieces of a super-packet. */
const VECTORS = 1 + 64;

export interface TunPortParts {
  readonly arena: Arena;
  /** Packets lie here from a read to the next one; ports of one thread may share it. */
  readonly buffers: SlotBuffers;
  readonly poller: Poller;
  readonly counters: PortCounters;
  readonly checksum: Checksum;
  readonly name: string;
  /** What may be used; all by default. */
  readonly offloads?: Offloads;
}

/**
 * A TUN interface: the kernel's IPv6 packets come out of it and ours go in. The interface ends with the port.
 *
 * With offloads a read gives one super-packet where the kernel has many packets of one flow, and a write makes one of
 * many: what costs most is not the octets but the way through the kernel.
 */
export class LinuxTunPort implements TunPort, Source {
  /** `tso` and `uso`, as far as they are in use. */
  readonly offloads: Offloads;
  readonly #parts: TunPortParts;
  readonly #device: TunDevice;
  readonly #coalescer: Coalescer;
  readonly #upper = new UpperLayer();
  /** Octets of the virtio header: 0 without. */
  readonly #headerLength: number;
  /** A virtio header that asks for nothing. */
  readonly #plainHeader: number;
  readonly #vectors: number;
  #readable = false;
  #sent = 0;
  #sentOctets = 0;

  /** Errors: TeredoError that says what the name, the rights or the machine lack. */
  constructor(parts: TunPortParts) {
    const { arena, checksum } = parts;
    this.#parts = parts;
    this.#device = openTun(arena, parts.name, parts.offloads ?? OFFLOADS);
    this.offloads = this.#device.offloads;
    this.#headerLength = this.#device.hasVirtioHeader ? VIRTIO_HEADER : 0;
    this.#coalescer = new Coalescer(arena, checksum, this.offloads.includes('tso'), this.offloads.includes('uso'));
    this.#plainHeader = arena.take(VIRTIO_HEADER);
    this.#vectors = arena.take(VECTORS * IOVEC.length);
    parts.poller.add(this.#device.fd, this, 0);
  }

  read(batch: Batch): void {
    if (!this.#readable) return;
    const { arena, buffers, checksum, counters } = this.#parts;
    const headerLength = this.#headerLength;
    const room = Math.min(batch.slots, PACKETS_MAX);
    let start = (buffers.first + VIRTIO_HEADER + ALIGNMENT) & -ALIGNMENT;
    let packets = 0;
    let octets = 0;
    while (batch.count < room && start + READ_MAX <= buffers.end) {
      const taken = read(this.#device.fd, arena.pointer(start - headerLength), READ_MAX);
      const length = taken - headerLength;
      if (length <= 0) {
        this.#readable = false;
        if (taken < 0) this.#note(errno());
        break;
      }
      const segment = headerLength === 0 ? 0 : settle(arena, checksum, this.#upper, start, length);
      if (segment < 0) {
        counters.add(Counter.DatagramsRefused, 1);
        continue;
      }
      const slot = batch.count++;
      batch.start[slot] = start;
      batch.length[slot] = length;
      batch.ipv4[slot] = 0;
      batch.port[slot] = 0;
      batch.via[slot] = 0;
      batch.segment[slot] = segment;
      packets++;
      octets += length;
      if (segment > 0 && this.#upper.find(arena.bytes, start, start + length)) {
        const more = Math.ceil((start + length - this.#upper.payloadAt) / segment) - 1;
        packets += more;
        octets += more * (this.#upper.payloadAt - start);
      }
      start = (start + length + VIRTIO_HEADER + ALIGNMENT) & -ALIGNMENT;
    }
    counters.add(Counter.PacketsReceived, packets);
    counters.add(Counter.PacketOctetsReceived, octets);
  }

  write(batch: Batch): void {
    const { counters } = this.#parts;
    const { start, length } = batch;
    const coalescer = this.#coalescer;
    this.#sent = 0;
    this.#sentOctets = 0;
    for (let slot = 0; slot < batch.count; slot++) {
      const octets = length[slot]!;
      if (octets === 0) continue;
      if (coalescer.count > 0) {
        if (coalescer.join(start[slot]!, octets)) continue;
        this.#flush();
      }
      coalescer.begin(start[slot]!, octets);
    }
    if (coalescer.count > 0) this.#flush();
    counters.add(Counter.PacketsSent, this.#sent);
    counters.add(Counter.PacketOctetsSent, this.#sentOctets);
  }

  /** Errors: TeredoError when somebody deleted the interface; epoll would report it without end. */
  ready(_key: number, events: number): void {
    this.#readable = true;
    if ((events & EPOLLERR) !== 0) throw gone(this.#parts.name);
  }

  close(): void {
    this.#parts.poller.remove(this.#device.fd);
    close(this.#device.fd);
  }

  /** Gives the run at hand to the kernel: header and pieces in one call. */
  #flush(): void {
    const coalescer = this.#coalescer;
    const { count, pieceAt, pieceLength } = coalescer;
    if (count > 1) {
      coalescer.finish();
      this.#setVector(0, coalescer.header, VIRTIO_HEADER + coalescer.headerLength);
    } else {
      this.#setVector(0, this.#plainHeader, this.#headerLength);
    }
    for (let piece = 0; piece < count; piece++) this.#setVector(piece + 1, pieceAt[piece]!, pieceLength[piece]!);
    coalescer.count = 0;
    const written = writev(this.#device.fd, this.#parts.arena.pointer(this.#vectors), count + 1);
    if (written < 0) {
      this.#note(errno());
    } else {
      this.#sent += count;
      this.#sentOctets += written - this.#headerLength + (count - 1) * coalescer.headerLength;
    }
  }

  #setVector(index: number, at: number, length: number): void {
    const { arena } = this.#parts;
    const vector = this.#vectors + index * IOVEC.length;
    arena.writePointer(vector, at);
    arena.u32[(vector + IOVEC.size) >> 2] = length;
  }

  #note(number: number): void {
    if (number === EAGAIN || number === EINTR) return;
    if (number === EBADFD) throw gone(this.#parts.name);
    this.#parts.counters.addError(number);
  }
}

function gone(name: string): TeredoError {
  return new TeredoError('TD-TUN-GONE', `interface ${name} was deleted while it was in use`, 'start again');
}
