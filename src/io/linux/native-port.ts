import type { Batch } from '../../batch/batch.ts';
import type { TunPort } from '../../driver/driver.ts';
import { TeredoError } from '../../errors.ts';
import { Counter, type PortCounters } from '../counters.ts';
import {
  AF_INET6,
  IPPROTO_RAW,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOCKADDR_IN6,
} from './abi.ts';
import type { Arena } from './arena.ts';
import { errorName } from './errno.ts';
import { close, errno, socket } from './libc.ts';
import { Sender } from './sender.ts';

const IPV6_HEADER = 40;
const IPV6_DESTINATION = 24;

/**
 * The IPv6 side of a server without a relay: packets leave by the host's own routes, header and all. None come back:
 * what native hosts answer goes to the relay that is nearest to them.
 */
export class NativePort implements TunPort {
  readonly #fd: number;
  readonly #sender: Sender;
  readonly #counters: PortCounters;

  /** `count` messages a call. Errors: TeredoError without the right to raw sockets. */
  constructor(arena: Arena, count: number, counters: PortCounters) {
    this.#fd = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
    if (this.#fd < 0) throw openError(errorName(errno()));
    this.#sender = new Sender(arena, count, SOCKADDR_IN6.length, AF_INET6, counters);
    this.#counters = counters;
  }

  read(_batch: Batch): void {}

  write(batch: Batch): void {
    const { bytes, start, length } = batch;
    const sender = this.#sender;
    for (let slot = 0; slot < batch.count; slot++) {
      if (length[slot]! < IPV6_HEADER) continue;
      if (sender.isFull) this.#flush();
      const at = start[slot]!;
      const address = sender.add(at, length[slot]!) + SOCKADDR_IN6.address;
      bytes.copyWithin(address, at + IPV6_DESTINATION, at + IPV6_HEADER);
    }
    this.#flush();
  }

  close(): void {
    close(this.#fd);
  }

  #flush(): void {
    this.#sender.flush(this.#fd, MSG_DONTWAIT | MSG_NOSIGNAL);
    this.#counters.add(Counter.PacketsSent, this.#sender.sent);
    this.#counters.add(Counter.PacketOctetsSent, this.#sender.sentOctets);
  }
}

function openError(reason: string): TeredoError {
  const message = `cannot open a raw IPv6 socket (${reason})`;
  if (reason === 'EPERM' || reason === 'EACCES') {
    return new TeredoError(
      'TD-RAW-PERMISSION',
      `${message}: no right to`,
      'run as root or with CAP_NET_RAW; a TUN instead of a raw socket: --interface NAME',
    );
  }
  return new TeredoError('TD-RAW', message, 'a server needs IPv6 in the kernel to reach native hosts');
}
