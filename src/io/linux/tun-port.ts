import type { Batch } from '../../batch/batch.ts';
import type { TunPort } from '../../driver/driver.ts';
import { TeredoError } from '../../errors.ts';
import { Counter, type PortCounters } from '../counters.ts';
import {
  EAGAIN,
  EBADFD,
  EINTR,
  EPOLLERR,
  IFF_NO_PI,
  IFF_TUN,
  IFREQ,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDWR,
  TUNSETIFF,
} from './abi.ts';
import type { Arena } from './arena.ts';
import { errorName } from './errno.ts';
import { close, errno, ioctl, open, read, write } from './libc.ts';
import type { Poller, Source } from './poller.ts';
import type { SlotBuffers } from './slot-buffers.ts';

const DEVICE = '/dev/net/tun';

export interface TunPortParts {
  readonly arena: Arena;
  readonly buffers: SlotBuffers;
  readonly poller: Poller;
  readonly counters: PortCounters;
  readonly name: string;
}

/** A TUN interface: the kernel's IPv6 packets come out of it and ours go in. The interface ends with the port. */
export class LinuxTunPort implements TunPort, Source {
  readonly #parts: TunPortParts;
  readonly #fd: number;
  #readable = false;

  /** Errors: TeredoError that says what the name, the rights or the machine lack. */
  constructor(parts: TunPortParts) {
    this.#parts = parts;
    this.#fd = openTun(parts.arena, parts.name);
    parts.poller.add(this.#fd, this, 0);
  }

  read(batch: Batch): void {
    if (!this.#readable) return;
    const { arena, buffers, counters } = this.#parts;
    const room = Math.min(batch.slots, buffers.count);
    let octets = 0;
    while (batch.count < room) {
      const slot = batch.count;
      const start = buffers.start(slot);
      const length = read(this.#fd, arena.pointer(start), buffers.capacity);
      if (length <= 0) {
        this.#readable = false;
        this.#note(errno());
        break;
      }
      batch.start[slot] = start;
      batch.length[slot] = length;
      batch.ipv4[slot] = 0;
      batch.port[slot] = 0;
      batch.via[slot] = 0;
      batch.segment[slot] = 0;
      batch.count = slot + 1;
      octets += length;
    }
    counters.add(Counter.PacketsReceived, batch.count);
    counters.add(Counter.PacketOctetsReceived, octets);
  }

  write(batch: Batch): void {
    const { arena, counters } = this.#parts;
    const { start, length } = batch;
    let packets = 0;
    let octets = 0;
    for (let slot = 0; slot < batch.count; slot++) {
      if (length[slot] === 0) continue;
      if (write(this.#fd, arena.pointer(start[slot]!), length[slot]!) < 0) {
        this.#note(errno());
      } else {
        packets++;
        octets += length[slot]!;
      }
    }
    counters.add(Counter.PacketsSent, packets);
    counters.add(Counter.PacketOctetsSent, octets);
  }

  /** Errors: TeredoError when somebody deleted the interface; epoll would report it without end. */
  ready(_key: number, events: number): void {
    this.#readable = true;
    if ((events & EPOLLERR) !== 0) throw gone(this.#parts.name);
  }

  close(): void {
    this.#parts.poller.remove(this.#fd);
    close(this.#fd);
  }

  #note(number: number): void {
    if (number === EAGAIN || number === EINTR) return;
    if (number === EBADFD) throw gone(this.#parts.name);
    this.#parts.counters.addError(number);
  }
}

function openTun(arena: Arena, name: string): number {
  const fd = open(DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) throw openError(name, errorName(errno()));
  const request = arena.take(IFREQ.length);
  const encoded = new TextEncoder().encode(name);
  if (encoded.length === 0 || encoded.length > IFREQ.nameMax) throw openError(name, 'EINVAL');
  arena.bytes.set(encoded, request);
  arena.u16[(request + IFREQ.flags) >> 1] = IFF_TUN | IFF_NO_PI;
  if (ioctl(fd, TUNSETIFF, arena.pointer(request)) < 0) {
    const reason = errorName(errno());
    close(fd);
    throw openError(name, reason);
  }
  return fd;
}

function openError(name: string, reason: string): TeredoError {
  const message = `--interface ${name}: cannot open a TUN interface (${reason})`;
  switch (reason) {
    case 'ENOENT':
    case 'ENODEV':
    case 'ENXIO':
      return new TeredoError(
        'TD-TUN-MISSING',
        `${message}: ${DEVICE} is not there`,
        'load the module ("modprobe tun"); in a container, hand the device in ("--device /dev/net/tun")',
      );
    case 'EPERM':
    case 'EACCES':
      return new TeredoError('TD-TUN-PERMISSION', `${message}: no right to`, 'run as root or with CAP_NET_ADMIN');
    case 'EBUSY':
      return new TeredoError(
        'TD-TUN-BUSY',
        `${message}: another process holds it, perhaps another teredo`,
        'stop the other one, or choose another name with --interface',
      );
    case 'EINVAL':
      return new TeredoError(
        'TD-TUN-NAME',
        `${message}: the name is too long, or belongs to an interface of another kind`,
        'choose another name of at most 15 characters with --interface',
      );
    default:
      return new TeredoError('TD-TUN', message);
  }
}

function gone(name: string): TeredoError {
  return new TeredoError('TD-TUN-GONE', `interface ${name} was deleted while it was in use`, 'start again');
}
